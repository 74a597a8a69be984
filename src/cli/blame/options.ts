import type { Command } from 'commander'
import { type AtOption, addAtOption, addNodeOptions, type NodeOptions } from '../client/options.ts'

export interface BlameOptions extends NodeOptions, AtOption {}

export function addBlameOptions(command: Command): Command {
  return addNodeOptions(addAtOption(command))
}
