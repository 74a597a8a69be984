import type { ItemId, ProcessId } from '../../protocol/ids.ts'
import { checkCommit, checkGrace, checkLimit, pageSizeMax } from '../checks.ts'
import { StoreError } from '../errors.ts'
import { checkFilter } from '../item-filter.ts'
import type * as contract from '../types.ts'
import { Wakes } from '../wakes.ts'
import { AppendPlanner, type Plan } from './append-planner.ts'
import { type BackupOptions, type BackupProgress, backupDataDirectory } from './backup.ts'
import { CheckpointReader } from './checkpoint-reader.ts'
import { ItemReader } from './item-reader.ts'
import { LogReader } from './log-reader.ts'
import { openStoreFiles, type StoreFiles } from './open-store-files.ts'
import { OutboxReader } from './outbox-reader.ts'
import { PageReader } from './page-reader.ts'
import { PageStore } from './page-store.ts'
import { ProcessReader } from './process-reader.ts'
import { commitsSizeBytes, fillAppend, fillCommit, itemsSizeBytes, type PlannedEntry, toItemRow } from './requests.ts'
import { ResultReader } from './result-reader.ts'
import { WriterClient } from './writer-client.ts'
import type { CommitAnswer } from './writer-protocol.ts'

export interface SqliteStoreOptions {
  /** Created with mode 0700 when absent; its files have mode 0600. One store at a time holds it. */
  readonly directory: string
  /** Default: the system clock. Gives lease ends, claim ends and due times. */
  readonly clock?: contract.StoreClock | undefined
  readonly log?: contract.StoreLog | undefined
  /** Most bytes the main database may have; beyond, writes fail as on a full disk. Default: what the disk holds. */
  readonly databaseBytesMax?: number | undefined
  /**
   * When to look whether the databases are sound before they are used. `after-crash`, the default: when the last owner did
   * not close them, and they are not above 4 GiB. `always`: whatever their size.
   */
  readonly check?: 'after-crash' | 'always' | 'never' | undefined
}

export interface SqliteStore extends contract.Store {
  /** Copies the databases to `target` while the store goes on working: see {@link backupDataDirectory}. */
  backup(target: string, options?: BackupOptions): Promise<BackupProgress>
}

/**
 * Opens the store of a data directory, or creates one. A promise that resolves means: synced to the disk.
 *
 * @throws {StoreError} `STORE_LOCKED` when another store has the directory, `STORE_SCHEMA_UNKNOWN` when a newer Loom
 *   wrote it, `STORE_CORRUPT` when it is damaged, `STORE_FULL`.
 * @see store contract; docs/store.md
 */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  const { directory, clock = Date, log, databaseBytesMax, check = 'after-crash' } = options
  const files = openStoreFiles(directory, { check, clock, log })
  const { mainPath, pagesPath } = files
  const planner = new AppendPlanner(new LogReader(files.main))
  let loggedMs = Number.NEGATIVE_INFINITY
  const onFailure = ({ info }: StoreError): void => {
    planner.forget()
    // A full disk fails every write, and the log may be on it.
    if (clock.now() - loggedMs < failureLogIntervalMs) return
    loggedMs = clock.now()
    log?.error({ ...info }, 'a write failed; pending calls were rejected')
  }
  try {
    const writer = await WriterClient.open({ mainPath, pagesPath, databaseBytesMax }, { onFailure })
    return new OpenSqliteStore(files, writer, planner, options)
  } catch (error) {
    files.close(false)
    throw error
  }
}

/** Failed writes are logged at most this often. */
const failureLogIntervalMs = 10_000

/** Reads run in the calling thread on connections of their own; writes are planned here and done by the writer. */
class OpenSqliteStore implements SqliteStore {
  readonly #directory: string
  readonly #files: StoreFiles
  readonly #writer: WriterClient
  readonly #planner: AppendPlanner
  readonly #clock: contract.StoreClock
  readonly #wakes: Wakes
  readonly #log: LogReader
  readonly #results: ResultReader
  readonly #items: ItemReader
  readonly #outbox: OutboxReader
  readonly #pages: PageReader
  readonly #checkpoints: CheckpointReader
  readonly #pageStore: PageStore
  readonly #processes: ProcessReader
  /** Resolves when all appends up to now are on the disk: batches are answered in order. */
  #lastAppend: Promise<void> = Promise.resolve()
  #closing: Promise<void> | undefined

  constructor(files: StoreFiles, writer: WriterClient, planner: AppendPlanner, options: SqliteStoreOptions) {
    this.#directory = options.directory
    this.#files = files
    this.#writer = writer
    this.#planner = planner
    this.#clock = options.clock ?? Date
    this.#wakes = new Wakes(options.log)
    this.#log = new LogReader(files.main)
    this.#results = new ResultReader(files.main)
    this.#items = new ItemReader(files.main, () => this.#open())
    this.#outbox = new OutboxReader(files.main)
    this.#pages = new PageReader(files.pages)
    this.#checkpoints = new CheckpointReader(files.main)
    this.#pageStore = new PageStore(writer, this.#pages, this.#checkpoints)
    this.#processes = new ProcessReader(files.main)
  }

