import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { errorCode } from '../../protocol/loom-error.ts'
import { StoreError } from '../errors.ts'
import { fileError, freeBytesAt } from './file-errors.ts'
import { mainFile, pagesFile } from './open-store-files.ts'
import { createPrivateFile, syncDirectory } from './owner-lock.ts'
import { type DatabaseName, pragma, readVersion } from './schema.ts'

export interface BackupOptions {
  /** Called now and then with how far the copy is. */
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined
  /** Called when the databases are copied, with the directory that will be the target: what it adds is part of it. */
  readonly complete?: ((directory: string) => void) | undefined
}

export interface BackupProgress {
  readonly copiedBytes: number
  readonly totalBytes: number
}

/** Database pages that are copied in one step: 8 MiB. */
const pagesPerStep = 1_024

/**
 * Copies the databases of a data directory as they are at one moment, also while a node is using them, in this process or
 * another: it goes on writing. The copy is checked, and appears under its name when it is whole. Keys and wallets are
 * not part of it.
 *
 * It needs the right to write to the directory, since readers of a database in use register beside it. While it runs, the
 * write-ahead logs of the node grow.
 *
 * @throws {StoreError} `STORE_MISSING` when there is no data, `STORE_TARGET_TAKEN` unless the target is absent or an empty
 *   directory, `STORE_TARGET_FULL` when it does not fit, `STORE_CORRUPT` when the copy is damaged, which the original then is
 *   as well; `STORE_SCHEMA_UNKNOWN`.
 */
export async function backupDataDirectory(
  directory: string,
  target: string,
  options: BackupOptions = {},
): Promise<BackupProgress> {
  if (!existsSync(join(directory, mainFile))) throw new StoreError({ code: 'STORE_MISSING', path: directory })
  const partial = `${resolve(target)}.partial`
  for (const path of [target, partial]) {
    if (existsSync(path) && !isEmptyDirectory(path)) throw new StoreError({ code: 'STORE_TARGET_TAKEN', path })
  }
  const sources = pinTogether(directory)
  const totalBytes = sources.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  try {
    mkdirSync(partial, { recursive: true, mode: 0o700 })
    if (freeBytesAt(partial) < totalBytes) throw targetFull(partial, totalBytes)
    await copyDatabases(sources, partial, (copiedBytes) => options.onProgress?.({ copiedBytes, totalBytes }))
    await checkInThread(partial)
    options.complete?.(partial)
    syncDirectory(partial)
    renameSync(partial, target)
    syncDirectory(dirname(resolve(target)))
    return { copiedBytes: totalBytes, totalBytes }
  } catch (cause) {
    rmSync(partial, { recursive: true, force: true })
    const error = fileError(cause, partial)
    throw errorCode(error) === 'STORE_FULL' ? targetFull(partial, totalBytes) : error
  } finally {
    closeAll(sources)
  }
}

function targetFull(path: string, sizeBytes: number): StoreError {
  return new StoreError({ code: 'STORE_TARGET_FULL', path, freeBytes: freeBytesAt(path), sizeBytes })
}

async function copyDatabases(
  sources: readonly Source[],
  directory: string,
  onProgress: (copiedBytes: number) => void,
): Promise<void> {
  let doneBytes = 0
  for (const { database, file, pageBytes, sizeBytes } of sources) {
    const path = join(directory, file)
    createPrivateFile(path)
    await backup(database, path, {
      rate: pagesPerStep,
      progress: ({ totalPages, remainingPages }) => onProgress(doneBytes + (totalPages - remainingPages) * pageBytes),
    })
    doneBytes += sizeBytes
    onProgress(doneBytes)
  }
}

/** A database held at one moment, by a read transaction that lasts as long as the connection. */
interface Source {
  readonly file: string
  readonly database: DatabaseSync
  readonly pageBytes: number
  readonly sizeBytes: number
}

/**
 * Connections to both databases, each held at one moment, such that every checkpoint of the main one finds its pages in
 * the other.
 *
 * Pages are put before the checkpoint that needs them, so the main database is held first. Between the two moments a
 * checkpoint may be dropped and its pages swept; then this is done again. If all checkpoints of the first moment are
 * still there after the second, no sweep that ended between them can have taken a page of theirs.
 */
function pinTogether(directory: string): readonly Source[] {
  for (;;) {
    const main = pin(directory, 'main')
    const opened = [main]
    try {
      const pages = pin(directory, 'pages')
      opened.push(pages)
      const later = pin(directory, 'main')
      opened.push(later)
      const still = checkpointsOf(later.database)
      if ([...checkpointsOf(main.database)].every((checkpoint) => still.has(checkpoint))) {
        opened.splice(0, 2)
        return [main, pages]
      }
    } finally {
      closeAll(opened)
    }
  }
}

function closeAll(sources: readonly Source[]): void {
  for (const { database } of sources) database.close()
}

const fileNames: { readonly [Name in DatabaseName]: string } = { main: mainFile, pages: pagesFile }

function pin(directory: string, name: DatabaseName): Source {
  const file = fileNames[name]
  const path = join(directory, file)
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
  try {
    readVersion(database, path, name)
    database.exec('BEGIN; SELECT count(*) FROM sqlite_schema')
    const pageBytes = pragma(database, 'page_size')
    return { file, database, pageBytes, sizeBytes: pageBytes * pragma(database, 'page_count') }
  } catch (cause) {
    database.close()
    throw fileError(cause, path)
  }
}

function checkpointsOf(main: DatabaseSync): Set<string> {
  const known = main.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'checkpoints'").get() !== undefined
  if (!known) return new Set() // Of a version without sweeps.
  const rows = main.prepare('SELECT process, nonce, hex(manifest) AS manifest FROM checkpoints').all()
  return new Set(rows.map((row) => Object.values(row).join('/')))
}

/** In a thread of its own: of a gigabyte it takes a second, in which the node has other things to do. */
async function checkInThread(directory: string): Promise<void> {
  // The build rewrites import paths, not this text.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const worker = new Worker(new URL(`./check-copy.worker.${extension}`, import.meta.url), {
    workerData: directory,
    name: 'loom-check-copy',
  })
  const [code] = await once(worker, 'exit')
  if (code !== 0) throw new Error(`The thread that checked the copy ended with code ${code}.`)
}

function isEmptyDirectory(path: string): boolean {
  try {
    return readdirSync(path).length === 0
  } catch {
    return false
  }
}
