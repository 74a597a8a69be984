import type { ItemId, ProcessId } from '../../protocol/ids.ts'
import { accepted, causeKey, decideAppend, emptyHead } from '../checks.ts'
import type { AppendRequest, AppendResult, Checkpoint, Head, LogEntry, StoredResult } from '../types.ts'

/** The log of one process with its results. `results[n]` belongs to `entries[n]`; `results.length` is `evaluated`. */
export interface ProcessLog {
  readonly entries: LogEntry[]
  readonly results: StoredResult[]
  /** Nonce by item id and by assignment id. */
  readonly nonceById: Map<ItemId, number>
  readonly nonceByItem: Map<ItemId, number>
  readonly nonceByCause: Map<string, number>
  checkpoint: Checkpoint | undefined
  epoch: number
}

/** All logs, in the order of their spawns. */
export class MemoryLog {
  readonly #logs = new Map<ProcessId, ProcessLog>()

  get(processId: ProcessId): ProcessLog | undefined {
    return this.#logs.get(processId)
  }

  processIds(): readonly ProcessId[] {
    return [...this.#logs.keys()]
  }

  head(processId: ProcessId): Head {
    const log = this.#logs.get(processId)
    const last = log?.entries.at(-1)
    if (log === undefined || last === undefined) return emptyHead
    const { hashChain, assignmentId, timestampMs } = last
    const { checkpoint } = log
    return { next: last.nonce + 1, hashChain, assignmentId, timestampMs, evaluated: log.results.length, checkpoint }
  }

  /** @returns the answer, and the entry when the log has grown by one. */
  append(request: AppendRequest): { readonly result: AppendResult; readonly entry?: LogEntry } {
    const { processId, kind, item, cause } = request
    const known = this.#logs.get(processId)
    const first = (cause && known?.nonceByCause.get(causeKey(cause))) ?? known?.nonceByItem.get(item.id)
    const earlier = first === undefined ? undefined : known?.entries[first]
    if (earlier !== undefined) return { result: accepted(earlier, true) }

    const decision = decideAppend(request, this.head(processId))
    if (!decision.ok) return { result: decision }
    const { id: assignmentId, bytes: assignment, ...fixed } = decision.assignment
    const { nonce, timestampMs, blockHeight, hashChain } = fixed
    const place = { processId, nonce, kind, itemId: item.id, item: item.bytes }
    const entry: LogEntry = { ...place, assignmentId, assignment, timestampMs, blockHeight, hashChain, cause }
    this.#add(known ?? this.#create(processId), entry)
    return { result: accepted(entry, false), entry }
  }

  #add(log: ProcessLog, entry: LogEntry): void {
    log.entries.push(entry)
    log.nonceByItem.set(entry.itemId, entry.nonce)
    log.nonceById.set(entry.itemId, entry.nonce)
    log.nonceById.set(entry.assignmentId, entry.nonce)
    if (entry.cause !== undefined) log.nonceByCause.set(causeKey(entry.cause), entry.nonce)
  }

  #create(processId: ProcessId): ProcessLog {
    const log: ProcessLog = {
      entries: [],
      results: [],
      nonceById: new Map(),
      nonceByItem: new Map(),
      nonceByCause: new Map(),
      checkpoint: undefined,
      epoch: 0,
    }
    this.#logs.set(processId, log)
    return log
  }
}
