import { describe, expect, test } from 'vitest'
import type { ProcessId } from '../../protocol/ids.ts'
import type { Cause, OutboxEntry, Store } from '../types.ts'
import { type CreateStore, open, spawnAndLease } from './harness.fixture.ts'
import { appendOf, commitOf, outboxOf, processOf } from './requests.fixture.ts'

const [a, b, c, d] = [processOf('a'), processOf('b'), processOf('c'), processOf('d')]

/** Commits nonces 0, 1, … of a process, each sending to the given targets. */
async function sendFrom(store: Store, processId: ProcessId, ...sends: (readonly string[])[]): Promise<void> {
  const lease = await spawnAndLease(store, processId)
  await store.append(sends.slice(1).map((_, index) => appendOf(processId, `${processId} ${index}`)))
  await store.commitResults(sends.map((targets, nonce) => commitOf(lease, nonce, { targets })))
}

function at(entries: readonly Pick<OutboxEntry, 'cause' | 'target'>[]): string[] {
  return entries.map(({ cause, target }) => `${cause.nonce}.${cause.index}>${nameOf(target)}`)
}

function nameOf(target: string): string {
  return ['a', 'b', 'c', 'd'].find((name) => processOf(name) === target) ?? target
}

export function describeOutbox(create: CreateStore): void {
  const claimAll = { workerId: 'w', max: 100, ttlMs: 1_000 }
  const settle = (store: Store, nonce: number, index: number, outcome: 'delivered' | 'dead') => {
    const cause = { processId: a, nonce, index }
    return store.settleOutbox([
      { cause, outcome: outcome === 'dead' ? { state: 'dead', reason: 'no' } : { state: outcome } },
    ])
  }
  const retry = (store: Store, nonce: number, index: number, atMs: number) =>
    store.settleOutbox([{ cause: { processId: a, nonce, index }, outcome: { state: 'retry', atMs, reason: 'later' } }])

  describe('outbox', () => {
    test('hands out the first entry of each pair, the next when it is delivered or dead', async () => {
      const { store } = await open(create)
      await sendFrom(store, a, [b, c, b], [c, b, 'wallet'])
      expect(at(await store.claimOutbox(claimAll))).toEqual(['0.0>b', '0.1>c', '1.2>wallet'])
      expect(await store.claimOutbox(claimAll)).toEqual([])
      await settle(store, 0, 0, 'delivered')
      expect(at(await store.claimOutbox(claimAll))).toEqual(['0.2>b'])
      await settle(store, 0, 2, 'dead')
      await settle(store, 0, 1, 'delivered')
      expect(at(await store.claimOutbox(claimAll)).sort()).toEqual(['1.0>c', '1.1>b'])
      expect(await store.outboxStatus()).toMatchObject({ pending: 3, delivered: 2, dead: 1 })
    })

    test('pairs of different sources do not wait for each other', async () => {
      const { store } = await open(create)
      await sendFrom(store, a, [c])
      await sendFrom(store, b, [c])
      expect(await store.claimOutbox(claimAll)).toHaveLength(2)
    })

    test('hands out at most max, oldest first', async () => {
      const { store, clock } = await open(create)
      await sendFrom(store, b, [d])
      clock.advance(1)
      await sendFrom(store, a, [b, c])
      expect((await store.claimOutbox({ ...claimAll, max: 2 })).map(({ cause }) => cause.processId)).toEqual([b, a])
      expect(at(await store.claimOutbox(claimAll))).toEqual(['0.1>c'])
    })

    test('a claim that runs out is handed out again', async () => {
      const { store, clock } = await open(create)
      await sendFrom(store, a, [b])
      await store.claimOutbox(claimAll)
      clock.advance(999)
      expect(await store.claimOutbox({ ...claimAll, workerId: 'two' })).toEqual([])
      clock.advance(1)
      expect(at(await store.claimOutbox({ ...claimAll, workerId: 'two' }))).toEqual(['0.0>b'])
    })

    test('retry waits for its time, counts, and blocks its pair alone', async () => {
      const { store, clock } = await open(create)
      await sendFrom(store, a, [b, c], [b])
      await store.claimOutbox(claimAll)
      const atMs = clock.now() + 500
      await retry(store, 0, 0, atMs)
      expect(await store.claimOutbox(claimAll)).toEqual([])
      expect(await store.outboxStatus()).toEqual({ pending: 3, delivered: 0, dead: 0, dueAtMs: atMs })
      clock.advance(500)
      const again = await store.claimOutbox(claimAll)
      expect(at(again)).toEqual(['0.0>b'])
      expect(again[0]).toMatchObject({ tries: 1 })
    })

    test('what is settled stays settled; unknown causes are ignored', async () => {
      const { store, clock } = await open(create)
      await sendFrom(store, a, [b, c])
      await settle(store, 0, 0, 'delivered')
      await settle(store, 0, 1, 'dead')
      await retry(store, 0, 0, clock.now())
      await settle(store, 0, 0, 'dead')
      await settle(store, 0, 1, 'delivered')
      await settle(store, 7, 7, 'delivered')
      expect(await store.claimOutbox(claimAll)).toEqual([])
      expect(await store.outboxStatus()).toEqual({ pending: 0, delivered: 1, dead: 1, dueAtMs: undefined })
    })

    test('dueAtMs is that of the earliest entry that could be handed out', async () => {
      const { store, clock } = await open(create)
      expect(await store.outboxStatus()).toEqual({ pending: 0, delivered: 0, dead: 0, dueAtMs: undefined })
      await sendFrom(store, a, [b, b, c])
      expect(await store.outboxStatus()).toMatchObject({ pending: 3, dueAtMs: clock.now() })
      await store.claimOutbox(claimAll)
      expect(await store.outboxStatus()).toMatchObject({ pending: 3, dueAtMs: undefined })
      await retry(store, 0, 2, 5_000_000)
      await retry(store, 0, 0, 4_000_000)
      expect(await store.outboxStatus()).toMatchObject({ dueAtMs: 4_000_000 })
    })

    test('lists what waits and what is dead, page by page, by source, target and order of sending', async () => {
      const { store, clock } = await open(create)
      await sendFrom(store, b, [d])
      await sendFrom(store, a, [c, c], [c, d], [c])
      await settle(store, 0, 1, 'dead')
      await settle(store, 1, 1, 'dead')
      await settle(store, 1, 0, 'delivered')
      await retry(store, 0, 0, clock.now() + 7)
      const whole = await store.listOutbox({ limit: 100 })
      expect(whole.slice(0, 1)).toMatchObject([{ cause: { processId: b, nonce: 0, index: 0 }, target: d }])
      const ofC = ['0.0>c pending', '0.1>c dead', '2.0>c pending']
      const texts = whole.slice(1).map((entry) => `${at([entry])} ${entry.state}`)
      expect(texts.filter((text) => text.includes('>c'))).toEqual(ofC)
      expect(texts.filter((text) => text.includes('>d'))).toEqual(['1.1>d dead'])
      expect(whole.find(({ cause }) => cause.processId === a && cause.nonce === 0 && cause.index === 0)).toEqual({
        cause: { processId: a, nonce: 0, index: 0 },
        kind: 'message',
        target: c,
        itemId: outboxOf(a, 0, [c])[0]?.itemId,
        state: 'pending',
        tries: 1,
        dueAtMs: clock.now() + 7,
        reason: 'later',
      })
      const paged: unknown[] = []
      for (let after: Cause | undefined; ; ) {
        const page = await store.listOutbox({ after, limit: 2 })
        paged.push(...page)
        after = page.at(-1)?.cause
        if (page.length < 2) break
      }
      expect(paged).toEqual(whole)
      for (const state of ['pending', 'dead'] as const) {
        expect(await store.listOutbox({ state, limit: 9 })).toEqual(whole.filter((entry) => entry.state === state))
        const some = whole.filter((entry) => entry.state === state && entry.cause.processId === a)
        expect(await store.listOutbox({ state, processId: a, limit: 9 })).toEqual(some)
        const [first] = some
        expect(await store.listOutbox({ state, processId: a, after: first?.cause, limit: 9 })).toEqual(some.slice(1))
      }
      expect(await store.listOutbox({ processId: d, limit: 9 })).toEqual([])
    })

    test('a page of the list has bounds, and a place to begin that was in it', async () => {
      const { store } = await open(create)
      await sendFrom(store, a, [b])
      for (const limit of [0, 1_001]) {
        await expect(store.listOutbox({ limit })).rejects.toMatchObject({ code: 'STORE_LIMIT_INVALID' })
      }
      const after = { processId: a, nonce: 0, index: 1 }
      await expect(store.listOutbox({ after, limit: 1 })).rejects.toMatchObject({ code: 'STORE_CURSOR_INVALID' })
    })

    test('a revived entry is due again with no tries; a repeat and what is not dead change nothing', async () => {
      const { store, clock } = await open(create)
      await sendFrom(store, a, [b, c])
      await retry(store, 0, 0, 0)
      await settle(store, 0, 0, 'dead')
      await settle(store, 0, 1, 'delivered')
      const causes = [0, 1, 2].map((index) => ({ processId: a, nonce: 0, index }))
      clock.advance(50)
      expect(await store.reviveOutbox(causes)).toBe(1)
      expect(await store.reviveOutbox([...causes, { processId: d, nonce: 0, index: 0 }])).toBe(0)
      expect(await store.outboxStatus()).toEqual({ pending: 1, delivered: 1, dead: 0, dueAtMs: clock.now() })
      expect(await store.listOutbox({ limit: 9 })).toMatchObject([{ state: 'pending', tries: 0, dueAtMs: clock.now() }])
      const claimed = await store.claimOutbox(claimAll)
      expect(at(claimed)).toEqual(['0.0>b'])
      expect(claimed[0]?.item).toHaveLength(64)
    })

    test('a revived entry goes before those of its pair that were sent later, and behind those sent before', async () => {
      const { store } = await open(create)
      await sendFrom(store, a, [b, b, b, b])
      await settle(store, 0, 0, 'dead')
      await settle(store, 0, 1, 'dead')
      // 0.2 is under way when the others come back; what becomes of it is heard as ever.
      expect(at(await store.claimOutbox(claimAll))).toEqual(['0.2>b'])
      expect(await store.reviveOutbox([1, 0].map((index) => ({ processId: a, nonce: 0, index })))).toBe(2)
      expect(at(await store.claimOutbox(claimAll))).toEqual(['0.0>b'])
      await settle(store, 0, 2, 'delivered')
      expect(await store.claimOutbox(claimAll)).toEqual([])
      await settle(store, 0, 0, 'delivered')
      expect(at(await store.claimOutbox(claimAll))).toEqual(['0.1>b'])
      await settle(store, 0, 1, 'dead')
      expect(at(await store.claimOutbox(claimAll))).toEqual(['0.3>b'])
      expect(await store.reviveOutbox([{ processId: a, nonce: 0, index: 1 }])).toBe(1)
      await retry(store, 0, 3, 0)
      expect(at(await store.claimOutbox(claimAll))).toEqual(['0.1>b'])
      await settle(store, 0, 1, 'delivered')
      expect(at(await store.claimOutbox(claimAll))).toEqual(['0.3>b'])
      await settle(store, 0, 3, 'delivered')
      expect(await store.outboxStatus()).toEqual({ pending: 0, delivered: 4, dead: 0, dueAtMs: undefined })
    })

    test('a commit claims its entries, in the order of their pair', async () => {
      const { store, clock } = await open(create)
      const lease = await spawnAndLease(store, a)
      const claimed: string[] = []
      const claim = {
        workerId: 'w',
        ttlMs: 1_000,
        onClaimed: (entries: readonly OutboxEntry[]) => claimed.push(...at(entries)),
      }
      await store.commitResults([commitOf(lease, 0, { targets: [b, b, c], claim })])
      expect(claimed).toEqual(['0.0>b', '0.1>b', '0.2>c'])
      expect(await store.claimOutbox({ ...claimAll, workerId: 'two' })).toEqual([])
      clock.advance(1_000)
      expect(at(await store.claimOutbox({ ...claimAll, workerId: 'two' }))).toEqual(['0.0>b', '0.2>c'])
    })

    test.each([
      { name: 'waits unclaimed', first: undefined },
      { name: 'is claimed by another worker', first: { workerId: 'two', ttlMs: 1_000 } },
    ])('a commit does not claim an entry behind one that $name', async ({ first }) => {
      const { store } = await open(create)
      const lease = await spawnAndLease(store, a)
      await store.append([appendOf(a, 'm1')])
      await store.commitResults([commitOf(lease, 0, { targets: [b], claim: first })])
      const claimed: string[] = []
      const claim = {
        workerId: 'w',
        ttlMs: 1_000,
        onClaimed: (entries: readonly OutboxEntry[]) => claimed.push(...at(entries)),
      }
      expect(await store.commitResults([commitOf(lease, 1, { targets: [b, c], claim })])).toEqual(['ok'])
      expect(claimed).toEqual(['1.1>c'])
      await settle(store, 0, 0, 'delivered')
      expect(at(await store.claimOutbox(claimAll))).toEqual(['1.0>b'])
    })
  })
}
