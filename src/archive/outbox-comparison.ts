import { notificationOf, outboxDetailOf } from '../compute/outbox.ts'
import type { EvaluatedEntry } from '../compute/thread-protocol.ts'
import type { ItemId, ProcessId } from '../protocol/ids.ts'
import { tagValue } from '../protocol/tags.ts'
import { pageSizeMax } from '../store/checks.ts'
import type { Cause, ListedOutboxEntry, OutboxEntry, Store } from '../store/types.ts'
import type { Difference } from './errors.ts'

/** Items that are read at once: each may have some megabytes. */
const itemPageSize = 16

/**
 * Compares what a process sends, computed again with the key that signed it, with what its node has of it.
 *
 * An entry that waits or is dead has a row, which names its item by id: signatures are deterministic, so the id is that of
 * exactly these bytes. Of one that was delivered there is the item itself, and of an assignment the entry that it made.
 * The other way round, no row and no item may say that it was sent here and be another.
 *
 * It remembers the id of all that was sent, some 100 bytes each.
 */
export class OutboxComparison {
  readonly #store: Store
  /** Pending and dead rows, by the nonce that they were sent at. */
  readonly #rows = new Map<number, ListedOutboxEntry[]>()
  /** Ids of the items that say that they were sent, by that nonce. */
  readonly #items = new Map<number, ItemId[]>()

  private constructor(store: Store) {
    this.#store = store
  }

  /** @param address - The node's, which signs what its processes send. */
  static async open(store: Store, processId: ProcessId, address: string): Promise<OutboxComparison> {
    const comparison = new OutboxComparison(store)
    await comparison.#readRows(processId)
    await comparison.#readItems(processId, address)
    return comparison
  }

  async #readRows(processId: ProcessId): Promise<void> {
    let after: Cause | undefined
    for (let isFull = true; isFull; ) {
      const page = await this.#store.listOutbox({ processId, after, limit: pageSizeMax })
      for (const row of page) add(this.#rows, row.cause.nonce, row)
      after = page.at(-1)?.cause
      isFull = page.length === pageSizeMax
    }
  }

  async #readItems(processId: ProcessId, address: string): Promise<void> {
    const filter = { tags: [{ name: 'From-Process', values: [processId] }] }
    let after: string | undefined
    for (let hasNext = true; hasNext; ) {
      const page = await this.#store.queryItems(filter, { order: 'ASC', limit: itemPageSize, after })
      for (const { id, ownerAddress, tags } of page.items) {
        const nonce = /^(\d+)\.\d+$/.exec(tagValue(tags, 'From-Outbox') ?? '')?.[1]
        // Anyone may write such tags; what counts is what the node has signed.
        if (ownerAddress === address && nonce !== undefined) add(this.#items, Number(nonce), id)
      }
      after = page.items.at(-1)?.cursor
      hasNext = page.hasNextPage
    }
  }

  async compare({ nonce, outbox }: EvaluatedEntry): Promise<readonly Difference[]> {
    const differences: Difference[] = []
    const rows = new Map(this.#rows.get(nonce)?.map((row) => [row.cause.index, row]))
    const sent = new Set<string>()
    for (const entry of outbox) {
      const { index } = entry.cause
      const row = rows.get(index)
      rows.delete(index)
      const items = itemsOf(entry)
      for (const { id } of items) sent.add(id)
      const problem = row === undefined ? await this.#deliveryProblem(entry, items) : rowProblem(entry, row)
      if (problem !== undefined) differences.push({ what: `outbox entry ${index}`, ...problem })
    }
    for (const [index, row] of rows) {
      differences.push({ what: `outbox entry ${index}`, expected: 'none', got: textOf(row) })
    }
    for (const id of this.#items.get(nonce) ?? []) {
      if (!sent.has(id)) differences.push({ what: 'item that was sent', expected: 'none', got: id })
    }
    return differences
  }

  async #deliveryProblem(entry: OutboxEntry, items: readonly SentItem[]): Promise<Problem | undefined> {
    const missing = { expected: textOf(entry), got: 'none, neither delivered nor waiting nor dead' }
    if (entry.kind === 'assignment') {
      const nonce = await this.#store.findNonce(entry.target as ProcessId, entry.itemId)
      return nonce === undefined ? missing : undefined
    }
    if (items.length === 0) return missing
    for (const { id, bytes } of items) {
      const stored = await this.#store.getItem(id)
      if (stored === undefined) return missing
      const differing = firstDifference(bytes, stored.bytes)
      if (differing >= 0) return { expected: `item ${id}`, got: `an item that is another from byte ${differing} on` }
    }
    return undefined
  }
}

interface SentItem {
  readonly id: ItemId
  readonly bytes: Uint8Array
}

type Problem = Pick<Difference, 'expected' | 'got'>

function add<T>(lists: Map<number, T[]>, nonce: number, value: T): void {
  const list = lists.get(nonce)
  if (list === undefined) lists.set(nonce, [value])
  else list.push(value)
}

/** The items that a delivered entry leaves: none of an assignment, nor of what could not be made into an item. */
function itemsOf(entry: OutboxEntry): readonly SentItem[] {
  const { kind, itemId, item } = entry
  if (kind === 'assignment' || item.byteLength === 0) return []
  const sent = [{ id: itemId, bytes: item }]
  const notification = notificationOf(outboxDetailOf(entry))
  return notification === undefined ? sent : [...sent, { id: notification.id, bytes: notification.bytes }]
}

function rowProblem(entry: OutboxEntry, row: ListedOutboxEntry): Problem | undefined {
  const [expected, got] = [textOf(entry), textOf(row)]
  return expected === got ? undefined : { expected, got }
}

function textOf({ kind, target, itemId }: Pick<OutboxEntry, 'kind' | 'target' | 'itemId'>): string {
  return `${kind} ${itemId === '' ? 'without an item' : itemId} to ${target === '' ? 'nobody' : target}`
}

/** @returns the first byte at which they differ, or -1. */
function firstDifference(a: Uint8Array, b: Uint8Array): number {
  if (Buffer.compare(a, b) === 0) return -1
  const index = a.findIndex((byte, position) => byte !== b[position])
  return index < 0 ? a.length : index
}
