import type { ItemId, ProcessId } from '../protocol/ids.ts'
import { tagValue } from '../protocol/tags.ts'
import { VmError } from '../vm/errors.ts'
import type { StatePath } from '../vm/state-path.ts'
import type { Inspection, InspectionBounds, VmMessage } from '../vm/types.ts'
import { ComputeError } from './errors.ts'
import { diffStates, type StateChange } from './state-diff.ts'
import { toThreadEntry } from './state-loader.ts'
import { batchSizes, type LentState, nextBatchSize, StateViews, type StateViewsDependencies } from './state-views.ts'
import type { EvaluationThread, ValueChange } from './thread-protocol.ts'
import { toVmMessage } from './vm-message.ts'

/**
 * Any moment of a process: its state after any entry, by path; the difference between two of them; the message that a value
 * comes from. All of it is read from states beside the process's own, or from that one between two messages (I5).
 *
 * @module
 */

export interface TimeTravelDependencies extends StateViewsDependencies {
  /** Resolves when the entry has a result. */
  evaluated(processId: ProcessId, nonce: number): Promise<unknown>
  /** Reads the state after the last evaluated entry, of which it gives the nonce. */
  inspectLatest(processId: ProcessId, path: StatePath, bounds: InspectionBounds): Promise<StateReading>
}

/** A value of a state. */
export interface StateReading extends Inspection {
  /** The state is the one after this entry. */
  readonly nonce: number
}

/** The message that a value comes from. */
export type LastChange =
  | {
      readonly isFound: true
      readonly nonce: number
      /** Id of the item: of the process itself at nonce 0. */
      readonly messageId: ItemId
      /** As the process saw it. */
      readonly from: string
      /** The tag `Action`. */
      readonly action: string | undefined
      readonly timestampMs: number
      /** JSON text. */
      readonly before: string
      readonly after: string
    }
  /**
   * It was the same after every entry from `sinceNonce` on; -1: it never was another, or a fork was made with it. A search
   * ends after some seconds: for what was before, ask again with `atNonce: sinceNonce`.
   */
  | { readonly isFound: false; readonly sinceNonce: number }

const depthMax = 200
const readLengthMax = 4 * 1_024 * 1_024
/** Both sides of a difference are read whole. */
const diffBounds: InspectionBounds = {
  ...{ entriesMax: Number.POSITIVE_INFINITY, depthMax },
  lengthMax: 8 * 1_024 * 1_024,
}
/** A value that is followed is read after every message. */
const traceBounds: InspectionBounds = {
  ...{ entriesMax: Number.POSITIVE_INFINITY, depthMax, scanMax: 20_000 },
  lengthMax: 256 * 1_024,
}
/** A search ends at the next snapshot after so much gas, some 4 seconds of evaluation. */
const traceGasMax = 20_000_000_000
/** And it is refused when, between two snapshots, it would have to compare more than this. */
const traceLengthMax = 64 * 1_024 * 1_024
/** What looking costs besides, in gas: a look takes some 10 µs, and 15 MB are read in a second. */
const gasPerLook = 50_000
const gasPerCharacter = 300

export class TimeTravel {
  readonly #deps: TimeTravelDependencies
  readonly #views: StateViews

  constructor(deps: TimeTravelDependencies) {
    this.#deps = deps
    this.#views = new StateViews(deps)
  }

  /**
   * The value at a path, after an entry, for which it waits; by default after the last one that is evaluated.
   *
   * @param entriesMax - Of each table.
   * @throws {ComputeError} `COMPUTE_NONCE_UNKNOWN`. {VmError} `VM_STATE_UNREADABLE`, `VM_STATE_TOO_LARGE`.
   */
  async stateAt(
    processId: ProcessId,
    {
      path,
      nonce,
      entriesMax,
    }: { readonly path: StatePath; readonly nonce?: number | undefined; readonly entriesMax: number },
  ): Promise<StateReading> {
    const bounds: InspectionBounds = { entriesMax, depthMax, lengthMax: readLengthMax }
    if (nonce === undefined) return this.#deps.inspectLatest(processId, path, bounds)
    return this.#inspect(processId, nonce, path, bounds)
  }

  /** @throws {ComputeError} `COMPUTE_NONCE_UNKNOWN` */
  async stateHashAt(processId: ProcessId, nonce: number): Promise<string> {
    await this.#evaluated(processId, nonce)
    return this.#views.read(processId, nonce, ({ key, handle }) => handle.request({ type: 'state-hash', ...key }))
  }

  /**
   * The result of a message that the state after an entry would have given, as JSON text; nothing is kept (I5).
   *
   * @throws {ComputeError} `COMPUTE_NONCE_UNKNOWN`
   */
  async dryRunAt(processId: ProcessId, nonce: number, message: VmMessage): Promise<string> {
    await this.#evaluated(processId, nonce)
    return this.#views.read(processId, nonce, ({ key, handle }) => handle.request({ type: 'dry-run', ...key, message }))
  }

  /** The whole memory of the state after an entry. @throws {ComputeError} `COMPUTE_NONCE_UNKNOWN` */
  async memoryAt(processId: ProcessId, nonce: number): Promise<SharedArrayBuffer> {
    await this.#evaluated(processId, nonce)
    return this.#views.read(processId, nonce, ({ key, handle }) => handle.request({ type: 'memory-image', ...key }))
  }

