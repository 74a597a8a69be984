import { describe, expect, test } from 'vitest'
import type { ItemFilter, NewItem, Store } from '../types.ts'
import { type CreateStore, open, openShared } from './harness.fixture.ts'
import { appendOf, idOf, itemOf, processOf, spawnOf } from './requests.fixture.ts'

const a = processOf('a')

/**
 * i0 … i59: Type even/odd, Number i, Fizz on every third, every seventh from alice, every fifth to a, every fourth of a
 * bundle. Ten to a block, a millisecond apart.
 */
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
  const bundledIn = index % 4 === 0 ? idOf(`bundle ${index % 8}`) : undefined
  return { item, blockHeight: 10 + Math.floor(index / 10), timestampMs: 5_000 + index, bundledIn }
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
  {
    name: 'heights that exclude each other',
    filter: { blockHeightMin: 12, blockHeightMax: 11 },
    expected: () => false,
  },
  { name: 'heights without end', filter: { blockHeightMin: -1, blockHeightMax: 2 ** 60 }, expected: () => true },
  { name: 'a bundle', filter: { bundledIn: [idOf('bundle 4')] }, expected: (i) => i % 8 === 4 },
  {
    name: 'bundles OR, with tag and owner',
    filter: {
      bundledIn: [idOf('bundle 4'), idOf('bundle 0'), 'no id'],
      tags: [{ name: 'Fizz', values: ['yes'] }],
      owners: [idOf('bob')],
    },
    expected: (i) => i % 12 === 0 && i % 7 !== 0,
  },
  {
    name: 'times that fill blocks',
    filter: { timestampMsMin: 5_010, timestampMsMax: 5_029 },
    expected: (i) => i >= 10 && i < 30,
  },
  {
    name: 'times within blocks',
    filter: { timestampMsMin: 5_013, timestampMsMax: 5_041 },
    expected: (i) => i >= 13 && i <= 41,
  },
  { name: 'times from', filter: { timestampMsMin: 5_055 }, expected: (i) => i >= 55 },
  {
    name: 'times up to, with tag',
    filter: { timestampMsMax: 5_004, tags: [even] },
    expected: (i) => i <= 4 && i % 2 === 0,
  },
  { name: 'times where nothing is', filter: { timestampMsMin: 9_000 }, expected: () => false },
  {
    name: 'times, heights and NEQ',
    filter: { timestampMsMin: 5_015, blockHeightMax: 12, tags: [{ ...even, op: 'NEQ' }] },
    expected: (i) => i >= 15 && i < 30 && i % 2 === 1,
  },
  {
    name: 'NEQ twice',
    filter: {
      tags: [
        { ...even, op: 'NEQ' },
        { name: 'Fizz', values: ['twice', 'none'], op: 'NEQ' },
      ],
    },
    expected: (i) => i % 2 === 1 && i % 3 !== 0,
  },
  { name: 'NEQ of no value', filter: { tags: [{ name: 'Type', values: [], op: 'NEQ' }] }, expected: () => true },
  {
    name: 'an item with two of the values counts once',
    filter: {
      tags: [
        { name: 'Fizz', values: ['yes', 'twice'] },
        { name: 'Type', values: ['even', 'odd'] },
      ],
    },
    expected: (i) => i % 3 === 0,
  },
  {
    name: 'ids with all else',
    filter: {
      ids: [idOf('i8'), idOf('i12'), idOf('i12'), idOf('i40')],
      bundledIn: [idOf('bundle 0')],
      timestampMsMin: 5_009,
      owners: [idOf('bob')],
    },
    expected: (i) => i === 40,
  },
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
      expect(await store.countItems(filter)).toBe(wanted.length)
    })

    test('the order is that of heights, whatever the order of storing; within a height, that of storing', async () => {
      const { store } = await open(create)
      const heights = [7, 5, 7, 0, 9_000_000, 5, 8_999_999, 2]
      await store.putItems(
        heights.map((blockHeight, index) => ({ item: itemOf(`h${index}`), blockHeight, timestampMs: 5_000 + index })),
      )
      // Above height 8,388,607, where virtual blocks are in 2050, the order is that of storing.
      const sorted = [3, 7, 1, 5, 0, 2, 4, 6]
      expect(await numbersOf(store, {}, 'ASC', 3)).toEqual(sorted)
      expect(await numbersOf(store, {}, 'DESC', 2)).toEqual(sorted.toReversed())
      expect(await numbersOf(store, { blockHeightMin: 5, blockHeightMax: 7 }, 'ASC', 1)).toEqual([1, 5, 0, 2])
      expect(await numbersOf(store, { blockHeightMin: 9_000_000 }, 'DESC', 1)).toEqual([4])
    })

    test('times are found in whatever blocks they are', async () => {
      const { store } = await open(create)
      // Far apart, as after an import; and one block whose time is out of the order.
      const placed = [
        [100, 1_000],
        [101, 1_500],
        [700, 2_000],
        [5_000, 3_000],
        [5_001, 2_500],
        [2_000_000, 4_000],
        [2_000_001, 1_200],
      ] as const
      for (const [blockHeight, afterMs] of placed) {
        await store.putItems([{ item: itemOf(`t${afterMs}`), blockHeight, timestampMs: 5_000 + afterMs }])
      }
      for (const [from, to] of [
        [0, 9_000],
        [1_000, 1_500],
        [1_500, 3_000],
        [2_000, 2_000],
        [2_600, 9_000],
        [4_001, 9_000],
      ] as const) {
        const filter = { timestampMsMin: 5_000 + from, timestampMsMax: 5_000 + to }
        const wanted = placed.map(([, afterMs]) => afterMs).filter((afterMs) => afterMs >= from && afterMs <= to)
        expect(await numbersOf(store, filter, 'ASC', 2)).toEqual(wanted)
        expect(await numbersOf(store, filter, 'DESC', 2)).toEqual(wanted.toReversed())
        expect(await store.countItems(filter)).toBe(wanted.length)
      }
    })

    test('a page ends at so many bytes, with more to come; it has at least one item', async () => {
      const { store } = await open(create)
      const sizes = [100, 50, 50, 400, 10]
      await store.putItems(
        sizes.map((sizeBytes, index) => ({
          item: itemOf(`s${index}`, { sizeBytes }),
          blockHeight: 1,
          timestampMs: 5_000,
        })),
      )
      const pageSizes: number[][] = []
      for (let after: string | undefined, isLast = false; !isLast; ) {
        const page = await store.queryItems({}, { order: 'ASC', limit: 9, after, bytesMax: 100 })
        pageSizes.push(page.items.map(({ bytes }) => bytes.length))
        after = page.items.at(-1)?.cursor
        isLast = !page.hasNextPage
      }
      expect(pageSizes).toEqual([[100], [50, 50], [400], [10]])
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
      const place = { blockHeight: 11, timestampMs: 5_015, bundledIn: undefined }
      expect(found).toMatchObject({ id, ownerAddress, target, tags, ...place })
      expect(Buffer.from(found?.bytes ?? []).equals(bytes)).toBe(true)
      await store.putItems([newItem(28)])
      const [last] = (await store.queryItems({}, { order: 'DESC', limit: 1 })).items
      expect(last).toMatchObject({ id: idOf('i28'), bundledIn: idOf('bundle 4') })
      expect(await store.getItem(idOf('i28'))).toEqual(last)
      expect(await numbersOf(store, {}, 'ASC', 10)).toEqual([15, 28])
      expect(await store.getItem(idOf('none'))).toBeUndefined()
    })

    test('an appended item is found at once, by its tags too', async () => {
      const { store } = await open(create)
      const tags = [{ name: 'Action', value: 'Ping' }]
      await store.append([spawnOf(a), appendOf(a, 'ping', { tags, target: a })])
      const page = await store.queryItems({ tags: [{ name: 'Action', values: ['Ping'] }] }, { order: 'DESC', limit: 1 })
      expect(page.items).toMatchObject([{ id: idOf('ping'), tags, target: a, blockHeight: 101, timestampMs: 1_010 }])
    })

    test.each(['', '0', '-1', '1.5', 'x', '1e3', '9007199254740992', '99999999999999999999'])(
      'cursor %j is refused',
      async (after) => {
        const store = shared()
        const code = { code: 'STORE_CURSOR_INVALID' }
        await expect(store.queryItems({}, { order: 'ASC', limit: 1, after })).rejects.toMatchObject(code)
      },
    )

    test('limits of a query', async () => {
      const store = shared()
      const code = { code: 'STORE_LIMIT_INVALID' }
      await expect(store.queryItems({}, { order: 'ASC', limit: 1_001 })).rejects.toMatchObject(code)
      const ids = Array.from({ length: 1_001 }, (_, index) => idOf(`${index}`))
      await expect(store.queryItems({ ids }, { order: 'ASC', limit: 1 })).rejects.toMatchObject(code)
      await expect(store.countItems({ bundledIn: ids })).rejects.toMatchObject(code)
      const tags = Array.from({ length: 65 }, () => even)
      await expect(store.queryItems({ tags }, { order: 'ASC', limit: 1 })).rejects.toMatchObject(code)
      expect(await store.countItems({ tags: tags.slice(1) })).toBe(30)
    })
  })
}
