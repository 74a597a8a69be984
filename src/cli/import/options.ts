import type { Command } from 'commander'
import { addDataDirectoryOption, addJsonOption, type JsonOptions } from '../archive/options.ts'

export interface ImportOptions extends JsonOptions {
  readonly dataDir: string
}

export function addImportOptions(command: Command): Command {
  return addJsonOption(addDataDirectoryOption(command))
}
