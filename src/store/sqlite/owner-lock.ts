import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../errors.ts'

/** Holds a data directory for one store. */
export interface OwnerLock {
  /** Whether the last owner closed the directory in order, or there was none. */
  readonly leftInOrder: boolean
  /** @param inOrder whether the next owner may take the files for sound without looking at them. */
  release(inOrder: boolean): void
}

/**
 * Takes the data directory, or fails at once.
 *
 * The lock is an exclusive transaction held open on an empty SQLite file, `owner.lock`: a lock of the operating system,
 * dropped when its process dies however it dies, so there is no stale lock and no race in taking one over. `owner.pid`
 * stands beside it from before the first write until the files are closed: who gets the lock and finds it knows that the
 * last owner did not get that far. The pid in it is for the error message alone.
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
  try {
    const leftInOrder = !existsSync(pidPath)
    writePid(directory, pidPath)
    return {
      leftInOrder,
      release(inOrder): void {
        if (inOrder) rmSync(pidPath, { force: true })
        database.close()
      },
    }
  } catch (error) {
    database.close()
    throw error
  }
}

/** Durable when it returns. */
function writePid(directory: string, path: string): void {
  const temporary = `${path}.new`
  const file = openSync(temporary, 'w', 0o600)
  try {
    writeSync(file, `${process.pid}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(temporary, path)
  syncDirectory(directory)
}

/** Makes names in the directory durable, where the system can: Windows opens no directory. */
export function syncDirectory(path: string): void {
  if (process.platform === 'win32') return
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
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
