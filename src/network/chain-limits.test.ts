import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { ComputeThread } from '../compute/compute-thread.ts'
import type { ProcessId } from '../protocol/ids.ts'
import { createClock } from '../store/clock.ts'
import { createMemoryStore } from '../store/memory/memory-store.ts'
import type { Store } from '../store/types.ts'
import { compileLuaWasm } from '../vm/lua/lua-wasm.ts'
import { composeNetwork, createNetwork } from './network.ts'
import { evaluate, messageItem, spawnProcess, testWallet } from './test-items.ts'
import type { ChainStopped, Logger, Network, NetworkOptions } from './types.ts'

const alice = testWallet('alice')

/** Answers every ball, and counts them. */
const player =
  'Count = 0 Handlers.add("Ball", "Ball", function(msg) Count = Count + 1 msg.reply({ Action = "Ball" }) end)'
/** Sends two to itself for each one. */
const splitter = `Count = 0 Handlers.add("Split", "Split", function(msg)
  Count = Count + 1
  for _ = 1, 2 do Send({ Target = ao.id, Action = "Split" }) end
end)`

let warnings: { readonly text: string; readonly values: object }[]
const log: Logger = {
  debug() {},
  info() {},
  warn: (values, text) => warnings.push({ text, values }),
  error: (values, text) => warnings.push({ text, values }),
}
let stops: ChainStopped[]
let network: Network

async function open(options: NetworkOptions): Promise<Network> {
  network = await createNetwork({ computeThreads: 1, log, ...options })
  return listenTo(network)
}

function listenTo(given: Network): Network {
  given.onEvent((event) => {
    if (event.type === 'chain-stopped') stops.push(event)
  })
  return given
}

beforeEach(() => {
  warnings = []
  stops = []
})
afterEach(() => network.close())

const countOf = async (processId: ProcessId): Promise<number> =>
  Number(await evaluate(network, alice, processId, 'Count'))

/** Throws the first ball. @returns the nonce of the message that did. */
async function throwBall(from: ProcessId, to: ProcessId): Promise<number> {
  const code = `Send({ Target = "${to}", Action = "Ball" })`
  const { nonce } = await network.submit(messageItem(alice, from, { Action: 'Eval' }, code).bytes)
  await network.idle()
  return nonce
}

async function deadOf(processId?: ProcessId) {
  return (await network.outbox({ state: 'dead', processId, limit: 1_000 })).entries
}

describe('processes that answer each other', () => {
  test('stop at the depth limit, and go on for as much again when what was stopped is sent again', async () => {
    await open({ chainDepthMax: 10 })
    const [one, two] = [await spawnProcess(network, alice, player), await spawnProcess(network, alice, player)]
    const nonce = await throwBall(one, two)
    // Levels 1, 3, …, 9 are the second one's.
    expect([await countOf(one), await countOf(two)]).toEqual([5, 5])

    const [dead, ...others] = await deadOf()
    expect(others).toEqual([])
    expect(dead).toMatchObject({ target: two, action: 'Ball', chain: { processId: one, nonce, depth: 10 } })
    const [message] = await network.entries(one, nonce, nonce, 1)
    expect(dead?.reason).toMatch(/^CHAIN_LIMIT depth: .*10 levels deep/)
    expect(dead?.reason).toContain(message?.itemId)
    expect(dead?.reason).toContain(`loom outbox retry ${one} ${dead?.cause.nonce}.0`)
    expect(stops).toEqual([
      {
        ...{ type: 'chain-stopped', root: { processId: one, nonce }, messageId: message?.itemId },
        ...{ limit: 'depth', max: 10, source: one, target: two },
      },
    ])
    expect(warnings.map(({ text }) => text)).toEqual(['chain stopped at its limit'])

    expect(await network.retryOutbox(one, [{ nonce: dead?.cause.nonce ?? 0, index: 0 }])).toBe(1)
    await network.idle()
    expect([await countOf(one), await countOf(two)]).toEqual([10, 10])
    expect(await deadOf()).toMatchObject([{ target: two, chain: { processId: one, nonce, depth: 20 } }])
    expect(stops).toHaveLength(2)
    expect(await network.chain(one, nonce)).toEqual({
      ...{ root: { processId: one, nonce, messageId: message?.itemId }, depth: 0, entries: 21 },
    })
  })

  test('do not stop others: each message from outside begins a chain of its own', async () => {
    await open({ chainDepthMax: 3 })
    const [one, two] = [await spawnProcess(network, alice, player), await spawnProcess(network, alice, player)]
    const nonces = [await throwBall(one, two), await throwBall(one, two), await throwBall(two, one)]
    expect([await countOf(one), await countOf(two)]).toEqual([1 + 1 + 2, 2 + 2 + 1])
    expect(stops.map(({ root }) => root.nonce)).toEqual(nonces)
  })

  test('go on for ever without a limit', async () => {
    await open({ chainDepthMax: 0, chainEntriesMax: 0 })
    const [one, two] = [await spawnProcess(network, alice, player), await spawnProcess(network, alice, player)]
    const reached = new Promise<void>((resolve) => {
      network.onEvent((event) => {
        if (event.type === 'scheduled' && event.entry.chain.depth === 1_100) resolve()
      })
    })
    await network.submit(
      messageItem(alice, one, { Action: 'Eval' }, `Send({ Target = "${two}", Action = "Ball" })`).bytes,
    )
    await reached
    await evaluate(network, alice, one, 'Handlers.remove("Ball")')
    await network.idle()
    expect(stops).toEqual([])
  })
})

