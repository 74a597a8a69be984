import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * Makes a data directory of schema version 1, with data that its last release wrote: processes a and b that send to each
 * other, results, an outbox, items, pages. `sql` is run on the main database at the end.
 */
export function createVersion1(directory: string, sql = ''): void {
  for (const [file, name] of [
    ['loom.sqlite', 'main'],
    ['pages.sqlite', 'pages'],
  ] as const) {
    const database = new DatabaseSync(join(directory, file))
    const fixture = readFileSync(new URL(`./version-1.${name}.fixture.sql`, import.meta.url), 'utf8')
    database.exec(`PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; ${fixture}${name === 'main' ? sql : ''}`)
    database.close()
  }
}
