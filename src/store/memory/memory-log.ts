import type { ItemId, ProcessId } from '../../protocol/ids.ts'
import { accepted, causeKey, decideAppend, emptyHead } from '../checks.ts'
import type {
  AppendRequest,
  AppendResult,
  Cause,
  ChainPlace,
  ChainRoot,
  Checkpoint,
  Head,
  LogEntry,
  StoredResult,
} from '../types.ts'

/** The log of one process with its results. `results[n]` belongs to `entries[n]`; `results.length` is `evaluated`. */
export interface ProcessLog {
  readonly entries: LogEntry[]
  readonly results: StoredResult[]
  /** Nonce by item id and by assignment id. */
  readonly nonceById: Map<ItemId, number>
  readonly nonceByItem: Map<ItemId, number>
  readonly nonceByCause: Map<string, number>
  /** Manifest by nonce. */
  readonly checkpoints: Map<number, string>
  epoch: number
}

/** How far each log had come. Logs only grow, so that is all there is to go back to. */
export type LogMark = ReadonlyMap<ProcessId, { readonly entries: number; readonly results: number }>

/** All logs, in the order of their spawns. */
export class MemoryLog {
  readonly #logs = new Map<ProcessId, ProcessLog>()
  /** Entries below the root, by chain. */
  readonly #followers = new Map<string, number>()

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
    const checkpoint = listCheckpoints(log).at(-1)
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
    const chain = this.#chainFor(processId, nonce, cause)
    const entry: LogEntry = { ...place, assignmentId, assignment, timestampMs, blockHeight, hashChain, cause, chain }
    this.#add(known ?? this.#create(processId), entry)
    return { result: accepted(entry, false), entry }
  }

  chainEntries({ processId, nonce }: ChainRoot): number {
    const entry = this.#logs.get(processId)?.entries[nonce]
    return entry?.chain.depth === 0 ? 1 + (this.#followers.get(`${processId}/${nonce}`) ?? 0) : 0
  }

  mark(): LogMark {
    return new Map(
      [...this.#logs].map(([id, { entries, results }]) => [id, { entries: entries.length, results: results.length }]),
    )
  }

  /** Cuts off what was added since. Snapshots of states that are left stay: they follow from what is left. */
  revert(mark: LogMark): void {
    for (const [processId, log] of this.#logs) {
      const { entries, results } = mark.get(processId) ?? { entries: 0, results: 0 }
      for (const entry of log.entries.splice(entries)) this.#remove(log, entry)
      log.results.length = results
      for (const nonce of log.checkpoints.keys()) if (nonce >= results) log.checkpoints.delete(nonce)
      if (entries === 0) this.#logs.delete(processId)
    }
  }

  #remove(log: ProcessLog, { itemId, assignmentId, cause, chain }: LogEntry): void {
    const root = `${chain.processId}/${chain.nonce}`
    const followers = this.#followers.get(root)
    if (chain.depth === 0) this.#followers.delete(root)
    else if (followers !== undefined) this.#followers.set(root, followers - 1)
    log.nonceByItem.delete(itemId)
    log.nonceById.delete(itemId)
    log.nonceById.delete(assignmentId)
    if (cause !== undefined) log.nonceByCause.delete(causeKey(cause))
  }

  #chainFor(processId: ProcessId, nonce: number, cause: Cause | undefined): ChainPlace {
    const above = cause && this.#logs.get(cause.processId)?.entries[cause.nonce]?.chain
    return above === undefined ? { processId, nonce, depth: 0 } : { ...above, depth: above.depth + 1 }
  }

  #add(log: ProcessLog, entry: LogEntry): void {
    log.entries.push(entry)
    const { processId, nonce, depth } = entry.chain
    const root = `${processId}/${nonce}`
    if (depth > 0) this.#followers.set(root, 1 + (this.#followers.get(root) ?? 0))
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
      checkpoints: new Map(),
      epoch: 0,
    }
    this.#logs.set(processId, log)
    return log
  }
}

/** Ascending. */
export function listCheckpoints(log: ProcessLog | undefined): readonly Checkpoint[] {
  const checkpoints = [...(log?.checkpoints ?? [])].map(([nonce, manifest]) => ({ nonce, manifest }))
  return checkpoints.sort((a, b) => a.nonce - b.nonce)
}
