import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { ProcessId } from '../../src/protocol/ids.ts'
import type { DiskFlaw } from './disk.ts'
import { type HistoryReport, runHistory } from './history.ts'
import { SimulationHost } from './host.ts'
import { type Plan, planFor } from './plan.ts'
import type { ProcessRecord, StoreRecord } from './record.ts'
import { operation, regressions } from './regressions.ts'
import { describeFailure, describePlan } from './report.ts'
import type { Rule } from './rules.ts'
import { breaksRule, shrink } from './shrink.ts'

/** Histories with seeds that no run before had: about 10 s on a core of its own. `SIMULATION_SEED` names the first of them. */
const freshSeedCount = 200
const firstSeed = Number(process.env.SIMULATION_SEED ?? Date.now())
/** A history that does not end is ended by the watchdog, which knows its seed; shrinking one takes its time. */
const timeoutMs = 600_000

const host = new SimulationHost()

const rulesOf = ({ violations }: HistoryReport): Rule[] => violations.map(({ rule }) => rule)

test(
  'fresh histories keep every invariant',
  async () => {
    expect(firstSeed, 'SIMULATION_SEED is no whole number').toSatisfy(Number.isSafeInteger)
    const last = firstSeed + freshSeedCount - 1
    process.stdout.write(
      `Simulated histories with seeds ${firstSeed} to ${last}; again: SIMULATION_SEED=${firstSeed}\n`,
    )
    for (let seed = firstSeed; seed <= last; seed += 1) {
      const plan = planFor(String(seed))
      const report = await runHistory(plan, host)
      if (report.violations.length > 0) expect.fail(await describeFailure(plan, report, host))
    }
  },
  timeoutMs,
)

test('a seed gives the same history again, task by task, also in another host', async () => {
  const other = new SimulationHost()
  for (let seed = 1; seed <= 8; seed += 1) {
    const [first, again] = [await linesOf(String(seed), host), await linesOf(String(seed), other)]
    expect(first.length).toBeGreaterThan(50)
    expect(again).toEqual(first)
  }
})

test('a seed gives the same history again in another program', async () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [main, '--seed', '1'])
  expect(stdout).toContain(`digest ${(await runHistory(planFor('1'), host)).digest}\n`)
})

/** Everything that happens in the history of a seed. */
async function linesOf(seed: string, ownHost: SimulationHost): Promise<string[]> {
  const lines: string[] = []
  const { digest } = await runHistory(planFor(seed), ownHost, { tell: (line) => lines.push(line), tellsTasks: true })
  return [...lines, digest]
}

describe('what was mended stays so', () => {
  for (const { name, plan } of regressions) {
    test(name, async () => {
      expect((await runHistory(plan, host)).violations).toEqual([])
    })
  }
})

/** Two processes that tell each other, and clients that want to know. */
const soundPlan: Plan = {
  seed: 'sound',
  hasLibrary: false,
  speeds: { threads: 1, readMs: 0.1, gatherMs: 0.1, syncMs: 1, answerMs: 0.1, threadMs: 0.5, clientMs: 1 },
  operations: [
    { ...operation(0, 10), kind: 'spawn', process: 0 },
    { ...operation(1, 10), kind: 'spawn', process: 1 },
    {
      ...operation(2, 50),
      kind: 'send',
      process: 0,
      levels: [['burst 1 3', 'wallet wallet0'], ['reply']],
      readsResult: true,
    },
    { ...operation(3, 100), kind: 'send', process: 1, levels: [['nowhere']], readsResult: true },
    { ...operation(4, 150), kind: 'look', process: 1 },
    { ...operation(5, 200), kind: 'send', process: 1, levels: [['fail']], readsResult: false },
  ],
  faults: [],
}

type Change = (process: ProcessRecord) => ProcessRecord

/** Changes the process that was spawned with operation 1: it has the three messages of the burst. */
const inTarget = (change: Change): ((record: StoreRecord) => StoreRecord) => inLogOf(5, change)

/** Changes processes with so many entries, or more. */
function inLogOf(entriesMin: number, change: Change): (record: StoreRecord) => StoreRecord {
  return (record) => {
    const processes = new Map(record.processes)
    for (const [id, process] of processes)
      if (process.entries.length >= entriesMin) processes.set(id as ProcessId, change(process))
    return { ...record, processes }
  }
}

const swap = <T>(list: readonly T[], a: number, b: number): T[] =>
  list.map((one, i) => (i === a ? list[b] : i === b ? list[a] : one) as T)