  /**
   * What is different at a path between the states after two entries, in the direction from the first to the second.
   *
   * @returns undefined when nothing is.
   * @throws {ComputeError} `COMPUTE_NONCE_UNKNOWN`. {VmError} `VM_STATE_UNREADABLE`, `VM_STATE_TOO_LARGE`.
   */
  async diffStates(
    processId: ProcessId,
    fromNonce: number,
    toNonce: number,
    path: StatePath,
  ): Promise<StateChange | undefined> {
    // The earlier one first: the later one then begins with it.
    const nonces = [fromNonce, toNonce].sort((a, b) => a - b)
    const states = new Map<number, string>()
    for (const nonce of nonces) states.set(nonce, whole(await this.#inspect(processId, nonce, path, diffBounds), path))
    return diffStates(states.get(fromNonce) ?? '', states.get(toNonce) ?? '')
  }

  /**
   * The last entry, up to `atNonce`, after which the value at a path was another than before it: the one that made it what
   * it is then.
   *
   * A value may change and change back between two snapshots, so that they do not tell. Entries are therefore evaluated
   * again, from the last snapshot, then from the one before it, and so on: what changed lately is found soon.
   *
   * @param atNonce - Default: the last one that is evaluated.
   * @throws {ComputeError} `COMPUTE_NONCE_UNKNOWN`. {VmError} `VM_STATE_UNREADABLE`, `VM_STATE_TOO_LARGE`.
   */
  async lastChange(processId: ProcessId, path: StatePath, atNonce?: number): Promise<LastChange> {
    let upTo = atNonce ?? Math.max((await this.#deps.store.head(processId)).evaluated - 1, 0)
    await this.#evaluated(processId, upTo)
    for (let gasUsed = 0; upTo >= 0 && gasUsed < traceGasMax; ) {
      const found = await this.#views.evaluate(processId, upTo, (state, from) => this.#trace(state, path, from, upTo))
      if (found.change !== undefined) return this.#changeOf(processId, found.change)
      gasUsed += found.gasUsed
      upTo = found.from
    }
    return { isFound: false, sinceNonce: upTo }
  }

  lose(handle: EvaluationThread): void {
    this.#views.lose(handle)
  }

  /** Frees the states of the past. Who waits, or asks later, gets the error. */
  close(error: Error): Promise<void> {
    return this.#views.close(error)
  }

  async #inspect(
    processId: ProcessId,
    nonce: number,
    path: StatePath,
    bounds: InspectionBounds,
  ): Promise<StateReading> {
    await this.#evaluated(processId, nonce)
    const { json, isComplete } = await this.#views.read(processId, nonce, ({ key, handle }) =>
      handle.request({ type: 'inspect', ...key, path, bounds }),
    )
    return { nonce, json, isComplete }
  }

  /** Follows a value through the entries after `from`, on a state that has those up to it. */
  async #trace(
    { key, handle }: LentState,
    path: StatePath,
    from: number,
    upTo: number,
  ): Promise<{ change: ValueChange | undefined; gasUsed: number; from: number }> {
    const processId = key.processId as ProcessId
    let change: ValueChange | undefined
    let batchSize: number = batchSizes.first
    let gasUsed = 0
    let lengthRead = 0
    for (let nonce = from + 1; nonce <= upTo; ) {
      this.#views.checkOpen()
      const entries = await this.#deps.store.readLog(processId, nonce, upTo, batchSize)
      if (entries.length === 0) break
      const request = { type: 'trace', ...key, path, bounds: traceBounds, entries: entries.map(toThreadEntry) } as const
      const traced = await handle.request(request)
      change = traced.change ?? change
      lengthRead += traced.lengthRead
      if (lengthRead > traceLengthMax) throw tooLarge(path, `${traceLengthMax} characters to compare`)
      const cost = traced.gasUsed + entries.length * gasPerLook + traced.lengthRead * gasPerCharacter
      batchSize = nextBatchSize(batchSize, cost)
      gasUsed += cost
      nonce += entries.length
    }
    return { change, gasUsed, from }
  }

  async #changeOf(processId: ProcessId, { nonce, before, after }: ValueChange): Promise<LastChange> {
    const [entry] = await this.#deps.store.readLog(processId, nonce, nonce, 1)
    if (entry === undefined) throw new ComputeError({ code: 'COMPUTE_PROCESS_UNKNOWN', processId })
    const { from, tags } = toVmMessage(processId, toThreadEntry(entry)).message
    const { itemId: messageId, timestampMs } = entry
    return { isFound: true, nonce, messageId, from, action: tagValue(tags, 'Action'), timestampMs, before, after }
  }

  /** Waits for the result of an entry; before the first there is nothing to wait for. */
  async #evaluated(processId: ProcessId, nonce: number): Promise<void> {
    const { next, evaluated } = await this.#deps.store.head(processId)
    if (nonce >= next || nonce < -1) {
      throw new ComputeError({ code: 'COMPUTE_NONCE_UNKNOWN', processId, nonce, evaluated })
    }
    if (nonce >= evaluated) await this.#deps.evaluated(processId, nonce)
  }
}

function whole({ json, isComplete }: Inspection, path: StatePath): string {
  if (isComplete) return json
  throw tooLarge(path, `${diffBounds.lengthMax} characters of JSON, or ${depthMax} tables in each other`)
}

function tooLarge({ text }: StatePath, limit: string): VmError {
  return new VmError({ code: 'VM_STATE_TOO_LARGE', path: text, limit })
}
