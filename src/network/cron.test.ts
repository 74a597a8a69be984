import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { ComputeThread } from '../compute/compute-thread.ts'
import { createDataItem, parseDataItem } from '../protocol/data-item.ts'
import type { ProcessId } from '../protocol/ids.ts'
import { tagValue } from '../protocol/tags.ts'
import type { Tag } from '../protocol/types.ts'
import { blockHeightAt, blockStartMs } from '../scheduler/block-time.ts'
import { recordedTick, tickIdentity } from '../scheduler/cron-tick.ts'
import { impersonatedBy } from '../scheduler/impersonation.ts'
import { ticksPerBatchMax } from '../scheduler/scheduler.ts'
import { createClock } from '../store/clock.ts'
import { createMemoryStore } from '../store/memory/memory-store.ts'
import type { LogEntry, Store } from '../store/types.ts'
import { compileLuaWasm } from '../vm/lua/lua-wasm.ts'
import type { CronChildOptions } from './cron.child.fixture.ts'
import { composeNetwork, createNetwork } from './network.ts'
import { evaluate, messageItem, processItem, send, testWallet } from './test-items.ts'
import type { Network, NetworkOptions } from './types.ts'

const alice = testWallet('alice')
const bob = testWallet('bob')
const startMs = Date.UTC(2025, 0, 1)

let nowMs: number
let network: Network

const open = (options: NetworkOptions = {}) => createNetwork({ now: () => nowMs, computeThreads: 1, ...options })

beforeEach(async () => {
  nowMs = startMs
  network = await open()
})
afterEach(() => network.close())

const ticking = { 'Cron-Interval': '10-seconds', 'Cron-Tag-Action': 'Tick' }
const counting = `
  Count = 0
  Handlers.add("Tick", "Tick", function(msg)
    Count = Count + 1
    Send({ Target = "${bob.address}", Action = "Ticked", Data = tostring(Count) })
  end)
`

async function spawn(tags: Record<string, string> = ticking, code = counting): Promise<ProcessId> {
  const { processId } = await network.submit(processItem(alice, tags).bytes)
  await evaluate(network, alice, processId, code)
  return processId
}

/** `<cron>@<due>` of a tick and `message` of others, each with its timestamp, in milliseconds after the start. */
async function logOf(processId: ProcessId): Promise<string[]> {
  const entries: LogEntry[] = []
  for (let page = await network.entries(processId, 1, 1e9, 1_000); page.length > 0; ) {
    entries.push(...page)
    page = await network.entries(processId, entries.length + 1, 1e9, 1_000)
  }
  return entries.map(({ item, assignment, timestampMs }) => {
    const { name, atMs } = tickIdentity(parseDataItem(item))
    const what = recordedTick(assignment) === undefined ? 'message' : `${name}@${atMs - startMs}`
    return `${what} ${timestampMs - startMs}`
  })
}

const count = (processId: ProcessId): Promise<string> => evaluate(network, alice, processId, 'return tostring(Count)')

async function received(): Promise<string[]> {
  await network.idle()
  const { items } = await network.queryItems({ recipients: [bob.address] }, { order: 'ASC', limit: 1_000 })
  return items.map(({ bytes }) => Buffer.from(parseDataItem(bytes).data).toString())
}

