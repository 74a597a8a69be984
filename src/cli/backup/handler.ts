import { cpSync, readdirSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { type BackupProgress, backupDataDirectory } from '../../store/sqlite/backup.ts'
import { isStoreFile } from '../../store/sqlite/open-store-files.ts'
import { invocation } from '../invocation.ts'
import { print, printError } from '../output.ts'
import type { BackupOptions } from './options.ts'

/** Below this size the copy is there before a line about it is read. */
const progressBytesMin = 64 * 1_024 * 1_024

/** Copies databases, then what else there is: the node's key, wallets. */
export async function backup(target: string, { dataDir }: BackupOptions): Promise<void> {
  const { totalBytes } = await backupDataDirectory(dataDir, target, {
    onProgress: progressPrinter(),
    complete: (directory) => copyOtherFiles(dataDir, directory),
  })
  print(
    `Copied ${dataDir} to ${target}: ${megabytes(totalBytes)} of data, checked, and keys and wallets.`,
    'It holds the secret key of the node: keep it as safe as the original.',
    `Start a node on it with: ${invocation()} start --data ${target}`,
  )
}

function progressPrinter(): (progress: BackupProgress) => void {
  let printed = 0
  return ({ copiedBytes, totalBytes }) => {
    const tenths = Math.floor((10 * copiedBytes) / totalBytes)
    if (totalBytes < progressBytesMin || tenths <= printed) return
    printed = tenths
    printError(`  ${tenths * 10} % of ${megabytes(totalBytes)}`)
  }
}

function copyOtherFiles(from: string, to: string): void {
  for (const name of readdirSync(from)) {
    const source = resolve(from, name)
    // The copy may be made inside of the original.
    if (isStoreFile(name) || `${resolve(to)}${sep}`.startsWith(`${source}${sep}`)) continue
    cpSync(source, join(to, name), { recursive: true, preserveTimestamps: true })
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
