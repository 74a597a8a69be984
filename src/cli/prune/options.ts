import { type Command, InvalidArgumentError, Option } from 'commander'
import { addDataDirectoryOption, addJsonOption, type JsonOptions } from '../archive/options.ts'

export interface PruneOptions extends JsonOptions {
  readonly dataDir: string
  readonly keep: number
}

export function addPruneOptions(command: Command): Command {
  const keep = new Option('--keep <count>', 'newest snapshots of each process that stay')
    .default(1)
    .argParser(parseKept)
  return addJsonOption(addDataDirectoryOption(command.addOption(keep)))
}

/** @throws {InvalidArgumentError} */
function parseKept(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a whole number from 0.')
}
