import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ComputeThread } from '../compute/compute-thread.ts'
import type { StateChange } from '../compute/state-diff.ts'
import type { EvaluationThread, ThreadRequest, ThreadResponses } from '../compute/thread-protocol.ts'
import { createDataItem } from '../protocol/data-item.ts'
import type { ProcessId } from '../protocol/ids.ts'
import { type Clock, createClock } from '../store/clock.ts'
import { createMemoryStore } from '../store/memory/memory-store.ts'
import type { Store } from '../store/types.ts'
import { compileLuaWasm } from '../vm/lua/lua-wasm.ts'
import { composeNetwork } from './network.ts'
import { evaluate, messageItem, processItem, send, spawnProcess, testWallet } from './test-items.ts'
import type { Network } from './types.ts'

const alice = testWallet('alice')
const threadOptions = { module: compileLuaWasm(), signerSeed: new Uint8Array(32).fill(7) }

/** A real thread that can die, and says what it was asked. */
class TestThread implements EvaluationThread {
  #thread = new ComputeThread(threadOptions)
  onDeath: (error: Error) => void = () => undefined
  readonly requests: ThreadRequest['type'][] = []

  request<Request extends ThreadRequest>(request: Request): Promise<ThreadResponses[Request['type']]> {
    this.requests.push(request.type)
    return this.#thread.request(request)
  }

  async die(): Promise<void> {
    await this.#thread.close()
    this.#thread = new ComputeThread(threadOptions)
    this.onDeath(new Error('as asked'))
  }

  close(): Promise<void> {
    return this.#thread.close()
  }
}

interface Opened {
  readonly network: Network
  readonly store: Store
  readonly threads: readonly TestThread[]
}

async function open({
  clock = createClock(),
  hotMemoryBytes,
}: {
  clock?: Clock
  hotMemoryBytes?: number
} = {}): Promise<Opened> {
  const store = createMemoryStore({ clock })
  const threads = [new TestThread(), new TestThread()]
  const ground = { store, threads, signerSeed: threadOptions.signerSeed, clock }
  return { network: await composeNetwork(ground, { hotMemoryBytes }), store, threads }
}

let store: Store
let network: Network
let threads: readonly TestThread[]

beforeAll(async () => {
  const opened = await open()
  network = opened.network
  store = opened.store
  threads = opened.threads
})
afterAll(() => network.close())

const at = async (processId: ProcessId, path: string, nonce?: number): Promise<unknown> =>
  JSON.parse((await network.stateAt(processId, { path, nonce })).json)

/** Enough for a snapshot while it is at work. */
const heavy = 'local sum = 0 for i = 1, 12000000 do sum = sum + i end Heavy = (Heavy or 0) + 1'

const code = `
  Count, Flag, List, Balances = 0, false, {}, {}
  local hidden = 0
  Handlers.add("Add", "Add", function(msg)
    Count = Count + 1 hidden = hidden + 2 Balances[msg.Who] = (Balances[msg.Who] or 0) + hidden
  end)
  Handlers.add("Toggle", "Toggle", function() Flag = not Flag end)
  Handlers.add("Push", "Push", function(msg) List[#List + 1] = { size = #List, text = msg.Data } end)
  Handlers.add("Pop", "Pop", function() table.remove(List) end)
  Handlers.add("Wait", "Wait", function() Heard = Receive({ Action = "Wake" }).Data end)
  Handlers.add("Fail", "Fail", function() Count = -1 error("no") end)`

