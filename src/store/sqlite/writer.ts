import { DatabaseSync } from 'node:sqlite'
import { pragma } from './schema.ts'
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
  readonly #main: DatabaseSync
  readonly #pages: DatabaseSync
  readonly #processes: WriterProcesses
  readonly #items: WriterItems
  readonly #log: WriterLog
  readonly #leases: WriterLeases
  readonly #outbox: WriterOutbox
  readonly #results: WriterResults
  readonly #pageWriter: WriterPages
  #failedGeneration = -1

  constructor({ mainPath, pagesPath, databaseBytesMax }: WriterOptions) {
    this.#main = openForWriting(mainPath, databaseBytesMax)
    this.#pages = openForWriting(pagesPath, undefined)
    this.#processes = new WriterProcesses(this.#main)
    this.#items = new WriterItems(this.#main)
    this.#log = new WriterLog(this.#main, this.#processes, this.#items)
    this.#leases = new WriterLeases(this.#processes)
    this.#outbox = new WriterOutbox(this.#main, this.#processes)
    this.#results = new WriterResults(this.#main, this.#processes, this.#outbox, this.#items)
    this.#pageWriter = new WriterPages(this.#pages)
  }

  run({ batch, generation, calls, arena }: Batch): FromWriter {
    if (generation <= this.#failedGeneration) {
      return { type: 'failed', batch, reason: 'an earlier write that this one may stand on failed' }
    }
    const bytes = ([offset, length]: Slice): Uint8Array => arena.subarray(offset, offset + length)
    try {
      this.#main.exec('BEGIN IMMEDIATE')
      const answers = calls.map((call) => this.#answer(call, bytes))
      this.#processes.flush()
      this.#outbox.flush()
      this.#main.exec('COMMIT')
      this.#processes.trim()
      return { type: 'done', batch, answers }
    } catch (error) {
      this.#failedGeneration = generation
      this.#undo()
      return { type: 'failed', batch, reason: error instanceof Error ? error.message : String(error) }
    }
  }

  close(): void {
    this.#main.close()
    this.#pages.close()
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
      case 'status':
        return { ok: true, value: this.#outbox.status(call.request.nowMs) }
      case 'putItems':
        for (const row of call.request) this.#items.put(row, bytes(row.bytes))
        return { ok: true, value: undefined }
      case 'putPages': {
        const error = this.#pageWriter.put(call.request, bytes)
        return error === undefined ? { ok: true, value: undefined } : { ok: false, error }
      }
    }
  }

  #undo(): void {
    if (this.#main.isTransaction) this.#main.exec('ROLLBACK')
    this.#processes.forget()
    this.#leases.forget()
    this.#outbox.forget()
  }
}

/** Pages of the write-ahead log after which a commit also copies them into the database: 32 MiB of 8 KiB. */
const checkpointPages = 4_096

function openForWriting(path: string, bytesMax: number | undefined): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5_000 })
  database.exec(`
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -65536;
    PRAGMA temp_store = MEMORY;
    PRAGMA wal_autocheckpoint = ${checkpointPages};
    PRAGMA journal_size_limit = 67108864;
  `)
  if (bytesMax !== undefined) {
    const pageSize = pragma(database, 'page_size')
    database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(bytesMax / pageSize))}`)
  }
  return database
}
