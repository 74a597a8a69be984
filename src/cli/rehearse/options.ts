import { type Command, InvalidArgumentError, Option } from 'commander'
import { addNodeOptions, type NodeOptions } from '../client/options.ts'

export interface RehearseOptions extends NodeOptions {
  readonly last: number
}

const lastMax = 1_000

export function addRehearseOptions(command: Command): Command {
  const last = new Option('-l, --last <count>', 'how many of its last messages to replay').default(20)
  return addNodeOptions(command.addOption(last.argParser(parseCount)))
}

function parseCount(text: string): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= lastMax) return count
  throw new InvalidArgumentError(`Give a number from 1 to ${lastMax}.`)
}