describe('a history', () => {
  const paths = [
    '',
    'Count',
    'Flag',
    'List',
    'List[1]',
    'List[2].text',
    'Balances',
    'Balances["a.b"]',
    'Heard',
    'Inbox',
    'Nothing',
    'Owner',
  ]
  let processId: ProcessId
  /** What the process said of itself after each message, by nonce. */
  const hashes: string[] = []
  const values: Record<string, string>[] = []

  async function record(): Promise<void> {
    hashes.push(await network.stateHash(processId))
    const nonce = hashes.length - 1
    const now: Record<string, string> = {}
    for (const path of paths) {
      const reading = await network.stateAt(processId, { path })
      expect(reading).toMatchObject({ nonce, isComplete: true })
      now[path] = reading.json
    }
    values.push(now)
  }

  beforeAll(async () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('c', 'a.b', 'x').map((who) => [{ Action: 'Add', Who: who }] as const) },
      {
        weight: 4,
        arbitrary: fc
          .constantFrom('Toggle', 'Pop', 'Fail', 'Wait', 'Nobody')
          .map((action) => [{ Action: action }] as const),
      },
      {
        weight: 3,
        arbitrary: fc
          .constantFrom('Push', 'Wake')
          .chain((action) => fc.nat(3).map((n) => [{ Action: action }, `text ${n}`] as const)),
      },
      { weight: 1, arbitrary: fc.constant([{ Action: 'Eval' }, heavy] as const) },
    )
    const [steps = []] = fc.sample(fc.array(step, { minLength: 60, maxLength: 60 }), { numRuns: 1, seed: 31 })
    processId = await spawnProcess(network, alice)
    await record()
    await send(network, alice, processId, { Action: 'Eval' }, code)
    await record()
    for (const [tags, data] of steps) {
      await send(network, alice, processId, tags, data)
      await record()
    }
    expect(steps.filter(([, data]) => data === heavy).length).toBeGreaterThan(2)
    expect((await store.listCheckpoints(processId)).length).toBeGreaterThan(1)
  })

  test('has the state it had, after each message, in whatever order it is asked', async () => {
    const order = fc.shuffledSubarray([...hashes.keys()], { minLength: hashes.length })
    const [nonces = []] = fc.sample(order, { numRuns: 1, seed: 32 })
    for (const nonce of nonces) {
      for (const path of paths) {
        expect(await network.stateAt(processId, { path, nonce })).toEqual({
          nonce,
          isComplete: true,
          json: values[nonce]?.[path],
        })
      }
      expect(await network.stateHashAt(processId, nonce)).toBe(hashes[nonce])
    }
  })

  test('is the same to many at once', async () => {
    const nonces = [...hashes.keys(), ...hashes.keys()]
    expect(await Promise.all(nonces.map((nonce) => network.stateHashAt(processId, nonce)))).toEqual([
      ...hashes,
      ...hashes,
    ])
  })

  test('is empty before its first message', async () => {
    expect(await at(processId, '', -1)).toEqual([])
    expect(await at(processId, 'Inbox', -1)).toEqual([])
  })

  test('has differences exactly where values differ', async () => {
    const pairs = fc.tuple(fc.nat(hashes.length - 1), fc.nat(hashes.length - 1), fc.constantFrom(...paths))
    for (const [from, to, path] of fc.sample(pairs, { numRuns: 60, seed: 33 })) {
      const change = await network.diffStates(processId, from, to, path)
      expect(change === undefined).toBe(values[from]?.[path] === values[to]?.[path])
    }
  })

  test('knows the message that a value comes from: the one that a search through everything finds', async () => {
    const moments = fc.tuple(fc.constantFrom(...paths), fc.nat(hashes.length - 1))
    const before = { ...Object.fromEntries(paths.map((path) => [path, 'null'])), '': '[]', Inbox: '[]' } as Record<
      string,
      string
    >
    const log = await network.entries(processId, 0, hashes.length, 1_000)
    for (const [path, atNonce] of fc.sample(moments, { numRuns: 40, seed: 34 })) {
      const was = (nonce: number): string | undefined => (nonce < 0 ? before : values[nonce])?.[path]
      let nonce = atNonce
      while (nonce >= 0 && was(nonce) === was(nonce - 1)) nonce -= 1
      const expected =
        nonce < 0
          ? { isFound: false, sinceNonce: -1 }
          : { isFound: true, nonce, messageId: log[nonce]?.itemId, before: was(nonce - 1), after: was(nonce) }
      expect(await network.lastChange(processId, path, { atNonce })).toMatchObject(expected)
    }
  })
})