describe('a process with a cron', () => {
  test('has had all ticks that are due by the time of a message, each at its own time', async () => {
    const processId = await spawn()
    nowMs = startMs + 35_500
    expect(await count(processId)).toBe('3')
    nowMs = startMs + 40_000
    expect(await count(processId)).toBe('4')
    expect(await logOf(processId)).toEqual([
      'message 1',
      '0-10-seconds@10000 10000',
      '0-10-seconds@20000 20000',
      '0-10-seconds@30000 30000',
      'message 35500',
      '0-10-seconds@40000 40000',
      'message 40001',
    ])
  })

  test('sees what the public network shows of a tick', async () => {
    const tags = { ...ticking, 'Cron-Tag-Level': '3', 'Cron-Tag-Type': 'Own' }
    const processId = await spawn(tags, 'Handlers.add("Tick", "Tick", function(msg) Seen = msg end)')
    nowMs = startMs + 10_000
    const seen = await evaluate(
      network,
      alice,
      processId,
      `local m = Seen
      local names = {}
      for _, tag in ipairs(m.TagArray) do table.insert(names, tag.name .. "=" .. tag.value) end
      return table.concat({ m.From, m.Owner, m.Target, tostring(m.Cron), m.Timestamp, m["Block-Height"], m.Level, #names,
        table.concat(names, ","), tostring(m.Id), tostring(m.Nonce), tostring(m.Epoch), tostring(m["Hash-Chain"]),
        tostring(m.Anchor), tostring(m.Data) }, " ")`,
    )
    const { address } = alice
    const height = blockHeightAt(startMs + 10_000)
    expect(seen).toBe(
      `${address} ${address} ${processId} true ${startMs + 10_000} ${height} 3 3 Action=Tick,Level=3,Type=Own nil nil nil nil nil nil`,
    )
  })

  test('ticks when blocks begin, and once for each of its crons that are due together', async () => {
    const intervals = ['2-minutes', '1-block'].map((value): Tag => ({ name: 'Cron-Interval', value }))
    const { tags } = processItem(alice)
    const item = createDataItem({ tags: [...tags, ...intervals], data: ' ' }, alice)
    expect(blockStartMs(blockHeightAt(startMs))).toBe(startMs)
    const { processId } = await network.submit(item.bytes)
    nowMs = startMs + 240_000
    await network.bringCronsUp(processId)
    expect(await logOf(processId)).toEqual([
      '1-1-block@120000 120000',
      '0-2-minutes@120000 120001',
      '1-1-block@240000 240000',
      '0-2-minutes@240000 240001',
    ])
    const entries = await network.entries(processId, 1, 99, 99)
    expect(entries.map(({ blockHeight }) => blockHeight - blockHeightAt(startMs))).toEqual([1, 1, 2, 2])
  })

  test('keeps its times while the log runs ahead of the clock', async () => {
    const processId = await spawn({ ...ticking, 'Cron-Interval': '1-second' })
    // The clock stands: each message is a millisecond later than the one before.
    const messages = Array.from({ length: 1_050 }, () => messageItem(bob, processId, { Action: 'None' }))
    for (const { bytes } of messages) await network.submit(bytes)
    const log = await logOf(processId)
    expect(log.slice(998, 1_001)).toEqual(['message 999', '0-1-second@1000 1000', 'message 1001'])
    expect(log).toHaveLength(1_052)
  })

  test('gets each tick once, and before them, when many messages come at once', async () => {
    const processId = await spawn()
    nowMs = startMs + 30_000
    await Promise.all(Array.from({ length: 20 }, () => count(processId)))
    const log = await logOf(processId)
    expect(log.filter((line) => line.startsWith('0-'))).toEqual(
      [10_000, 20_000, 30_000].map((ms) => `0-10-seconds@${ms} ${ms}`),
    )
    expect(log.findIndex((line) => line.startsWith('0-'))).toBe(1)
    expect(log).toHaveLength(24)
  })

  test('has its ticks before what another process sends it', async () => {
    const processId = await spawn()
    const sender = await spawn(
      {},
      'Handlers.add("Go", "Go", function() Send({ Target = Owner2, Action = "Hello" }) end)',
    )
    await evaluate(network, alice, sender, `Owner2 = "${processId}"`)
    nowMs = startMs + 20_000
    await send(network, alice, sender, { Action: 'Go' })
    await network.idle()
    expect((await logOf(processId)).slice(1)).toEqual([
      '0-10-seconds@10000 10000',
      '0-10-seconds@20000 20000',
      'message 20001',
    ])
  })

  test('ticks on more than one batch', async () => {
    const processId = await spawn({ ...ticking, 'Cron-Interval': '1-second' })
    nowMs = startMs + 1_000_000
    expect(await count(processId)).toBe('1000')
    const log = await logOf(processId)
    expect(log.slice(1, -1)).toEqual(
      Array.from({ length: 1_000 }, (_, i) => `0-1-second@${1_000 * (i + 1)} ${1_000 * (i + 1)}`),
    )
  })

  test.each([
    { name: 'an interval that is none', tags: { 'Cron-Interval': '10-fortnights' } },
    { name: 'an interval below a second', tags: { 'Cron-Interval': '10-ms' } },
    { name: 'a tag of no cron', tags: { 'Cron-Tag-Action': 'Tick', 'Cron-Interval': '1-second' } },
  ])('is not spawned with $name', async ({ tags }) => {
    const item = processItem(alice, tags)
    await expect(network.submit(item.bytes)).rejects.toMatchObject({ code: 'SCHEDULER_TAG_INVALID' })
    expect(await network.hasProcess(item.id as string as ProcessId)).toBe(false)
  })

  test('cannot be given ticks by others', async () => {
    const processId = await spawn()
    nowMs = startMs + 10_000
    await network.bringCronsUp(processId)
    const [tick] = await network.entries(processId, 2, 2, 1)
    const { tags } = parseDataItem((tick as LogEntry).item)
    const forged = Object.fromEntries(tags.map(({ name, value }) => [name, value]))
    await send(network, bob, processId, forged)
    await network.submitAs(bob.address, { target: processId, tags: [...tags] })
    const other = await spawn({}, 'Handlers.add("Tick", "Tick", function(msg) Cron = tostring(msg.Cron) end)')
    await network.assign({ processId: other, itemId: (tick as LogEntry).itemId })
    const again = await network.assign({ processId, itemId: (tick as LogEntry).itemId })
    expect(again).toMatchObject({ duplicate: true, nonce: 2 })
    const entries = await network.entries(processId, 3, 99, 99)
    expect(entries.map(({ assignment }) => recordedTick(assignment))).toEqual([undefined, undefined])
    const [assigned] = await network.entries(other, 2, 2, 1)
    expect(recordedTick((assigned as LogEntry).assignment)).toBeUndefined()
  })
})

