import { describe, expect, test } from 'vitest'
import type { ItemFilter, NewItem, Store } from '../types.ts'
import { type CreateStore, open, openShared } from './harness.fixture.ts'
import { appendOf, idOf, itemOf, processOf, spawnOf } from './requests.fixture.ts'

const a = processOf('a')

/** i0 … i59: Type even/odd, Number i, Fizz on every third, every seventh from alice, every fifth to a. */
function newItem(index: number): NewItem {
  const tags = [
    { name: 'Type', value: index % 2 === 0 ? 'even' : 'odd' },
    { name: 'Number', value: String(index) },
    ...(index % 3 === 0
      ? [
          { name: 'Fizz', value: 'yes' },
          { name: 'Fizz', value: 'twice' },
          { name: 'Fizz', value: 'yes' },
        ]
      : []),
    { name: 'Odd name\0', value: 'ünï ✓' },
  ]
  const target = index % 5 === 0 ? a : undefined
  const item = itemOf(`i${index}`, { tags, target, owner: index % 7 === 0 ? 'alice' : 'bob' })
  return { item, blockHeight: 10 + Math.floor(index / 10), timestampMs: 5_000 + index }
}

const all = Array.from({ length: 60 }, (_, index) => index)
const even = { name: 'Type', values: ['even'] }

const queries: { name: string; filter: ItemFilter; expected: (index: number) => boolean }[] = [
  { name: 'nothing asked', filter: {}, expected: () => true },
  { name: 'one tag', filter: { tags: [even] }, expected: (i) => i % 2 === 0 },
  { name: 'a rare tag', filter: { tags: [{ name: 'Number', values: ['41'] }] }, expected: (i) => i === 41 },
  {
    name: 'values OR',
    filter: { tags: [{ name: 'Number', values: ['41', '7', 'x', '7'] }] },
    expected: (i) => i === 41 || i === 7,
  },
  { name: 'filters AND', filter: { tags: [even, { name: 'Fizz', values: ['yes'] }] }, expected: (i) => i % 6 === 0 },
  {
    name: 'second value of a repeated name',
    filter: { tags: [{ name: 'Fizz', values: ['twice'] }] },
    expected: (i) => i % 3 === 0,
  },
  { name: 'NEQ alone', filter: { tags: [{ ...even, op: 'NEQ' }] }, expected: (i) => i % 2 === 1 },
  {
    name: 'NEQ of an absent name',
    filter: { tags: [{ name: 'Fizz', values: ['yes'], op: 'NEQ' }] },
    expected: (i) => i % 3 !== 0,
  },
  {
    name: 'NEQ with EQ',
    filter: { tags: [even, { name: 'Number', values: ['2', '4'], op: 'NEQ' }] },
    expected: (i) => i % 2 === 0 && i !== 2 && i !== 4,
  },
  { name: 'EQ written out', filter: { tags: [{ ...even, op: 'EQ' }] }, expected: (i) => i % 2 === 0 },
  {
    name: 'name and value do not run together',
    filter: { tags: [{ name: 'Typ', values: ['eeven'] }] },
    expected: () => false,
  },
  { name: 'no value', filter: { tags: [{ name: 'Type', values: [] }] }, expected: () => false },
  { name: 'text beyond ASCII', filter: { tags: [{ name: 'Odd name\0', values: ['ünï ✓'] }] }, expected: () => true },
  { name: 'owners', filter: { owners: [idOf('alice')] }, expected: (i) => i % 7 === 0 },
  { name: 'owners OR', filter: { owners: [idOf('alice'), idOf('bob')] }, expected: () => true },
  { name: 'recipients', filter: { recipients: [a] }, expected: (i) => i % 5 === 0 },
  {
    name: 'owner, recipient and tag',
    filter: { owners: [idOf('bob')], recipients: [a], tags: [even] },
    expected: (i) => i % 10 === 0 && i % 7 !== 0,
  },
  {
    name: 'ids',
    filter: { ids: [idOf('i9'), idOf('none'), 'no id', idOf('i3')] },
    expected: (i) => i === 9 || i === 3,
  },
  { name: 'ids and tag', filter: { ids: [idOf('i9'), idOf('i4')], tags: [even] }, expected: (i) => i === 4 },
  { name: 'no ids', filter: { ids: [] }, expected: () => false },
  { name: 'heights from', filter: { blockHeightMin: 14 }, expected: (i) => i >= 40 },
  {
    name: 'heights between, with tag',
    filter: { blockHeightMin: 11, blockHeightMax: 12, tags: [even] },
    expected: (i) => i >= 10 && i < 30 && i % 2 === 0,
  },
  { name: 'heights where nothing is', filter: { blockHeightMin: 99 }, expected: () => false },
]

