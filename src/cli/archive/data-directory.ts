import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { loadNodeKey } from '../../network/node-key.ts'
import { StoreError } from '../../store/errors.ts'
import { mainFile } from '../../store/sqlite/open-store-files.ts'
import { createSqliteStore } from '../../store/sqlite/sqlite-store.ts'
import type { Store } from '../../store/types.ts'
import { CliError } from '../errors.ts'

/** The store of a data directory, held for this command alone, and the key of its node. */
export interface DataDirectory {
  readonly store: Store
  /** Ed25519 seed. */
  readonly signerSeed: Uint8Array
}

/**
 * Opens a data directory that is there, gives it to `work`, and closes it.
 *
 * @param instead - What to do when a node has it open.
 * @throws {StoreError} `STORE_MISSING`. @throws {CliError} `CLI_DIRECTORY_IN_USE`.
 */
export async function withDataDirectory<T>(
  path: string,
  instead: string,
  work: (directory: DataDirectory) => Promise<T>,
): Promise<T> {
  checkPresent(path)
  return withNewDirectory(path, instead, work)
}

/** Like {@link withDataDirectory}; makes the directory, and a key, when it is not there. */
export async function withNewDirectory<T>(
  path: string,
  instead: string,
  work: (directory: DataDirectory) => Promise<T>,
): Promise<T> {
  const store = await createSqliteStore({ directory: path }).catch((cause: unknown) => {
    if (!(cause instanceof StoreError) || cause.info.code !== 'STORE_LOCKED') throw cause
    throw new CliError({ code: 'CLI_DIRECTORY_IN_USE', path, pid: cause.info.pid, instead }, { cause })
  })
  try {
    return await work({ store, signerSeed: loadNodeKey(path) })
  } finally {
    await store.close()
  }
}

/** @throws {StoreError} `STORE_MISSING` unless a node has been there. */
export function checkPresent(path: string): void {
  if (!existsSync(join(path, mainFile))) throw new StoreError({ code: 'STORE_MISSING', path })
}
