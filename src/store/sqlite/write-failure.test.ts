import { describe, expect, onTestFinished, test } from 'vitest'
import { lease } from '../contract/harness.fixture.ts'
import { appendOf, assignFor, chainAfter, commitOf, idOf, processOf, spawnOf } from '../contract/requests.fixture.ts'
import { createSqliteStore } from './sqlite-store.ts'
import { temporaryDirectory } from './temporary-directory.fixture.ts'
import { callBytesMax } from './writer-client.ts'

const [a, b, c] = [processOf('a'), processOf('b'), processOf('c')]
const failed = { status: 'rejected', reason: { code: 'STORE_FULL' } }

/** A store on a disk of 2 MiB with processes a and b on it, and an item that does not fit and fills a batch alone. */
async function openSmall() {
  const store = await createSqliteStore({ directory: temporaryDirectory(), databaseBytesMax: 2 * 1_024 * 1_024 })
  onTestFinished(() => store.close())
  await store.append([spawnOf(a), spawnOf(b)])
  return { store, big: appendOf(a, 'big', { sizeBytes: 5 * 1_024 * 1_024 }) }
}

describe('SQLite store, disk full', () => {
  test('everything in flight fails, nothing of it stays, and the next calls stand on what is on the disk', async () => {
    const { store, big } = await openSmall()
    // The first batch is full with the big item; the others wait in the second, on heads that will never exist.
    const calls = [
      store.append([big]),
      store.append([appendOf(a, 'behind')]),
      store.append([appendOf(a, 'behind')]),
      store.append([appendOf(b, 'beside'), spawnOf(c)]),
      store.append([appendOf(a, 'refused', { assign: (head) => assignFor(b, idOf('x'))({ ...head, next: 9 }) })]),
      store.outboxStatus(),
    ]
    const results = await Promise.allSettled(calls)
    expect(results.slice(0, 5)).toMatchObject([failed, failed, failed, failed, failed])

    expect(await store.head(a)).toMatchObject({ next: 1 })
    expect(await store.listProcesses({ limit: 10 })).toEqual([a, b])
    expect(await store.getItem(idOf('beside'))).toBeUndefined()
    const again = await store.append([appendOf(a, 'behind'), appendOf(b, 'beside'), spawnOf(c)])
    expect(again).toMatchObject([
      { nonce: 1, duplicate: false },
      { nonce: 1, duplicate: false },
      { nonce: 0, duplicate: false },
    ])
    const [first, second] = await store.readLog(a, 0)
    expect(second?.hashChain).toBe(chainAfter(first?.hashChain, idOf('behind')))
  })

  test('fails as often as the disk is full, and works in between', async () => {
    const { store, big } = await openSmall()
    for (let round = 1; round <= 3; round += 1) {
      await expect(store.append([big])).rejects.toMatchObject({ code: 'STORE_FULL' })
      expect(await store.append([appendOf(a, `m${round}`)])).toMatchObject([{ nonce: round, duplicate: false }])
    }
  })

  test('calls of the transaction that failed are undone in the writer too', async () => {
    const { store, big } = await openSmall()
    const calls = [store.append([appendOf(a, 'before'), spawnOf(c)]), store.append([big])]
    expect(await Promise.allSettled(calls)).toMatchObject([failed, failed])
    expect(await store.append([appendOf(a, 'before'), spawnOf(c)])).toMatchObject([
      { nonce: 1, duplicate: false },
      { nonce: 0, duplicate: false },
    ])
    expect(await store.listProcesses({ limit: 10 })).toEqual([a, b, c])
  })

  test.each([
    { name: 'after the failure', bigFirst: true },
    { name: 'before it, in its transaction', bigFirst: false },
  ])('a lease, a settlement and a claim that came $name did not happen', async ({ bigFirst }) => {
    const { store, big } = await openSmall()
    const held = await lease(store, a)
    await store.commitResults([commitOf(held, 0, { targets: ['x'] })])
    const other = { workerId: 'other', ttlMs: 1_000, max: 1, processIds: [b] }
    const appendBig = () => store.append([big])
    const results = await Promise.allSettled([
      ...(bigFirst ? [appendBig()] : []),
      store.acquire(other),
      store.claimOutbox({ workerId: 'w', max: 1, ttlMs: 1_000_000 }),
      store.settleOutbox([{ cause: { processId: a, nonce: 0, index: 0 }, outcome: { state: 'delivered' } }]),
      ...(bigFirst ? [] : [appendBig()]),
    ])
    expect(results).toMatchObject([failed, failed, failed, failed])
    expect(await store.outboxStatus()).toMatchObject({ pending: 1, delivered: 0 })
    expect(await store.claimOutbox({ workerId: 'w', max: 1, ttlMs: 1_000 })).toHaveLength(1)
    expect(await store.acquire({ ...other, workerId: 'third' })).toMatchObject([{ epoch: 1 }])
    expect(await store.commitResults([commitOf(held, 0)])).toEqual(['already'])
  })

  test('entries that were not written lead no chain and count in none', async () => {
    const { store, big } = await openSmall()
    await store.append([appendOf(a, 'root')])
    const root = { processId: a, nonce: 1 }
    const caused = appendOf(b, 'caused', { cause: { ...root, index: 0 } })
    expect(await Promise.allSettled([store.append([caused]), store.append([big])])).toMatchObject([failed, failed])
    // Entry 1 of b is what this names; it is there no more.
    const orphan = appendOf(a, 'orphan', { cause: { processId: b, nonce: 1, index: 0 } })
    expect(await store.append([orphan])).toMatchObject([{ entry: { chain: { processId: a, nonce: 2, depth: 0 } } }])
    expect(await store.append([caused])).toMatchObject([{ nonce: 1, entry: { chain: { ...root, depth: 1 } } }])
    expect(await store.chainStatus(root)).toEqual({ entries: 2 })
  })

  test('close waits for calls that fail', async () => {
    const { store, big } = await openSmall()
    const call = expect(store.append([big])).rejects.toMatchObject({ code: 'STORE_FULL' })
    await store.close()
    await call
  })
})

describe('SQLite store, bad calls', () => {
  test('an append that cannot be sent leaves the heads as they were', async () => {
    const { store } = await openSmall()
    const assign = (head: Parameters<ReturnType<typeof assignFor>>[0]) => ({
      ...assignFor(a, idOf('broken'))(head),
      bytes: undefined as unknown as Uint8Array,
    })
    const broken = [appendOf(a, 'fine'), appendOf(b, 'fine'), appendOf(a, 'broken', { assign })]
    await expect(store.append(broken)).rejects.toThrow(TypeError)
    const orphan = appendOf(c, 'orphan', { cause: { processId: a, nonce: 1, index: 0 } })
    const results = await store.append([spawnOf(c), orphan])
    expect(results[1]).toMatchObject({ entry: { chain: { processId: c, nonce: 1, depth: 0 } } })
    expect(await store.append([appendOf(a, 'fine'), appendOf(b, 'fine')])).toMatchObject([
      { nonce: 1, duplicate: false },
      { nonce: 1, duplicate: false },
    ])
  })

  test('a call above the limit is refused at once', async () => {
    const { store } = await openSmall()
    const bytes = { byteLength: callBytesMax + 1 } as Uint8Array
    await expect(store.putPages([{ hash: '', bytes }])).rejects.toMatchObject({ code: 'STORE_TOO_LARGE' })
  })
})
