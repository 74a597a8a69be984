import { describe, expect, test } from 'vitest'
import { describeAppend } from './contract/append.contract.ts'
import { describeChains } from './contract/chains.contract.ts'
import { describeCommit } from './contract/commit.contract.ts'
import { type CreateStore, open, openShared, spawnAndLease } from './contract/harness.fixture.ts'
import { describeItems } from './contract/items.contract.ts'
import { describeMonitors } from './contract/monitors.contract.ts'
import { describeOutbox } from './contract/outbox.contract.ts'
import { describeReads } from './contract/reads.contract.ts'
import { appendOf, commitOf, idOf, pageOf, processOf, spawnOf } from './contract/requests.fixture.ts'
import { describeSnapshots } from './contract/snapshots.contract.ts'
import type { Store } from './types.ts'

const a = processOf('a')

/** Every method but `onWake` and `close`, with arguments that are in order. */
const calls: { name: Exclude<keyof Store, 'onWake' | 'close'>; call: (store: Store) => Promise<unknown> }[] = [
  { name: 'append', call: (store) => store.append([spawnOf(a)]) },
  { name: 'head', call: (store) => store.head(a) },
  { name: 'readLog', call: (store) => store.readLog(a, 0) },
  { name: 'readLogByTime', call: (store) => store.readLogByTime(a, 0, 1, 1) },
  { name: 'chainStatus', call: (store) => store.chainStatus({ processId: a, nonce: 0 }) },
  { name: 'findNonce', call: (store) => store.findNonce(a, idOf('x')) },
  { name: 'readResult', call: (store) => store.readResult(a, 0) },
  { name: 'readResults', call: (store) => store.readResults(a, { order: 'ASC', limit: 1 }) },
  { name: 'acquire', call: (store) => store.acquire({ workerId: 'w', ttlMs: 1, max: 1 }) },
  { name: 'release', call: (store) => store.release('w', [a]) },
  {
    name: 'commitResults',
    call: (store) => store.commitResults([commitOf({ processId: a, epoch: 1, untilMs: 0 }, 0)]),
  },
  { name: 'claimOutbox', call: (store) => store.claimOutbox({ workerId: 'w', max: 1, ttlMs: 1 }) },
  { name: 'settleOutbox', call: (store) => store.settleOutbox([]) },
  { name: 'outboxStatus', call: (store) => store.outboxStatus() },
  { name: 'listOutbox', call: (store) => store.listOutbox({ limit: 1 }) },
  { name: 'reviveOutbox', call: (store) => store.reviveOutbox([]) },
  { name: 'putPages', call: (store) => store.putPages([]) },
  { name: 'getPages', call: (store) => store.getPages([]) },
  { name: 'pageStatus', call: (store) => store.pageStatus() },
  { name: 'sweepPages', call: (store) => store.sweepPages({ graceMs: 0 }) },
  { name: 'putCheckpoint', call: (store) => store.putCheckpoint({ processId: a, epoch: 1, nonce: 0, manifest: '' }) },
  { name: 'findCheckpoint', call: (store) => store.findCheckpoint(a, 0) },
  { name: 'listCheckpoints', call: (store) => store.listCheckpoints(a) },
  { name: 'dropCheckpoints', call: (store) => store.dropCheckpoints(a, [0]) },
  { name: 'putItems', call: (store) => store.putItems([]) },
  { name: 'getItem', call: (store) => store.getItem(idOf('x')) },
  { name: 'queryItems', call: (store) => store.queryItems({}, { order: 'ASC', limit: 1 }) },
  { name: 'countItems', call: (store) => store.countItems({}) },
  { name: 'putMonitor', call: (store) => store.putMonitor(a) },
  { name: 'dropMonitor', call: (store) => store.dropMonitor(a) },
  { name: 'listMonitors', call: (store) => store.listMonitors() },
  { name: 'listProcesses', call: (store) => store.listProcesses({ limit: 1 }) },
]

/** Runs the contract of {@link Store} on one implementation. The test file of every store calls this. */
export function describeStore(name: string, create: CreateStore): void {
  describe(`Store: ${name}`, () => {
    describeAppend(create)
    describeReads(create)
    describeCommit(create)
    describeOutbox(create)
    describeItems(create)
    describeChains(create)
    describeMonitors(create)
    describeSnapshots(create)

    describe('wake', () => {
      test('after growth, commits, settlements and revivals; a listener that throws does not stop the others', async () => {
        const { store } = await open(create)
        let wakes = 0
        store.onWake(() => {
          throw new Error('a bad listener')
        })
        const stop = store.onWake(() => {
          wakes += 1
        })
        const woken = async (act: () => Promise<unknown>): Promise<boolean> => {
          const before = wakes
          await act()
          return wakes > before
        }
        expect(await woken(() => store.append([spawnOf(a)]))).toBe(true)
        expect(await woken(() => store.append([spawnOf(a)]))).toBe(false)
        const lease = await spawnAndLease(store, a)
        expect(await woken(() => store.commitResults([commitOf(lease, 0, { targets: ['x'] })]))).toBe(true)
        const cause = { processId: a, nonce: 0, index: 0 }
        const dead = { cause, outcome: { state: 'dead', reason: 'no' } } as const
        expect(await woken(() => store.settleOutbox([dead]))).toBe(true)
        expect(await woken(() => store.reviveOutbox([cause]))).toBe(true)
        expect(await woken(() => store.reviveOutbox([cause]))).toBe(false)
        stop()
        expect(await woken(() => store.append([appendOf(a, 'm')]))).toBe(false)
      })
    })

    describe('close', () => {
      test('finishes what was queued, and may be repeated', async () => {
        const { store } = await open(create)
        const appends = [store.append([spawnOf(a)]), store.append([appendOf(a, 'm1')])]
        const pages = Array.from({ length: 600 }, (_, index) => pageOf(`page ${index}`))
        const put = store.putPages(pages)
        await Promise.all([store.close(), store.close()])
        expect((await Promise.all(appends)).flat()).toMatchObject([{ nonce: 0 }, { nonce: 1 }])
        await put
      })

      const closed = openShared(create, (store) => store.close())

      test.each(calls)('$name rejects afterwards', async ({ call }) => {
        await expect(call(closed())).rejects.toMatchObject({ code: 'STORE_CLOSED' })
      })
    })
  })
}
