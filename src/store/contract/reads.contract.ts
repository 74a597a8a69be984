import { describe, expect, test } from 'vitest'
import type { Store } from '../types.ts'
import { type CreateStore, open, openShared, spawnAndLease } from './harness.fixture.ts'
import { appendOf, commitOf, processOf, spawnOf } from './requests.fixture.ts'

const [a, evaluated] = [processOf('a'), processOf('evaluated')]

/** Log of nonces 0..9 at times 1000, 1010 … 1090. */
const ranges: { name: string; args: [number, number?, number?]; expected: number[] }[] = [
  { name: 'from the start', args: [0], expected: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
  { name: 'both ends inclusive', args: [2, 4], expected: [2, 3, 4] },
  { name: 'one', args: [9, 9], expected: [9] },
  { name: 'limited', args: [3, 9, 2], expected: [3, 4] },
  { name: 'beyond the end', args: [8, 99], expected: [8, 9] },
  { name: 'past the end', args: [10], expected: [] },
  { name: 'to before from', args: [5, 4], expected: [] },
]

const times: { name: string; args: [number, number, number]; expected: number[] }[] = [
  { name: 'from is exclusive, to inclusive', args: [1_010, 1_030, 100], expected: [2, 3] },
  { name: 'between timestamps', args: [1_011, 1_039, 100], expected: [2, 3] },
  { name: 'all', args: [0, 9_999, 100], expected: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
  { name: 'limited', args: [0, 9_999, 3], expected: [0, 1, 2] },
  { name: 'nothing', args: [1_090, 9_999, 100], expected: [] },
]

/** Results of nonces 0..5; 1 and 4 failed. */
const resultPages: { name: string; page: Parameters<Store['readResults']>[1]; expected: number[] }[] = [
  { name: 'ascending', page: { order: 'ASC', limit: 3 }, expected: [0, 1, 2] },
  { name: 'descending', page: { order: 'DESC', limit: 3 }, expected: [5, 4, 3] },
  { name: 'ascending after', page: { order: 'ASC', afterNonce: 2, limit: 9 }, expected: [3, 4, 5] },
  { name: 'descending after', page: { order: 'DESC', afterNonce: 2, limit: 9 }, expected: [1, 0] },
  {
    name: 'ascending after through',
    page: { order: 'ASC', afterNonce: 0, throughNonce: 3, limit: 9 },
    expected: [1, 2, 3],
  },
  { name: 'descending through', page: { order: 'DESC', throughNonce: 4, limit: 9 }, expected: [5, 4] },
  { name: 'succeeded only', page: { order: 'ASC', succeededOnly: true, limit: 3 }, expected: [0, 2, 3] },
  { name: 'after the last', page: { order: 'ASC', afterNonce: 5, limit: 9 }, expected: [] },
]

export function describeReads(create: CreateStore): void {
  describe('reads', () => {
    const shared = openShared(create, async (store) => {
      await store.append([spawnOf(a), ...Array.from({ length: 9 }, (_, index) => appendOf(a, `m${index}`))])
      const lease = await spawnAndLease(store, evaluated)
      await store.append([1, 2, 3, 4, 5].map((nonce) => appendOf(evaluated, `e${nonce}`)))
      const failed = (nonce: number): boolean => nonce === 1 || nonce === 4
      await store.commitResults([0, 1, 2, 3, 4, 5].map((nonce) => commitOf(lease, nonce, { failed: failed(nonce) })))
    })

    test.each(ranges)('readLog: $name', async ({ args, expected }) => {
      expect((await shared().readLog(a, ...args)).map(({ nonce }) => nonce)).toEqual(expected)
    })

    test.each(times)('readLogByTime: $name', async ({ args, expected }) => {
      expect((await shared().readLogByTime(a, ...args)).map(({ nonce }) => nonce)).toEqual(expected)
    })

    test.each(resultPages)('readResults: $name', async ({ page, expected }) => {
      expect((await shared().readResults(evaluated, page)).map(({ nonce }) => nonce)).toEqual(expected)
    })

    test('what is not there reads as nothing', async () => {
      const store = shared()
      const unknown = processOf('unknown')
      expect(await store.readLog(unknown, 0)).toEqual([])
      expect(await store.readLogByTime(unknown, 0, 9_999, 10)).toEqual([])
      expect(await store.readResult(a, 0)).toBeUndefined()
      expect(await store.readResults(unknown, { order: 'ASC', limit: 10 })).toEqual([])
    })

    test.each([0, -1, 1.5, Number.NaN])('limit %d is refused', async (limit) => {
      const store = shared()
      await expect(store.readLog(a, 0, 9, limit)).rejects.toMatchObject({ code: 'STORE_LIMIT_INVALID' })
      await expect(store.queryItems({}, { order: 'ASC', limit })).rejects.toMatchObject({ code: 'STORE_LIMIT_INVALID' })
    })

    test('lists processes in the order of their spawns', async () => {
      const { store } = await open(create)
      const ids = Array.from({ length: 25 }, (_, index) => processOf(`p${index}`))
      for (const id of ids) await store.append([spawnOf(id)])
      const first = await store.listProcesses({ limit: 10 })
      const second = await store.listProcesses({ after: ids[9], limit: 10 })
      const third = await store.listProcesses({ after: ids[19], limit: 10 })
      expect([...first, ...second, ...third]).toEqual(ids)
      const unknown = { after: processOf('unknown'), limit: 10 }
      await expect(store.listProcesses(unknown)).rejects.toMatchObject({ code: 'STORE_CURSOR_INVALID' })
    })
  })
}