describe('what a message did', () => {
  let processId: ProcessId
  beforeAll(async () => {
    processId = await spawnProcess(network, alice, code)
    await send(network, alice, processId, { Action: 'Add', Who: 'a.b' })
    await send(network, alice, processId, { Action: 'Push' }, 'one')
    await send(network, alice, processId, { Action: 'Push' }, 'two')
    await send(network, alice, processId, { Action: 'Add', Who: 'a.b' })
  })

  const tree = (change: StateChange | undefined): unknown =>
    change?.kind === 'inside'
      ? Object.fromEntries([...change.entries].map(([key, inner]) => [key, tree(inner)]))
      : change

  test('is the difference that it makes', async () => {
    expect(tree(await network.diffStates(processId, 1, 5))).toEqual({
      Balances: { '[1]': undefined, 'a.b': { kind: 'added', after: '6' } },
      Count: { kind: 'changed', before: '0', after: '2' },
      List: {
        '[1]': { kind: 'added', after: '{"size":0,"text":"one"}' },
        '[2]': { kind: 'added', after: '{"size":1,"text":"two"}' },
      },
    })
    expect(tree(await network.diffStates(processId, 4, 3, 'List[2]'))).toEqual({
      kind: 'removed',
      before: '{"size":1,"text":"two"}',
    })
    expect(await network.diffStates(processId, 3, 4, 'Count')).toBeUndefined()
  })

  test('is told with who sent it', async () => {
    const entry = (await network.entries(processId, 5, 5, 1))[0]
    expect(await network.lastChange(processId, 'Balances["a.b"]')).toEqual({
      ...{ isFound: true, nonce: 5, messageId: entry?.itemId, timestampMs: entry?.timestampMs },
      ...{ from: alice.address, action: 'Add', before: '2', after: '6' },
    })
    expect(await network.lastChange(processId, 'Balances["a.b"]', { atNonce: 4 })).toMatchObject({
      nonce: 2,
      before: 'null',
    })
  })
})

test('reads of the past leave a process at work alone, and it leaves them alone', async () => {
  const processId = await spawnProcess(network, alice, code)
  for (let i = 0; i < 20; i++) await send(network, alice, processId, { Action: 'Add', Who: 'x' })
  const work = Array.from({ length: 150 }, () =>
    network.submit(messageItem(alice, processId, { Action: 'Add', Who: 'x' }).bytes),
  )
  const reads = Array.from({ length: 60 }, (_, i) => at(processId, 'Count', 2 + (i % 20)))
  const searches = [1, 2, 3].map((n) => network.lastChange(processId, 'Count', { atNonce: n + 1 }))
  expect(await Promise.all(reads)).toEqual(Array.from({ length: 60 }, (_, i) => 1 + (i % 20)))
  expect((await Promise.all(searches)).map((found) => found.isFound && found.nonce)).toEqual([2, 3, 4])
  const last = Math.max(...(await Promise.all(work)).map(({ nonce }) => nonce))
  await network.idle()
  expect(await at(processId, 'Count')).toBe(170)
  expect(await network.lastChange(processId, 'Count')).toMatchObject({ nonce: last, before: '169', after: '170' })
  expect(await network.stateHashAt(processId, last)).toBe(await network.stateHash(processId))
})

test('a message that is not evaluated yet is waited for', async () => {
  const processId = await spawnProcess(network, alice, code)
  const submitted = await Promise.all(
    Array.from({ length: 50 }, () => network.submit(messageItem(alice, processId, { Action: 'Add', Who: 'x' }).bytes)),
  )
  const last = Math.max(...submitted.map(({ nonce }) => nonce))
  expect(await at(processId, 'Count', last)).toBe(50)
  const fresh = await network.submit(processItem(alice).bytes)
  expect(await at(fresh.processId, 'Owner')).toBe(alice.address)
})

