import type { DatabaseSync } from 'node:sqlite'
import type { Address, ItemId } from '../../protocol/ids.ts'
import { isItemId } from '../../protocol/ids.ts'
import { parseCursor, toCursor } from '../checks.ts'
import { matchesFilter } from '../item-filter.ts'
import type { ItemFilter, ItemPage, Store, StoredItem } from '../types.ts'
import {
  IntersectionPostings,
  type Order,
  type Postings,
  QueryBudget,
  StatementPostings,
  UnionPostings,
} from './postings.ts'
import { type PackedId, packId, unpackId, unpackItemId } from './row-codec.ts'
import { prepare, type Statement } from './statement.ts'
import { type Term, Terms } from './terms.ts'

interface ItemColumns {
  readonly seq: number
  readonly id: PackedId
  readonly owner: PackedId
  readonly target: PackedId | null
  readonly tags: string
  readonly block_height: number
  readonly timestamp_ms: number
}

interface BytesColumn {
  readonly bytes: Uint8Array
}

type Position = Statement<{ readonly position: number }>

const columns = 'seq, id, owner, target, tags, block_height, timestamp_ms'
/** What it costs to look at an item, in steps of {@link QueryBudget}. */
const itemSteps = 4

/** Reads items, one or by filter. The order is that of storing, and a cursor is a place in it: `items.seq`. */
export class ItemReader {
  readonly #terms = new Terms()
  readonly #byId: Statement<ItemColumns & BytesColumn>
  readonly #bySeq: Statement<ItemColumns>
  readonly #bytesBySeq: Statement<BytesColumn>
  readonly #seqOfId: Position
  readonly #heights: Statement<{ readonly first: number | null; readonly last: number | null }>
  readonly #byTerm: Readonly<Record<Order, Position>>
  readonly #all: Readonly<Record<Order, Position>>

  constructor(database: DatabaseSync) {
    this.#byId = prepare(database, `SELECT ${columns}, bytes FROM items WHERE id = ?`)
    this.#bySeq = prepare(database, `SELECT ${columns} FROM items WHERE seq = ?`)
    this.#bytesBySeq = prepare(database, 'SELECT bytes FROM items WHERE seq = ?')
    this.#seqOfId = prepare(database, 'SELECT seq AS position FROM items WHERE id = ?')
    this.#heights = prepare(
      database,
      'SELECT min(seq) AS first, max(seq) AS last FROM items WHERE block_height >= ? AND block_height <= ?',
    )
    const byTerm = 'SELECT item AS position FROM terms WHERE term = ? AND item'
    this.#byTerm = {
      ASC: prepare(database, `${byTerm} >= ? ORDER BY item LIMIT ?`),
      DESC: prepare(database, `${byTerm} <= ? ORDER BY item DESC LIMIT ?`),
    }
    this.#all = {
      ASC: prepare(database, 'SELECT seq AS position FROM items WHERE seq >= ? ORDER BY seq LIMIT ?'),
      DESC: prepare(database, 'SELECT seq AS position FROM items WHERE seq <= ? ORDER BY seq DESC LIMIT ?'),
    }
  }

  get(id: ItemId): StoredItem | undefined {
    const row = this.#byId.get(packId(id))
    return row && { ...toItem(row), bytes: row.bytes }
  }

  query(filter: ItemFilter, { order, limit, after }: Parameters<Store['queryItems']>[1]): ItemPage {
    const span = this.#span(filter, order, after)
    const items: StoredItem[] = []
    if (span === undefined) return { items, hasNextPage: false }
    const step = order === 'ASC' ? 1 : -1
    const budget = new QueryBudget()
    const postings = this.#postings(filter, order, budget)
    let position = postings.seek(span.start)
    while (position !== undefined && (span.end - position) * step >= 0) {
      budget.spend(itemSteps)
      const row = this.#bySeq.get(position)
      const item = row && toItem(row)
      if (item !== undefined && matchesFilter(item, filter)) {
        if (items.length === limit) return { items, hasNextPage: true }
        const bytes = this.#bytesBySeq.get(position)?.bytes
        if (bytes !== undefined) items.push({ ...item, bytes })
      }
      position = postings.seek(position + step)
    }
    return { items, hasNextPage: false }
  }

  /** First and last position that the cursor and the heights leave, in the direction of the order. */
  #span({ blockHeightMin, blockHeightMax }: ItemFilter, order: Order, after: string | undefined) {
    const ascending = order === 'ASC'
    const cursor = after === undefined ? undefined : parseCursor(after) + (ascending ? 1 : -1)
    let [first, last] = [1, Number.MAX_SAFE_INTEGER]
    if (blockHeightMin !== undefined || blockHeightMax !== undefined) {
      const heights = this.#heights.get(blockHeightMin ?? 0, blockHeightMax ?? Number.MAX_SAFE_INTEGER)
      if (heights === undefined || heights.first === null || heights.last === null) return undefined
      first = heights.first
      last = heights.last
    }
    return ascending
      ? { start: Math.max(first, cursor ?? first), end: last }
      : { start: Math.min(last, cursor ?? last), end: first }
  }

  /** Every item that matches is in these lists; not every item in them matches. */
  #postings(filter: ItemFilter, order: Order, budget: QueryBudget): Postings {
    const union = (terms: readonly Term[]): Postings => {
      const lists = [...new Set(terms)].map((term) => {
        return new StatementPostings(this.#byTerm[order], [term], order, budget)
      })
      return new UnionPostings(lists, order, budget)
    }
    const lists: Postings[] = []
    if (filter.ids !== undefined) lists.push(this.#idPostings(filter.ids, order))
    if (filter.owners !== undefined) lists.push(union(filter.owners.map((owner) => this.#terms.owner(owner))))
    if (filter.recipients !== undefined)
      lists.push(union(filter.recipients.map((target) => this.#terms.target(target))))
    for (const { name, values, op } of filter.tags ?? []) {
      if (op !== 'NEQ') lists.push(union(values.map((value) => this.#terms.tag(name, value))))
    }
    if (lists.length === 0) lists.push(new StatementPostings(this.#all[order], [], order, budget))
    return new IntersectionPostings(lists, budget)
  }

  #idPostings(ids: readonly string[], order: Order): Postings {
    const known = ids.filter(isItemId).map((id) => this.#seqOfId.get(packId(id))?.position)
    const positions = known.filter((position) => position !== undefined)
    const sign = order === 'ASC' ? 1 : -1
    positions.sort((a, b) => (a - b) * sign)
    return { seek: (from) => positions.find((position) => (position - from) * sign >= 0) }
  }
}

function toItem(row: ItemColumns): Omit<StoredItem, 'bytes'> {
  return {
    id: unpackItemId<ItemId>(row.id),
    ownerAddress: unpackId(row.owner) as Address,
    target: row.target === null ? undefined : unpackId(row.target),
    tags: JSON.parse(row.tags),
    blockHeight: row.block_height,
    timestampMs: row.timestamp_ms,
    cursor: toCursor(row.seq),
  }
}
