import { saveSnapshot } from '../compute/snapshot-format.ts'
import type { EvaluationThread } from '../compute/thread-protocol.ts'
import { parseAnyItem } from '../protocol/any-item.ts'
import { type ParsedAssignment, parseAssignment } from '../protocol/assignment.ts'
import { parseDataItem } from '../protocol/data-item.ts'
import type { ProcessId } from '../protocol/ids.ts'
import type { DataItem } from '../protocol/types.ts'
import { emptyHead } from '../store/checks.ts'
import type { AppendRequest, Lease, LogEntry, Store, StoredResult } from '../store/types.ts'
import { ArchiveError } from './errors.ts'
import { decodeHistory } from './export-format.ts'
import type { HistoryEntry, LogStart } from './history.ts'
import { kindOf } from './log-checker.ts'
import { type LogComparison, type ReplayedLog, type ReplayProgress, replayHistory } from './replay.ts'

/**
 * Puts the logs of an export into a store as they were: the same items, assignments, nonces, times and results.
 *
 * M1 Nothing is stored before all of the export was verified and replayed, and nothing of a log that is another than the
 *    one the store has.
 * M2 What is stored at any moment is a part of the export from its beginning, so an import that was cut off goes on where it
 *    was when it is done again, and one that is done twice does nothing.
 * M3 Results are stored without an outbox: what the process sent was sent by the node that it ran on (I3).
 *
 * @module
 */

export interface ImportDependencies {
  /** No network works on it. */
  readonly store: Store
  readonly thread: EvaluationThread
  readonly onProgress?: ((progress: ReplayProgress) => void) | undefined
}

export interface ImportReport {
  /** The process that the export is of, as its replay has found it. */
  readonly log: ReplayedLog
  /** Entries and results that were not there before, of all logs of the export. */
  readonly entryCount: number
  readonly resultCount: number
}

const workerId = 'import'
/** Nobody else works on the store, and an epoch lasts until the next lease. */
const leaseTtlMs = 3_600_000

/**
 * @param open - Reads the export from its beginning; called twice.
 * @throws {ArchiveError} what {@link replayHistory} throws, and `ARCHIVE_CONFLICT`. Nothing was stored then.
 */
export async function importExport(
  open: () => AsyncIterable<Uint8Array>,
  { store, thread, onProgress }: ImportDependencies,
): Promise<ImportReport> {
  const comparisonOf = ({ summary }: LogStart): Promise<LogComparison> => conflictCheck(store, summary.processId)
  const logs = await replayHistory(decodeHistory(open()), { thread, comparisonOf, onProgress })
  const log = logs.at(-1)
  if (log === undefined) throw new RangeError('An export has at least one log.')

  let [entryCount, resultCount] = [0, 0]
  let writer: LogWriter | undefined
  for await (const part of decodeHistory(open())) {
    if (part.type === 'log') {
      writer = await LogWriter.open(store, part)
      continue
    }
    const written = await writer?.write(part.entries)
    entryCount += written?.entryCount ?? 0
    resultCount += written?.resultCount ?? 0
  }
  if (writer?.lease !== undefined) await saveLastState(store, thread, log, writer.lease)
  return { log, entryCount, resultCount }
}

/** Finds out whether the store has another log of the process. */
async function conflictCheck(store: Store, processId: ProcessId): Promise<LogComparison> {
  const { next } = await store.head(processId)
  return {
    async result({ entry }) {
      if (entry.nonce >= next) return []
      const [stored] = await store.readLog(processId, entry.nonce, entry.nonce, 1)
      if (stored?.assignmentId === entry.assignmentId) return []
      throw conflict(entry, stored?.assignmentId ?? 'none')
    },
  }
}

function conflict({ processId, nonce, assignmentId: given }: LogEntry, stored: string): ArchiveError {
  return new ArchiveError({ code: 'ARCHIVE_CONFLICT', processId, nonce, stored, given })
}