const tamperings: {
  readonly name: string
  readonly rule: Rule
  readonly tamper: (record: StoreRecord) => StoreRecord
}[] = [
  {
    name: 'a log without its end',
    rule: 'I6',
    tamper: inTarget(({ entries, results }) => ({ entries: entries.slice(0, 2), results: results.slice(0, 2) })),
  },
  {
    name: 'entries in another order',
    rule: 'I1',
    tamper: inTarget(({ entries, results }) => ({ entries: swap(entries, 1, 2), results })),
  },
  {
    name: 'an entry that stands twice',
    rule: 'I3',
    tamper: inTarget(({ entries, results }) => ({ entries: [...entries, ...entries.slice(-1)], results })),
  },
  {
    name: 'an entry that nobody sent',
    rule: 'I3',
    tamper: inTarget(({ entries, results }) => ({
      entries: entries.map((entry) =>
        entry.cause === undefined ? entry : { ...entry, cause: { ...entry.cause, index: 77 } },
      ),
      results,
    })),
  },
  {
    name: 'messages of one sender in another order',
    rule: 'I3 order',
    tamper: inTarget(({ entries, results }) => {
      const sent = entries.filter(({ cause }) => cause !== undefined).map(({ nonce }) => nonce)
      return { entries: swap(entries, sent[0] ?? 0, sent[1] ?? 0), results }
    }),
  },
  {
    name: 'a result that is another',
    rule: 'I2',
    tamper: inTarget(({ entries, results }) => ({
      entries,
      results: results.map((result, i) => (i === 1 ? { ...result, gasUsed: result.gasUsed + 1 } : result)),
    })),
  },
  {
    name: 'results that clients were told otherwise',
    rule: 'P3',
    tamper: inTarget(({ entries, results }) => ({ entries, results: results.map((one) => ({ ...one, json: '{}' })) })),
  },
  {
    name: 'an entry without its result',
    rule: 'rest',
    tamper: inTarget(({ entries, results }) => ({ entries, results: results.slice(0, -1) })),
  },
  { name: 'a dead entry without its reason', rule: 'I3', tamper: (record) => ({ ...record, undelivered: new Map() }) },
  { name: 'a message to a wallet that is nowhere', rule: 'I3', tamper: (record) => ({ ...record, items: new Map() }) },
]

test('the history that the checks are tried on is sound', async () => {
  const report = await runHistory(soundPlan, host)
  expect(report.violations).toEqual([])
  expect(report.counts).toMatchObject({ messages: 11, dead: 1, failed: 1, results: 2 })
})

test.each(tamperings)('the checks find $name', async ({ rule, tamper }) => {
  expect(rulesOf(await runHistory(soundPlan, host, { tamper }))).toContain(rule)
})

test('ticks of crons are made, and the checks find one that is missing', async () => {
  const plan: Plan = {
    ...soundPlan,
    crons: [{ process: 0, seconds: 1, words: 'note' }],
    operations: [
      { ...operation(0, 10), kind: 'spawn', process: 0 },
      { ...operation(1, 100), kind: 'monitor', process: 0 },
      { ...operation(2, 3_500), kind: 'send', process: 0, levels: [], readsResult: true },
      { ...operation(3, 3_600), kind: 'read-past', process: 0, share: 0.5, what: 'hash' },
    ],
  }
  const { violations, counts } = await runHistory(plan, host)
  expect(violations).toEqual([])
  expect(counts).toMatchObject({ ticks: 3, messages: 5 })

  const tamper = inTarget(({ entries, results }) => ({ entries: entries.toSpliced(2, 1), results }))
  const texts = (await runHistory(plan, host, { tamper })).violations.map(({ text }) => text)
  expect(texts).toContainEqual(expect.stringMatching(/is tick 0-1-seconds of \d+; next is/))
  expect(texts).toContainEqual(expect.stringMatching(/has 2 ticks of 0-1-seconds before it, not 3/))
})

