import { closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../errors.ts'

/** Holds a data directory for one store. */
export interface OwnerLock {
  release(): void
}

/**
 * Takes the data directory, or fails at once.
 *
 * The lock is an exclusive transaction held open on an empty SQLite file, `owner.lock`: a lock of the operating system,
 * dropped when its process dies however it dies, so there is no stale lock and no race in taking one over. `owner.pid`
 * stands beside it for the error message alone.
 *
 * Danger: POSIX drops all of a process's locks on a file when the process closes any descriptor of it. Nothing but
 * SQLite, which minds this, may ever open `owner.lock` or a database while a store of this process is open.
 *
 * @throws {StoreError} `STORE_LOCKED` when another store, in any process or thread, has the directory.
 */
export function takeOwnerLock(directory: string): OwnerLock {
  const path = join(directory, 'owner.lock')
  const pidPath = join(directory, 'owner.pid')
  createPrivateFile(path)
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    if (!isBusy(cause)) throw cause
    throw new StoreError({ code: 'STORE_LOCKED', path: directory, pid: readPid(pidPath) }, { cause })
  }
  const temporary = `${pidPath}.new`
  writeFileSync(temporary, `${process.pid}\n`, { mode: 0o600 })
  renameSync(temporary, pidPath)
  return {
    release(): void {
      rmSync(pidPath, { force: true })
      database.close()
    },
  }
}

/** Creates an empty file of mode 0600 unless there is one, which is not opened: see the danger above. */
export function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}

const sqliteBusy = 5

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy
}

function readPid(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path, 'utf8'), 10)
    return Number.isSafeInteger(pid) ? pid : undefined
  } catch {
    return undefined // The owner has the lock and has not written its pid yet, or is just leaving.
  }
}
