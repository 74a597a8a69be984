import type { DatabaseSync } from 'node:sqlite'
import type { Address, ItemId } from '../../protocol/ids.ts'
import { isItemId } from '../../protocol/ids.ts'
import { parseCursor, toCursor } from '../checks.ts'
import { StoreError } from '../errors.ts'
import { matchesFilter } from '../item-filter.ts'
import { groupSpan, type ItemPosition, itemPosition, placeOf, positionSpan } from '../item-position.ts'
import type { ItemFilter, ItemPage, ItemPageRequest, StoredItem } from '../types.ts'
import { type PackedId, packId, unpackId, unpackItemId } from './row-codec.ts'
import { prepare, type Statement } from './statement.ts'
import { type Order, type Span, type TermFilter, TermSearch } from './term-search.ts'
import { everyItem, type Term, Terms } from './terms.ts'

interface ItemColumns {
  readonly seq: number
  readonly id: PackedId
  readonly owner: PackedId
  readonly target: PackedId | null
  readonly tags: string
  readonly block_height: number
  readonly timestamp_ms: number
  readonly bytes: Uint8Array
  readonly bundle: PackedId | null
}

interface PlaceColumns {
  readonly seq: number
  readonly block_height: number
}

const select = `SELECT seq, id, owner, target, tags, block_height, timestamp_ms, bytes, bundle
  FROM items LEFT JOIN bundled_items ON item = seq`

/** Where to look for what passes a filter. */
interface Search {
  readonly span: Span
  readonly terms: TermFilter
}

/** Reads items, one or by filter. The order is that of their positions, and a cursor is one. */
export class ItemReader {
  readonly #checkOpen: () => void
  readonly #terms = new Terms()
  readonly #search: TermSearch
  readonly #byId: Statement<ItemColumns>
  readonly #bySeq: Statement<ItemColumns>
  readonly #placeOfId: Statement<PlaceColumns>
  readonly #groupsOfTimes: Statement<{ readonly first: number | null; readonly last: number | null }>
  readonly #groupAcrossTimes: Statement<{ readonly block_group: number }>

