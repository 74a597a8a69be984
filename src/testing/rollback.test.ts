import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createNetwork } from '../network/network.ts'
import { messageItem, processItem, send, spawnProcess, testWallet } from '../network/test-items.ts'
import type { Network } from '../network/types.ts'
import { createTestClock } from './test-clock.ts'
import { createTestNetwork } from './test-network.ts'
import type { TestNetwork, TestProcess } from './types.ts'

const counter = `
  Count = 0
  local hidden = 0
  Handlers.add("Add", "Add", function(msg)
    Count = Count + 1
    hidden = hidden + 1
    Latest = msg.Timestamp
    if msg.Next then Send({ Target = msg.Next, Action = "Add" }) end
    msg.reply({ Data = Count .. "/" .. hidden })
  end)
`
/** Each throws the ball back to the other, as long as there is one. */
const player = `
  Seen = 0
  Handlers.add("Ball", "Ball", function(msg)
    Seen = Seen + 1
    local left = tonumber(msg.Left)
    if left > 0 then Send({ Target = msg.From, Action = "Ball", Left = tostring(left - 1) }) end
  end)
  Handlers.add("Throw", "Throw", function(msg) Send({ Target = msg.To, Action = "Ball", Left = msg.Left }) end)
`

let loom: TestNetwork
beforeEach(async () => {
  loom = await createTestNetwork()
})
afterEach(() => loom.close())

const add = async (process: TestProcess, next?: TestProcess): Promise<string | undefined> => {
  const tags = next === undefined ? {} : { Next: next.id }
  return (await process.send({ from: loom.wallet('alice'), action: 'Add', tags })).reply?.data
}

/** Everything that can be asked of the network, but for its time. */
async function everything(): Promise<unknown> {
  await loom.idle()
  const { network } = loom
  const { items } = await network.queryItems({}, { order: 'ASC', limit: 1_000 })
  const processes = []
  for (const { id, tags } of items) {
    if (!tags.some(({ name, value }) => name === 'Type' && value === 'Process')) continue
    const processId = id as never
    const entries = await network.entries(processId, 0, 10_000, 1_000)
    const results = await network.results(processId, { order: 'ASC', limit: 1_000 })
    processes.push({ entries, results, stateHash: await network.stateHash(processId) })
  }
  return { items, processes }
}

