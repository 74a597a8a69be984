import type { ItemId } from '../../protocol/ids.ts'
import { checkLimit, pageSizeMax, parseCursor, toCursor } from '../checks.ts'
import { checkFilter, matchesFilter } from '../item-filter.ts'
import type { ItemFilter, ItemPage, NewItem, Store, StoredItem } from '../types.ts'

/** Items in the order they were first stored; the cursor is the place in it, from 1. */
export class MemoryItems {
  readonly #items: StoredItem[] = []
  readonly #byId = new Map<ItemId, StoredItem>()

  put({ item, blockHeight, timestampMs }: NewItem): void {
    if (this.#byId.has(item.id)) return
    const { id, bytes, ownerAddress, target, tags } = item
    const cursor = toCursor(this.#items.length + 1)
    const stored: StoredItem = { id, bytes, ownerAddress, target, tags, blockHeight, timestampMs, cursor }
    this.#items.push(stored)
    this.#byId.set(id, stored)
  }

  mark(): number {
    return this.#items.length
  }

  /** Forgets the items that were first stored since. */
  revert(mark: number): void {
    for (const { id } of this.#items.splice(mark)) this.#byId.delete(id)
  }

  get(id: ItemId): StoredItem | undefined {
    return this.#byId.get(id)
  }

  query(filter: ItemFilter, { order, limit, after }: Parameters<Store['queryItems']>[1]): ItemPage {
    checkLimit('limit', limit, pageSizeMax)
    checkFilter(filter)
    const step = order === 'ASC' ? 1 : -1
    const start = after === undefined ? (order === 'ASC' ? 1 : this.#items.length) : parseCursor(after) + step
    const found: StoredItem[] = []
    for (let position = start; position >= 1 && position <= this.#items.length; position += step) {
      const item = this.#items[position - 1]
      if (item === undefined || !matchesFilter(item, filter)) continue
      if (found.length === limit) return { items: found, hasNextPage: true }
      found.push(item)
    }
    return { items: found, hasNextPage: false }
  }
}
