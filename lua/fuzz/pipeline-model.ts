/**
 * A second implementation of the message pipeline, written from the specification alone (Process API 2.3 to 2.7, 3, 5.2, 6,
 * 7, 8.3 to 8.5, 10, 11, 12, 15, 20; and the decisions in docs/process-library.md) and only to be compared with. It shares
 * no code and no idea of speed with `lua/library`: handles are generators that are interpreted step by step, a coroutine is
 * a generator that has yielded, and the state before a failed message is had by evaluating all good ones anew.
 *
 * @module
 */
import type { JsonValue, VmMessage } from '../../src/vm/types.ts'
import { LuaError, UnspecifiedError } from './model-errors.ts'
import { type Entry, HandlerList, type Match, type Run } from './model-handlers.ts'
import { all, isTrue, matches } from './model-matching.ts'
import {
  describeMessage,
  encodeJson,
  innerMessage,
  type ModelMessage,
  read,
  readMessage,
  readTag,
  typeNameOf,
  type Value,
} from './model-message.ts'
import { type Draft, draftOf, type ExpectedMessage, forwardDraft, replyDraft, sentMessage } from './model-sending.ts'
import {
  authority,
  dataTexts,
  type Expression,
  type FunctionPattern,
  type Handle,
  type InnerMessage,
  owner,
  type Pattern,
  type Program,
  processId,
  processMessage,
  type Registration,
  type ResolverCase,
  type SendFields,
  type Step,
  type Steps,
  type Subject,
  type Then,
  type ValuePattern,
  type Verdict,
} from './pipeline-case.ts'

/** A message, and the program that its data is the Lua text of. */
export interface Delivery {
  readonly message: VmMessage
  readonly program?: Program | undefined
}

/** Process API 1.3 and 15. */
export type Outcome =
  | {
      readonly ok: true
      readonly printed: readonly string[]
      readonly print: boolean
      /** Undefined where the specification is silent. */
      readonly hasTest: boolean | undefined
      readonly messages: readonly ExpectedMessage[]
      readonly assignments: readonly JsonValue[]
    }
  | { readonly ok: false; readonly class: 'A' | 'E' }
  | { readonly ok: false; readonly class: 'C'; readonly error: string }
  | {
      readonly ok: false
      readonly class: 'B' | 'D'
      readonly printed: readonly string[]
      readonly action: string | undefined
      /** The text without positions and without names of variables. Undefined where it is open. */
      readonly text: string | undefined
      /** Whether the position in the user's own code must be told. */
      readonly hasPosition: boolean
    }

interface Thread {
  readonly run: Run<void>
  isWaiting: boolean
}

/** The variables of one call of a handle. */
type Variables = Partial<Record<Subject, ModelMessage>>

const green = '\u001b[32m'
const blue = '\u001b[34m'
const gray = '\u001b[90m'
const red = '\u001b[31m'
const reset = '\u001b[0m'

const maxStepsPerMessage = 2_000
const maxDepth = 10

/** What one result can hold; begun anew for each message. */
interface Outbox {
  readonly printed: string[]
  readonly messages: ExpectedMessage[]
  readonly assignments: JsonValue[]
  /** `ao.outbox.Error`. */
  error: { readonly class: 'A' } | { readonly class: 'C'; readonly error: string } | undefined
}

interface State {
  readonly handlers: HandlerList
  inbox: ModelMessage[]
  readonly threads: Thread[]
  reference: number
  authorities: string[]
  readonly assignables: { readonly name: string | undefined; pattern: Match }[]
}

/** A process after its process message and the prologue. */
export class PipelineModel {
  readonly #kept: Delivery[] = []
  #state: State = this.#firstState()
  #outbox: Outbox = emptyOutbox()
  #thread: Thread | undefined
  #timestampMs = 0
  #stepsLeft = 0
  #depth = 0

  /** What was sent in all good messages, the latest last. */
  readonly sent: ExpectedMessage[] = []
  /** What has happened at least once: a look at what the cases reach. */
  readonly events: Set<string> = new Set()

