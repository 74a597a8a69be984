import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileError } from './file-errors.ts'
import { mainFile, pagesFile } from './open-store-files.ts'
import { takeOwnerLock } from './owner-lock.ts'

export interface CompactedFile {
  readonly name: string
  readonly beforeBytes: number
  readonly afterBytes: number
}

/**
 * Writes the databases of a closed data directory anew without the space that is free in them, one after the other; SQLite
 * needs room for a copy of the larger one meanwhile. A crash leaves a database as it was.
 *
 * @throws {StoreError} `STORE_LOCKED`, `STORE_FULL`, `STORE_CORRUPT`.
 */
export function compactDataDirectory(directory: string): readonly CompactedFile[] {
  const lock = takeOwnerLock(directory)
  let done = false
  try {
    const files = [mainFile, pagesFile].map((name) => compactFile(directory, name))
    done = true
    return files
  } catch (cause) {
    throw fileError(cause, directory)
  } finally {
    lock.release(done && lock.leftInOrder)
  }
}

function compactFile(directory: string, name: string): CompactedFile {
  const path = join(directory, name)
  const beforeBytes = statSync(path).size
  const database = new DatabaseSync(path)
  try {
    database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)')
  } finally {
    database.close()
  }
  return { name, beforeBytes, afterBytes: statSync(path).size }
}
