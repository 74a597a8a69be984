import { checkLimit, pageSizeMax } from '../store/checks.ts'
import type { Cause, LogEntry, Store, StoredResult } from '../store/types.ts'
import type { OutboxListing, OutboxPage, OutboxPageRequest } from './types.ts'

/** A page ends when the results that were read for it have this many characters. */
const resultCharactersMax = 16 * 1_024 * 1_024

/** What outbox entries have from the message whose evaluation sent them. */
interface Origin {
  readonly entry: LogEntry
  /** The tag `Action` by index of the outbox entry. */
  readonly actions: readonly (string | undefined)[]
}

type OutboxReads = Pick<Store, 'listOutbox' | 'readLog' | 'readResult'>

/** Outbox entries with what people want to know of them: what sent them, when, and what for. */
export async function listOutbox(store: OutboxReads, page: OutboxPageRequest): Promise<OutboxPage> {
  const limit = checkLimit('limit', page.limit, pageSizeMax)
  // One more tells whether there is a next page; of a page of the largest size that is not asked.
  const listed = await store.listOutbox({ ...page, limit: Math.min(limit + 1, pageSizeMax) })
  const entries: OutboxListing[] = []
  const origins = new Map<string, Origin>()
  let characters = 0
  for (const entry of listed) {
    if (characters > resultCharactersMax || entries.length === limit) return { entries, hasNextPage: true }
    const { processId, nonce, index } = entry.cause
    const key = `${processId}/${nonce}`
    let origin = origins.get(key)
    if (origin === undefined) {
      const result = await store.readResult(processId, nonce)
      characters += result?.json.length ?? 0
      origin = { entry: await readOrigin(store, entry.cause), actions: result === undefined ? [] : actionsOf(result) }
      origins.set(key, origin)
    }
    const { itemId: messageId, timestampMs: sentAtMs, chain } = origin.entry
    entries.push({ ...entry, action: origin.actions[index], messageId, sentAtMs, chain })
  }
  return { entries, hasNextPage: listed.length === pageSizeMax }
}

async function readOrigin(store: OutboxReads, { processId, nonce }: Cause): Promise<LogEntry> {
  const [entry] = await store.readLog(processId, nonce, nonce, 1)
  if (entry === undefined) throw new RangeError(`Process ${processId} sent something without an entry ${nonce}.`)
  return entry
}

/** Outbox entries count messages first, then spawns (wire protocol 5.7). */
function actionsOf({ json }: StoredResult): (string | undefined)[] {
  const { Messages, Spawns } = JSON.parse(json) as {
    readonly Messages: readonly Sent[]
    readonly Spawns: readonly Sent[]
  }
  return [...Messages, ...Spawns].map(({ Tags }) => {
    const value = Tags.find(({ name }) => name === 'Action')?.value
    return typeof value === 'string' ? value : undefined
  })
}

interface Sent {
  readonly Tags: readonly { readonly name: string; readonly value?: unknown }[]
}
