import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import {
  countSql,
  findSql,
  type Order,
  type SearchLimits,
  sliceQuery,
  type TermFilter,
  TermSearch,
} from './term-search.ts'

const positionsMax = 20_000
const everything = { first: 1, last: positionsMax }
const isOpen = (): void => {}

/** Term t has every item whose position passes: from all of them to three. */
const terms: readonly ((position: number) => boolean)[] = [
  () => true,
  (position) => position % 50 !== 0,
  (position) => position % 50 === 0,
  (position) => position % 3 === 0,
  (position) => position > 9_000 && position < 9_200,
  (position) => [1, 777, positionsMax].includes(position),
  (position) => position % 7_000 < 400,
]
/** A term that no item has. */
const absent = terms.length

/** The columns that a search reads, with an item a second. */
function database(): DatabaseSync {
  const database = new DatabaseSync(':memory:')
  database.exec(`
    CREATE TABLE item_terms (term INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (term, position)) WITHOUT ROWID;
    CREATE TABLE items (seq INTEGER PRIMARY KEY, timestamp_ms INTEGER NOT NULL);
    BEGIN;
  `)
  const putItem = database.prepare('INSERT INTO items VALUES (?, ?)')
  const putTerm = database.prepare('INSERT INTO item_terms VALUES (?, ?)')
  for (let position = 1; position <= positionsMax; position++) {
    putItem.run(position, position * 1_000)
    terms.forEach((has, term) => {
      if (has(position)) putTerm.run(term, position)
    })
  }
  database.exec('COMMIT')
  return database
}

const shared = database()
afterAll(() => shared.close())

async function found(filter: TermFilter, span = everything, order: Order = 'ASC', limits?: SearchLimits, wanted = 7) {
  const positions: number[] = []
  for await (const position of new TermSearch(shared, limits).find(filter, { span, order, wanted }, isOpen))
    positions.push(position)
  return positions
}

const term = fc.nat(absent)
const group = fc.uniqueArray(term, { minLength: 1, maxLength: 4 })
const filters: fc.Arbitrary<TermFilter> = fc.record({
  groups: fc.array(group, { minLength: 1, maxLength: 4 }),
  excluded: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.array(term, { maxLength: 3 })),
  timesMs: fc.option(fc.tuple(fc.nat(positionsMax * 1_000), fc.nat(positionsMax * 1_000)), { nil: undefined }),
})
const spans = fc
  .tuple(fc.integer({ min: 1, max: positionsMax }), fc.integer({ min: 1, max: positionsMax }))
  .map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }))

