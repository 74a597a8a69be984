import type { DatabaseSync } from 'node:sqlite'
import { StoreError, type StoreErrorInfo } from '../errors.ts'
import { checkPage } from '../page-hash.ts'
import { prepare, type Statement } from './statement.ts'
import type { Slice, WriterCalls } from './writer-protocol.ts'

/** Writes snapshot pages into the second file, in transactions of their own: a page is durable before it is named. */
export class WriterPages {
  readonly #database: DatabaseSync
  readonly #insert: Statement<never>

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#insert = prepare(database, 'INSERT INTO pages (hash, bytes) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING')
  }

  /** @returns why nothing was stored, or undefined. */
  put(pages: WriterCalls['putPages']['request'], bytes: (slice: Slice) => Uint8Array): StoreErrorInfo | undefined {
    try {
      for (const page of pages) checkPage(page.hash, bytes(page.bytes), 'given')
      this.#database.exec('BEGIN IMMEDIATE')
      for (const page of pages) this.#insert.run(Buffer.from(page.hash, 'hex'), bytes(page.bytes))
      this.#database.exec('COMMIT')
      return undefined
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      if (error instanceof StoreError) return error.info
      return { code: 'STORE_WRITE_FAILED', reason: error instanceof Error ? error.message : String(error) }
    }
  }
}
