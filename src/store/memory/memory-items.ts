import type { ItemId } from '../../protocol/ids.ts'
import { checkLimit, pageSizeMax, parseCursor, toCursor } from '../checks.ts'
import { checkFilter, matchesFilter } from '../item-filter.ts'
import { type ItemPosition, itemPosition } from '../item-position.ts'
import type { ItemFilter, ItemPage, ItemPageRequest, NewItem, StoredItem } from '../types.ts'

interface PlacedItem {
  readonly position: ItemPosition
  readonly item: StoredItem
}

/** Items in the order they were first stored, and by position. The cursor is the position. */
export class MemoryItems {
  readonly #stored: PlacedItem[] = []
  readonly #byPosition: PlacedItem[] = []
  readonly #byId = new Map<ItemId, StoredItem>()

  put({ item, blockHeight, timestampMs, bundledIn }: NewItem): void {
    if (this.#byId.has(item.id)) return
    const { id, bytes, ownerAddress, target, tags } = item
    const position = itemPosition(blockHeight, this.#stored.length + 1)
    const cursor = toCursor(position)
    const stored: StoredItem = {
      ...{ id, bytes, ownerAddress, target, tags, blockHeight, timestampMs, bundledIn, cursor },
    }
    const placed = { position, item: stored }
    this.#stored.push(placed)
    this.#byPosition.splice(this.#indexFrom(position), 0, placed)
    this.#byId.set(id, stored)
  }

  mark(): number {
    return this.#stored.length
  }

  /** Forgets the items that were first stored since. */
  revert(mark: number): void {
    for (const { position, item } of this.#stored.splice(mark)) {
      this.#byPosition.splice(this.#indexFrom(position), 1)
      this.#byId.delete(item.id)
    }
  }

  get(id: ItemId): StoredItem | undefined {
    return this.#byId.get(id)
  }

  query(filter: ItemFilter, { order, limit, after, bytesMax = Infinity }: ItemPageRequest): ItemPage {
    checkLimit('limit', limit, pageSizeMax)
    checkFilter(filter)
    const step = order === 'ASC' ? 1 : -1
    const cursor = after === undefined ? undefined : parseCursor(after)
    const found: StoredItem[] = []
    let sizeBytes = 0
    const start = order === 'ASC' ? this.#indexFrom((cursor ?? 0) + 1) : this.#indexFrom(cursor ?? Infinity) - 1
    for (let index = start; index >= 0 && index < this.#byPosition.length; index += step) {
      const item = this.#byPosition[index]?.item
      if (item === undefined || !matchesFilter(item, filter)) continue
      if (found.length === limit || sizeBytes >= bytesMax) return { items: found, hasNextPage: true }
      found.push(item)
      sizeBytes += item.bytes.length
    }
    return { items: found, hasNextPage: false }
  }

  count(filter: ItemFilter): number {
    checkFilter(filter)
    return this.#stored.filter(({ item }) => matchesFilter(item, filter)).length
  }

  /** Index of the first item at or past the position. Nearly always that of an item stored lately. */
  #indexFrom(position: ItemPosition): number {
    let [low, high] = [0, this.#byPosition.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#byPosition[middle]?.position ?? 0) < position) low = middle + 1
      else high = middle
    }
    return low
  }
}