describe('a chain that spreads', () => {
  test('stops at exactly as many messages as it may have', async () => {
    await open({ chainEntriesMax: 40 })
    const processId = await spawnProcess(network, alice, splitter)
    const { nonce } = await network.submit(messageItem(alice, processId, { Action: 'Split' }).bytes)
    await network.idle()
    expect(await network.chain(processId, nonce)).toMatchObject({ depth: 0, entries: 40 })
    expect(await countOf(processId)).toBe(40)
    const dead = await deadOf()
    // Two for each of the 40, of which 39 have arrived.
    expect(dead).toHaveLength(41)
    expect(dead.every(({ reason }) => reason.startsWith('CHAIN_LIMIT entries: '))).toBe(true)
    expect(stops).toMatchObject([{ root: { processId, nonce }, limit: 'entries', max: 40 }])
    expect(warnings).toHaveLength(1)
  })

  test('has as much before it again when any of it is sent again', async () => {
    await open({ chainEntriesMax: 40 })
    const processId = await spawnProcess(network, alice, splitter)
    const { nonce } = await network.submit(messageItem(alice, processId, { Action: 'Split' }).bytes)
    await network.idle()
    const [first] = await deadOf()
    if (first === undefined) throw new Error('nothing was stopped')
    expect(await network.retryOutbox(processId, [first.cause])).toBe(1)
    await network.idle()
    expect(await network.chain(processId, nonce)).toMatchObject({ entries: 80 })
    expect(await network.retryOutbox(processId)).toBe(81)
    await network.idle()
    // All 81 may pass, and with what they set off the chain stops at the next multiple it would pass.
    expect(await network.chain(processId, nonce)).toMatchObject({ entries: 200 })
  })

  test('counts spawns, what tells of them, and assignments', async () => {
    await open({ chainEntriesMax: 6 })
    const other = await spawnProcess(network, alice)
    const processId = await spawnProcess(network, alice)
    const item = messageItem(alice, processId, {})
    await network.upload(item.bytes)
    const code = `
      ao.assign({ Message = "${item.id}", Processes = { "${other}" } })
      for _ = 1, 2 do Spawn({ Data = " " }) end
      Send({ Target = "${other}", Action = "One" })`
    const { nonce } = await network.submit(messageItem(alice, processId, { Action: 'Eval' }, code).bytes)
    await network.idle()
    // The root, the message, two spawns with what tells of them; then the assignment is one too many.
    expect(await network.chain(processId, nonce)).toMatchObject({ entries: 6 })
    expect(await deadOf()).toMatchObject([{ kind: 'assignment', target: other }])
  })

  test('is counted from the log after a restart, and goes on then too', async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'loom-chains-'))
    onTestFinished(() => rmSync(dataDirectory, { recursive: true }))
    await open({ dataDirectory, chainEntriesMax: 40 })
    const processId = await spawnProcess(network, alice, splitter)
    const { nonce } = await network.submit(messageItem(alice, processId, { Action: 'Split' }).bytes)
    await network.idle()
    await network.close()
    await open({ dataDirectory, chainEntriesMax: 40 })
    await network.idle()
    expect(await network.chain(processId, nonce)).toMatchObject({ entries: 40 })
    const [first] = await deadOf()
    await network.retryOutbox(processId, first === undefined ? [] : [first.cause])
    await network.idle()
    expect(await network.chain(processId, nonce)).toMatchObject({ entries: 80 })
  })
})

test('a message that has arrived is not stopped when it is delivered once more', async () => {
  const store = createMemoryStore()
  let settlements = 0
  // The answer to the last settlement is lost, as in a crash: what arrived within the limit is delivered once more.
  const forgetful: Store = new Proxy(store, {
    get(target, name) {
      if (name !== 'settleOutbox') return Reflect.get(target, name).bind(target)
      return async (given: Parameters<Store['settleOutbox']>[0]) => {
        settlements += 1
        if (settlements === 3) throw new Error('the disk is gone for a moment')
        return target.settleOutbox(given)
      }
    },
  })
  const signerSeed = new Uint8Array(32).fill(7)
  const threads = [new ComputeThread({ module: compileLuaWasm(), signerSeed })]
  const ground = { store: forgetful, threads, signerSeed, clock: createClock() }
  network = listenTo(await composeNetwork(ground, { log, chainEntriesMax: 4 }))
  const [one, two] = [await spawnProcess(network, alice, player), await spawnProcess(network, alice, player)]
  const nonce = await throwBall(one, two)
  expect(settlements).toBeGreaterThan(3)
  expect(await network.chain(one, nonce)).toMatchObject({ entries: 4 })
  // Only the one that goes beyond: of those that arrived none is dead.
  expect(await deadOf()).toMatchObject([{ chain: { depth: 3 } }])
  expect([await countOf(one), await countOf(two)]).toEqual([1, 2])
})
