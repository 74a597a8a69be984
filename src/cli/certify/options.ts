import type { Command } from 'commander'
import {
  addHistoryOptions,
  addJsonOption,
  addNonceOption,
  type HistoryOptions,
  type JsonOptions,
} from '../archive/options.ts'

export interface CertifyOptions extends HistoryOptions, JsonOptions {
  readonly at?: number
  readonly output?: string
}

export function addCertifyOptions(command: Command): Command {
  addNonceOption(command, '--at <nonce>', 'the state after this entry (default: the last one that has a result)')
  command.option('-o, --output <file>', 'where to (default: <process>-<nonce>.certificate)')
  return addJsonOption(addHistoryOptions(command))
}
