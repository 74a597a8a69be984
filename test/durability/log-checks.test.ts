import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ProcessId } from '../../src/protocol/ids.ts'
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import type { LogEntry, Store } from '../../src/store/types.ts'
import { type History, makeHistory } from './episode.ts'
import { checkLogs, type Known } from './log-checks.ts'
import { overrideStore } from './override-store.ts'

// The checks of the crash tests must see each kind of damage. A sound history is made once; each case shows it damaged.

let history: History
let disk: Store
/** The first process, and its log. */
let processId: ProcessId
let log: readonly LogEntry[]

beforeAll(async () => {
  history = await makeHistory({ seed: 23, kills: [], burstCount: 15 })
  disk = await createSqliteStore({ directory: history.dataDirectory })
  processId = (await disk.listProcesses({ limit: 1 }))[0] ?? unknownId
  log = await disk.readLog(processId, 0)
})

afterAll(async () => {
  await disk.close()
  rmSync(history.dataDirectory, { recursive: true })
})

test('a history without crashes is sound', async () => {
  expect(history.violations).toEqual([])
  expect((await checkLogs(disk, history)).violations).toEqual([])
})

interface Damage {
  readonly what: string
  /** What is to be reported, among what else follows from the damage. */
  readonly seen: RegExp
  readonly store?: () => Partial<Store>
  readonly known?: () => Partial<Known>
}

