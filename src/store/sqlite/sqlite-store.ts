import type { ItemId, ProcessId } from '../../protocol/ids.ts'
import { checkCommit, checkLimit, pageSizeMax } from '../checks.ts'
import { StoreError } from '../errors.ts'
import { checkFilter } from '../item-filter.ts'
import type * as contract from '../types.ts'
import { Wakes } from '../wakes.ts'
import { AppendPlanner, type Plan } from './append-planner.ts'
import { ItemReader } from './item-reader.ts'
import { LogReader } from './log-reader.ts'
import { openStoreFiles, type StoreFiles } from './open-store-files.ts'
import { PageReader } from './page-reader.ts'
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
}

/**
 * Opens the store of a data directory, or creates one. A promise that resolves means: synced to the disk.
 *
 * @throws {StoreError} `STORE_LOCKED` when another store has the directory, `STORE_SCHEMA_UNKNOWN` when a newer Loom
 *   wrote it.
 * @see store contract; docs/store.md
 */
export async function createSqliteStore(options: SqliteStoreOptions): Promise<contract.Store> {
  const { directory, databaseBytesMax, log } = options
  const files = openStoreFiles(directory, log)
  const { mainPath, pagesPath } = files
  const planner = new AppendPlanner(new LogReader(files.main))
  const onFailure = (reason: string): void => {
    planner.forget()
    log?.error({ reason }, 'a write failed; pending calls were rejected')
  }
  try {
    const writer = await WriterClient.open({ mainPath, pagesPath, databaseBytesMax }, { onFailure })
    return new SqliteStore(files, writer, planner, options)
  } catch (error) {
    files.close()
    throw error
  }
}

/** Reads run in the calling thread on connections of their own; writes are planned here and done by the writer. */
class SqliteStore implements contract.Store {
  readonly #files: StoreFiles
  readonly #writer: WriterClient
  readonly #planner: AppendPlanner
  readonly #clock: contract.StoreClock
  readonly #wakes: Wakes
  readonly #log: LogReader
  readonly #results: ResultReader
  readonly #items: ItemReader
  readonly #pages: PageReader
  readonly #processes: ProcessReader
  /** Resolves when all appends up to now are on the disk: batches are answered in order. */
  #lastAppend: Promise<void> = Promise.resolve()
  #closing: Promise<void> | undefined

  constructor(files: StoreFiles, writer: WriterClient, planner: AppendPlanner, options: SqliteStoreOptions) {
    this.#files = files
    this.#writer = writer
    this.#planner = planner
    this.#clock = options.clock ?? Date
    this.#wakes = new Wakes(options.log)
    this.#log = new LogReader(files.main)
    this.#results = new ResultReader(files.main)
    this.#items = new ItemReader(files.main)
    this.#pages = new PageReader(files.pages)
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
    this.#planner.evaluated(request.result.processId, request.result.nonce, request.checkpoint)
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

  async putPages(pages: Parameters<contract.Store['putPages']>[0]): Promise<void> {
    this.#open()
    const sizeBytes = pages.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)
    await this.#writer.call('putPages', sizeBytes, (batch) => {
      return pages.map(({ hash, bytes }) => ({ hash, bytes: batch.put(bytes) }))
    })
  }

  async getPages(hashes: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    this.#open()
    return this.#pages.get(hashes)
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
    return this.#items.query(filter, page)
  }

  async listProcesses({ after, limit }: Parameters<contract.Store['listProcesses']>[0]) {
    this.#open()
    return this.#processes.list(after, checkLimit('limit', limit))
  }

  onWake(listener: () => void): () => void {
    return this.#wakes.add(listener)
  }

  close(): Promise<void> {
    this.#closing ??= this.#writer.close().finally(() => this.#files.close())
    return this.#closing
  }

  #open(): void {
    if (this.#closing !== undefined) throw new StoreError({ code: 'STORE_CLOSED' })
  }
}