  async append(requests: readonly contract.AppendRequest[]): Promise<readonly contract.AppendResult[]> {
    this.#open()
    const sizeBytes = 2 * itemsSizeBytes(requests.map(({ item }) => ({ item, blockHeight: 0, timestampMs: 0 })))
    this.#writer.checkRoom(sizeBytes)
    const plans: Plan[] = []
    try {
      for (const request of requests) plans.push(this.#planner.plan(request))
      this.#send(requests, plans, sizeBytes)
    } catch (error) {
      this.#planner.undo(plans)
      throw error
    }
    // Acknowledge after the commit, duplicates and conflicts too: they may stand on entries in flight.
    if (plans.some(({ waits }) => waits)) await this.#lastAppend
    return plans.map(({ result }) => result)
  }

  #send(requests: readonly contract.AppendRequest[], plans: readonly Plan[], sizeBytes: number): void {
    const planned = plans.flatMap(({ entry }, index): PlannedEntry[] => {
      const item = requests[index]?.item
      return entry === undefined || item === undefined ? [] : [{ entry, item }]
    })
    if (planned.length === 0) return
    this.#lastAppend = this.#writer.call('append', sizeBytes, fillAppend(planned), () => {
      this.#planner.written(planned.map(({ entry }) => entry))
      this.#wakes.wake()
    })
  }

  async head(processId: ProcessId): Promise<contract.Head> {
    this.#open()
    return this.#log.head(processId)
  }

  async readLog(processId: ProcessId, from: number, to = Number.MAX_SAFE_INTEGER, limit = 1_000) {
    this.#open()
    return this.#log.range(processId, from, to, checkLimit('limit', limit))
  }

  async readLogByTime(processId: ProcessId, fromMs: number, toMs: number, limit: number) {
    this.#open()
    return this.#log.rangeByTime(processId, fromMs, toMs, checkLimit('limit', limit))
  }

  async chainStatus(root: contract.ChainRoot): Promise<{ readonly entries: number }> {
    this.#open()
    return { entries: this.#log.chainEntries(root) }
  }

  async findNonce(processId: ProcessId, id: ItemId): Promise<number | undefined> {
    this.#open()
    return this.#log.nonceOf(processId, id)
  }

  async readResult(processId: ProcessId, nonce: number): Promise<contract.StoredResult | undefined> {
    this.#open()
    return this.#results.one(processId, nonce)
  }

  async readResults(processId: ProcessId, page: Parameters<contract.Store['readResults']>[1]) {
    this.#open()
    checkLimit('limit', page.limit)
    return this.#results.page(processId, page)
  }

  async acquire(request: Parameters<contract.Store['acquire']>[0]): Promise<readonly contract.Lease[]> {
    this.#open()
    checkLimit('max', request.max)
    const nowMs = this.#clock.now()
    return await this.#writer.call('acquire', 0, () => ({ ...request, nowMs }))
  }

  async release(workerId: string, processIds: readonly ProcessId[]): Promise<void> {
    this.#open()
    await this.#writer.call('release', 0, () => ({ workerId, processIds }))
  }

  async commitResults(requests: readonly contract.CommitRequest[]): Promise<readonly contract.CommitOutcome[]> {
    this.#open()
    requests.forEach(checkCommit)
    const settled = (answers: readonly CommitAnswer[]): void => {
      answers.forEach((answer, index) => {
        this.#committed(requests[index], answer)
      })
      if (answers.some(({ outcome }) => outcome === 'ok')) this.#wakes.wake()
    }
    const fill = fillCommit(requests, this.#clock.now())
    const answers = await this.#writer.call('commit', commitsSizeBytes(requests), fill, settled)
    for (const [index, { claimed }] of answers.entries()) {
      const request = requests[index]
      const entries = request?.outbox.filter((_, position) => claimed.includes(position)) ?? []
      if (entries.length > 0) request?.claim?.onClaimed?.(entries)
    }
    return answers.map(({ outcome }) => outcome)
  }

  #committed(request: contract.CommitRequest | undefined, { outcome }: CommitAnswer): void {
    if (request === undefined || outcome !== 'ok') return
    this.#planner.evaluated(request.result.processId, request.result.nonce)
  }

  async claimOutbox(request: Parameters<contract.Store['claimOutbox']>[0]) {
    this.#open()
    checkLimit('max', request.max)
    const nowMs = this.#clock.now()
    return await this.#writer.call('claim', 0, () => ({ ...request, nowMs }))
  }

  async settleOutbox(settlements: readonly contract.OutboxSettlement[]): Promise<void> {
    this.#open()
    if (settlements.length === 0) return
    await this.#writer.call(
      'settle',
      0,
      () => settlements,
      () => this.#wakes.wake(),
    )
  }

  async outboxStatus(): ReturnType<contract.Store['outboxStatus']> {
    this.#open()
    const nowMs = this.#clock.now()
    return await this.#writer.call('status', 0, () => ({ nowMs }))
  }

  async listOutbox(page: Parameters<contract.Store['listOutbox']>[0]): Promise<readonly contract.ListedOutboxEntry[]> {
    this.#open()
    checkLimit('limit', page.limit, pageSizeMax)
    return this.#outbox.list(page)
  }

  async reviveOutbox(causes: readonly contract.Cause[]): Promise<number> {
    this.#open()
    const nowMs = this.#clock.now()
    const revived = await this.#writer.call('revive', 0, () => ({ causes, nowMs }))
    if (revived > 0) this.#wakes.wake()
    return revived
  }

  async putPages(pages: readonly contract.Page[]): Promise<void> {
    this.#open()
    await this.#pageStore.put(pages, this.#clock.now())
  }

  async getPages(hashes: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    this.#open()
    return hashes.map((hash) => this.#pages.one(hash))
  }

  async pageStatus(): Promise<contract.PageCount> {
    this.#open()
    return this.#pages.count()
  }

  async sweepPages({ graceMs }: { readonly graceMs: number }): Promise<contract.PageCount> {
    this.#open()
    checkGrace(graceMs)
    return await this.#pageStore.sweep(this.#clock.now() - graceMs)
  }

  async putCheckpoint(request: contract.CheckpointRequest): Promise<contract.CommitOutcome> {
    this.#open()
    const settled = (): void => this.#checkpointed(request.processId)
    return await this.#writer.call('putCheckpoint', 0, () => ({ ...request }), settled)
  }

  async dropCheckpoints(processId: ProcessId, nonces: readonly number[]): Promise<void> {
    this.#open()
    const settled = (): void => this.#checkpointed(processId)
    await this.#writer.call('dropCheckpoints', 0, () => ({ processId, nonces }), settled)
  }

  #checkpointed(processId: ProcessId): void {
    this.#planner.checkpointed(processId, this.#checkpoints.find(processId, Number.MAX_SAFE_INTEGER))
  }

  async findCheckpoint(processId: ProcessId, atMostNonce: number): Promise<contract.Checkpoint | undefined> {
    this.#open()
    return this.#checkpoints.find(processId, atMostNonce)
  }

  async listCheckpoints(processId: ProcessId): Promise<readonly contract.Checkpoint[]> {
    this.#open()
    return this.#checkpoints.list(processId)
  }

  async putItems(items: readonly contract.NewItem[]): Promise<void> {
    this.#open()
    await this.#writer.call('putItems', itemsSizeBytes(items), (batch) => {
      return items.map((item) => toItemRow(item, (bytes) => batch.put(bytes)))
    })
  }

  async getItem(id: ItemId): Promise<contract.StoredItem | undefined> {
    this.#open()
    return this.#items.get(id)
  }

  async queryItems(filter: contract.ItemFilter, page: Parameters<contract.Store['queryItems']>[1]) {
    this.#open()
    checkLimit('limit', page.limit, pageSizeMax)
    checkFilter(filter)
    return await this.#items.query(filter, page)
  }

  async countItems(filter: contract.ItemFilter): Promise<number | undefined> {
    this.#open()
    checkFilter(filter)
    return await this.#items.count(filter)
  }

  async putMonitor(processId: ProcessId): Promise<void> {
    this.#open()
    await this.#writer.call('setMonitored', 0, () => ({ processId, isMonitored: true }))
  }

  async dropMonitor(processId: ProcessId): Promise<void> {
    this.#open()
    await this.#writer.call('setMonitored', 0, () => ({ processId, isMonitored: false }))
  }

  async listMonitors(): Promise<readonly ProcessId[]> {
    this.#open()
    return this.#processes.listMonitored()
  }

  async listProcesses({ after, limit }: Parameters<contract.Store['listProcesses']>[0]) {
    this.#open()
    return this.#processes.list(after, checkLimit('limit', limit))
  }

  async backup(target: string, options?: BackupOptions): Promise<BackupProgress> {
    this.#open()
    return await backupDataDirectory(this.#directory, target, options)
  }

  onWake(listener: () => void): () => void {
    return this.#wakes.add(listener)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#pageStore.close()
    this.#files.close(await this.#writer.close())
  }

  #open(): void {
    if (this.#closing !== undefined) throw new StoreError({ code: 'STORE_CLOSED' })
  }
}
