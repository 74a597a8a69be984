import type { ProcessId } from '../protocol/ids.ts'
import type { LogEntry, StoredResult } from '../store/types.ts'

/**
 * A history: all that a state follows from, as bytes, in the order in which it is needed. A process that was forked comes
 * after the processes that it was forked from. Stores and exports give histories; replays and exports take them.
 */
export type History = AsyncIterable<HistoryPart>

export type HistoryPart = LogStart | LogEntries

/** The log of a process begins. */
export interface LogStart {
  readonly type: 'log'
  readonly summary: LogSummary
  /** The Module item. */
  readonly module: Uint8Array
  /** The item whose data the process boots from, if there is one. */
  readonly bootItem: Uint8Array | undefined
  /** Entries below this nonce have results. */
  readonly evaluated: number
}

/** What the log will turn out to be. A claim, until it is replayed. */
export interface LogSummary {
  readonly processId: ProcessId
  readonly moduleId: string
  readonly bootItemId: string | undefined
  /** Version of the engine that gives these results. */
  readonly engine: string
  /** Address that signed the assignments. */
  readonly scheduler: string
  readonly lastNonce: number
  /** Of the last entry: id of its assignment, and its hash chain value. */
  readonly assignmentId: string
  readonly hashChain: string
}

/** The next entries of the log, in order; at least one. */
export interface LogEntries {
  readonly type: 'entries'
  readonly entries: readonly HistoryEntry[]
}

/** What stands at a nonce. */
export interface HistoryEntry {
  /** The signed item. */
  readonly item: Uint8Array
  /** The signed assignment. */
  readonly assignment: Uint8Array
  readonly result: HistoryResult | undefined
  /** How the store has it; undefined when the history does not come from one. */
  readonly row?: LogEntry | undefined
}

/** What the evaluation of the entry left behind. */
export type HistoryResult = Pick<StoredResult, 'json' | 'failed' | 'gasUsed'>

/**
 * Reads the beginning, so that what cannot be read at all is known before anything is made of it.
 *
 * @returns the same history, to be read once.
 */
export async function begin(history: History): Promise<History> {
  const parts = history[Symbol.asyncIterator]()
  const first = await parts.next()
  async function* resume(): AsyncGenerator<HistoryPart> {
    if (first.done === true) return
    yield first.value
    yield* { [Symbol.asyncIterator]: () => parts }
  }
  return resume()
}