describe('revert', () => {
  test('takes back messages, results, items and states, and the network goes on from there', async () => {
    const [first, second] = [await loom.spawn({ code: counter }), await loom.spawn({ code: counter })]
    await add(first, second)
    const before = await everything()
    const snapshot = await loom.snapshot()
    await add(first, second)
    const later = await loom.spawn({ code: counter })
    await add(later, first)
    const gone = await first.send({ action: 'Add' })
    expect(await everything()).not.toEqual(before)

    await loom.revert(snapshot)
    expect(await everything()).toEqual(before)
    await expect(loom.network.result(first.id, gone.id)).rejects.toMatchObject({ code: 'NETWORK_MESSAGE_UNKNOWN' })
    expect(await loom.network.item(gone.id)).toBeUndefined()
    await expect(loom.network.stateHash(later.id)).rejects.toMatchObject({ code: 'NETWORK_PROCESS_UNKNOWN' })
    expect(await add(first, second)).toBe('2/2')
    await loom.idle()
    expect(await second.state('Count')).toBe(2)
  })

  test('brings every earlier state back, whatever was done in between', async () => {
    const action = fc.oneof(
      { weight: 5, arbitrary: fc.record({ type: fc.constant('add' as const), from: fc.nat(2), to: fc.nat(2) }) },
      { weight: 2, arbitrary: fc.record({ type: fc.constant('snapshot' as const) }) },
      { weight: 2, arbitrary: fc.record({ type: fc.constant('revert' as const), which: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('spawn' as const) }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 4, maxLength: 25 }), async (actions) => {
        const processes = [await loom.spawn({ code: counter }), await loom.spawn(), await loom.spawn({ code: counter })]
        const snapshots = [{ id: await loom.snapshot(), all: await everything() }]
        for (const given of actions) {
          if (given.type === 'add') await add(processes[given.from] as TestProcess, processes[given.to])
          if (given.type === 'spawn') await loom.spawn({ code: counter })
          if (given.type === 'snapshot') snapshots.push({ all: await everything(), id: await loom.snapshot() })
          if (given.type === 'revert') {
            const { id, all } = snapshots[given.which % snapshots.length] as (typeof snapshots)[number]
            await loom.revert(id)
            expect(await everything()).toEqual(all)
            snapshots.splice((given.which % snapshots.length) + 1)
          }
        }
      }),
      { seed: 17, numRuns: 8 },
    )
  })

  test('sends again what was on its way', async () => {
    const [first, second] = [await loom.spawn({ code: player }), await loom.spawn({ code: player })]
    await first.send({ action: 'Throw', tags: { To: second.id, Left: '40' } })
    const snapshot = await loom.snapshot()
    const seen = { first: 20, second: 21 }
    for (let round = 0; round < 4; round++) {
      await loom.idle()
      expect({ first: await first.state('Seen'), second: await second.state('Seen') }).toEqual(seen)
      await loom.revert(snapshot)
    }
  })

  test('does not wait for a game that never ends, and ends it when it had not begun', async () => {
    const [first, second] = [await loom.spawn({ code: player }), await loom.spawn({ code: player })]
    await loom.idle()
    const quiet = await loom.snapshot()
    await first.send({ action: 'Throw', tags: { To: second.id, Left: '1000000000' } })
    const playing = await loom.snapshot()
    await loom.revert(playing)
    await loom.revert(quiet)
    await loom.idle()
    expect(await first.state('Seen')).toBe(0)
  })

  test('tells who waits for a result that there will be none', async () => {
    const process = await loom.spawn({ code: counter })
    const snapshot = await loom.snapshot()
    const slow = 'local s = 0 for i = 1, 30000000 do s = s + i end'
    const item = messageItem(process.owner.signer, process.id, { Action: 'Eval' }, slow)
    const { id } = await loom.network.submit(item.bytes)
    // The first of them is evaluated when the network goes back; the others wait behind it.
    const waiting = Promise.allSettled(
      Array.from({ length: 100 }, async () => {
        const other = messageItem(process.owner.signer, process.id, { Action: 'Eval' }, slow)
        const submitted = await loom.network.submit(other.bytes)
        return loom.network.result(process.id, submitted.id)
      }),
    )
    await loom.network.result(process.id, id)
    await loom.revert(snapshot)
    const reasons = (await waiting).flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []))
    expect(reasons).toContain('NETWORK_REVERTED')
    expect(await add(process)).toBe('1/1')
  })

  test('forgets the snapshots of states that are gone', async () => {
    const process = await loom.spawn({ code: 'Marker = 0' })
    const snapshot = await loom.snapshot()
    // So much work that the process is saved after it.
    await process.eval('Marker = "gone" local s = 0 for i = 1, 40000000 do s = s + i end')
    await process.eval('Marker = Marker')
    await loom.idle()
    await loom.revert(snapshot)
    await process.eval('Marker = "new"')
    // A second way back makes it load its state again.
    await loom.revert(await loom.snapshot())
    expect(await process.state('Marker')).toBe('new')
  })

  test('takes the time back', async () => {
    await loom.close()
    const clock = createTestClock()
    loom = await createTestNetwork({ now: clock.now })
    const process = await loom.spawn({ code: counter })
    const snapshot = await loom.snapshot()
    const startMs = clock.now()
    loom.advanceClock(60_000)
    clock.advance(5_000)
    expect((await process.send({ action: 'Add' })).timestampMs).toBe(startMs + 65_000)
    await loom.revert(snapshot)
    expect(loom.network.info().timestampMs).toBe(startMs)
    clock.advance(1_000)
    expect((await process.send({ action: 'Add' })).timestampMs).toBe(startMs + 1_000)
  })

  test('knows the moments that are left', async () => {
    const [first, second] = [await loom.snapshot(), await loom.snapshot()]
    await loom.revert(first)
    await loom.revert(first)
    await expect(loom.revert(second)).rejects.toMatchObject({
      code: 'NETWORK_SNAPSHOT_UNKNOWN',
      info: { known: [first] },
    })
    expect(await loom.snapshot()).not.toBe(second)
  })

  test('is told to who listens', async () => {
    const events: unknown[] = []
    loom.network.onEvent((event) => events.push(event))
    const snapshot = await loom.snapshot()
    await loom.revert(snapshot)
    expect(events).toEqual([{ type: 'reverted', snapshot }])
  })
})

