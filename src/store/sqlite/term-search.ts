import type { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../errors.ts'
import { type ItemPosition, itemsMax } from '../item-position.ts'
import { prepare, type Statement } from './statement.ts'
import type { Term } from './terms.ts'

/** Ascending reads upwards from a position, descending downwards. */
export type Order = 'ASC' | 'DESC'

/** Positions, both inclusive. */
export interface Span {
  readonly first: ItemPosition
  readonly last: ItemPosition
}

/** What can be told of an item by the indexes alone. */
export interface TermFilter {
  /** An item has a term of each group. At least one group, none empty. */
  readonly groups: readonly (readonly Term[])[]
  /** An item has none of these. */
  readonly excluded: readonly Term[]
  /** An item is of this time, both inclusive. Costs a row of the item each, so it is left out where blocks tell it. */
  readonly timesMs: readonly [min: number, max: number] | undefined
}

/** A part of the span, with the group of the filter that has the fewest entries there. */
interface Slice extends Span {
  readonly driver: number
}

/** Rows of indexes that one query may look at: a stranger drives it (I9). About two seconds. */
const queryLooksMax = 5_000_000

/** Entries of the first slice; later ones are four times as long each. */
const sliceEntriesMin = 64
/** Looks of one slice: some milliseconds. */
const sliceLooksMax = 16_384
/** A query that has worked for longer lets others have the thread. */
const workMsMax = 8
const statementsMax = 32

/** Other limits than the usual ones. */
export interface SearchLimits {
  readonly looksMax?: number
  readonly workMsMax?: number
}

/**
 * Finds positions by terms. It goes through the span slice by slice: a slice reaches as far as the rarest group of the
 * filter has its next few entries, and these are the ones that are looked up in the other groups. So a stretch where one
 * group has nothing is one step, and no statistics are needed.
 */
export class TermSearch {
  readonly #database: DatabaseSync
  readonly #reach: Readonly<Record<Order, Statement<{ readonly position: ItemPosition }>>>
  readonly #prepared = new Map<string, Statement<unknown>>()
  readonly #limits: Required<SearchLimits>
  #lastTurn: Promise<void> = Promise.resolve()

  constructor(database: DatabaseSync, limits: SearchLimits = {}) {
    this.#database = database
    this.#limits = { looksMax: queryLooksMax, workMsMax, ...limits }
    this.#reach = { ASC: prepare(database, reachSql.ASC), DESC: prepare(database, reachSql.DESC) }
  }

  /**
   * Positions of what passes, in order.
   *
   * @param wanted - How many the caller will probably take: so many are looked for at a time.
   * @param checkOpen - Called after others had the thread; throws when the database was closed.
   * @throws {StoreError} `STORE_QUERY_TOO_BROAD`
   */
  async *find(
    filter: TermFilter,
    { span, order, wanted }: { readonly span: Span; readonly order: Order; readonly wanted: number },
    checkOpen: () => void,
  ): AsyncGenerator<ItemPosition> {
    for await (const slice of this.#slices(filter, span, order, checkOpen)) {
      const { sql, values } = sliceQuery(filter, slice)
      const statement = this.#prepare<{ readonly position: ItemPosition }>(findSql(sql, order))
      for (let { first, last } = slice; first <= last; ) {
        const rows = statement.all(...values, first, last, wanted)
        for (const { position } of rows) yield position
        const end = rows.at(-1)?.position
        if (end === undefined || rows.length < wanted) break
        if (order === 'ASC') first = end + 1
        else last = end - 1
      }
    }
  }

  /** How many pass. @throws {StoreError} `STORE_QUERY_TOO_BROAD` */
  async count(filter: TermFilter, span: Span, checkOpen: () => void): Promise<number> {
    let count = 0
    for await (const slice of this.#slices(filter, span, 'ASC', checkOpen)) {
      const { sql, values } = sliceQuery(filter, slice)
      const statement = this.#prepare<{ readonly count: number }>(countSql(sql))
      count += statement.get(...values, slice.first, slice.last)?.count ?? 0
    }
    return count
  }

  async *#slices(filter: TermFilter, span: Span, order: Order, checkOpen: () => void): AsyncGenerator<Slice> {
    const { groups, excluded, timesMs } = filter
    const terms = groups.reduce((sum, group) => sum + group.length, excluded.length)
    const looksPerEntry = terms + (timesMs === undefined ? 0 : 1)
    let { first, last } = span
    let looks = 0
    let startedMs = performance.now()
    for (let entries = sliceEntriesMin; first <= last; entries *= 4) {
      entries = Math.max(1, Math.min(entries, Math.floor(sliceLooksMax / looksPerEntry)))
      looks += entries * looksPerEntry
      const { looksMax } = this.#limits
      if (looks > looksMax) throw new StoreError({ code: 'STORE_QUERY_TOO_BROAD', stepsMax: looksMax })
      const slice = this.#nextSlice(groups, { first, last }, order, entries)
      yield slice
      if (order === 'ASC') first = slice.last + 1
      else last = slice.first - 1
      if (performance.now() - startedMs < this.#limits.workMsMax) continue
      await this.#nextTurn()
      checkOpen()
      startedMs = performance.now()
    }
  }

  /** One search goes on in each turn of the event loop, however many there are. */
  #nextTurn(): Promise<void> {
    this.#lastTurn = this.#lastTurn.then(() => new Promise((resolve) => setImmediate(resolve)))
    return this.#lastTurn
  }

  /** As far as the group reaches that has the fewest entries ahead. */
  #nextSlice(groups: TermFilter['groups'], { first, last }: Span, order: Order, entries: number): Slice {
    const reaches = groups.map((group) => this.#reachOf(group, { first, last }, order, entries))
    const far = order === 'ASC' ? Math.max(...reaches) : Math.min(...reaches)
    const driver = reaches.indexOf(far)
    return order === 'ASC' ? { first, last: far, driver } : { first: far, last, driver }
  }

  /** The position up to which the group has about so many entries. */
  #reachOf(group: readonly Term[], { first, last }: Span, order: Order, entries: number): ItemPosition {
    const offset = Math.ceil(entries / group.length) - 1
    const [start, end] = order === 'ASC' ? [first, last] : [last, first]
    const positions = group.map((term) => this.#reach[order].get(term, start, offset)?.position ?? end)
    return order === 'ASC' ? Math.min(end, ...positions) : Math.max(end, ...positions)
  }

  #prepare<Row>(sql: string): Statement<Row> {
    let statement = this.#prepared.get(sql)
    if (statement === undefined) {
      if (this.#prepared.size >= statementsMax) this.#prepared.clear()
      statement = prepare<unknown>(this.#database, sql)
      this.#prepared.set(sql, statement)
    }
    return statement as Statement<Row>
  }
}

const reachSql: Readonly<Record<Order, string>> = {
  ASC: 'SELECT position FROM item_terms WHERE term = ? AND position >= ? ORDER BY position LIMIT 1 OFFSET ?',
  DESC: 'SELECT position FROM item_terms WHERE term = ? AND position <= ? ORDER BY position DESC LIMIT 1 OFFSET ?',
}

/** `FROM` and `WHERE` for entries `d` of the driving group that pass; the bounds of the positions are bound last. */
export function sliceQuery(
  { groups, excluded, timesMs }: TermFilter,
  { driver }: Pick<Slice, 'driver'>,
): { readonly sql: string; readonly values: readonly number[] } {
  const driving = groups[driver] ?? []
  const others = groups.filter((_, index) => index !== driver)
  const has = (terms: readonly Term[]): string =>
    `EXISTS (SELECT 1 FROM item_terms o WHERE o.term ${among(terms)} AND o.position = d.position)`
  const conditions = [
    `d.term ${among(driving)}`,
    ...others.map(has),
    ...(excluded.length === 0 ? [] : [`NOT ${has(excluded)}`]),
    ...(timesMs === undefined
      ? []
      : [`(SELECT timestamp_ms FROM items WHERE seq = d.position % ${itemsMax}) BETWEEN ? AND ?`]),
    'd.position BETWEEN ? AND ?',
  ]
  return {
    sql: `FROM item_terms d WHERE ${conditions.join(' AND ')}`,
    values: [...driving, ...others.flat(), ...excluded, ...(timesMs ?? [])],
  }
}

/** Distinct, because an item may have several terms of a group. */
export function findSql(slice: string, order: Order): string {
  return `SELECT DISTINCT d.position AS position ${slice} ORDER BY d.position ${order} LIMIT ?`
}

export function countSql(slice: string): string {
  return `SELECT count(DISTINCT d.position) AS count ${slice}`
}

function among(terms: readonly Term[]): string {
  return terms.length === 1 ? '= ?' : `IN (${terms.map(() => '?').join(', ')})`
}