async function numbersOf(
  store: Store,
  filter: ItemFilter,
  order: 'ASC' | 'DESC',
  limit: number,
  onPage?: () => Promise<void>,
) {
  const numbers: number[] = []
  let after: string | undefined
  for (;;) {
    const page = await store.queryItems(filter, { order, limit, after })
    numbers.push(...page.items.map(({ timestampMs }) => timestampMs - 5_000))
    if (!page.hasNextPage) return numbers
    expect(page.items).toHaveLength(limit)
    after = page.items.at(-1)?.cursor
    await onPage?.()
  }
}

export function describeItems(create: CreateStore): void {
  describe('items', () => {
    const shared = openShared(create, (store) => store.putItems(all.map(newItem)))

    test.each(queries)('query: $name', async ({ filter, expected }) => {
      const store = shared()
      const wanted = all.filter(expected)
      expect(await numbersOf(store, filter, 'ASC', 1_000)).toEqual(wanted)
      expect(await numbersOf(store, filter, 'ASC', 4)).toEqual(wanted)
      expect(await numbersOf(store, filter, 'DESC', 3)).toEqual(wanted.toReversed())
    })

    test('pages stay in place while items are added', async () => {
      const { store } = await open(create)
      let added = 30
      await store.putItems(all.slice(0, added).map(newItem))
      const more = async (): Promise<void> => {
        if (added < 40) await store.putItems([newItem(added), newItem(added + 1)])
        added += 2
      }
      const filter = { tags: [even] }
      expect(await numbersOf(store, filter, 'DESC', 4, more)).toEqual(
        all
          .slice(0, 30)
          .filter((i) => i % 2 === 0)
          .toReversed(),
      )
      added = 40
      const grow = async (): Promise<void> => {
        if (added < 60) await store.putItems([newItem(added), newItem(added + 1)])
        added += 2
      }
      const seen = await numbersOf(store, filter, 'ASC', 3, grow)
      expect(seen).toEqual(seen.toSorted((x, y) => x - y))
      expect(seen.slice(0, 15)).toEqual(all.slice(0, 30).filter((i) => i % 2 === 0))
      expect(seen).toContain(40)
    })

    test('an item reads back as it was put; a repeat changes nothing', async () => {
      const { store } = await open(create)
      const given = newItem(15)
      await store.putItems([given, { ...given, blockHeight: 99 }])
      await store.putItems([{ ...given, timestampMs: 1 }])
      const { id, ownerAddress, target, tags, bytes } = given.item
      const found = await store.getItem(id)
      expect(found).toMatchObject({ id, ownerAddress, target, tags, blockHeight: 11, timestampMs: 5_015 })
      expect(Buffer.from(found?.bytes ?? []).equals(bytes)).toBe(true)
      expect(await numbersOf(store, {}, 'ASC', 10)).toEqual([15])
      expect(await store.getItem(idOf('none'))).toBeUndefined()
    })

    test('an appended item is found at once, by its tags too', async () => {
      const { store } = await open(create)
      const tags = [{ name: 'Action', value: 'Ping' }]
      await store.append([spawnOf(a), appendOf(a, 'ping', { tags, target: a })])
      const page = await store.queryItems({ tags: [{ name: 'Action', values: ['Ping'] }] }, { order: 'DESC', limit: 1 })
      expect(page.items).toMatchObject([{ id: idOf('ping'), tags, target: a, blockHeight: 101, timestampMs: 1_010 }])
    })

    test.each(['', '0', '-1', '1.5', 'x', '1e3', '99999999999999999999'])('cursor %j is refused', async (after) => {
      const store = shared()
      const code = { code: 'STORE_CURSOR_INVALID' }
      await expect(store.queryItems({}, { order: 'ASC', limit: 1, after })).rejects.toMatchObject(code)
    })

    test('limits of a query', async () => {
      const store = shared()
      const code = { code: 'STORE_LIMIT_INVALID' }
      await expect(store.queryItems({}, { order: 'ASC', limit: 1_001 })).rejects.toMatchObject(code)
      const ids = Array.from({ length: 1_001 }, (_, index) => idOf(`${index}`))
      await expect(store.queryItems({ ids }, { order: 'ASC', limit: 1 })).rejects.toMatchObject(code)
    })
  })
}