describe('acting as another', () => {
  const whale = `${'w'.repeat(42)}A`

  test('counts as a message of that address, and replies go there', async () => {
    const process = await loom.spawn({
      code: 'Handlers.add("W", "W", function(msg) msg.reply({ Data = msg.From .. " " .. msg.Owner }) end)',
    })
    const { reply } = await process.send({ from: whale, action: 'W' })
    expect(reply?.data).toBe(`${whale} ${whale}`)
    expect((await process.dryRun({ from: whale, action: 'W' })).reply?.data).toBe(reply?.data)
  })

  test('makes processes that belong to that address', async () => {
    const { network } = loom
    const { tags } = processItem(testWallet('alice'))
    const { processId } = await network.submitAs(whale as never, { tags })
    const evaluated = await network.submitAs(whale as never, {
      target: processId,
      tags: [{ name: 'Action', value: 'Eval' }],
      data: 'return Owner .. ao.env.Process.Owner',
    })
    const { json } = await network.result(processId, evaluated.id)
    expect(JSON.parse(json).Output.data).toBe(whale + whale)
  })

  test('twice the same is two messages', async () => {
    const process = await loom.spawn({ code: counter })
    const draft = { target: process.id, tags: [{ name: 'Action', value: 'Add' }] }
    await loom.network.submitAs(whale as never, draft)
    await loom.network.submitAs(whale as never, draft)
    expect(await process.state('Count')).toBe(2)
  })
})

describe('with a data directory', () => {
  let directory: string
  let network: Network
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'loom-rollback-'))
    network = await createNetwork({ dataDirectory: directory })
  })
  afterEach(async () => {
    await network.close()
    rmSync(directory, { recursive: true })
  })

  test('the log says who acted as whom, so a restart gives the same state', async () => {
    const alice = testWallet('alice')
    const processId = await spawnProcess(network, alice, 'Handlers.add("W", "W", function(msg) Who = msg.From end)')
    const bob = testWallet('bob').address
    const { id } = await network.submitAs(bob, { target: processId, tags: [{ name: 'Action', value: 'W' }] })
    await network.result(processId, id)
    const before = await network.stateHash(processId)
    await network.close()
    network = await createNetwork({ dataDirectory: directory, mode: 'strict' })
    expect(await network.stateHash(processId)).toBe(before)
    const { Output } = await send(network, alice, processId, { Action: 'Eval' }, 'Who')
    expect(Output).toMatchObject({ data: bob })
  })

  test('a clock that was moved stays moved after a restart', async () => {
    const day = 86_400_000
    const movedMs = network.moveClock({ byMs: day })
    await network.close()
    network = await createNetwork({ dataDirectory: directory })
    expect(network.info().timestampMs).toBeGreaterThanOrEqual(movedMs)
    const { timestampMs } = await network.submit(processItem(testWallet('alice')).bytes)
    expect(timestampMs).toBeGreaterThanOrEqual(movedMs)
    expect(network.info().blockHeight).toBeGreaterThan((Date.now() - Date.UTC(2018, 5, 8)) / 120_000 + 700)
  })

  test('there is no way back', async () => {
    await expect(network.snapshot()).rejects.toMatchObject({ code: 'NETWORK_SNAPSHOT_UNSUPPORTED' })
  })

  test('a strict node does none of it', async () => {
    await network.close()
    network = await createNetwork({ dataDirectory: directory, mode: 'strict' })
    const refused = { code: 'NETWORK_DEVELOPMENT_ONLY' }
    await expect(network.snapshot()).rejects.toMatchObject(refused)
    await expect(network.revert('1')).rejects.toMatchObject(refused)
    await expect(network.submitAs(testWallet('bob').address, {})).rejects.toMatchObject(refused)
    expect(() => network.moveClock({ byMs: 1 })).toThrow(expect.objectContaining(refused))
  })
})

test('the clock goes forward only, and no further than dates do', async () => {
  const nowMs = loom.network.info().timestampMs
  for (const toMs of [nowMs - 1_000, Number.NaN, Number.POSITIVE_INFINITY, 1e15]) {
    expect(() => loom.network.moveClock({ toMs })).toThrow(expect.objectContaining({ code: 'NETWORK_TIME_INVALID' }))
  }
  expect(loom.network.moveClock({ toMs: nowMs + 5_000 })).toBeGreaterThanOrEqual(nowMs + 5_000)
})
