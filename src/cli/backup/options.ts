import type { Command } from 'commander'
import { defaultDataDirectory } from '../option-values.ts'

export interface BackupOptions {
  readonly dataDir: string
}

export function addBackupOptions(command: Command): Command {
  return command.option('--data-dir <directory>', "the node's data directory", defaultDataDirectory)
}
