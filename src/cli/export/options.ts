import type { Command } from 'commander'
import {
  addHistoryOptions,
  addJsonOption,
  addNonceOption,
  type HistoryOptions,
  type JsonOptions,
} from '../archive/options.ts'

export interface ExportOptions extends HistoryOptions, JsonOptions {
  readonly output?: string
  readonly to?: number
}

export function addExportOptions(command: Command): Command {
  command.option('-o, --output <file>', 'where to (default: <process>.loom)')
  addNonceOption(command, '--to <nonce>', 'end with this entry (default: the last one that has a result)')
  return addJsonOption(addHistoryOptions(command))
}
