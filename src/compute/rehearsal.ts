import type { ItemId, ProcessId } from '../protocol/ids.ts'
import { errorCode } from '../protocol/loom-error.ts'
import { tagValue } from '../protocol/tags.ts'
import type { DataItem } from '../protocol/types.ts'
import type { LogEntry } from '../store/types.ts'
import { joinPath, parseStatePath } from '../vm/state-path.ts'
import type { InspectionBounds, JsonValue } from '../vm/types.ts'
import { ComputeError } from './errors.ts'
import { diffStates, type StateChange } from './state-diff.ts'
import { loadState, type StateLoaderDependencies, toThreadEntry } from './state-loader.ts'
import type { EvaluationThread, StateKey, ThreadEntry } from './thread-protocol.ts'
import { toVmMessage } from './vm-message.ts'

/**
 * What new code would have changed: the last messages of a process are evaluated twice beside it, as it is and after an Eval
 * of the code. Nothing is stored and nothing is sent, and messages that others sent in answer stay as they were.
 *
 * @module
 */

export interface RehearsalRequest {
  readonly processId: ProcessId
  /** The Eval that is evaluated before them, as if the owner had sent it. */
  readonly code: DataItem
  /** Messages to replay; all but the process's own when there are fewer. */
  readonly last: number
}

/** As things were, and as they would have been. */
export interface BeforeAfter<T> {
  readonly before: T
  readonly after: T
}

/** A value of the state, as JSON text of docs/time-travel.md. Absent: there was none. */
export interface ValueDifference {
  readonly path: string
  readonly before?: string | undefined
  readonly after?: string | undefined
}

/** What differs. What is absent does not. */
export interface Differences {
  readonly output?: BeforeAfter<JsonValue> | undefined
  readonly error?: BeforeAfter<JsonValue> | undefined
  /** Messages, spawns and assignments, without what only counts them: anchors and references. */
  readonly outbox?: BeforeAfter<JsonValue> | undefined
  /** At most {@link valuesMax} values that did not differ, or not so, before this message. */
  readonly state?: readonly ValueDifference[] | undefined
}

export interface RehearsedMessage extends Differences {
  readonly nonce: number
  readonly messageId: ItemId
  readonly from: string
  readonly action: string | undefined
  readonly gas: BeforeAfter<number>
}

export interface Rehearsal {
  readonly processId: ProcessId
  /** The code was evaluated in the state after this entry. */
  readonly afterNonce: number
  readonly code: {
    readonly output: JsonValue
    /** Of an Eval that failed: then no message was replayed. */
    readonly error?: JsonValue | undefined
    readonly gasUsed: number
    readonly state?: readonly ValueDifference[] | undefined
  }
  readonly messages: readonly RehearsedMessage[]
  /** How many of them differ in anything but gas. */
  readonly differing: number
  /** False when a state was too large to be compared as a whole. */
  readonly isStateComplete: boolean
}

/** Values told for each message, and the length of each text. */
const valuesMax = 50
const textLengthMax = 500
const bounds: InspectionBounds = { entriesMax: 10_000, depthMax: 32, lengthMax: 4 * 1_024 * 1_024, scanMax: 200_000 }
const globals = parseStatePath('')

/** The legacy result object, made by compute/. */
interface ResultJson {
  readonly Messages: readonly Sent[]
  readonly Spawns: readonly Sent[]
  readonly Assignments: readonly JsonValue[]
  readonly Output: { readonly data?: JsonValue } | ''
  readonly Error?: JsonValue
  readonly GasUsed: number
}

interface Sent {
  readonly Anchor?: JsonValue
  readonly Tags: readonly { readonly name: string; readonly value?: JsonValue }[]
}

/** @param name - Tells apart rehearsals that run at the same time. */
export async function rehearse(
  deps: StateLoaderDependencies,
  { processId, code, last }: RehearsalRequest,
  name: string,
): Promise<Rehearsal> {
  const { store, thread } = deps
  const { handle } = thread
  // All that is durable, evaluated or not: what an entry does follows from the log.
  const { next } = await store.head(processId)
  const beforeNonce = Math.max(next - last, 1)
  const [previous, ...entries] = await store.readLog(processId, beforeNonce - 1, next - 1, last + 1)
  if (previous === undefined) throw new ComputeError({ code: 'COMPUTE_PROCESS_UNKNOWN', processId })
  const asItIs: StateKey = { processId, view: `${name}, as it is` }
  const changed: StateKey = { processId, view: `${name}, changed` }
  try {
    for (const { view } of [asItIs, changed]) await loadState(deps, { processId, beforeNonce, view })
    const owner = await handle.request({ type: 'inspect', ...changed, path: parseStatePath('Owner'), bounds })
    const evaluation = await evaluate(handle, changed, evalEntry(code, previous, JSON.parse(owner.json)))
    const states = new StateComparison(handle, asItIs, changed)
    const state = await states.newDifferences()
    const messages: RehearsedMessage[] = []
    for (const entry of evaluation.Error === undefined ? entries : []) {
      const threadEntry = toThreadEntry(entry)
      const before = await evaluate(handle, asItIs, threadEntry)
      const after = await evaluate(handle, changed, threadEntry)
      const { message } = toVmMessage(processId, threadEntry)
      messages.push({
        ...{ nonce: entry.nonce, messageId: entry.itemId, from: message.from },
        action: tagValue(message.tags, 'Action'),
        gas: { before: before.GasUsed, after: after.GasUsed },
        ...resultDifferences(before, after),
        state: await states.newDifferences(),
      })
    }
    return {
      ...{ processId, afterNonce: previous.nonce, messages },
      code: { output: outputOf(evaluation), error: evaluation.Error, gasUsed: evaluation.GasUsed, state },
      differing: messages.filter((message) => differs(message)).length,
      isStateComplete: states.isComplete,
    }
  } finally {
    await Promise.all([asItIs, changed].map((key) => handle.request({ type: 'unload', ...key })))
  }
}

