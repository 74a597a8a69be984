import { existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { errorCode } from '../../protocol/loom-error.ts'
import type { StoreClock, StoreLog } from '../types.ts'
import { fileError } from './file-errors.ts'
import { checkInvariants, checkStructure } from './integrity.ts'
import { takeOwnerLock } from './owner-lock.ts'
import { prepareDatabase } from './schema.ts'

/** Names of the databases in a data directory. */
export const mainFile = 'loom.sqlite'
export const pagesFile = 'pages.sqlite'

/** Whether a file of a data directory is the store's, by its name. */
export function isStoreFile(name: string): boolean {
  return [mainFile, pagesFile, 'owner.'].some((start) => name.startsWith(start))
}

/** The files of a data directory, held by this store: lock taken, tables there, connections for reading open. */
export interface StoreFiles {
  readonly mainPath: string
  readonly pagesPath: string
  readonly main: DatabaseSync
  readonly pages: DatabaseSync
  /** @param inOrder false when the writer may have left something half done. */
  close(inOrder: boolean): void
}

export interface OpenOptions {
  /** See {@link SqliteStoreOptions.check}. */
  readonly check: 'after-crash' | 'always' | 'never'
  readonly clock: StoreClock
  readonly log: StoreLog | undefined
}

/** Files that are larger together are not read as a whole at a start after a crash: it would take too long. */
export const checkedBytesMax = 4 * 1_024 ** 3

/** SQLite before this version may lose the write-ahead log in a race between checkpoints. */
const sqliteVersionMin = [3, 51, 3] as const

/**
 * @throws {StoreError} `STORE_LOCKED`, `STORE_SCHEMA_UNKNOWN`, `STORE_CORRUPT`, `STORE_FULL`. Nothing stays open.
 */
export function openStoreFiles(directory: string, options: OpenOptions): StoreFiles {
  try {
    return openHere(directory, options)
  } catch (cause) {
    throw fileError(cause, directory)
  }
}

function openHere(directory: string, { check, clock, log }: OpenOptions): StoreFiles {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const lock = takeOwnerLock(directory)
  const open: DatabaseSync[] = []
  const openForReading = (path: string): DatabaseSync => {
    const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
    open.push(database)
    database.exec('PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY')
    return database
  }
  try {
    const mainPath = join(directory, mainFile)
    const pagesPath = join(directory, pagesFile)
    const wanted = check === 'always' || (check === 'after-crash' && !lock.leftInOrder)
    const startMs = clock.now()
    const sizeBytes = sizeOf(mainPath) + sizeOf(pagesPath)
    const structure = wanted && (check === 'always' || sizeBytes <= checkedBytesMax)
    if (structure) {
      log?.info({ directory, sizeBytes }, 'checking the databases')
      for (const path of [mainPath, pagesPath]) if (existsSync(path)) checkStructure(path)
    } else if (wanted) {
      log?.warn({ directory, sizeBytes, checkedBytesMax }, 'the databases are too large to be checked after a crash')
    }
    prepareDatabase(mainPath, 'main', log)
    prepareDatabase(pagesPath, 'pages', log)
    const main = openForReading(mainPath)
    const pages = openForReading(pagesPath)
    warnOfOldSqlite(main, log)
    if (wanted) {
      checkInvariants({ mainPath, main, pages })
      log?.info({ directory, sizeBytes, structure, durationMs: clock.now() - startMs }, 'the databases are sound')
    }
    return {
      ...{ mainPath, pagesPath, main, pages },
      close(inOrder): void {
        for (const database of open) database.close()
        // What was left unchecked stays so, until it is checked.
        lock.release(inOrder && (lock.leftInOrder || structure))
      },
    }
  } catch (error) {
    for (const database of open) database.close()
    const told = fileError(error, directory)
    lock.release(lock.leftInOrder && errorCode(told) !== 'STORE_CORRUPT')
    throw told
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function warnOfOldSqlite(database: DatabaseSync, log: StoreLog | undefined): void {
  const version = String(Object.values(database.prepare('SELECT sqlite_version()').get() ?? {})[0])
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  const [majorMin, minorMin, patchMin] = sqliteVersionMin
  const order = major - majorMin || minor - minorMin || patch - patchMin
  if (order < 0) log?.warn({ version, versionMin: sqliteVersionMin.join('.') }, 'this Node.js has an old SQLite')
}
