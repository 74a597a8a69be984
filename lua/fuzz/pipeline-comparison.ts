/**
 * Runs one fuzz case in the library and in the model, and tells where they differ.
 *
 * @module
 */
import type { LuaTemplate } from '../../src/vm/lua/lua-vm.ts'
import type { Evaluation, OutgoingMessage, Vm, VmMessage } from '../../src/vm/types.ts'
import { UnspecifiedError } from './model-errors.ts'
import type { ExpectedMessage } from './model-sending.ts'
import {
  authority,
  type CaseMessage,
  environment,
  type PipelineCase,
  processId,
  processMessage,
  senders,
} from './pipeline-case.ts'
import { prologue, renderProgram } from './pipeline-lua.ts'
import { type Delivery, type Outcome, PipelineModel } from './pipeline-model.ts'

export interface Comparison {
  /** How many messages were compared: fewer than the case has where the specification is silent about one. */
  readonly compared: number
  /** What happened in the model. */
  readonly events: ReadonlySet<string>
  /** The script up to the first message that differs, and how it differs. */
  readonly difference: string | undefined
}

/**
 * Compares message by message: result, sent messages, and the state after it; after a failure the state that a message
 * finds which nobody trusts, for no handler sees that one.
 */
export function compareCase({ messages }: PipelineCase, template: LuaTemplate): Comparison {
  const vm = template.spawn(environment)
  try {
    const model = new PipelineModel()
    start(vm)
    const script: string[] = []
    const outcome = (compared: number, difference?: string): Comparison => ({
      compared,
      events: model.events,
      difference,
    })
    for (const [index, message] of messages.entries()) {
      const delivery = deliver(message, index, model)
      const expected = evaluateModel(model, delivery)
      if (expected === undefined) return outcome(index)
      const actual = vm.evaluate(delivery.message)
      script.push(describe(delivery.message))
      const difference = differenceOf(
        { ...viewOfOutcome(expected), state: model.describeState() },
        { ...viewOfEvaluation(actual, expected), state: stateOf(vm, actual) },
      )
      if (difference !== undefined) return outcome(index, [...script, difference].join('\n\n'))
    }
    return outcome(messages.length)
  } finally {
    vm.close()
  }
}

function start(vm: Vm): void {
  for (const message of [processMessage, { ...processMessage, id: 'prologue', ...evaluation(prologue) }]) {
    const result = vm.evaluate(message)
    if (!result.ok) throw new Error(`the process does not start: ${JSON.stringify(result.error)}`)
  }
}

const evaluation = (code: string): Pick<VmMessage, 'data' | 'tags'> => ({
  data: code,
  tags: [{ name: 'Action', value: 'Eval' }],
})

/** What arrives at the process. An answer goes by what was really sent. */
function deliver(
  { sender, assigned, tags, data, answers }: CaseMessage,
  index: number,
  model: PipelineModel,
): Delivery {
  const sent = answers === undefined ? undefined : model.sent.at(-1 - answers.back)
  const target = answers?.isFromTarget === true ? sent?.target : undefined
  const isFromTarget = typeof target === 'string' && target !== ''
  const { from, owner: signer } = isFromTarget ? { from: target, owner: authority } : senders[sender]
  const program = typeof data === 'object' ? data : undefined
  const message: VmMessage = {
    id: `m${index + 1}`,
    target: assigned ? 'SOMEONE' : processId,
    from,
    owner: signer,
    forwardedBy: from === signer ? undefined : signer,
    timestampMs: 1_000 + index,
    blockHeight: 999,
    nonce: index + 2,
    epoch: 0,
    hashChain: 'chain',
    cron: false,
    readOnly: false,
    data: typeof data === 'object' ? renderProgram(data) : data,
    tags: sent === undefined ? tags : [...tags, { name: 'X-Reference', value: sent.reference }],
  }
  return { message, program }
}

/** Undefined where the specification is silent. */
function evaluateModel(model: PipelineModel, delivery: Delivery): Outcome | undefined {
  try {
    return model.evaluate(delivery)
  } catch (error) {
    if (error instanceof UnspecifiedError) return undefined
    throw error
  }
}

/** The prompt tells the state. A failed message has none: a dry run that no handler sees asks for it. */
function stateOf(vm: Vm, evaluation: Evaluation): unknown {
  if (evaluation.ok) return evaluation.output.prompt
  const fields = { target: processId, from: 'NOBODY', owner: 'NOTHING', timestampMs: 1, blockHeight: 999, nonce: 1 }
  const asked = vm.dryRun({ ...fields, id: 'asked', cron: false, readOnly: true, tags: [] })
  return asked.ok ? asked.output.prompt : asked.error
}

// Both sides in one form.