describe('a search by terms', () => {
  test('finds and counts what sets say, in either order', async () => {
    const has = (position: number) => (index: number) => terms[index]?.(position) === true
    const check = async (filter: TermFilter, span: typeof everything, wanted: number): Promise<void> => {
      const expected: number[] = []
      for (let position = span.first; position <= span.last; position++) {
        const { groups, excluded, timesMs: [min, max] = [0, Infinity] } = filter
        if (!groups.every((group) => group.some(has(position))) || excluded.some(has(position))) continue
        if (position * 1_000 >= min && position * 1_000 <= max) expected.push(position)
      }
      expect(await found(filter, span, 'ASC', {}, wanted)).toEqual(expected)
      expect(await found(filter, span, 'DESC', {}, wanted)).toEqual(expected.reverse())
      expect(await new TermSearch(shared).count(filter, span, isOpen)).toBe(expected.length)
    }
    await fc.assert(fc.asyncProperty(filters, spans, fc.integer({ min: 1, max: 1_001 }), check), {
      seed: 1,
      numRuns: 120,
    })
  })

  test.each<{ name: string; filter: Partial<TermFilter> & Pick<TermFilter, 'groups'> }>([
    { name: 'no filter', filter: { groups: [[0]] } },
    { name: 'one tag', filter: { groups: [[1]] } },
    { name: 'one tag of several values', filter: { groups: [[1, 3, 4]] } },
    { name: 'owner and tag', filter: { groups: [[1], [3]] } },
    { name: 'owner, recipient and tags of several values', filter: { groups: [[1], [3, 4], [2, 5, 6], [0]] } },
    { name: 'NEQ alone', filter: { groups: [[0]], excluded: [1] } },
    { name: 'tags and NEQ of several values', filter: { groups: [[1], [3, 4]], excluded: [2, 5] } },
    { name: 'times', filter: { groups: [[1], [3]], excluded: [2], timesMs: [0, 1] } },
  ])('reads indexes only, whatever list leads and whatever the statistics: $name', ({ filter }) => {
    const given = { excluded: [], timesMs: undefined, ...filter }
    const analyzed = database()
    analyzed.exec('ANALYZE')
    for (const tables of [shared, analyzed]) {
      for (const [driver] of given.groups.entries()) {
        const { sql, values } = sliceQuery(given, { driver })
        const queries = [
          { text: findSql(sql, 'ASC'), bound: [...values, 1, 9, 9] },
          { text: findSql(sql, 'DESC'), bound: [...values, 1, 9, 9] },
          { text: countSql(sql), bound: [...values, 1, 9] },
        ]
        for (const { text, bound } of queries) {
          const plan = tables.prepare(`EXPLAIN QUERY PLAN ${text}`).all(...bound)
          const steps = plan.map(({ detail }) => String(detail))
          // The leading list is read between the bounds, all else is looked up by its whole key.
          const reads = steps.filter((step) => /^(SCAN|SEARCH)/.test(step))
          expect(reads[0]).toBe('SEARCH d USING PRIMARY KEY (term=? AND position>? AND position<?)')
          for (const read of reads.slice(1)) {
            expect(read).toMatch(
              /^SEARCH (o( EXISTS)? USING PRIMARY KEY \(term=\? AND position=\?\)|items USING INTEGER PRIMARY KEY \(rowid=\?\))$/,
            )
          }
          expect(reads).toHaveLength(
            given.groups.length + (given.excluded.length > 0 ? 1 : 0) + (given.timesMs === undefined ? 0 : 1),
          )
        }
      }
    }
    analyzed.close()
  })

  test('the rarest list sets the pace, and is another one in another stretch', async () => {
    const limits = { looksMax: 3_000 }
    expect(
      await found({ groups: [[0], [1], [5]], excluded: [], timesMs: undefined }, everything, 'ASC', limits),
    ).toEqual([1, 777])
    // Half of the items each, and of each a hundred in the other's half.
    const halves = database()
    const put = halves.prepare('INSERT INTO item_terms VALUES (?, ?)')
    for (let position = 1; position <= 10_000; position++) {
      put.run(101, position)
      put.run(102, position + 10_000)
      if (position % 100 !== 0) continue
      put.run(101, position + 10_000)
      put.run(102, position)
    }
    const filter = { groups: [[101], [102]], excluded: [], timesMs: undefined }
    expect(await new TermSearch(halves, limits).count(filter, everything, isOpen)).toBe(200)
    halves.close()
  })

  test('leads with the list that has the fewest entries ahead', async () => {
    const leading: unknown[] = []
    const watched = {
      prepare(sql: string) {
        const statement = shared.prepare(sql)
        const all = (...values: number[]) => {
          leading.push(values[0])
          return statement.all(...values)
        }
        return { get: statement.get.bind(statement), all }
      },
    }
    const search = new TermSearch(watched as unknown as DatabaseSync)
    for (const groups of [
      [[0], [1], [5]],
      [[5], [1], [0]],
      [[3], [4], [0]],
    ]) {
      const first = search.find(
        { groups, excluded: [], timesMs: undefined },
        { span: everything, order: 'ASC', wanted: 1 },
        isOpen,
      )
      await first.next()
    }
    expect(leading).toEqual([5, 5, 4])
  })

  test('is given up when it looks at too much', async () => {
    const filter = { groups: [[0], [1]], excluded: [], timesMs: undefined }
    const code = { code: 'STORE_QUERY_TOO_BROAD' }
    await expect(found(filter, everything, 'DESC', { looksMax: 3_000 })).rejects.toMatchObject(code)
    await expect(new TermSearch(shared, { looksMax: 3_000 }).count(filter, everything, isOpen)).rejects.toMatchObject(
      code,
    )
  })

  test('one of many searches goes on in each turn of the event loop', async () => {
    const search = new TermSearch(shared, { workMsMax: 0 })
    const filter = { groups: [[0]], excluded: [], timesMs: undefined }
    let turn = 0
    let isDone = false
    const countTurn = (): void => {
      turn += 1
      if (!isDone) setImmediate(countTurn)
    }
    setImmediate(countTurn)
    const turns: number[] = []
    const searches = [1, 2, 3].map(() => search.count(filter, everything, () => turns.push(turn)))
    expect(await Promise.all(searches)).toEqual([positionsMax, positionsMax, positionsMax])
    isDone = true
    expect(turns.length).toBeGreaterThan(9)
    expect(new Set(turns).size).toBe(turns.length)
  })

  test('lets others have the thread, and ends when they closed the database', async () => {
    const search = new TermSearch(shared, { workMsMax: 0 })
    const filter = { groups: [[0]], excluded: [], timesMs: undefined }
    let turns = 0
    const count = search.count(filter, everything, () => {
      turns += 1
      if (turns === 3) throw new Error('closed')
    })
    await expect(count).rejects.toThrow('closed')
    expect(turns).toBe(3)
  })
})