  /**
   * Evaluates one message. A message that fails leaves the state as it was.
   *
   * @throws {UnspecifiedError} The specification is silent; the model is of no more use.
   */
  evaluate(delivery: Delivery): Outcome {
    const outcome = this.#process(delivery)
    if (outcome.ok) {
      this.#kept.push(delivery)
      this.sent.push(...outcome.messages)
    } else {
      this.#state = this.#firstState()
      for (const kept of this.#kept) this.#process(kept)
      // The state is asked for with a message that no handler sees.
      this.#mergeAuthorities()
    }
    return outcome
  }

  /** The state as the prologue's `Prompt` tells it. */
  describeState(): string {
    const { handlers, inbox, reference, authorities, assignables } = this.#state
    return [
      `list: ${handlers.describe()}`,
      `inbox: ${inbox.map((message) => String(message.root.get('Id') ?? 'nil')).join(' ')}`,
      `once: ${handlers.onceNonce}`,
      `reference: ${reference}`,
      'errors: 0',
      `authorities: ${authorities.join(' ')}`,
      `assignables: ${assignables.length}`,
    ].join('\n')
  }

  #firstState(): State {
    const first = readMessage(processMessage, undefined)
    return {
      handlers: new HandlerList([this.#eval(), this.#default()], (event) => this.#observe(event)),
      inbox: first === undefined ? [] : [first],
      threads: [],
      reference: 0,
      authorities: [authority],
      assignables: [],
    }
  }

  // Process API 3: the way of one message.

  #process({ message: incoming, program }: Delivery): Outcome {
    this.#outbox = emptyOutbox()
    this.#stepsLeft = maxStepsPerMessage
    this.#timestampMs = incoming.timestampMs
    const state = this.#state
    this.#mergeAuthorities()
    const message = readMessage(incoming, program)
    if (message === undefined) return this.#note({ ok: false, class: 'E' })

    let isRejected: boolean
    try {
      isRejected = this.#isRejected(message, incoming)
    } catch (error) {
      if (!(error instanceof LuaError)) throw error
      return this.#note({ ok: false, class: 'E' })
    }
    if (!isRejected) {
      state.handlers.register('last', this.#eval())
      state.handlers.register('last', this.#default())
      const thread: Thread = { run: state.handlers.walk(message), isWaiting: false }
      state.threads.push(thread)
      try {
        this.#resume(thread, message)
      } catch (error) {
        if (!(error instanceof LuaError)) throw error
        return this.#note(this.#failed(message, error))
      }
    }
    const { printed, messages, assignments, error } = this.#outbox
    if (error !== undefined) return this.#note({ ok: false, ...error })
    const isEval = message.root.get('Action') === 'Eval'
    return {
      ok: true,
      printed,
      print: isRejected || !isEval,
      hasTest: isRejected && isEval ? undefined : isEval,
      messages,
      assignments,
    }
  }

  #note<T extends Outcome & { ok: false }>(outcome: T): T {
    this.events.add(`failed: ${outcome.class}`)
    return outcome
  }

  /** Process API 15. */
  #failed(message: ModelMessage, { text, hasPosition }: LuaError): Outcome & { ok: false } {
    if (this.#outbox.error !== undefined) throw new UnspecifiedError('an error, and ao.outbox.Error')
    const action = message.root.get('Action')
    return {
      ok: false,
      class: action === 'Eval' ? 'B' : 'D',
      printed: this.#outbox.printed,
      action: action === undefined ? undefined : String(action),
      text,
      hasPosition,
    }
  }

  #mergeAuthorities(): void {
    const { authorities } = this.#state
    if (!authorities.includes(authority)) authorities.push(authority)
  }

  /** Process API 12. */
  #isRejected(message: ModelMessage, { from, owner: signer, target }: VmMessage): boolean {
    const { authorities, assignables } = this.#state
    const isTrusted = from === signer || authorities.includes(from) || authorities.includes(signer)
    if (!isTrusted) {
      this.#print(`Message is not trusted! From: ${from} - Owner: ${signer}`)
      this.events.add('not trusted')
      return true
    }
    if (target === processId || assignables.some(({ pattern }) => isTrue(finish(pattern(message))))) return false
    if (from !== processId) {
      const data = 'Assignment is not trusted by this process!'
      this.#send(draftOf({ root: { Target: from, Data: data } }))
    }
    this.#print(`Assignment is not trusted! From: ${from} - Owner: ${signer}`)
    this.events.add('not assignable')
    return true
  }