  /** @param checkOpen - Throws when the store was closed: a query lets others have the thread between its reads. */
  constructor(database: DatabaseSync, checkOpen: () => void) {
    this.#checkOpen = checkOpen
    this.#search = new TermSearch(database)
    this.#byId = prepare(database, `${select} WHERE id = ?`)
    this.#bySeq = prepare(database, `${select} WHERE seq = ?`)
    this.#placeOfId = prepare(database, 'SELECT seq, block_height FROM items WHERE id = ?')
    this.#groupsOfTimes = prepare(
      database,
      'SELECT min(block_group) AS first, max(block_group) AS last FROM block_times WHERE last_ms >= ? AND first_ms <= ?',
    )
    this.#groupAcrossTimes = prepare(
      database,
      'SELECT block_group FROM block_times WHERE block_group BETWEEN ? AND ? AND (first_ms < ? OR last_ms > ?) LIMIT 1',
    )
  }

  get(id: ItemId): StoredItem | undefined {
    const row = this.#byId.get(packId(id))
    return row && toItem(row)
  }

  async query(filter: ItemFilter, { order, limit, after, bytesMax = Infinity }: ItemPageRequest): Promise<ItemPage> {
    const items: StoredItem[] = []
    let sizeBytes = 0
    const cursor = after === undefined ? undefined : parseCursor(after)
    // One more than the page holds tells whether there is a next page.
    for await (const position of this.#positions(filter, order, cursor, limit + 1)) {
      const item = this.#at(position, filter)
      if (item === undefined) continue
      if (items.length === limit || sizeBytes >= bytesMax) return { items, hasNextPage: true }
      items.push(item)
      sizeBytes += item.bytes.length
    }
    return { items, hasNextPage: false }
  }

  /** Without ids it trusts the terms, and does not look whether two texts share one. */
  async count(filter: ItemFilter): Promise<number | undefined> {
    if (filter.ids !== undefined) {
      return this.#positionsOfIds(filter.ids).filter((position) => this.#at(position, filter)).length
    }
    const search = this.#plan(filter)
    if (search === undefined) return 0
    try {
      return await this.#search.count(search.terms, search.span, this.#checkOpen)
    } catch (error) {
      if (error instanceof StoreError && error.code === 'STORE_QUERY_TOO_BROAD') return undefined
      throw error
    }
  }

  /** Every item that passes is at one of these; not every item at them passes. */
  async *#positions(
    filter: ItemFilter,
    order: Order,
    cursor: number | undefined,
    wanted: number,
  ): AsyncGenerator<ItemPosition> {
    const isPast = (position: ItemPosition): boolean =>
      cursor === undefined || (order === 'ASC' ? position > cursor : position < cursor)
    if (filter.ids !== undefined) {
      const positions = this.#positionsOfIds(filter.ids).filter(isPast)
      yield* order === 'ASC' ? positions : positions.reverse()
      return
    }
    const search = this.#plan(filter)
    if (search === undefined) return
    const { first, last } = search.span
    const left =
      cursor === undefined || order === 'ASC'
        ? { first: Math.max(first, (cursor ?? 0) + 1), last }
        : { first, last: Math.min(last, cursor - 1) }
    yield* this.#search.find(search.terms, { span: left, order, wanted }, this.#checkOpen)
  }

  /** Ascending. */
  #positionsOfIds(ids: readonly string[]): ItemPosition[] {
    const rows = [...new Set(ids)].filter(isItemId).map((id) => this.#placeOfId.get(packId(id)))
    const positions = rows.flatMap((row) => (row === undefined ? [] : [itemPosition(row.block_height, row.seq)]))
    return positions.sort((a, b) => a - b)
  }

  #at(position: ItemPosition, filter: ItemFilter): StoredItem | undefined {
    const row = this.#bySeq.get(placeOf(position))
    const item = row && toItem(row)
    return item !== undefined && matchesFilter(item, filter) ? item : undefined
  }

  /** @returns undefined when nothing can pass. */
  #plan(filter: ItemFilter): Search | undefined {
    const { blockHeightMin = 0, blockHeightMax = Number.MAX_SAFE_INTEGER } = filter
    const times = this.#timesOf(filter)
    const [heightMin, heightMax] = [
      Math.max(blockHeightMin, times.heightMin),
      Math.min(blockHeightMax, times.heightMax),
    ]
    const { groups, excluded } = this.#termsOf(filter)
    if (heightMin > heightMax || groups.some((group) => group.length === 0)) return undefined
    return { span: positionSpan(heightMin, heightMax), terms: { groups, excluded, timesMs: times.timesMs } }
  }

  #termsOf({ owners, recipients, bundledIn, tags = [] }: ItemFilter): Omit<TermFilter, 'timesMs'> {
    const groups: Term[][] = []
    const excluded: Term[] = []
    if (owners !== undefined) groups.push(owners.map((owner) => this.#terms.owner(owner)))
    if (recipients !== undefined) groups.push(recipients.map((target) => this.#terms.target(target)))
    if (bundledIn !== undefined) groups.push(bundledIn.map((id) => this.#terms.bundle(id)))
    for (const { name, values, op } of tags) {
      const terms = values.map((value) => this.#terms.tag(name, value))
      if (op === 'NEQ') excluded.push(...terms)
      else groups.push(terms)
    }
    if (groups.length === 0) groups.push([everyItem])
    return { groups: groups.map((group) => [...new Set(group)]), excluded }
  }

  /** Heights around the items of the times asked for, and these times if there may be others among them. */
  #timesOf({ timestampMsMin, timestampMsMax }: ItemFilter): {
    readonly heightMin: number
    readonly heightMax: number
    readonly timesMs: TermFilter['timesMs']
  } {
    if (timestampMsMin === undefined && timestampMsMax === undefined) {
      return { heightMin: 0, heightMax: Number.MAX_SAFE_INTEGER, timesMs: undefined }
    }
    const timesMs = [timestampMsMin ?? 0, timestampMsMax ?? Number.MAX_SAFE_INTEGER] as const
    const { first, last } = this.#groupsOfTimes.get(...timesMs) ?? { first: null, last: null }
    if (first === null || last === null) return { heightMin: 1, heightMax: 0, timesMs }
    const isMixed = this.#groupAcrossTimes.get(first, last, ...timesMs) !== undefined
    return { ...groupSpan(first, last), timesMs: isMixed ? timesMs : undefined }
  }
}

function toItem(row: ItemColumns): StoredItem {
  return {
    id: unpackItemId<ItemId>(row.id),
    bytes: row.bytes,
    ownerAddress: unpackId(row.owner) as Address,
    target: row.target === null ? undefined : unpackId(row.target),
    tags: JSON.parse(row.tags),
    blockHeight: row.block_height,
    timestampMs: row.timestamp_ms,
    bundledIn: row.bundle === null ? undefined : unpackItemId<ItemId>(row.bundle),
    cursor: toCursor(itemPosition(row.block_height, row.seq)),
  }
}
