import { createNodeClient, type OutboxEntryJson } from '../client/node-client.ts'
import { plain } from '../client/result-text.ts'
import { processArgument } from '../client/texts.ts'
import { CliError } from '../errors.ts'
import { print } from '../output.ts'
import type { OutboxOptions, RetryOptions } from './options.ts'

export async function outbox(process: string | undefined, options: OutboxOptions): Promise<void> {
  const { url, json, state, limit } = options
  const processId = process === undefined ? undefined : processArgument(process)
  const page = await createNodeClient(url).outbox({ processId, state, limit })
  if (json) return print(JSON.stringify(page, undefined, 2))
  const { entries, timestampMs, hasNextPage } = page
  if (entries.length === 0) return print(state === 'dead' ? 'Nothing is dead.' : 'Everything has arrived.')
  print(...entries.flatMap((entry) => entryLines(entry, timestampMs)))
  if (hasNextPage) print('There is more: raise --limit, or name a process or --state.')
}

export async function retry(process: string, entries: readonly string[], options: RetryOptions): Promise<void> {
  const { url, json, all } = options
  const processId = processArgument(process)
  if (all === undefined && entries.length === 0) {
    throw new CliError({
      code: 'CLI_OPTION_INVALID',
      given: '',
      allowed: 'an entry to send again; name some, or --all',
    })
  }
  const { count } = await createNodeClient(url).retryOutbox(processId, all ? undefined : entries)
  if (json) return print(JSON.stringify({ processId, count }))
  if (count === 0) return print('Nothing was dead, so nothing is sent again.')
  const named = all || count === entries.length ? '' : ` of ${entries.length}: the others were not dead`
  print(`Sent again: ${count}${named}. What cannot be delivered is dead again soon: loom outbox ${processId}`)
}

function entryLines(entry: OutboxEntryJson, nowMs: number): readonly string[] {
  const { processId, state, kind, target, action, itemId, tries, sentAtMs, reason, chain } = entry
  const facts = [
    `sent ${age(nowMs - sentAtMs)} ago`,
    ...(tries === 0 ? [] : [`tried ${tries} times`]),
    ...(chain.depth === 0 ? [] : [`by a message ${chain.depth} deep in its chain`]),
    ...(itemId === '' ? [] : [`id ${itemId}`]),
  ]
  return [
    `${processId} ${entry.entry}  ${state}  ${kind} to ${plain(target) || 'nobody'}${action === undefined ? '' : `  Action=${plain(action)}`}`,
    `  ${facts.join(', ')}`,
    ...(reason === '' ? [] : [`  ${plain(reason)}`]),
  ]
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

function age(ms: number): string {
  const [name, size] = units.find(([, unitMs]) => ms >= unitMs) ?? ['s', 1_000]
  return `${Math.floor(Math.max(ms, 0) / size)} ${name}`
}
