import type { DatabaseSync } from 'node:sqlite'
import { StoreError, type StoreErrorInfo } from '../errors.ts'
import { checkPage } from '../page-hash.ts'
import type { PageCount } from '../types.ts'
import { writeFailure } from './file-errors.ts'
import { prepare, type Statement } from './statement.ts'
import type { Slice, WriterCalls } from './writer-protocol.ts'

interface StoredPage {
  readonly seq: number
  readonly bytes: number
  readonly put_ms: number | null
}

/** Writes snapshot pages into the second file, in transactions of their own: a page is durable before it is named. */
export class WriterPages {
  readonly #database: DatabaseSync
  readonly #path: string
  readonly #insert: Statement<never>
  readonly #find: Statement<StoredPage>
  readonly #setTime: Statement<never>
  readonly #delete: Statement<never>
  readonly #deleteTime: Statement<never>
  readonly #count: Statement<never>

  constructor(database: DatabaseSync, path: string) {
    this.#database = database
    this.#path = path
    this.#insert = prepare(database, 'INSERT INTO pages (hash, bytes) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING')
    this.#find = prepare(
      database,
      `SELECT p.seq, length(p.bytes) AS bytes, t.put_ms FROM pages p LEFT JOIN page_times t ON t.page = p.seq
       WHERE p.hash = ?`,
    )
    this.#setTime = prepare(
      database,
      'INSERT INTO page_times (page, put_ms) VALUES (?, ?) ON CONFLICT (page) DO UPDATE SET put_ms = excluded.put_ms',
    )
    this.#delete = prepare(database, 'DELETE FROM pages WHERE seq = ?')
    this.#deleteTime = prepare(database, 'DELETE FROM page_times WHERE page = ?')
    this.#count = prepare(database, 'UPDATE page_counts SET pages = pages + ?, bytes = bytes + ?')
  }

  has(hash: string): boolean {
    return this.#find.get(Buffer.from(hash, 'hex')) !== undefined
  }

  /** @returns why nothing was stored, or undefined. */
  put(
    { pages, nowMs }: WriterCalls['putPages']['request'],
    bytes: (slice: Slice) => Uint8Array,
  ): StoreErrorInfo | undefined {
    const done = this.#write(() => {
      for (const page of pages) checkPage(page.hash, bytes(page.bytes), 'given')
      const added = { pages: 0, bytes: 0 }
      for (const page of pages) {
        const hash = Buffer.from(page.hash, 'hex')
        const { changes, lastInsertRowid } = this.#insert.run(hash, bytes(page.bytes))
        if (Number(changes) === 1) {
          added.pages += 1
          added.bytes += bytes(page.bytes).byteLength
        }
        const seq = Number(changes) === 1 ? Number(lastInsertRowid) : this.#find.get(hash)?.seq
        if (seq !== undefined) this.#setTime.run(seq, nowMs)
      }
      this.#count.run(added.pages, added.bytes)
    })
    return done.ok ? undefined : done.error
  }

  /**
   * Deletes those of the pages that were put before `putBeforeMs`. Not synced: a sweep that a power cut takes back is
   * repeated some time, and appends that wait meanwhile are not held up by the disk.
   */
  drop({ hashes, putBeforeMs }: WriterCalls['dropPages']['request']): PageCount | StoreErrorInfo {
    this.#database.exec('PRAGMA synchronous = NORMAL')
    const done = this.#write(() => {
      const dropped = { pages: 0, bytes: 0 }
      for (const hash of hashes) {
        const page = this.#find.get(Buffer.from(hash, 'hex'))
        if (page === undefined || (page.put_ms ?? 0) >= putBeforeMs) continue
        this.#delete.run(page.seq)
        this.#deleteTime.run(page.seq)
        dropped.pages += 1
        dropped.bytes += page.bytes
      }
      this.#count.run(-dropped.pages, -dropped.bytes)
      return dropped
    })
    this.#database.exec('PRAGMA synchronous = FULL')
    return done.ok ? done.value : done.error
  }

  #write<T>(
    work: () => T,
  ): { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: StoreErrorInfo } {
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      const value = work()
      this.#database.exec('COMMIT')
      return { ok: true, value }
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      if (error instanceof StoreError) return { ok: false, error: error.info }
      return { ok: false, error: writeFailure(error, this.#path) }
    }
  }
}