  /** Runs a coroutine until it ends or waits. */
  #resume(thread: Thread, message: ModelMessage): void {
    const outer = this.#thread
    const depth = this.#depth
    this.#thread = thread
    this.#setDepth(depth + 1)
    try {
      thread.isWaiting = false
      thread.isWaiting = thread.run.next(message).done !== true
    } finally {
      this.#depth = depth
      this.#thread = outer
    }
  }

  #observe(event: string): void {
    this.#countStep()
    this.events.add(event)
  }

  #setDepth(depth: number): void {
    this.#depth = depth
    if (depth > maxDepth) throw new UnspecifiedError('too deep')
  }

  #countStep(): void {
    this.#stepsLeft -= 1
    if (this.#stepsLeft < 0) throw new UnspecifiedError('too long')
  }

  // Process API 6.1: the list.

  #register(registration: Registration): void {
    const { by, name, pattern } = registration
    const maxRuns = 'maxRuns' in registration ? registration.maxRuns : undefined
    const match = this.#patternOf(pattern ?? { is: 'action', action: name ?? '' })
    const handle = this.#handleOf(by === 'table' ? { is: 'steps', steps: registration.steps } : registration.handle)
    const { handlers } = this.#state
    if (by === 'once') {
      handlers.once(name, match, handle)
      return
    }
    const entry: Entry = { name, pattern: match, handle, maxRuns }
    if (by === 'before' || by === 'after') handlers.putBeside(by, registration.anchor, entry)
    else if (by === 'table') handlers.put(registration.at, entry)
    else handlers.register(by === 'prepend' ? 'first' : 'last', entry)
    if (by === 'add') this.#show(handlers.length)
  }

  // Process API 10, 11.1: the built-in handlers.

  #eval(): Entry {
    const handle = function* (this: PipelineModel, message: ModelMessage): Run<void> {
      const data = message.root.get('Data')
      if (message.program !== undefined) {
        const msg = this.#state.inbox.at(-1)
        yield* this.#run(message.program.steps, msg === undefined ? {} : { msg, received: msg })
        this.#returned(message.program.returns)
        return
      }
      if (typeof data !== 'string' && typeof data !== 'number') {
        throw new LuaError(`attempt to concatenate a ${typeNameOf(data)} value`)
      }
      const reading = dataTexts[String(data)]
      if (reading === undefined) throw new UnspecifiedError(`the value of ${data}`)
      if (reading.compiles) this.#returned([reading.value])
      else this.#outbox.error = { class: 'A' }
    }
    return {
      name: '_eval',
      // biome-ignore lint/correctness/useYield: a pattern that never waits.
      pattern: function* ({ root }) {
        return root.get('Action') === 'Eval' && root.get('From') === owner
      },
      handle: handle.bind(this),
      maxRuns: undefined,
    }
  }

  #returned([value, problem]: readonly Verdict[]): void {
    if (value === undefined && typeof problem === 'string') this.#outbox.error = { class: 'C', error: problem }
    else if (typeof value === 'object') this.#print('{  }')
    else if (value !== undefined && value !== false) this.#print(String(value))
  }

  #default(): Entry {
    // biome-ignore lint/correctness/useYield: a handle that never waits.
    const handle = function* (this: PipelineModel, message: ModelMessage): Run<void> {
      this.#state.inbox.push(message)
      const { root } = message
      const from = String(root.get('From'))
      const action = root.get('Action')
      const [label, value] = action === undefined ? ['Data', root.get('Data')] : ['Action', action]
      const text = (typeof value === 'object' ? encodeJson(value) : String(value ?? '')).slice(0, 20)
      const sender = `${gray}New Message From ${green}${from.slice(0, 3)}...${from.slice(-3)}${gray}: `
      this.#print(`${sender}${gray}${label} = ${blue}${text}${reset}`)
      this.events.add('default')
    }
    // biome-ignore lint/correctness/useYield: never asked.
    const pattern = function* (): Run<Verdict> {
      return false
    }
    return { name: '_default', pattern, handle: handle.bind(this), maxRuns: undefined }
  }

  // Code.

  *#run(steps: Steps, variables: Variables): Run<void> {
    for (const step of steps) {
      this.#countStep()
      yield* this.#step(step, variables)
    }
  }

  *#step(step: Step, variables: Variables): Run<void> {
    switch (step.do) {
      case 'print':
        return this.#show(this.#valueOf(step.value, variables))
      case 'set':
        subject(variables, step.of).root.set(step.key, step.value)
        return
      case 'when':
        if (read(subject(variables, step.of), step.key) === step.is) yield* this.#run(step.steps, variables)
        return
      case 'send': {
        if (step.by === 'Send' && step.fields.root.Target === undefined) {
          this.#print('WARN: No target specified for message. Data will be stored, but no process will receive it.')
        }
        return yield* this.#then(this.#send(draftOf(step.fields)), step.then, variables)
      }
      case 'reply':
        return yield* this.#then(this.#reply(subject(variables, step.to), step.fields), step.then, variables)
      case 'forward': {
        const message = subject(variables, step.of)
        if (!message.isIncoming) throw new LuaError('attempt to call a nil value')
        this.#send(forwardDraft(message, step.target, step.fields))
        return
      }
      case 'assign':
        this.#outbox.assignments.push({ Processes: [step.to], Message: 'item' })
        return this.#print('Assignment added to outbox.')
      case 'receive':
        variables.received = yield* this.#receive(this.#patternOf(step.pattern))
        return
      case 'receiveInSort':
        throw new LuaError('attempt to yield across a C-call boundary')
      case 'register':
        return this.#register(step.registration)
      case 'remove':
        return this.#state.handlers.remove(step.name)
      case 'error':
        throw new LuaError(step.kind === 'table' ? undefined : step.text, step.kind === 'text')
      case 'pcall':
        return yield* this.#protected(step.steps, variables)
      case 'coroutine': {
        const thread: Thread = { run: this.#run(step.steps, variables), isWaiting: false }
        return this.#resume(thread, subjectless)
      }
      case 'evaluate':
        return yield* this.#evaluateInside(step.message, variables)
      case 'fail':
        this.#outbox.error = { class: 'C', error: step.text }
        return
      case 'authorities':
        if (step.add === undefined) this.#state.authorities = []
        else this.#state.authorities.push(step.add)
        return
      case 'addAssignable':
        return this.#addAssignable(step.name, this.#patternOf(step.pattern))
      case 'removeAssignable':
        return this.#removeAssignable(step.which)
      case 'emptyInbox':
        this.#state.inbox = []
        return
    }
  }

  *#protected(steps: Steps, variables: Variables): Run<void> {
    const depth = this.#depth
    try {
      yield* this.#run(steps, variables)
    } catch (error) {
      if (!(error instanceof LuaError)) throw error
      this.#depth = depth
      if (error.text === undefined && error.throughHandle) throw new UnspecifiedError('what became of a table')
      this.events.add('caught')
      this.#print(`caught ${error.text ?? 'a table'}`)
      return
    }
    this.#print('fine')
  }

  *#evaluateInside(message: Subject | InnerMessage, variables: Variables): Run<void> {
    const inner = typeof message === 'string' ? variables[message] : innerMessage(message)
    if (inner === undefined) throw new LuaError('msg is not valid')
    this.#setDepth(this.#depth + 1)
    yield* this.#state.handlers.walk(inner)
    this.#setDepth(this.#depth - 1)
  }

  /** Process API 8.4. */
  *#receive(pattern: Match): Run<ModelMessage> {
    const thread = this.#thread
    if (thread === undefined) throw new UnspecifiedError('outside of a coroutine')
    let isUsed = false
    // biome-ignore lint/correctness/useYield: what it resumes waits in a coroutine of its own.
    const goOn = function* (this: PipelineModel, message: ModelMessage, entry: Entry): Run<void> {
      if (isUsed) throw new UnspecifiedError('a waiter used twice')
      isUsed = true
      this.events.add('resumed')
      this.#state.handlers.removeEntry(entry)
      this.#resume(thread, message)
    }
    this.#state.handlers.once(undefined, pattern, goOn.bind(this))
    return yield
  }

  *#then({ target, reference }: ExpectedMessage, then: Then | undefined, variables: Variables): Run<void> {
    if (then === undefined) return
    const from = then.from ?? target
    const keys: Record<string, ValuePattern> = { 'X-Reference': { is: 'text', text: reference } }
    if (from !== undefined) keys.From = { is: 'text', text: String(from) }
    const pattern = this.#patternOf({ is: 'table', keys })
    if (then.do === 'receive') {
      variables.received = yield* this.#receive(pattern)
      return
    }
    const handle = this.#handleOf(then.handle)
    this.#state.handlers.once(undefined, pattern, (message, entry) => {
      this.events.add('onReply')
      return handle(message, entry)
    })
  }

  #handleOf(handle: Handle): Entry['handle'] {
    switch (handle.is) {
      case 'steps':
        return (message) => this.#run(handle.steps, { msg: message, received: message })
      case 'resolver':
        return (message) => this.#resolve(handle.cases, message)
      case 'reply':
        return (message) => this.#replyWith(handle.input, message)
    }
  }

  /** Process API 6.4. */
  *#resolve(cases: readonly ResolverCase[], message: ModelMessage): Run<void> {
    const matching: ResolverCase[] = []
    all(cases, (each) => {
      const isMatch = isTrue(finish(this.#patternOf(each.pattern)(message)))
      if (isMatch) matching.push(each)
      return !isMatch
    })
    if (matching.length > 1) throw new UnspecifiedError('two keys of a resolver match')
    for (const { steps } of matching) {
      this.events.add('resolved')
      yield* this.#run(steps, { msg: message, received: message })
    }
  }

  // biome-ignore lint/correctness/useYield: a handle that never waits.
  *#replyWith(input: string | SendFields, message: ModelMessage): Run<void> {
    this.#reply(message, typeof input === 'string' ? { root: { Data: input } } : input)
  }

  #valueOf(expression: Expression, variables: Variables): Value {
    if ('text' in expression) return expression.text
    if ('key' in expression) return read(subject(variables, expression.of), expression.key)
    if ('whole' in expression) return describeMessage(subject(variables, expression.whole))
    if ('tag' in expression) return readTag(subject(variables, expression.of), expression.tag)
    const { handlers, inbox, reference, threads } = this.#state
    const waiting = threads.filter(({ isWaiting }) => isWaiting).length
    const globals = {
      time: this.#timestampMs,
      inbox: inbox.length,
      list: handlers.describe(),
      onceNonce: handlers.onceNonce,
      reference,
      waiting,
    }
    return globals[expression.global]
  }

  /** Process API 9.1. */
  #show(value: Value): void {
    if (typeof value === 'string') this.#print(value)
    else if (typeof value === 'number') this.#print(`${green}${value}${reset}`)
    else if (typeof value === 'boolean') this.#print(`${blue}${value}${reset}`)
    else if (value === undefined) this.#print(`${red}nil${reset}`)
    else this.#print(`a ${typeNameOf(value)}`)
  }

  #print(line: string): void {
    this.#outbox.printed.push(line)
  }

  // Process API 2.7, 5.2: sending.

  #send(draft: Draft): ExpectedMessage {
    this.#state.reference += 1
    const sent = sentMessage(draft, this.#state.reference)
    this.#outbox.messages.push(sent)
    return sent
  }

  #reply(message: ModelMessage, fields: SendFields): ExpectedMessage {
    if (!message.isIncoming) throw new LuaError('attempt to call a nil value')
    return this.#send(replyDraft(message, fields))
  }

  // Process API 5.4.

  #addAssignable(name: string | undefined, pattern: Match): void {
    const { assignables } = this.#state
    const existing = assignables.find((assignable) => name !== undefined && assignable.name === name)
    if (existing === undefined) assignables.push({ name, pattern })
    else existing.pattern = pattern
  }

  #removeAssignable(which: string | number): void {
    const { assignables } = this.#state
    const index = typeof which === 'number' ? which - 1 : assignables.findIndex(({ name }) => name === which)
    if (index >= 0) assignables.splice(index, 1)
  }

  // Process API 7: matching.

  #patternOf(pattern: Pattern): Match {
    switch (pattern.is) {
      case 'function':
        return (message) => this.#verdict(pattern, message)
      case 'continue':
        return (message) => this.#continue(pattern.pattern, message)
      default:
        // biome-ignore lint/correctness/useYield: a pattern that never waits.
        return function* (message) {
          return matches(pattern, message)
        }
    }
  }

  *#verdict({ steps, key, value, verdict, otherwise }: FunctionPattern, message: ModelMessage): Run<Verdict> {
    yield* this.#run(steps, { msg: message, received: message })
    return read(message, key) === value ? verdict : otherwise
  }

  /** Process API 6.5. */
  *#continue(pattern: Pattern, message: ModelMessage): Run<Verdict> {
    const verdict = yield* this.#patternOf(pattern)(message)
    return verdict === undefined || verdict === false || verdict === 0 || verdict === 'skip' ? verdict : 1
  }
}

/** What the first call of a coroutine is resumed with: nothing reads it. */
const subjectless: ModelMessage = { root: new Map(), tags: new Map(), isIncoming: false, program: undefined }

function emptyOutbox(): Outbox {
  return { printed: [], messages: [], assignments: [], error: undefined }
}

/** Runs what cannot wait: patterns of assignables are asked outside of any coroutine. */
function finish<T>(run: Run<T>): T {
  const { done, value } = run.next(subjectless)
  if (done !== true) throw new UnspecifiedError('waits outside of a coroutine')
  return value
}

function subject(variables: Variables, name: Subject): ModelMessage {
  const message = variables[name]
  if (message === undefined) throw new LuaError('attempt to index a nil value')
  return message
}