test('forks are made and values of the past are read, and the checks find what is wrong with them', async () => {
  const plan: Plan = {
    ...soundPlan,
    forks: [{ process: 1, of: 0, nonce: 1 }],
    operations: [
      { ...operation(0, 10), kind: 'spawn', process: 0 },
      { ...operation(1, 100), kind: 'send', process: 0, levels: [['fork 0']], readsResult: false },
      { ...operation(2, 200), kind: 'send', process: 0, levels: [], readsResult: false },
      { ...operation(3, 300), kind: 'spawn', process: 1 },
      { ...operation(4, 400), kind: 'send', process: 1, levels: [], readsResult: true },
      { ...operation(5, 500), kind: 'read-past', process: 1, share: 0.6, what: 'count' },
      { ...operation(6, 600), kind: 'read-past', process: 0, share: 0.9, what: 'last-change' },
    ],
  }
  const { violations, counts } = await runHistory(plan, host)
  expect(violations).toEqual([])
  expect(counts).toMatchObject({ processes: 3, forks: 2, counts: 1, lastChanges: 1 })

  const early = (record: StoreRecord): StoreRecord => ({ ...record, places: new Map() })
  const textsOf = async (tamper: (record: StoreRecord) => StoreRecord): Promise<string[]> =>
    (await runHistory(plan, host, { tamper })).violations.map(({ text }) => text)
  expect(await textsOf(early)).toContainEqual(expect.stringMatching(/is one after #1, which is not before it/))

  // Without the message that the fork of the client begins behind, everything later counts one less.
  const shorter = inLogOf(4, ({ entries, results }) => ({ entries: entries.toSpliced(1, 1), results }))
  const texts = await textsOf(shorter)
  expect(texts).toContainEqual(expect.stringMatching(/had counted 2 after #1; the log gives 1/))
  expect(texts).toContainEqual(expect.stringMatching(/counted last with .*; the log gives/))
})

test('a network in memory goes back: what came after the snapshot is gone, what was before it is checked', async () => {
  const plan: Plan = {
    ...soundPlan,
    isInMemory: true,
    operations: [
      { ...operation(0, 10), kind: 'spawn', process: 0 },
      { ...operation(1, 50), kind: 'send', process: 0, levels: [], readsResult: true },
      { ...operation(2, 150), kind: 'send', process: 0, levels: [['tell 0']], readsResult: true },
      { ...operation(3, 400), kind: 'look', process: 0 },
    ],
    faults: [{ id: 0, kind: 'revert', atMs: 100, forMs: 200 }],
  }
  const { violations, counts } = await runHistory(plan, host)
  expect(violations).toEqual([])
  expect(counts).toMatchObject({ reverts: 1, messages: 2, acknowledged: 2, results: 1 })

  const tamper = inLogOf(2, ({ entries, results }) => ({ entries: entries.slice(0, 1), results: results.slice(0, 1) }))
  expect(rulesOf(await runHistory(plan, host, { tamper }))).toContain('I6')
})

test('chains stop at their limits and go on when they are sent again, and the checks find what is wrong with that', async () => {
  const plan: Plan = {
    ...soundPlan,
    chainLimits: { depthMax: 9, entriesMax: 3 },
    operations: [
      { ...operation(0, 10), kind: 'spawn', process: 0 },
      {
        ...operation(1, 50),
        kind: 'send',
        process: 0,
        levels: [['tell 0'], ['tell 0'], ['tell 0']],
        readsResult: false,
      },
      { ...operation(2, 100), kind: 'send', process: 0, levels: [['nowhere']], readsResult: false },
      { ...operation(3, 200), kind: 'send-again', process: 0 },
    ],
  }
  const { violations, counts } = await runHistory(plan, host)
  expect(violations).toEqual([])
  expect(counts).toMatchObject({ messages: 6, dead: 1 })
  const stopped = await runHistory({ ...plan, operations: plan.operations.slice(0, 3) }, host)
  expect(stopped.violations).toEqual([])
  expect(stopped.counts).toMatchObject({ messages: 5, dead: 2 })

  const deeper = inLogOf(6, ({ entries, results }) => ({
    entries: entries.map((entry) => ({ ...entry, chain: { ...entry.chain, depth: 10 * entry.chain.depth } })),
    results,
  }))
  const withRoom = (record: StoreRecord): StoreRecord => {
    const undelivered = [...record.undelivered].map(
      ([name, row]) => [name, { ...row, reason: 'CHAIN_LIMIT entries' }] as const,
    )
    return { ...record, undelivered: new Map(undelivered) }
  }
  for (const tamper of [deeper, withRoom]) expect(rulesOf(await runHistory(plan, host, { tamper }))).toContain('I9')
})

const controlSeedCount = 60

const flaws: readonly { readonly flaw: DiskFlaw; readonly rule: Rule; readonly partsMax: number }[] = [
  // A message that is sent, a fault, and what it takes to have both.
  { flaw: 'forgets duplicates', rule: 'I3', partsMax: 7 },
  { flaw: 'settles first', rule: 'I3', partsMax: 4 },
  { flaw: 'answers first', rule: 'I6', partsMax: 4 },
]

test.each(flaws)('a store that $flaw is found out, and the history shrinks to a few lines', async (control) => {
  const { flaw, rule, partsMax } = control
  const breaks = async (plan: Plan): Promise<boolean> =>
    breaksRule(rule, (await runHistory(plan, host, { flaw })).violations)
  let found: Plan | undefined
  for (let seed = 1; seed <= controlSeedCount && found === undefined; seed += 1) {
    const plan = planFor(String(seed))
    if (await breaks(plan)) found = plan
  }
  if (found === undefined) expect.fail(`A store that ${flaw} passed in ${controlSeedCount} histories.`)
  const least = await shrink(found, breaks)
  expect(await breaks(least)).toBe(true)
  expect(least.operations.length + least.faults.length).toBeLessThanOrEqual(partsMax)
  expect(describePlan(least)).toContain('spawns')
  expect((await runHistory(least, host)).violations).toEqual([])
})
