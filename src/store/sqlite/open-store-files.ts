import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { StoreLog } from '../types.ts'
import { type OwnerLock, takeOwnerLock } from './owner-lock.ts'
import { prepareDatabase } from './schema.ts'

/** The files of a data directory, held by this store: lock taken, tables there, connections for reading open. */
export interface StoreFiles {
  readonly mainPath: string
  readonly pagesPath: string
  readonly main: DatabaseSync
  readonly pages: DatabaseSync
  close(): void
}

/** SQLite before this version may lose the write-ahead log in a race between checkpoints. */
const sqliteVersionMin = [3, 51, 3] as const

/**
 * @throws {StoreError} `STORE_LOCKED`, `STORE_SCHEMA_UNKNOWN`. Nothing stays open.
 */
export function openStoreFiles(directory: string, log: StoreLog | undefined): StoreFiles {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const lock = takeOwnerLock(directory)
  try {
    const mainPath = join(directory, 'loom.sqlite')
    const pagesPath = join(directory, 'pages.sqlite')
    prepareDatabase(mainPath, 'main')
    prepareDatabase(pagesPath, 'pages')
    const main = openForReading(mainPath)
    warnOfOldSqlite(main, log)
    return withClose({ mainPath, pagesPath, main, pages: openForReading(pagesPath) }, lock)
  } catch (error) {
    lock.release()
    throw error
  }
}

function withClose(files: Omit<StoreFiles, 'close'>, lock: OwnerLock): StoreFiles {
  return {
    ...files,
    close(): void {
      files.main.close()
      files.pages.close()
      lock.release()
    },
  }
}

function openForReading(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
  database.exec('PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY')
  return database
}

function warnOfOldSqlite(database: DatabaseSync, log: StoreLog | undefined): void {
  const version = String(Object.values(database.prepare('SELECT sqlite_version()').get() ?? {})[0])
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  const [majorMin, minorMin, patchMin] = sqliteVersionMin
  const order = major - majorMin || minor - minorMin || patch - patchMin
  if (order < 0) log?.warn({ version, versionMin: sqliteVersionMin.join('.') }, 'this Node.js has an old SQLite')
}
