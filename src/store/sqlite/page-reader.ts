import type { DatabaseSync } from 'node:sqlite'
import { checkPage } from '../page-hash.ts'
import type { PageCount } from '../types.ts'
import { toHex } from './row-codec.ts'
import { prepare, type Statement } from './statement.ts'

/** Reads snapshot pages. */
export class PageReader {
  readonly #select: Statement<{ readonly bytes: Uint8Array }>
  readonly #count: Statement<PageCount>
  readonly #hashes: Statement<{ readonly hash: Uint8Array }>

  constructor(database: DatabaseSync) {
    this.#select = prepare(database, 'SELECT bytes FROM pages WHERE hash = ?')
    this.#count = prepare(database, 'SELECT pages, bytes FROM page_counts')
    this.#hashes = prepare(database, 'SELECT hash FROM pages WHERE hash > ? ORDER BY hash LIMIT ?')
  }

  /**
   * @returns the bytes; undefined when there is no such page.
   * @throws {StoreError} `STORE_PAGE_CORRUPT` when the disk changed the page.
   */
  one(hash: string): Uint8Array | undefined {
    const bytes = this.#select.get(Buffer.from(hash, 'hex'))?.bytes
    if (bytes !== undefined) checkPage(hash, bytes, 'stored')
    return bytes
  }

  count(): PageCount {
    return this.#count.get() ?? { pages: 0, bytes: 0 }
  }

  /** Hashes of all pages, ascending, in lists of `atOnce`: each is read when it is asked for. */
  *hashes(atOnce: number): Generator<readonly string[]> {
    let after = ''
    for (;;) {
      const hashes = this.#hashes.all(Buffer.from(after, 'hex'), atOnce).map(({ hash }) => toHex(hash))
      const last = hashes.at(-1)
      if (last === undefined) return
      yield hashes
      after = last
    }
  }
}