test('a tick counts as sent by whom the process belongs to', async () => {
  const { tags } = processItem(alice, ticking)
  const { processId } = await network.submitAs(bob.address, { tags: [...tags] })
  nowMs = startMs + 10_000
  await network.bringCronsUp(processId)
  const tick = await network.latestEntry(processId)
  expect(tick && impersonatedBy(tick.assignment)).toBe(bob.address)
})

test('a tick that cannot be stored is made later, at its time', async () => {
  const signerSeed = new Uint8Array(32).fill(3)
  const memory = createMemoryStore()
  let isFailing = false
  const append: Store['append'] = async (requests) => {
    if (isFailing) throw new Error('no room')
    return memory.append(requests)
  }
  const store = new Proxy(memory, {
    get(_, name) {
      const method = name === 'append' ? append : memory[name as keyof Store]
      return typeof method === 'function' ? method.bind(memory) : method
    },
  })
  const said: string[] = []
  const log = { debug() {}, info() {}, warn: (_: object, text: string) => said.push(text), error() {} }
  const threads = [new ComputeThread({ module: compileLuaWasm(), signerSeed })]
  await network.close()
  network = await composeNetwork({ store, threads, signerSeed, clock: createClock(() => nowMs) }, { log })
  const processId = await spawn()
  await network.monitor(processId)
  isFailing = true
  nowMs = startMs + 10_000
  await network.idle()
  isFailing = false
  expect(said).toContain('cron did not tick, to be tried again')
  nowMs = startMs + 15_000
  await network.idle()
  expect(await logOf(processId)).toEqual(['message 1', '0-10-seconds@10000 10000'])
})

describe('what a tick sends', () => {
  test('is delivered from the moment of monitor to that of unmonitor', async () => {
    const processId = await spawn()
    nowMs = startMs + 20_000
    await network.monitor(processId)
    nowMs = startMs + 40_000
    expect(await received()).toEqual(['3', '4'])
    nowMs = startMs + 60_000
    await network.unmonitor(processId)
    nowMs = startMs + 80_000
    expect(await count(processId)).toBe('8')
    expect(await received()).toEqual(['3', '4', '5', '6'])
    const results = await network.cronResults(processId, { limit: 99 })
    expect(results.map(({ result }) => JSON.parse(result.json).Messages[0].Data)).toEqual('12345678'.split(''))
  })

  test('carries no Pushed-For, and is the beginning of a chain', async () => {
    const processId = await spawn()
    const target = await spawn({}, 'Handlers.add("Ticked", "Ticked", function() Heard = true end)')
    await evaluate(
      network,
      alice,
      processId,
      `
      Handlers.add("Tick", "Tick", function() Send({ Target = "${target}", Action = "Ticked", Data = "x" }) end)`,
    )
    await network.monitor(processId)
    nowMs = startMs + 10_000
    await network.idle()
    const pushed = await network.latestEntry(target)
    const tick = await network.latestEntry(processId)
    const { tags } = parseDataItem(pushed?.item ?? new Uint8Array())
    expect(tagValue(tags, 'From-Process')).toBe(processId)
    expect(tagValue(tags, 'Pushed-For')).toBeUndefined()
    expect(pushed?.chain).toEqual({ processId, nonce: tick?.nonce, depth: 1 })
  })

  test('monitor and unmonitor may be repeated', async () => {
    const processId = await spawn()
    for (let i = 0; i < 2; i++) await network.monitor(processId)
    expect([...network.monitored()]).toEqual([processId])
    for (let i = 0; i < 2; i++) await network.unmonitor(processId)
    expect([...network.monitored()]).toEqual([])
    const unknown = 'A'.repeat(43) as ProcessId
    await expect(network.monitor(unknown)).rejects.toMatchObject({ code: 'NETWORK_PROCESS_UNKNOWN' })
  })
})

