import { type Command, Option } from 'commander'
import { type AtOption, addAtOption, addNodeOptions, type NodeOptions } from '../client/options.ts'
import { parseCount } from '../option-values.ts'

export interface StateOptions extends NodeOptions, AtOption {
  readonly limit?: number
}

export function addStateOptions(command: Command): Command {
  return addNodeOptions(
    addAtOption(command).addOption(
      new Option('--limit <n>', 'entries of each table (default: 1000)').argParser(parseCount),
    ),
  )
}
