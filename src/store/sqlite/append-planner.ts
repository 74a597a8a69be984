import type { ItemId, ProcessId } from '../../protocol/ids.ts'
import { accepted, causeKey, decideAppend } from '../checks.ts'
import type { AppendRequest, AppendResult, Cause, ChainPlace, Checkpoint, Head, LogEntry } from '../types.ts'
import { ChainPlaces } from './chain-places.ts'

/** What the planner reads of the database: committed rows. */
export interface PlannerReads {
  head(processId: ProcessId): Head
  entryByItem(processId: ProcessId, itemId: ItemId): LogEntry | undefined
  entryByCause(processId: ProcessId, cause: Cause): LogEntry | undefined
  /** Where an entry stands in its chain; undefined when there is no such entry. */
  chainOf(processId: ProcessId, nonce: number): ChainPlace | undefined
}

/** A process with entries on their way to the disk. */
interface BusyProcess {
  head: Head
  readonly byItem: Map<ItemId, LogEntry>
  readonly byCause: Map<string, LogEntry>
}

export interface Plan {
  readonly result: AppendResult
  /** The entry to write; undefined when the log does not grow. */
  readonly entry: LogEntry | undefined
  /** Head before this request. */
  readonly head: Head
  /** Whether the answer stands on entries that are not on the disk yet: it must wait for them. */
  readonly waits: boolean
}

/** Heads of idle processes that are remembered: about 400 bytes each. */
const idleHeadCountMax = 10_000

/**
 * Decides on appends in the calling thread, before they are written (I1).
 *
 * P1. The head of a process with entries in flight is known here alone; of others, the database has it too.
 * P2. Whatever is looked up is looked up in flight first, then in the database: an entry leaves the flight only when
 *     the database shows it, so it is never in neither.
 * P3. After a failed write everything is forgotten, and the database is the truth again.
 */
export class AppendPlanner {
  readonly #reads: PlannerReads
  readonly #busy = new Map<ProcessId, BusyProcess>()
  /** Least recently used first. */
  readonly #idle = new Map<ProcessId, Head>()
  /** Of all entries in flight, which are the latest that were planned, and of many before. */
  readonly #chains = new ChainPlaces()
  #inFlightCount = 0

  constructor(reads: PlannerReads) {
    this.#reads = reads
  }

  plan(request: AppendRequest): Plan {
    const { processId, kind, item, cause } = request
    const busy = this.#busy.get(processId)
    const head = busy?.head ?? this.#idleHead(processId)
    const inFlight = (cause && busy?.byCause.get(causeKey(cause))) ?? busy?.byItem.get(item.id)
    const earlier = inFlight ?? (head.next === 0 ? undefined : this.#written(request))
    const waits = busy !== undefined
    if (earlier !== undefined) return { result: accepted(earlier, true), entry: undefined, head, waits }

    const decision = decideAppend(request, head)
    if (!decision.ok) return { result: decision, entry: undefined, head, waits }
    const { id: assignmentId, bytes: assignment, nonce, timestampMs, blockHeight, hashChain } = decision.assignment
    const place = { processId, nonce, kind, itemId: item.id, item: item.bytes }
    const chain = this.#chainFor(processId, nonce, cause)
    const entry = { ...place, assignmentId, assignment, timestampMs, blockHeight, hashChain, cause, chain }
    this.#start(entry, { ...head, next: nonce + 1, hashChain, assignmentId, timestampMs })
    return { result: accepted(entry, false), entry, head, waits: true }
  }

  /** The entries are on the disk. */
  written(entries: readonly LogEntry[]): void {
    for (const entry of entries) this.#land(entry)
    this.#chains.trim(this.#inFlightCount)
  }

  /** Takes back the latest plans, which were not sent to the writer. */
  undo(plans: readonly Plan[]): void {
    for (const { entry, head } of plans.toReversed()) {
      const busy = entry && this.#busy.get(entry.processId)
      if (entry === undefined || busy === undefined) continue
      busy.head = head
      this.#land(entry)
      this.#chains.delete(entry.processId, entry.nonce)
    }
  }

  /** A result is on the disk: `assign` sees it in the next head. */
  evaluated(processId: ProcessId, nonce: number): void {
    this.#changeHead(processId, (head) => (nonce < head.evaluated ? head : { ...head, evaluated: nonce + 1 }))
  }

  /** The highest checkpoint is another. */
  checkpointed(processId: ProcessId, checkpoint: Checkpoint | undefined): void {
    this.#changeHead(processId, (head) => ({ ...head, checkpoint }))
  }

  forget(): void {
    this.#busy.clear()
    this.#idle.clear()
    this.#chains.clear()
    this.#inFlightCount = 0
  }

  #changeHead(processId: ProcessId, change: (head: Head) => Head): void {
    const busy = this.#busy.get(processId)
    const idle = this.#idle.get(processId)
    if (busy !== undefined) busy.head = change(busy.head)
    else if (idle !== undefined) this.#idle.set(processId, change(idle))
  }

  #chainFor(processId: ProcessId, nonce: number, cause: Cause | undefined): ChainPlace {
    const above =
      cause && (this.#chains.get(cause.processId, cause.nonce) ?? this.#reads.chainOf(cause.processId, cause.nonce))
    if (above === undefined) return { processId, nonce, depth: 0 }
    return { processId: above.processId, nonce: above.nonce, depth: above.depth + 1 }
  }

  #land({ processId, itemId, cause }: LogEntry): void {
    const busy = this.#busy.get(processId)
    if (busy === undefined) return
    this.#inFlightCount -= 1
    busy.byItem.delete(itemId)
    if (cause !== undefined) busy.byCause.delete(causeKey(cause))
    if (busy.byItem.size > 0) return
    this.#busy.delete(processId)
    this.#rest(processId, busy.head)
  }

  #written({ processId, item, cause }: AppendRequest): LogEntry | undefined {
    const byCause = cause === undefined ? undefined : this.#reads.entryByCause(processId, cause)
    return byCause ?? this.#reads.entryByItem(processId, item.id)
  }

  #idleHead(processId: ProcessId): Head {
    const known = this.#idle.get(processId)
    if (known === undefined) return this.#reads.head(processId)
    this.#rest(processId, known)
    return known
  }

  #start(entry: LogEntry, head: Head): void {
    const { processId, itemId, cause } = entry
    const busy = this.#busy.get(processId) ?? { head, byItem: new Map(), byCause: new Map() }
    busy.head = head
    busy.byItem.set(itemId, entry)
    if (cause !== undefined) busy.byCause.set(causeKey(cause), entry)
    this.#busy.set(processId, busy)
    this.#idle.delete(processId)
    this.#chains.set(processId, entry.nonce, entry.chain)
    this.#inFlightCount += 1
  }

  #rest(processId: ProcessId, head: Head): void {
    this.#idle.delete(processId)
    this.#idle.set(processId, head)
    if (this.#idle.size <= idleHeadCountMax) return
    const oldest = this.#idle.keys().next().value
    if (oldest !== undefined) this.#idle.delete(oldest)
  }
}