describe('states of the past', () => {
  let processId: ProcessId
  beforeAll(async () => {
    processId = await spawnProcess(network, alice, code)
    for (let i = 0; i < 40; i++) await send(network, alice, processId, { Action: 'Add', Who: 'x' })
    await network.idle()
  })

  /** What the threads were asked meanwhile. Snapshots are taken when a process rests, which is not what is looked at. */
  async function asked(work: () => Promise<unknown>): Promise<Record<string, number>> {
    for (const { requests } of threads) requests.length = 0
    await work()
    const counts: Record<string, number> = {}
    for (const type of threads.flatMap(({ requests }) => requests)) counts[type] = (counts[type] ?? 0) + 1
    delete counts.snapshot
    return counts
  }

  test('are loaded once for many reads, and serve as beginnings for later ones', async () => {
    const many = () => Promise.all(Array.from({ length: 20 }, () => at(processId, 'Count', 20)))
    expect(await asked(many)).toEqual({ load: 1, memory: 1, replay: 2, inspect: 20 })
    expect(await asked(many)).toEqual({ inspect: 20 })
    expect(await asked(() => network.stateHashAt(processId, 20))).toEqual({ 'state-hash': 1 })
    expect(await asked(() => at(processId, 'Count', 25))).toEqual({ copy: 1, replay: 1, inspect: 1 })
    expect(await asked(() => network.diffStates(processId, 30, 31))).toEqual({ copy: 2, replay: 2, inspect: 2 })
  })

  test('are made again when their thread dies', async () => {
    expect(await at(processId, 'Count', 20)).toBe(19)
    for (const thread of threads) await thread.die()
    const work = network.submit(messageItem(alice, processId, { Action: 'Add', Who: 'x' }).bytes)
    expect(await asked(() => at(processId, 'Count', 20))).toMatchObject({ load: expect.any(Number) })
    expect(await at(processId, 'Count', 20)).toBe(19)
    expect(await at(processId, 'Count', (await work).nonce)).toBe(41)
  })

  test('are freed when there is no memory for them', async () => {
    const small = await open({ hotMemoryBytes: 1 })
    const id = await spawnProcess(small.network, alice, code)
    for (let i = 0; i < 20; i++) await send(small.network, alice, id, { Action: 'Add', Who: 'x' })
    for (const nonce of [20, 3, 12, 3, 20]) {
      expect(JSON.parse((await small.network.stateAt(id, { path: 'Count', nonce })).json)).toBe(nonce - 1)
    }
    const count = (type: string): number =>
      small.threads.flatMap(({ requests }) => requests.filter((each) => each === type)).length
    // All but what was loaded for the process itself, which may have been freed too.
    expect(count('unload')).toBeGreaterThanOrEqual(5)
    await small.network.close()
  })
})

test('the past of a fork begins with what it was forked from', async () => {
  const origin = await spawnProcess(network, alice, code)
  await send(network, alice, origin, { Action: 'Add', Who: 'x' })
  await send(network, alice, origin, { Action: 'Add', Who: 'x' })
  const { processId } = await network.submit(processItem(alice, { 'Forked-From': origin, 'Fork-Nonce': '2' }).bytes)
  await send(network, alice, processId, { Action: 'Toggle' })
  expect(await at(processId, 'Count', -1)).toBe(1)
  expect(await network.lastChange(processId, 'Count')).toEqual({ isFound: false, sinceNonce: -1 })
  expect(await network.lastChange(processId, 'Flag')).toMatchObject({ nonce: 1, before: 'false', after: 'true' })
})

test('a process that rests now and then has snapshots all along its past', async () => {
  let timeMs = 1_000_000
  const ticks: (() => void)[] = []
  const clock: Clock = {
    ...createClock(),
    now: () => timeMs,
    every: (_ms, work) => {
      ticks.push(work)
      return () => undefined
    },
  }
  const resting = await open({ clock })
  const processId = await spawnProcess(resting.network, alice)
  for (let round = 0; round < 9; round++) {
    await evaluate(resting.network, alice, processId, 'local sum = 0 for i = 1, 4000000 do sum = sum + i end')
    await resting.network.idle()
    timeMs += 10_000
    for (const tick of ticks) tick()
    await vi.waitFor(async () => {
      expect((await resting.store.head(processId)).checkpoint?.nonce).toBe(round + 1)
    })
  }
  const nonces = (await resting.store.listCheckpoints(processId)).map(({ nonce }) => nonce)
  expect(nonces.length).toBeGreaterThanOrEqual(3)
  // The one of each rest is dropped when there is another, unless it is worth keeping.
  expect(nonces.length).toBeLessThanOrEqual(6)
  await resting.network.close()
})

