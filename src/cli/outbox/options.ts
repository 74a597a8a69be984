import { type Command, InvalidArgumentError, Option } from 'commander'
import { addNodeOptions, type NodeOptions } from '../client/options.ts'

const states = ['pending', 'dead'] as const

export interface OutboxOptions extends NodeOptions {
  readonly state?: (typeof states)[number]
  readonly limit: number
}

export interface RetryOptions extends NodeOptions {
  readonly all?: true
}

const limitDefault = 100
const limitMax = 1_000

export function addOutboxOptions(command: Command): Command {
  return addNodeOptions(command)
    .addOption(new Option('--state <state>', 'only what is on its way, or only what is dead').choices(states))
    .addOption(new Option('--limit <count>', 'most entries to list').default(limitDefault).argParser(parseLimit))
}

export function addRetryOptions(command: Command): Command {
  return addNodeOptions(command).option('--all', 'all that are dead')
}

function parseLimit(text: string): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= limitMax) return limit
  throw new InvalidArgumentError(`Give a number from 1 to ${limitMax}.`)
}
