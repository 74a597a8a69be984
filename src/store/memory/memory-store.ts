import type { ItemId, ProcessId } from '../../protocol/ids.ts'
import { checkCommit, checkGrace, checkLimit, checkpointProblem, pageSizeMax } from '../checks.ts'
import { StoreError } from '../errors.ts'
import type { RevertibleStore, StoreMark } from '../revertible-store.ts'
import type * as contract from '../types.ts'
import { Wakes } from '../wakes.ts'
import { MemoryItems } from './memory-items.ts'
import { MemoryLeases } from './memory-leases.ts'
import { type LogMark, listCheckpoints, MemoryLog } from './memory-log.ts'
import { MemoryOutbox, type OutboxMark } from './memory-outbox.ts'
import { MemoryPages } from './memory-pages.ts'

export interface MemoryStoreOptions {
  /** Default: the system clock. */
  readonly clock?: contract.StoreClock | undefined
  readonly log?: contract.StoreLog | undefined
}

/**
 * A store that lives as long as the object: same guarantees and answers as the others, durable nowhere.
 *
 * Each call takes effect at once, before its promise is returned. Byte arrays given to `append` and `putItems` are kept,
 * not copied, and must not be modified; pages are copied.
 *
 * @see store contract
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): RevertibleStore {
  return new MemoryStore(options)
}

interface Mark {
  readonly log: LogMark
  readonly items: number
  readonly outbox: OutboxMark
  readonly monitors: ReadonlySet<ProcessId>
}

class MemoryStore implements RevertibleStore {
  readonly #clock: contract.StoreClock
  readonly #wakes: Wakes
  readonly #log = new MemoryLog()
  readonly #leases = new MemoryLeases(this.#log)
  readonly #outbox = new MemoryOutbox()
  readonly #items = new MemoryItems()
  readonly #pages = new MemoryPages()
  #monitors: ReadonlySet<ProcessId> = new Set()
  #lastSweep: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor({ clock = Date, log }: MemoryStoreOptions) {
    this.#clock = clock
    this.#wakes = new Wakes(log)
  }

  mark(): StoreMark {
    this.#open()
    return { log: this.#log.mark(), items: this.#items.mark(), outbox: this.#outbox.mark(), monitors: this.#monitors }
  }

  revert(mark: StoreMark): void {
    this.#open()
    const { log, items, outbox, monitors } = mark as Mark
    this.#log.revert(log)
    this.#items.revert(items)
    this.#outbox.revert(outbox)
    this.#monitors = monitors
    this.#wakes.wake()
  }

  async append(requests: readonly contract.AppendRequest[]): Promise<readonly contract.AppendResult[]> {
    this.#open()
    const answers = requests.map((request) => {
      const { result, entry } = this.#log.append(request)
      if (entry !== undefined) this.#items.put({ ...entry, item: request.item })
      return { result, grew: entry !== undefined }
    })
    if (answers.some(({ grew }) => grew)) this.#wakes.wake()
    return answers.map(({ result }) => result)
  }

  async head(processId: ProcessId): Promise<contract.Head> {
    this.#open()
    return this.#log.head(processId)
  }

  async readLog(processId: ProcessId, from: number, to = Number.MAX_SAFE_INTEGER, limit = 1_000) {
    this.#open()
    checkLimit('limit', limit)
    const start = Math.max(from, 0)
    return this.#log.get(processId)?.entries.slice(start, Math.min(to + 1, start + limit)) ?? []
  }

  async readLogByTime(processId: ProcessId, fromMs: number, toMs: number, limit: number) {
    this.#open()
    checkLimit('limit', limit)
    const entries = this.#log.get(processId)?.entries ?? []
    return entries.filter(({ timestampMs }) => timestampMs > fromMs && timestampMs <= toMs).slice(0, limit)
  }

  async chainStatus(root: contract.ChainRoot): Promise<{ readonly entries: number }> {
    this.#open()
    return { entries: this.#log.chainEntries(root) }
  }

  async findNonce(processId: ProcessId, id: ItemId): Promise<number | undefined> {
    this.#open()
    return this.#log.get(processId)?.nonceById.get(id)
  }

  async readResult(processId: ProcessId, nonce: number): Promise<contract.StoredResult | undefined> {
    this.#open()
    return this.#log.get(processId)?.results[nonce]
  }

  async readResults(processId: ProcessId, page: Parameters<contract.Store['readResults']>[1]) {
    this.#open()
    const { order, afterNonce, throughNonce, limit, succeededOnly } = page
    checkLimit('limit', limit)
    const sign = order === 'ASC' ? 1 : -1
    const results = (this.#log.get(processId)?.results ?? []).filter(
      ({ nonce, failed }) =>
        (afterNonce === undefined || (nonce - afterNonce) * sign > 0) &&
        (throughNonce === undefined || (throughNonce - nonce) * sign >= 0) &&
        !(succeededOnly === true && failed),
    )
    return (order === 'ASC' ? results : results.reverse()).slice(0, limit)
  }

  async acquire(request: Parameters<contract.Store['acquire']>[0]): Promise<readonly contract.Lease[]> {
    this.#open()
    checkLimit('max', request.max)
    return this.#leases.acquire(request, this.#clock.now())
  }

  async release(workerId: string, processIds: readonly ProcessId[]): Promise<void> {
    this.#open()
    this.#leases.release(workerId, processIds)
  }

  async commitResults(requests: readonly contract.CommitRequest[]): Promise<readonly contract.CommitOutcome[]> {
    this.#open()
    requests.forEach(checkCommit)
    const outcomes = requests.map((request) => this.#commit(request))
    if (outcomes.includes('ok')) this.#wakes.wake()
    return outcomes
  }

  #commit({ lease, result, outbox, items = [], claim }: contract.CommitRequest): contract.CommitOutcome {
    const log = this.#log.get(lease.processId)
    if (log === undefined || log.epoch !== lease.epoch) return 'fenced'
    const evaluated = log.results.length
    if (result.nonce < evaluated) return 'already'
    if (result.nonce > evaluated || result.nonce >= log.entries.length) return 'fenced'
    log.results.push(result)
    for (const item of items) this.#items.put(item)
    const claimed = this.#outbox.add(outbox, claim, this.#clock.now())
    if (claimed.length > 0) claim?.onClaimed?.(claimed)
    return 'ok'
  }

  async claimOutbox(request: Parameters<contract.Store['claimOutbox']>[0]) {
    this.#open()
    checkLimit('max', request.max)
    return this.#outbox.claim(request, this.#clock.now())
  }

  async settleOutbox(settlements: readonly contract.OutboxSettlement[]): Promise<void> {
    this.#open()
    this.#outbox.settle(settlements)
    if (settlements.length > 0) this.#wakes.wake()
  }

  async outboxStatus(): ReturnType<contract.Store['outboxStatus']> {
    this.#open()
    return this.#outbox.status(this.#clock.now())
  }

  async listOutbox(page: Parameters<contract.Store['listOutbox']>[0]): Promise<readonly contract.ListedOutboxEntry[]> {
    this.#open()
    checkLimit('limit', page.limit, pageSizeMax)
    return this.#outbox.list(page, this.#log.processIds())
  }

  async reviveOutbox(causes: readonly contract.Cause[]): Promise<number> {
    this.#open()
    const revived = this.#outbox.revive(causes, this.#clock.now())
    if (revived > 0) this.#wakes.wake()
    return revived
  }

  async putPages(pages: readonly contract.Page[]): Promise<void> {
    this.#open()
    this.#pages.put(pages, this.#clock.now())
  }

  async getPages(hashes: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    this.#open()
    return hashes.map((hash) => this.#pages.get(hash))
  }

  async pageStatus(): Promise<contract.PageCount> {
    this.#open()
    return this.#pages.count()
  }

  async sweepPages({ graceMs }: { readonly graceMs: number }): Promise<contract.PageCount> {
    this.#open()
    checkGrace(graceMs)
    const sweep = this.#lastSweep.then(() => {
      const checkpoints = this.#log.processIds().flatMap((id) => listCheckpoints(this.#log.get(id)))
      return this.#pages.sweep(new Set(checkpoints.map(({ manifest }) => manifest)), this.#clock.now() - graceMs)
    })
    this.#lastSweep = sweep.catch(() => undefined)
    return await sweep
  }

  async putCheckpoint(request: contract.CheckpointRequest): Promise<contract.CommitOutcome> {
    this.#open()
    const { processId, epoch, nonce, manifest } = request
    const log = this.#log.get(processId)
    if (log === undefined || log.epoch !== epoch) return 'fenced'
    const evaluated = log.results.length
    const problem = checkpointProblem(request, evaluated, () => this.#pages.get(manifest) !== undefined)
    if (problem !== undefined) throw new StoreError({ code: 'STORE_CHECKPOINT_INVALID', processId, nonce, problem })
    if (log.checkpoints.has(nonce)) return 'already'
    log.checkpoints.set(nonce, manifest)
    return 'ok'
  }

  async findCheckpoint(processId: ProcessId, atMostNonce: number): Promise<contract.Checkpoint | undefined> {
    this.#open()
    return listCheckpoints(this.#log.get(processId)).findLast(({ nonce }) => nonce <= atMostNonce)
  }

  async listCheckpoints(processId: ProcessId): Promise<readonly contract.Checkpoint[]> {
    this.#open()
    return listCheckpoints(this.#log.get(processId))
  }

  async dropCheckpoints(processId: ProcessId, nonces: readonly number[]): Promise<void> {
    this.#open()
    for (const nonce of nonces) this.#log.get(processId)?.checkpoints.delete(nonce)
  }

  async putItems(items: readonly contract.NewItem[]): Promise<void> {
    this.#open()
    for (const item of items) this.#items.put(item)
  }

  async getItem(id: ItemId): Promise<contract.StoredItem | undefined> {
    this.#open()
    return this.#items.get(id)
  }

  async queryItems(filter: contract.ItemFilter, page: Parameters<contract.Store['queryItems']>[1]) {
    this.#open()
    return this.#items.query(filter, page)
  }

  async countItems(filter: contract.ItemFilter): Promise<number> {
    this.#open()
    return this.#items.count(filter)
  }

  async putMonitor(processId: ProcessId): Promise<void> {
    this.#open()
    if (this.#log.get(processId) !== undefined) this.#monitors = new Set(this.#monitors).add(processId)
  }

  async dropMonitor(processId: ProcessId): Promise<void> {
    this.#open()
    this.#monitors = new Set([...this.#monitors].filter((id) => id !== processId))
  }

  async listMonitors(): Promise<readonly ProcessId[]> {
    this.#open()
    return this.#log.processIds().filter((id) => this.#monitors.has(id))
  }

  async listProcesses({ after, limit }: Parameters<contract.Store['listProcesses']>[0]) {
    this.#open()
    checkLimit('limit', limit)
    const ids = this.#log.processIds()
    if (after === undefined) return ids.slice(0, limit)
    const position = ids.indexOf(after)
    if (position === -1) throw new StoreError({ code: 'STORE_CURSOR_INVALID', given: after })
    return ids.slice(position + 1, position + 1 + limit)
  }

  onWake(listener: () => void): () => void {
    return this.#wakes.add(listener)
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #open(): void {
    if (this.#closed) throw new StoreError({ code: 'STORE_CLOSED' })
  }
}
