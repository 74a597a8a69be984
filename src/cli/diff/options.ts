import type { Command } from 'commander'
import { addNodeOptions, type NodeOptions } from '../client/options.ts'

export interface DiffOptions extends NodeOptions {
  readonly path?: string
}

export function addDiffOptions(command: Command): Command {
  return addNodeOptions(
    command.option('-p, --path <path>', 'only what is there: names with dots, other keys in brackets'),
  )
}