describe('time', () => {
  test('that is moved makes monitored processes tick, others when they are looked at', async () => {
    const [monitored, other] = [await spawn(), await spawn()]
    await network.monitor(monitored)
    network.moveClock({ byMs: 60_000 })
    await network.idle()
    expect(await logOf(monitored)).toHaveLength(7)
    expect(await logOf(other)).toHaveLength(1)
    await network.bringCronsUp(other)
    expect(await logOf(other)).toHaveLength(7)
  })

  test('that passes makes them tick without anyone asking', async () => {
    const processId = await spawn()
    await network.monitor(processId)
    const ticked = new Promise<LogEntry>((resolve) => {
      network.onEvent((event) => {
        if (event.type === 'scheduled') resolve(event.entry)
      })
    })
    nowMs = startMs + 10_000
    expect(await ticked).toMatchObject({ processId, timestampMs: startMs + 10_000 })
  })

  test('that is taken back takes back ticks and monitors', async () => {
    const processId = await spawn()
    await network.monitor(processId)
    network.moveClock({ byMs: 20_000 })
    await network.idle()
    const snapshot = await network.snapshot()
    network.moveClock({ byMs: 30_000 })
    await network.unmonitor(processId)
    const before = await logOf(processId)
    await network.revert(snapshot)
    expect([...network.monitored()]).toEqual([processId])
    network.moveClock({ byMs: 30_000 })
    expect(await received()).toEqual(['1', '2', '3', '4', '5'])
    expect(await logOf(processId)).toEqual(before)
  })
})

test('a fork ticks by its own item, from its own time', async () => {
  const processId = await spawn()
  nowMs = startMs + 25_000
  await network.bringCronsUp(processId)
  const origin = { 'Forked-From': processId, 'Fork-Nonce': '2' }
  const tags = { ...ticking, 'Cron-Interval': '7-seconds', ...origin }
  const fork = (await network.submit(processItem(alice, tags).bytes)).processId
  const silent = (await network.submit(processItem(alice, origin).bytes)).processId
  nowMs = startMs + 40_000
  expect([await count(fork), await count(silent)]).toEqual(['3', '1'])
  expect(await logOf(fork)).toEqual(['0-7-seconds@32000 32000', '0-7-seconds@39000 39000', 'message 40000'])
  expect(await logOf(silent)).toEqual(['message 40000'])
})

describe('results of ticks', () => {
  test('are listed page by page, without messages and without those that failed', async () => {
    const code = `Handlers.add("Tick", "Tick", function(msg) if msg.Timestamp == ${startMs + 20_000} then error("no") end end)`
    const processId = await spawn(ticking, code)
    for (let round = 1; round <= 4; round++) {
      for (let i = 0; i < 70; i++) await network.submit(messageItem(bob, processId, { Action: 'None' }).bytes)
      nowMs = startMs + round * 20_000
      await network.bringCronsUp(processId)
    }
    const all = await network.cronResults(processId, { limit: 100 })
    expect(all.map(({ timestampMs }) => (timestampMs - startMs) / 10_000)).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8].filter((n) => n !== 2),
    )
    expect(new Set(all.map(({ cron }) => cron))).toEqual(new Set(['0-10-seconds']))
    const nonces = all.map(({ result }) => result.nonce)
    const paged: number[] = []
    for (let afterNonce: number | undefined; ; ) {
      const page = await network.cronResults(processId, { afterNonce, limit: 2 })
      paged.push(...page.map(({ result }) => result.nonce))
      afterNonce = page.at(-1)?.result.nonce
      if (page.length < 2) break
    }
    expect(paged).toEqual(nonces)
    const upTo = await network.cronResults(processId, { throughNonce: nonces[3], limit: 100 })
    expect(upTo.map(({ result }) => result.nonce)).toEqual(nonces.slice(0, 4))
  })
})

