import type { Command } from 'commander'
import { addNodeOptions, type NodeOptions } from '../client/options.ts'

export interface ResultOptions extends NodeOptions {}

export function addResultOptions(command: Command): Command {
  return addNodeOptions(command)
}
