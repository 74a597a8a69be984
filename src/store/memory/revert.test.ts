import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ItemId, ProcessId } from '../../protocol/ids.ts'
import { appendOf, commitOf, idOf, itemOf, pageOf, processOf, spawnOf } from '../contract/requests.fixture.ts'
import type { RevertibleStore } from '../revertible-store.ts'
import type { Cause, Lease } from '../types.ts'
import { createMemoryStore } from './memory-store.ts'

const processes = ['a', 'b', 'c'].map(processOf)
const names = Array.from({ length: 12 }, (_, i) => `item ${i}`)
const page = pageOf('a manifest')

const which = fc.nat(processes.length - 1)
const cause = fc.record({ of: which, nonce: fc.nat(4), index: fc.nat(2) })
const step = fc.oneof(
  fc.record({
    type: fc.constant('append' as const),
    to: which,
    name: fc.constantFrom(...names),
    cause: fc.option(cause),
  }),
  fc.record({ type: fc.constant('commit' as const), of: which, targets: fc.array(which, { maxLength: 3 }) }),
  fc.record({ type: fc.constant('settle' as const), cause, state: fc.constantFrom('delivered', 'dead', 'retry') }),
  fc.record({ type: fc.constant('revive' as const), cause }),
  fc.record({ type: fc.constant('claim' as const) }),
  fc.record({ type: fc.constant('item' as const), name: fc.constantFrom(...names) }),
  fc.record({ type: fc.constant('checkpoint' as const), of: which, nonce: fc.nat(4) }),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const toCause = ({ of, nonce, index }: { of: number; nonce: number; index: number }): Cause => ({
  ...{ processId: at(of), nonce, index },
})
const at = (index: number): ProcessId => processes[index] ?? processOf('a')

async function leaseOf(store: RevertibleStore, processId: ProcessId): Promise<Lease | undefined> {
  const [lease] = await store.acquire({ workerId: 'w', ttlMs: 1_000_000, max: 1, processIds: [processId] })
  return lease
}

async function take(store: RevertibleStore, given: Step): Promise<void> {
  switch (given.type) {
    case 'append': {
      const { next } = await store.head(at(given.to))
      const parts = given.cause === null ? {} : { cause: toCause(given.cause) }
      await store.append([next === 0 ? spawnOf(at(given.to)) : appendOf(at(given.to), given.name, parts)])
      return
    }
    case 'commit': {
      const lease = await leaseOf(store, at(given.of))
      const { next, evaluated } = await store.head(at(given.of))
      const targets = given.targets.map(at)
      if (lease !== undefined && evaluated < next) await store.commitResults([commitOf(lease, evaluated, { targets })])
      return
    }
    case 'settle': {
      const outcomes = {
        delivered: { state: 'delivered' },
        dead: { state: 'dead', reason: 'no' },
        retry: { state: 'retry', atMs: 7, reason: 'later' },
      } as const
      return store.settleOutbox([{ cause: toCause(given.cause), outcome: outcomes[given.state as 'dead'] }])
    }
    case 'revive':
      await store.reviveOutbox([toCause(given.cause)])
      return
    case 'claim':
      await store.claimOutbox({ workerId: 'w', max: 2, ttlMs: 1_000_000 })
      return
    case 'item':
      return store.putItems([{ item: itemOf(given.name), blockHeight: 1, timestampMs: 1 }])
    case 'checkpoint': {
      const lease = await leaseOf(store, at(given.of))
      if (lease === undefined || (await store.head(at(given.of))).evaluated <= given.nonce) return
      await store.putCheckpoint({
        processId: at(given.of),
        epoch: lease.epoch,
        nonce: given.nonce,
        manifest: page.hash,
      })
    }
  }
}

/** All answers that do not depend on who asked before: leases and claims are nobody's after a revert. */
async function dump(store: RevertibleStore): Promise<unknown> {
  const ids: ItemId[] = [...names.map(idOf), ...processes.map((id) => idOf(`spawn ${id}`))]
  const logs = await Promise.all(
    processes.map(async (processId) => ({
      head: { ...(await store.head(processId)), checkpoint: undefined },
      entries: await store.readLog(processId, 0),
      nonces: await Promise.all(ids.map((id) => store.findNonce(processId, id))),
      results: await store.readResults(processId, { order: 'ASC', limit: 100 }),
      chains: await Promise.all([0, 1, 2, 3, 4].map((nonce) => store.chainStatus({ processId, nonce }))),
    })),
  )
  const { dueAtMs: _, ...counts } = await store.outboxStatus()
  return {
    ...{ logs, counts },
    outbox: await store.listOutbox({ limit: 1_000 }),
    items: await store.queryItems({}, { order: 'ASC', limit: 1_000 }),
    byId: await Promise.all(ids.map((id) => store.getItem(id))),
    processes: await store.listProcesses({ limit: 100 }),
  }
}

test('a store answers after a revert as it did at the mark, and takes the same work again', async () => {
  const steps = fc.array(step, { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(steps, steps, steps, async (before, after, again) => {
      const store = createMemoryStore({ clock: { now: () => 5 } })
      await store.putPages([page])
      for (const given of before) await take(store, given)
      const mark = store.mark()
      const all = await dump(store)
      for (const given of after) await take(store, given)
      store.revert(mark)
      expect(await dump(store)).toEqual(all)
      for (const processId of processes) {
        const { evaluated } = await store.head(processId)
        for (const { nonce } of await store.listCheckpoints(processId)) expect(nonce).toBeLessThan(evaluated)
      }

      const fresh = createMemoryStore({ clock: { now: () => 5 } })
      await fresh.putPages([page])
      for (const given of before) await take(fresh, given)
      // Claims are void, so the other one starts from where nothing is claimed either.
      fresh.revert(fresh.mark())
      for (const target of [store, fresh]) for (const given of again) await take(target, given)
      expect(await dump(store)).toEqual(await dump(fresh))
    }),
    { seed: 23, numRuns: 300 },
  )
})
