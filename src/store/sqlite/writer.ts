import { DatabaseSync } from 'node:sqlite'
import { writeFailure } from './file-errors.ts'
import { pragma } from './schema.ts'
import { WriterChains } from './writer-chains.ts'
import { WriterCheckpoints } from './writer-checkpoints.ts'
import { WriterItems } from './writer-items.ts'
import { WriterLeases } from './writer-leases.ts'
import { WriterLog } from './writer-log.ts'
import { WriterOutbox } from './writer-outbox.ts'
import { WriterPages } from './writer-pages.ts'
import { WriterProcesses } from './writer-processes.ts'
import type { CallAnswer, FromWriter, Slice, ToWriter, WriterCall, WriterOptions } from './writer-protocol.ts'
import { WriterResults } from './writer-results.ts'

type Batch = Extract<ToWriter, { type: 'batch' }>

/**
 * The only writer of both files. A batch is one transaction and one sync of the disk; its calls are answered together,
 * after the commit. When one fails all fail, and batches that were sent before the store knew are refused unseen: they
 * may stand on heads that no longer exist.
 */
export class Writer {
  readonly #options: WriterOptions
  readonly #main: DatabaseSync
  readonly #pages: DatabaseSync
  readonly #processes: WriterProcesses
  readonly #items: WriterItems
  readonly #chains: WriterChains
  readonly #log: WriterLog
  readonly #leases: WriterLeases
  readonly #outbox: WriterOutbox
  readonly #results: WriterResults
  readonly #pageWriter: WriterPages
  readonly #checkpoints: WriterCheckpoints
  #failedGeneration = -1

  constructor(options: WriterOptions) {
    const { mainPath, pagesPath, databaseBytesMax } = options
    this.#options = options
    this.#main = openForWriting(mainPath, checkpointPages.main, databaseBytesMax)
    this.#pages = openForWriting(pagesPath, checkpointPages.pages, undefined)
    this.#processes = new WriterProcesses(this.#main)
    this.#items = new WriterItems(this.#main)
    this.#chains = new WriterChains(this.#main, this.#processes)
    this.#log = new WriterLog(this.#main, this.#processes, this.#items, this.#chains)
    this.#leases = new WriterLeases(this.#processes)
    this.#outbox = new WriterOutbox(this.#main, this.#processes)
    this.#results = new WriterResults(this.#main, this.#processes, this.#outbox, this.#items)
    this.#pageWriter = new WriterPages(this.#pages, pagesPath)
    this.#checkpoints = new WriterCheckpoints(this.#main, this.#processes, this.#pageWriter)
  }

  run({ batch, generation, calls, arena }: Batch): FromWriter {
    if (generation <= this.#failedGeneration) {
      const reason = 'an earlier write that this one may stand on failed'
      return { type: 'failed', batch, error: { code: 'STORE_WRITE_FAILED', reason } }
    }
    const bytes = ([offset, length]: Slice): Uint8Array => arena.subarray(offset, offset + length)
    try {
      this.#main.exec('BEGIN IMMEDIATE')
      const answers = calls.map((call) => this.#answer(call, bytes))
      this.#processes.flush()
      this.#chains.flush()
      this.#items.flush()
      this.#outbox.flush()
      this.#main.exec('COMMIT')
      this.#processes.trim()
      return { type: 'done', batch, answers }
    } catch (error) {
      this.#failedGeneration = generation
      this.#undo()
      return {
        type: 'failed',
        batch,
        error: writeFailure(error, this.#options.mainPath, this.#options.databaseBytesMax),
      }
    }
  }

  /** Leaves everything in the databases themselves, if there is room: the next start need not read the logs. */
  close(): void {
    for (const database of [this.#main, this.#pages]) {
      try {
        database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      } catch {
        // It stays in the write-ahead log, where the next owner finds it.
      }
      database.close()
    }
  }

  #answer(call: WriterCall, bytes: (slice: Slice) => Uint8Array): CallAnswer {
    switch (call.name) {
      case 'append':
        for (const row of call.request) this.#log.append(row, bytes)
        return { ok: true, value: undefined }
      case 'commit': {
        const { rows, nowMs } = call.request
        return { ok: true, value: rows.map((row) => this.#results.commit(row, bytes, nowMs)) }
      }
      case 'acquire':
        return { ok: true, value: this.#leases.acquire(call.request) }
      case 'release':
        this.#leases.release(call.request)
        return { ok: true, value: undefined }
      case 'claim':
        return { ok: true, value: this.#outbox.claim(call.request) }
      case 'settle':
        for (const settlement of call.request) this.#outbox.settle(settlement)
        return { ok: true, value: undefined }
      case 'revive':
        return { ok: true, value: this.#outbox.revive(call.request) }
      case 'status':
        return { ok: true, value: this.#outbox.status(call.request.nowMs) }
      case 'putItems':
        for (const row of call.request) this.#items.put(row, bytes(row.bytes))
        return { ok: true, value: undefined }
      case 'putPages': {
        const error = this.#pageWriter.put(call.request, bytes)
        return error === undefined ? { ok: true, value: undefined } : { ok: false, error }
      }
      case 'dropPages': {
        const answer = this.#pageWriter.drop(call.request)
        return 'code' in answer ? { ok: false, error: answer } : { ok: true, value: answer }
      }
      case 'putCheckpoint': {
        const answer = this.#checkpoints.put(call.request)
        return typeof answer === 'object' ? { ok: false, error: answer } : { ok: true, value: answer }
      }
      case 'dropCheckpoints':
        this.#checkpoints.drop(call.request)
        return { ok: true, value: undefined }
      case 'setMonitored':
        this.#processes.setMonitored(call.request.processId, call.request.isMonitored)
        return { ok: true, value: undefined }
    }
  }

  #undo(): void {
    if (this.#main.isTransaction) this.#main.exec('ROLLBACK')
    this.#processes.forget()
    this.#chains.forget()
    this.#items.forget()
    this.#leases.forget()
    this.#outbox.forget()
  }
}

/**
 * Pages of the write-ahead log after which a commit also copies them into the database, in units of 8 KiB: 32 MiB of the
 * main one, where the same pages are written again and again. Of the second file each is written once, so waiting saves
 * nothing, and the less is copied at once, the shorter appends wait for it.
 */
const checkpointPages = { main: 4_096, pages: 256 }

function openForWriting(path: string, checkpointAt: number, bytesMax: number | undefined): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5_000 })
  database.exec(`
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -65536;
    PRAGMA temp_store = MEMORY;
    PRAGMA wal_autocheckpoint = ${checkpointAt};
    PRAGMA journal_size_limit = 67108864;
  `)
  if (bytesMax !== undefined) {
    const pageSize = pragma(database, 'page_size')
    database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(bytesMax / pageSize))}`)
  }
  return database
}