describe('with a data directory', () => {
  test('what was missed while the node was off is made up, and pushed, once', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'loom-cron-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const reopen = async (): Promise<void> => {
      await network.close()
      network = await open({ dataDirectory: directory })
    }
    await reopen()
    const [monitored, other] = [await spawn(), await spawn()]
    await network.monitor(monitored)
    for (let round = 1; round <= 3; round++) {
      nowMs = startMs + round * 50_000
      await reopen()
      expect([...network.monitored()]).toEqual([monitored])
      await network.idle()
      expect(await logOf(other)).toHaveLength(1)
    }
    const expected = Array.from({ length: 15 }, (_, i) => `0-10-seconds@${(i + 1) * 10_000} ${(i + 1) * 10_000}`)
    expect((await logOf(monitored)).slice(1)).toEqual(expected)
    expect(await received()).toEqual(Array.from({ length: 15 }, (_, i) => String(i + 1)))
    expect(await count(other)).toBe('15')
    expect((await logOf(other)).slice(1, -1)).toEqual(expected)
  })

  test('many messages at once, some of them not yet on the disk, double no tick', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'loom-cron-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    await network.close()
    network = await open({ dataDirectory: directory })
    const processId = await spawn()
    for (let round = 1; round <= 3; round++) {
      const sent = Array.from({ length: 10 }, () =>
        network.submit(messageItem(bob, processId, { Action: 'None' }).bytes),
      )
      nowMs = startMs + round * 20_000
      await Promise.all([...sent, network.bringCronsUp(processId), network.bringCronsUp(processId)])
    }
    const log = await logOf(processId)
    expect(log.filter((line) => line.startsWith('0-'))).toEqual(
      [1, 2, 3, 4, 5, 6].map((i) => `0-10-seconds@${i * 10_000} ${i * 10_000}`),
    )
    expect(log).toHaveLength(1 + 30 + 6)
  })

  test('a node that is killed while it makes them up goes on where it was', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'loom-cron-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    await network.close()
    network = await open({ dataDirectory: directory })
    const processId = await spawn({ ...ticking, 'Cron-Interval': '1-second' })
    await network.monitor(processId)
    await network.close()

    nowMs = startMs + 1_500_000
    const program = fileURLToPath(new URL('./cron.child.fixture.ts', import.meta.url))
    for (const ticks of [1, ticksPerBatchMax + 1]) {
      const given: CronChildOptions = { directory, nowMs, ticks }
      const child = spawnSync(process.execPath, [program, JSON.stringify(given)], { encoding: 'utf8' })
      expect([child.signal, child.stdout]).toEqual(['SIGKILL', ''])
    }
    const said: string[] = []
    const log = { debug() {}, info: (_: object, text: string) => said.push(text), warn() {}, error() {} }
    network = await open({ dataDirectory: directory, log })
    const expected = Array.from({ length: 1_500 }, (_, i) => i + 1)
    await network.idle()
    expect((await logOf(processId)).slice(1)).toEqual(expected.map((i) => `0-1-second@${i * 1_000} ${i * 1_000}`))
    expect(await evaluate(network, alice, processId, 'return tostring(Count)')).toBe('1500')
    const arrived: string[] = []
    for (let after: string | undefined, isLast = false; !isLast; ) {
      const page = await network.queryItems({ recipients: [bob.address] }, { order: 'ASC', limit: 1_000, after })
      arrived.push(...page.items.map(({ bytes }) => Buffer.from(parseDataItem(bytes).data).toString()))
      after = page.items.at(-1)?.cursor
      isLast = !page.hasNextPage
    }
    expect(arrived.map(Number)).toEqual(expected)
    expect(said).toContain('missed ticks of a cron are made up')
  })
})