type View = Record<string, unknown>

function viewOfOutcome(outcome: Outcome): View {
  if (!outcome.ok) return { ...outcome, ...('printed' in outcome ? { printed: outcome.printed.join('\n') } : {}) }
  const { printed, messages } = outcome
  return { ...outcome, printed: printed.join('\n'), messages: messages.map(viewOfExpected), spawns: [] }
}

function viewOfEvaluation(evaluation: Evaluation, expected: Outcome): View {
  if (!evaluation.ok) return viewOfError(evaluation.error, expected)
  const { output, messages, spawns, assignments } = evaluation
  const { hasTest, messages: expectedMessages } = expected.ok ? expected : { hasTest: undefined, messages: [] }
  return {
    ok: true,
    printed: output.data,
    print: output.print,
    hasTest: hasTest === undefined ? undefined : output.test !== undefined,
    messages: messages.map((message, index) => viewOfSent(message, expectedMessages[index])),
    spawns,
    assignments,
  }
}

const sorted = (tags: readonly unknown[]): string[] => tags.map(show).sort()

function viewOfExpected({ target, data, anchor, tags }: ExpectedMessage): View {
  const groups = tags.map((group) => (group.ordered ? group.tags.map(show) : sorted(group.tags)))
  return { target, data, anchor, tags: groups.flat() }
}

/** Tags whose order is open are sorted, in the places where the expected message has them. */
function viewOfSent({ target, data, anchor, tags }: OutgoingMessage, expected: ExpectedMessage | undefined): View {
  const rest = tags.map(({ name, value }) => ({ name, value }))
  const groups = (expected?.tags ?? []).map((group) => {
    const taken = rest.splice(0, group.tags.length)
    return group.ordered ? taken.map(show) : sorted(taken)
  })
  return { target, data, anchor, tags: [...groups.flat(), ...rest.map(show)] }
}

const red = '\u001b[31m'
const gray = '\u001b[90m'
const reset = '\u001b[0m'

/** Takes an `Error` apart. Process API 15. */
function viewOfError(error: unknown, expected: Outcome): View {
  const mark = `\n\n${red}error:\n${reset}`
  const end = typeof error === 'string' ? error.lastIndexOf(mark) : -1
  if (typeof error !== 'string' || end < 0) {
    if (!expected.ok && expected.class === 'C') return { ok: false, class: 'C', error }
    const isCompilation = typeof error === 'string' && error.startsWith('[string "aos"]:1: ')
    if (expected.ok || (expected.class === 'A' && !isCompilation) || typeof error !== 'string')
      return { ok: false, error }
    return { ok: false, class: isCompilation ? 'A' : 'E' }
  }
  const log = error.slice(0, end)
  const message = error.slice(end + mark.length)
  const header = `${red}Error${gray} handling message `
  const start = log.lastIndexOf(header)
  const [, action] = /^with Action = (.*)$/s.exec(log.slice(start + header.length).split(reset)[0] ?? '') ?? []
  const known = expected.ok || !('text' in expected) ? undefined : expected
  const view = {
    ok: false,
    text: known !== undefined && known.text === undefined ? undefined : clean(message),
    hasPosition: known?.hasPosition === true && message.includes('[string "aos"]:'),
  }
  if (start < 0) return { ...view, class: 'B', printed: log, action: 'Eval' }
  return { ...view, class: 'D', printed: log.slice(0, start).replace(/\n$/, ''), action }
}

/** An error text without positions and names of variables, as the prologue's `clean` makes it. */
function clean(problem: string): string {
  return problem.replaceAll(/\[string "[^"]*"\]:\d+: /g, '').replace(/ \([a-z]+ '[^']*'\)$/, '')
}

function differenceOf(expected: View, actual: View): string | undefined {
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(actual)])]
  const different = keys.filter((key) => show(expected[key]) !== show(actual[key]))
  if (different.length === 0) return undefined
  return different.map((key) => `${key}\n  model:   ${show(expected[key])}\n  library: ${show(actual[key])}`).join('\n')
}

/** JSON with the keys in order. */
function show(value: unknown): string {
  const inOrder = (_key: string, part: unknown): unknown =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part
  return JSON.stringify(value, inOrder) ?? 'absent'
}

/** A message as a person reads it. */
function describe({ id, from, owner: signer, target, tags, data }: VmMessage): string {
  const by = from === signer ? '' : ` pushed by ${signer}`
  const to = target === processId ? '' : ` for ${target}`
  const named = tags.map(({ name, value }) => ` ${name || '""'}=${JSON.stringify(value)}`).join('')
  const text = data === undefined ? '' : `\n${String(data)}`
  return `-- ${id} from ${from}${by}${to}:${named}${text}`
}
