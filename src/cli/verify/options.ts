import type { Command } from 'commander'
import { addJsonOption, type JsonOptions } from '../archive/options.ts'

export interface VerifyOptions extends JsonOptions {
  readonly log: string
}

export function addVerifyOptions(command: Command): Command {
  return addJsonOption(command.requiredOption('--log <file>', 'an export of the process: loom export'))
}