async function evaluate(handle: EvaluationThread, key: StateKey, entry: ThreadEntry): Promise<ResultJson> {
  const [result] = await handle.request({ type: 'evaluate', ...key, entries: [entry] })
  return JSON.parse(result?.json ?? '{}') as ResultJson
}

/** Looks at two states again and again, and tells each difference once. */
class StateComparison {
  readonly #handle: EvaluationThread
  readonly #before: StateKey
  readonly #after: StateKey
  #known: ReadonlySet<string> = new Set()
  /** Whether everything could be compared so far. */
  isComplete = true

  constructor(handle: EvaluationThread, before: StateKey, after: StateKey) {
    this.#handle = handle
    this.#before = before
    this.#after = after
  }

  /** Values that differ now, and did not before, or not so. Undefined: none. */
  async newDifferences(): Promise<readonly ValueDifference[] | undefined> {
    const [before, after] = [await this.#look(this.#before), await this.#look(this.#after)]
    if (before === undefined || after === undefined) return undefined
    const all = valueDifferences(diffStates(before, after))
    const fresh = all.filter((value) => !this.#known.has(JSON.stringify(value)))
    this.#known = new Set(all.map((value) => JSON.stringify(value)))
    return fresh.length === 0 ? undefined : fresh.slice(0, valuesMax).map(shortened)
  }

  /** @returns JSON; undefined when the state is too large to be looked at. */
  async #look(key: StateKey): Promise<string | undefined> {
    try {
      const { json, isComplete } = await this.#handle.request({ type: 'inspect', ...key, path: globals, bounds })
      this.isComplete &&= isComplete
      return json
    } catch (error) {
      if (errorCode(error) !== 'VM_STATE_TOO_LARGE') throw error
      this.isComplete = false
      return undefined
    }
  }
}

/** Whether anything but gas differs. */
export function differs({ output, error, outbox, state }: Differences): boolean {
  return [output, error, outbox, state].some((difference) => difference !== undefined)
}

/** The Eval stands where the next message would have stood, at the time of the one before. */
function evalEntry(code: DataItem, before: LogEntry, owner: unknown): ThreadEntry {
  return {
    nonce: before.nonce + 1,
    kind: 'message',
    item: code.bytes,
    assignment: undefined,
    impersonated: typeof owner === 'string' ? owner : undefined,
    timestampMs: before.timestampMs,
    blockHeight: before.blockHeight,
    hashChain: before.hashChain,
  }
}

function resultDifferences(before: ResultJson, after: ResultJson): Differences {
  return {
    output: pairOf(outputOf(before), outputOf(after)),
    error: pairOf(before.Error ?? null, after.Error ?? null),
    outbox: pairOf(outboxOf(before), outboxOf(after)),
  }
}

function pairOf(before: JsonValue, after: JsonValue): BeforeAfter<JsonValue> | undefined {
  return JSON.stringify(before) === JSON.stringify(after) ? undefined : { before, after }
}

function outputOf({ Output }: ResultJson): JsonValue {
  return Output === '' ? '' : (Output.data ?? '')
}

function outboxOf({ Messages, Spawns, Assignments }: ResultJson): JsonValue {
  return [...[...Messages, ...Spawns].map(withoutCounts), ...Assignments]
}

/** One more message would make all that follow differ. */
function withoutCounts({ Anchor: _, Tags, ...sent }: Sent): JsonValue {
  const tags = Tags.filter(({ name }) => name !== 'Reference').map(({ name, value = null }) => ({ name, value }))
  return { ...sent, Tags: tags }
}

/** Of a tree of changes, the leaves by their path. */
function valueDifferences(change: StateChange | undefined, path = ''): readonly ValueDifference[] {
  if (change === undefined) return []
  if (change.kind === 'inside') {
    return [...change.entries].flatMap(([key, inner]) => valueDifferences(inner, joinPath(path, key)))
  }
  const { kind: _, ...values } = change
  return [{ path, ...values }]
}

function shortened({ path, before, after }: ValueDifference): ValueDifference {
  return { path, before: shortenedText(before), after: shortenedText(after) }
}

function shortenedText(text: string | undefined): string | undefined {
  return text === undefined || text.length <= textLengthMax ? text : `${text.slice(0, textLengthMax)}…`
}