const damages: readonly Damage[] = [
  { what: 'a gap', seen: /^I1: entry \S+ stands at place 1$/, store: () => withLog(log.toSpliced(1, 1)) },
  {
    what: 'a repeated entry',
    seen: /^I1: entry \S+ has \S+, as one before it has/,
    store: () => withLog([...log, { ...place(isDelivered), nonce: log.length }]),
  },
  {
    what: 'a time that stands still',
    seen: /^I1: entry \S+ is not later than the one before/,
    store: () => changed(log[2], () => ({ timestampMs: log[1]?.timestampMs ?? 0 })),
  },
  {
    what: 'a broken hash chain',
    seen: /^I1: entry \S+ does not continue the hash chain/,
    store: () => changed(log[2], () => ({ hashChain: unknownId })),
  },
  {
    what: 'an item that was changed',
    seen: /^I1: entry \S+ has an item that is not genuine/,
    store: () => changed(log[3], ({ item }) => ({ item: item.with(-1, (item.at(-1) ?? 0) ^ 1) })),
  },
  {
    what: 'an assignment that was changed',
    seen: /^I1: entry \S+ has an assignment that is not genuine/,
    store: () => changed(log[3], ({ assignment }) => ({ assignment: assignment.with(10, (assignment[10] ?? 0) ^ 1) })),
  },
  {
    what: 'an item in the place of another',
    seen: /^I1: entry \S+ has another item/,
    store: () => changed(log[3], () => ({ item: log[2]?.item ?? new Uint8Array() })),
  },
  {
    what: 'a result that the log does not give',
    seen: /^I2: the result of \S+\/2 is not what the log gives/,
    store: () => ({
      async readResult(id, nonce) {
        const result = await disk.readResult(id, nonce)
        return result && nonce === 2 ? { ...result, gasUsed: result.gasUsed + 1 } : result
      },
    }),
  },
  {
    what: 'a state that the log does not give',
    seen: /^I2: the state of \S+ is not what its log gives/,
    known: () => ({ stateHashes: new Map(history.stateHashes).set(processId, '00') }),
  },
  {
    what: 'a snapshot of another state',
    seen: /^I2: the snapshot after \S+ is not the state that the log gives/,
    store: () => ({
      listCheckpoints: async (id) =>
        (await disk.listCheckpoints(id)).map((mark) => ({ ...mark, nonce: mark.nonce - 1 })),
      async findCheckpoint(id, atMostNonce) {
        const mark = await disk.findCheckpoint(id, atMostNonce + 1)
        return mark && { ...mark, nonce: mark.nonce - 1 }
      },
    }),
  },
  {
    what: 'a snapshot without its pages',
    seen: /^I2: snapshot not used/,
    store: () => ({ getPages: async (hashes) => hashes.map(() => undefined) }),
  },
  {
    what: 'a delivery that did not arrive',
    seen: /^I3: message \S+ is 0 times in the log/,
    store: () => withLog(without(isDelivered)),
  },
  {
    what: 'a delivery that arrived twice',
    seen: /^I3: message \S+ is 2 times in the log/,
    store: () => withLog([...log, { ...place(isDelivered), nonce: log.length }]),
  },
  {
    what: 'an assignment that did not arrive',
    seen: /^I3: \S+ \S+ is 0 times in the log/,
    store: () => withLog(without(isPushedAssignment)),
  },
  {
    what: 'a spawner that was not told',
    seen: /^I3: spawn \S+ is 0 times in the log/,
    store: () => withLog(without(({ cause }) => cause?.processId === processId)),
  },
  {
    what: 'a spawn that is not there',
    seen: /^I3: spawn \S+ is 0 times in the log/,
    store: () => ({ listProcesses: async (page) => (await disk.listProcesses(page)).slice(0, 4) }),
  },
  {
    what: 'deliveries out of order',
    seen: /^I3: entry \S+ came after \S+, and was sent before it/,
    store: () => withLog([...log.slice(0, 1), ...log.slice(1).toReversed()]),
  },
  {
    what: 'a message to a wallet that is not there',
    seen: /^I3: message \S+ to wallet \S+ is not stored/,
    store: () => ({ getItem: async (id) => hide(await disk.getItem(id), ({ target }) => target !== undefined) }),
  },
  {
    what: 'an entry that waits',
    seen: /^I3: the outbox has {"pending":1/,
    store: () => ({ outboxStatus: async () => ({ ...(await disk.outboxStatus()), pending: 1 }) }),
  },
  {
    what: 'an entry that is dead for nobody',
    seen: /^I3: entry \S+ cannot be delivered and is not dead because of it/,
    store: () => ({ listOutbox: async () => [] }),
  },
  { what: 'an entry that nobody sent', seen: /^I3: entry \S+ was sent by nobody/, known: () => ({ sent: new Set() }) },
  {
    what: 'a cause that sent nothing',
    seen: /^I3: no outbox sent \S+/,
    store: () => changed(place(isPushedAssignment), ({ cause }) => ({ cause: cause && { ...cause, index: 77 } })),
  },
  {
    what: 'a failure that changed the state',
    seen: /^I4: messages of \S+ that failed changed its state/,
    store: () => ({
      async readResult(id, nonce) {
        const result = await disk.readResult(id, nonce)
        return result && { ...result, failed: result.failed || nonce === 1 }
      },
    }),
  },
  {
    what: 'an acknowledged message that is not there',
    seen: /^I6: \S+ was acknowledged and is not in the log/,
    store: () => withLog(without(({ nonce, cause }) => nonce > 0 && cause === undefined)),
  },
  {
    what: 'an acknowledged time that is another',
    seen: /^I6: \S+ is not in the log of \S+ as it was acknowledged/,
    known: () =>
      acknowledgedWith({ entries: history.acknowledged.entries.map((entry) => ({ ...entry, timestampMs: 1 })) }),
  },
  {
    what: 'an acknowledged upload that is not there',
    seen: /^I6: the upload of \S+ was acknowledged and is gone/,
    store: () => ({
      getItem: async (id) => hide(await disk.getItem(id), () => id === history.acknowledged.items[0]?.id),
    }),
  },
  {
    what: 'a result that was told otherwise',
    seen: /^I6: the result of \S+ is not the one that was told/,
    known: () =>
      acknowledgedWith({ results: history.acknowledged.results.map((result) => ({ ...result, json: '{}' })) }),
  },
  {
    what: 'an entry in the wrong chain',
    seen: /^I9: entry \S+ is not in the chain of its cause/,
    store: () => changed(place(isDelivered), ({ chain }) => ({ chain: { ...chain, depth: chain.depth + 1 } })),
  },
]

test.each(damages)('$what is seen', async ({ seen, store = () => ({}), known = () => ({}) }) => {
  const { violations } = await checkLogs(overrideStore(disk, store()), { ...history, ...known() })
  expect(violations).toContainEqual(expect.stringMatching(seen))
})

const unknownId = 'A'.repeat(43) as ProcessId

const isDelivered = ({ kind, cause }: LogEntry): boolean =>
  kind === 'message' && cause !== undefined && cause.processId !== processId

const isPushedAssignment = ({ kind, cause }: LogEntry): boolean => kind === 'assignment' && cause !== undefined

/** The last such entry of the log: what is changed there changes little else. */
function place(is: (entry: LogEntry) => boolean): LogEntry {
  const found = log.findLast(is)
  if (found === undefined) throw new Error('The history has no such entry: give it another seed.')
  return found
}

function without(is: (entry: LogEntry) => boolean): readonly LogEntry[] {
  return log.filter((entry) => entry !== place(is))
}

/** The store, with another log of the process. */
function withLog(entries: readonly LogEntry[]): Partial<Store> {
  return {
    async head(id) {
      const head = await disk.head(id)
      return id === processId ? { ...head, next: entries.length } : head
    },
    readLog: async (id, from, to, limit) =>
      id === processId ? entries.slice(from, to === undefined ? to : to + 1) : disk.readLog(id, from, to, limit),
  }
}

function changed(entry: LogEntry | undefined, change: (entry: LogEntry) => Partial<LogEntry>): Partial<Store> {
  return withLog(log.map((other) => (other === entry ? { ...other, ...change(other) } : other)))
}

function hide<T>(value: T | undefined, isHidden: (value: T) => boolean): T | undefined {
  return value === undefined || isHidden(value) ? undefined : value
}

function acknowledgedWith(change: Partial<Known['acknowledged']>): Partial<Known> {
  return { acknowledged: { ...history.acknowledged, ...change } }
}