describe('errors', () => {
  let processId: ProcessId
  beforeAll(async () => {
    processId = await spawnProcess(network, alice, 'Big = {} for i = 1, 3000 do Big[i] = ("x"):rep(4000) end')
  })

  test.each([2, 1_000, -2])('a nonce that is not in the log: %i', async (nonce) => {
    const unknown = expect.objectContaining({ code: 'COMPUTE_NONCE_UNKNOWN' })
    await expect(network.stateAt(processId, { nonce })).rejects.toEqual(unknown)
    await expect(network.stateHashAt(processId, nonce)).rejects.toEqual(unknown)
    await expect(network.diffStates(processId, 0, nonce)).rejects.toEqual(unknown)
    await expect(network.lastChange(processId, 'x', { atNonce: nonce })).rejects.toEqual(unknown)
  })

  test('a process that is not here', async () => {
    const other = 'A'.repeat(43) as ProcessId
    const unknown = expect.objectContaining({ code: 'NETWORK_PROCESS_UNKNOWN' })
    await expect(network.stateAt(other)).rejects.toEqual(unknown)
    await expect(network.lastChange(other, 'x')).rejects.toEqual(unknown)
  })

  test('a path that is none', async () => {
    const invalid = expect.objectContaining({ code: 'VM_PATH_INVALID' })
    await expect(network.stateAt(processId, { path: 'a[' })).rejects.toEqual(invalid)
    await expect(network.diffStates(processId, 0, 1, 'a[')).rejects.toEqual(invalid)
    await expect(network.lastChange(processId, 'a[')).rejects.toEqual(invalid)
  })

  test('a value that is too large is cut when it is read, and refused when it would have to be whole', async () => {
    const { json, isComplete } = await network.stateAt(processId, { path: 'Big' })
    expect(isComplete).toBe(false)
    expect(json.length).toBeLessThan(5 * 2 ** 20)
    const tooLarge = expect.objectContaining({
      code: 'VM_STATE_TOO_LARGE',
      message: expect.stringContaining('at Big is too large'),
    })
    await expect(network.diffStates(processId, 0, 1, 'Big')).rejects.toEqual(tooLarge)
    await expect(network.lastChange(processId, 'Big')).rejects.toEqual(tooLarge)
    expect(await network.lastChange(processId, 'Big[3000]')).toMatchObject({ isFound: true, nonce: 1 })
  })

  test('a process whose module cannot be loaded', async () => {
    const tags = Object.entries({
      'Data-Protocol': 'ao',
      Type: 'Module',
      Variant: 'ao.TN.1',
      'Module-Format': 'loom-lua-5.3',
    })
    const broken = createDataItem(
      { tags: tags.map(([name, value]) => ({ name, value })), data: 'this is no Lua' },
      alice,
    )
    await network.upload(broken.bytes)
    const submitted = await network.submit(processItem(alice, { Module: broken.id }).bytes)
    const unreadable = expect.objectContaining({ code: 'VM_STATE_UNREADABLE' })
    await expect(network.stateAt(submitted.processId)).rejects.toEqual(unreadable)
    await expect(network.stateAt(submitted.processId, { nonce: 0 })).rejects.toEqual(unreadable)
    await expect(network.lastChange(submitted.processId, 'x')).rejects.toEqual(unreadable)
  })
})

test('a module of anyone can be read, whatever it does with packets', async () => {
  const source =
    'Seen = 0 local channel = ... return function() channel.receive() Seen = Seen + 1 channel.send("\\3") end'
  const tags = Object.entries({
    'Data-Protocol': 'ao',
    Type: 'Module',
    Variant: 'ao.TN.1',
    'Module-Format': 'loom-lua-5.3',
  })
  const item = createDataItem({ tags: tags.map(([name, value]) => ({ name, value })), data: source }, alice)
  await network.upload(item.bytes)
  const { processId } = await network.submit(processItem(alice, { Module: item.id }).bytes)
  // Its answer to a message is none, so each message is undone.
  expect(await at(processId, 'Seen', 0)).toBe(1)
})

test('what is asked while the network goes back to a snapshot is refused, and then the past is the new one', async () => {
  const processId = await spawnProcess(network, alice, code)
  const snapshot = await network.snapshot()
  await evaluate(network, alice, processId, 'Before = 1')
  expect(await at(processId, 'Before', 2)).toBe(1)
  await network.revert(snapshot)
  await expect(network.stateAt(processId, { nonce: 2 })).rejects.toEqual(
    expect.objectContaining({ code: 'COMPUTE_NONCE_UNKNOWN' }),
  )
  await evaluate(network, alice, processId, 'After = 2')
  expect(await at(processId, 'Before', 2)).toBe(null)
  expect(await at(processId, 'After', 2)).toBe(2)
})
