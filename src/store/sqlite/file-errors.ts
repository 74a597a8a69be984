import { statfsSync } from 'node:fs'
import { StoreError, type StoreErrorInfo } from '../errors.ts'

/** Primary result codes of SQLite; an extended code has one of them in its low byte. */
const sqlite = { inputOutput: 10, corrupt: 11, full: 13, notADatabase: 26 } as const
const outOfSpaceCodes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT'])
/** With less than this free, a failure of the disk is taken for a lack of space: not every one says so. */
const freeBytesMin = 1_048_576

/**
 * What a failed write is told as.
 *
 * @param path the file or directory that was written to.
 * @param bytesMax the limit of the database, if it was given one.
 */
export function writeFailure(error: unknown, path: string, bytesMax?: number): StoreErrorInfo {
  return fullDisk(error, path, bytesMax) ?? { code: 'STORE_WRITE_FAILED', reason: textOf(error) }
}

/** What is thrown on for a failure at `path`: `STORE_FULL` or `STORE_CORRUPT` where it means that, or the failure itself. */
export function fileError(cause: unknown, path: string): unknown {
  if (cause instanceof StoreError) return cause
  const code = primaryCode(cause)
  const isCorrupt = code === sqlite.corrupt || code === sqlite.notADatabase
  const info = isCorrupt ? ({ code: 'STORE_CORRUPT', path, problem: textOf(cause) } as const) : fullDisk(cause, path)
  return info === undefined ? cause : new StoreError(info, { cause })
}

function fullDisk(error: unknown, path: string, bytesMax?: number): StoreErrorInfo | undefined {
  const code = primaryCode(error)
  const freeBytes = freeBytesAt(path)
  const isFull =
    code === sqlite.full ||
    (code === sqlite.inputOutput && freeBytes < freeBytesMin) ||
    (error instanceof Error && 'code' in error && outOfSpaceCodes.has(error.code))
  return isFull ? { code: 'STORE_FULL', path, freeBytes, bytesMax } : undefined
}

/** What anyone but the superuser may still write there; without bounds when that is not known. */
export function freeBytesAt(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(path)
    return bavail * bsize
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

function primaryCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
