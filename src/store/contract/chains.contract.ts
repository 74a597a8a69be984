import { describe, expect, test } from 'vitest'
import type { Cause, ChainPlace, Store } from '../types.ts'
import { type CreateStore, open } from './harness.fixture.ts'
import { appendOf, processOf, spawnOf } from './requests.fixture.ts'

const [a, b, c] = [processOf('a'), processOf('b'), processOf('c')]

function causedBy(processId: typeof a, nonce: number, index = 0): { readonly cause: Cause } {
  return { cause: { processId, nonce, index } }
}

async function chainAt(store: Store, processId: typeof a, nonce: number): Promise<ChainPlace | undefined> {
  return (await store.readLog(processId, nonce, nonce))[0]?.chain
}

async function sizeOf(store: Store, processId: typeof a, nonce: number): Promise<number> {
  return (await store.chainStatus({ processId, nonce })).entries
}

export function describeChains(create: CreateStore): void {
  describe('chains', () => {
    test('an entry without cause is the root of its own; what it causes is one deeper', async () => {
      const { store } = await open(create)
      await store.append([spawnOf(a), spawnOf(b), appendOf(a, 'from outside')])
      await store.append([appendOf(b, 'caused', causedBy(a, 1))])
      await store.append([appendOf(a, 'caused by that', causedBy(b, 1))])
      await store.append([appendOf(a, 'as well', causedBy(b, 1, 1))])
      expect(await chainAt(store, a, 0)).toEqual({ processId: a, nonce: 0, depth: 0 })
      expect(await chainAt(store, a, 1)).toEqual({ processId: a, nonce: 1, depth: 0 })
      expect(await chainAt(store, b, 1)).toEqual({ processId: a, nonce: 1, depth: 1 })
      expect(await chainAt(store, a, 2)).toEqual({ processId: a, nonce: 1, depth: 2 })
      expect(await chainAt(store, a, 3)).toEqual({ processId: a, nonce: 1, depth: 2 })
      expect(await Promise.all([sizeOf(store, a, 1), sizeOf(store, a, 0), sizeOf(store, b, 0)])).toEqual([4, 1, 1])
    })

    test('a cause in the same batch, or in flight, counts', async () => {
      const { store } = await open(create)
      await store.append([spawnOf(a), spawnOf(b), spawnOf(c)])
      const calls = [
        store.append([appendOf(a, 'root'), appendOf(b, 'one', causedBy(a, 1))]),
        store.append([appendOf(c, 'two', causedBy(b, 1)), appendOf(a, 'three', causedBy(c, 1))]),
      ]
      const results = (await Promise.all(calls)).flat()
      expect(results.map((result) => result.ok && result.entry.chain)).toEqual(
        [0, 1, 2, 3].map((depth) => ({ processId: a, nonce: 1, depth })),
      )
      expect(await chainAt(store, a, 2)).toEqual({ processId: a, nonce: 1, depth: 3 })
      expect(await sizeOf(store, a, 1)).toBe(4)
      await store.append([1, 2, 3].map((index) => appendOf(b, `more ${index}`, causedBy(c, 1, index))))
      expect(await sizeOf(store, a, 1)).toBe(7)
    })

    test('an entry whose cause is not here is a root', async () => {
      const { store } = await open(create)
      await store.append([spawnOf(a), appendOf(a, 'x', causedBy(c, 3)), appendOf(a, 'y', causedBy(a, 9))])
      expect(await chainAt(store, a, 1)).toEqual({ processId: a, nonce: 1, depth: 0 })
      expect(await chainAt(store, a, 2)).toEqual({ processId: a, nonce: 2, depth: 0 })
    })

    test('duplicates and refusals do not count', async () => {
      const { store } = await open(create)
      const refuse = (): never => {
        throw new Error('no')
      }
      const caused = appendOf(a, 'caused', causedBy(a, 1))
      await store.append([spawnOf(a), appendOf(a, 'root'), caused, caused])
      await store.append([caused, appendOf(a, 'refused', { ...causedBy(a, 2), assign: refuse })])
      expect(await sizeOf(store, a, 1)).toBe(2)
      const [again] = await store.append([caused])
      expect(again).toMatchObject({ duplicate: true, entry: { chain: { processId: a, nonce: 1, depth: 1 } } })
    })

    test('what is not the root of a chain has no entries', async () => {
      const { store } = await open(create)
      await store.append([spawnOf(a), appendOf(a, 'root'), appendOf(a, 'caused', causedBy(a, 1))])
      expect(await Promise.all([sizeOf(store, a, 2), sizeOf(store, a, 3), sizeOf(store, b, 0)])).toEqual([0, 0, 0])
    })
  })
}