/** So that the process need not be evaluated again from its beginning when a node loads it. */
async function saveLastState(
  store: Store,
  thread: EvaluationThread,
  { summary }: ReplayedLog,
  { epoch }: Lease,
): Promise<void> {
  const { processId, moduleId, lastNonce: nonce } = summary
  const taken = await thread.request({ type: 'snapshot', processId, full: true })
  await saveSnapshot(store, { processId, epoch, nonce, moduleId, taken })
}

/** Writes one log, from where the store's ends. */
class LogWriter {
  readonly #store: Store
  readonly #start: LogStart
  /** How many entries and results the store had. */
  readonly #had: { readonly next: number; readonly evaluated: number }
  #before: ParsedAssignment | undefined
  #lease: Lease | undefined

  private constructor(store: Store, start: LogStart, had: { readonly next: number; readonly evaluated: number }) {
    this.#store = store
    this.#start = start
    this.#had = had
  }

  /** Under which results were stored, if any were. */
  get lease(): Lease | undefined {
    return this.#lease
  }

  static async open(store: Store, start: LogStart): Promise<LogWriter> {
    return new LogWriter(store, start, await store.head(start.summary.processId))
  }

  /** The next entries of the log. */
  async write(entries: readonly HistoryEntry[]): Promise<{ entryCount: number; resultCount: number }> {
    const { processId } = this.#start.summary
    const appends: AppendRequest[] = []
    const results: StoredResult[] = []
    for (const { item, assignment: bytes, result } of entries) {
      const assignment = parseAssignment(bytes)
      const { nonce } = assignment
      if (nonce >= this.#had.next) appends.push(appendOf(assignment, parseDataItem(item), this.#before))
      if (nonce >= this.#had.evaluated && result !== undefined) results.push({ processId, nonce, ...result })
      this.#before = assignment
    }
    await this.#append(appends)
    await this.#commit(results)
    return { entryCount: appends.length, resultCount: results.length }
  }

  async #append(requests: readonly AppendRequest[]): Promise<void> {
    const [first] = requests
    if (first === undefined) return
    if (first.kind === 'process') await this.#putItems(first)
    const answers = await this.#store.append(requests)
    for (const [index, answer] of answers.entries()) {
      if (answer.ok && !answer.duplicate) continue
      if (!answer.ok && answer.why === 'refused') throw answer.error
      const { id: given, nonce } = (requests[index] as AppendRequest).assign(emptyHead)
      const stored = answer.ok ? answer.assignmentId : 'another one'
      throw new ArchiveError({ code: 'ARCHIVE_CONFLICT', processId: first.processId, nonce, stored, given })
    }
  }

  /** Module and boot item were there when the process was spawned. */
  async #putItems(genesis: AppendRequest): Promise<void> {
    const { timestampMs, blockHeight } = genesis.assign(emptyHead)
    const items = [this.#start.module, this.#start.bootItem].filter((bytes) => bytes !== undefined)
    await this.#store.putItems(items.map((bytes) => ({ item: parseAnyItem(bytes), timestampMs, blockHeight })))
  }

  async #commit(results: readonly StoredResult[]): Promise<void> {
    if (results.length === 0) return
    const lease = await this.#ensureLease()
    const outcomes = await this.#store.commitResults(results.map((result) => ({ lease, result, outbox: [] })))
    if (outcomes.some((outcome) => outcome !== 'ok')) throw new Error(`Results were answered ${outcomes.join(', ')}.`)
  }

  async #ensureLease(): Promise<Lease> {
    const { processId } = this.#start.summary
    const request = { workerId, ttlMs: leaseTtlMs, max: 1, processIds: [processId] }
    this.#lease ??= (await this.#store.acquire(request))[0]
    if (this.#lease === undefined) throw new Error(`Process ${processId} is leased to another worker.`)
    return this.#lease
  }
}

/** The entry as it was, and only where it was. */
function appendOf(assignment: ParsedAssignment, item: DataItem, before: ParsedAssignment | undefined): AppendRequest {
  const { processId, id, nonce, timestampMs, blockHeight, hashChain, bytes } = assignment
  return {
    ...{ processId, item, kind: kindOf(assignment, item) },
    expect: { next: nonce, hashChain: before?.hashChain },
    assign: () => ({ id, nonce, timestampMs, blockHeight, hashChain, bytes }),
  }
}
