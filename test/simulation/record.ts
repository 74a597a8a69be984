import type { ItemId, ProcessId } from '../../src/protocol/ids.ts'
import type { ListedOutboxEntry, LogEntry, Store, StoredItem, StoredResult } from '../../src/store/types.ts'

/** All that a store has in the end, for the checks. */
export interface StoreRecord {
  /** Log and results of each process, in the order of their spawns. */
  readonly processes: ReadonlyMap<ProcessId, ProcessRecord>
  /** Outbox entries that are not delivered, by cause. */
  readonly undelivered: ReadonlyMap<string, ListedOutboxEntry>
  readonly items: ReadonlyMap<ItemId, StoredItem>
  /** The order in which entries came into the logs: place by `process/nonce`. */
  readonly places: ReadonlyMap<string, number>
}

export interface ProcessRecord {
  readonly entries: readonly LogEntry[]
  readonly results: readonly StoredResult[]
}

const pageSize = 1_000

/** Reads everything. @param appended - as `SimulatedDisk.appended`. */
export async function readRecord(store: Store, appended: readonly string[]): Promise<StoreRecord> {
  const processes = new Map<ProcessId, ProcessRecord>()
  for (const processId of await store.listProcesses({ limit: pageSize })) {
    const { next } = await store.head(processId)
    const entries: LogEntry[] = []
    while (entries.length < next) entries.push(...(await store.readLog(processId, entries.length)))
    const results: StoredResult[] = []
    for (let page = pageSize; page === pageSize; ) {
      const read = await store.readResults(processId, { order: 'ASC', afterNonce: results.length - 1, limit: pageSize })
      results.push(...read)
      page = read.length
    }
    processes.set(processId, { entries, results })
  }
  const undelivered = new Map<string, ListedOutboxEntry>()
  for (let after: ListedOutboxEntry['cause'] | undefined, page = pageSize; page === pageSize; ) {
    const listed = await store.listOutbox({ limit: pageSize, ...(after === undefined ? {} : { after }) })
    for (const entry of listed) undelivered.set(causeText(entry.cause), entry)
    after = listed.at(-1)?.cause
    page = listed.length
  }
  const items = new Map<ItemId, StoredItem>()
  for (let after: string | undefined, more = true; more; ) {
    const page = await store.queryItems({}, { order: 'ASC', limit: pageSize, after })
    for (const item of page.items) items.set(item.id, item)
    after = page.items.at(-1)?.cursor
    more = page.hasNextPage
  }
  return { processes, undelivered, items, places: new Map(appended.map((name, place) => [name, place])) }
}

export function causeText({ processId, nonce, index }: { processId: string; nonce: number; index: number }): string {
  return `${processId}/${nonce}.${index}`
}
