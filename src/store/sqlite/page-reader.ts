import type { DatabaseSync } from 'node:sqlite'
import { checkPage } from '../page-hash.ts'
import { prepare, type Statement } from './statement.ts'

/** Reads snapshot pages. */
export class PageReader {
  readonly #select: Statement<{ readonly bytes: Uint8Array }>

  constructor(database: DatabaseSync) {
    this.#select = prepare(database, 'SELECT bytes FROM pages WHERE hash = ?')
  }

  /**
   * @returns the bytes, in the order of the hashes; undefined where there is no such page.
   * @throws {StoreError} `STORE_PAGE_CORRUPT` when the disk changed a page.
   */
  get(hashes: readonly string[]): readonly (Uint8Array | undefined)[] {
    return hashes.map((hash) => {
      const bytes = this.#select.get(Buffer.from(hash, 'hex'))?.bytes
      if (bytes !== undefined) checkPage(hash, bytes, 'stored')
      return bytes
    })
  }
}
