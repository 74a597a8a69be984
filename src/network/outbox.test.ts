import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createDataItem } from '../protocol/data-item.ts'
import type { ProcessId } from '../protocol/ids.ts'
import { createNetwork } from './network.ts'
import { evaluate, messageItem, processItem, spawnProcess, testWallet } from './test-items.ts'
import type { Logger, Network, OutboxListing, OutboxPageRequest } from './types.ts'

const alice = testWallet('alice')

let warnings: object[]
const log: Logger = { debug() {}, info() {}, warn: (values) => warnings.push(values), error: () => undefined }
let network: Network
beforeEach(async () => {
  warnings = []
  network = await createNetwork({ computeThreads: 1, log })
})
afterEach(() => network.close())

async function listed(request: Partial<OutboxPageRequest> = {}): Promise<readonly OutboxListing[]> {
  await network.idle()
  return (await network.outbox({ limit: 1_000, ...request })).entries
}

/** An item that no process here has, and that is not on the node. */
function unknownItem(data: string) {
  return messageItem(alice, 'A'.repeat(43), { Action: 'Note' }, data)
}

function assign(itemId: string, to: ProcessId): string {
  return `ao.assign({ Message = "${itemId}", Processes = { "${to}" } })`
}

describe('what cannot be delivered', () => {
  test('is listed with what sent it, and why it cannot', async () => {
    const source = await spawnProcess(network, alice)
    const code = `
      Send({ Target = "${alice.address}", Action = "Fine" })
      Send({ Target = "nowhere", Action = "Lost" })
      Send({ Target = "0x0000000000000000000000000000000000000001", Action = "Pay" })
      Spawn("none", { Data = " " })`
    const { nonce, id, timestampMs } = await network.submit(messageItem(alice, source, { Action: 'Eval' }, code).bytes)
    const entries = await listed()
    const common = { state: 'dead', tries: 0, messageId: id, sentAtMs: timestampMs }
    const chain = { processId: source, nonce, depth: 0 }
    expect(entries).toHaveLength(3)
    expect(entries.find(({ kind }) => kind === 'spawn')).toMatchObject({
      ...common,
      chain,
      reason: expect.stringContaining('Module'),
    })
    for (const [index, target, action] of [
      [1, 'nowhere', 'Lost'],
      [2, '0x0000000000000000000000000000000000000001', 'Pay'],
    ] as const) {
      const entry = entries.find(({ cause }) => cause.index === index)
      expect(entry).toMatchObject({ ...common, chain, target, action, itemId: '', kind: 'message' })
      expect(entry?.reason).toContain('is not an id')
    }
  })
})

describe('pages of the list', () => {
  test('follow on each other, by process and by state', async () => {
    const sources = [await spawnProcess(network, alice), await spawnProcess(network, alice)]
    for (const source of sources) {
      await evaluate(network, alice, source, 'for i = 1, 3 do Send({ Target = "t" .. i % 2 }) end')
    }
    const whole = await listed()
    expect(whole).toHaveLength(6)
    const [first] = sources
    expect(await listed({ processId: first })).toEqual(whole.slice(0, 3))
    expect(await listed({ state: 'pending' })).toEqual([])
    const page = await network.outbox({ limit: 4 })
    expect(page).toEqual({ entries: whole.slice(0, 4), hasNextPage: true })
    const after = page.entries.at(-1)?.cause
    expect(await network.outbox({ limit: 4, after })).toEqual({ entries: whole.slice(4), hasNextPage: false })
    await expect(network.outbox({ limit: 1_001 })).rejects.toMatchObject({ code: 'STORE_LIMIT_INVALID' })
  })
})

describe('what is sent again', () => {
  test('is delivered once its obstacle is gone, once, and in the order it was sent', async () => {
    const target = await spawnProcess(
      network,
      alice,
      'Notes = {} ao.addAssignable("Note", { Action = "Note" }) Handlers.add("Note", "Note", function(msg) table.insert(Notes, msg.Data) end)',
    )
    const source = await spawnProcess(network, alice)
    const items = ['one', 'two', 'three'].map(unknownItem)
    for (const { id } of items) await evaluate(network, alice, source, assign(id, target))
    expect((await listed()).map(({ reason }) => reason)).toEqual(
      items.map(({ id }) => expect.stringContaining(`${id} is not on this node`)),
    )
    for (const { bytes } of items) await network.upload(bytes)
    expect(await network.retryOutbox(source)).toBe(3)
    expect(await network.retryOutbox(source)).toBe(0)
    expect(await listed()).toEqual([])
    expect(await evaluate(network, alice, target, 'table.concat(Notes, " ")')).toBe('one two three')
  })

  test('goes out before what was sent to the same target later and waits', async () => {
    const target = await spawnProcess(
      network,
      alice,
      'Notes = {} ao.addAssignable("Note", { Action = "Note" }) Handlers.add("Note", "Note", function(msg) table.insert(Notes, msg.Data) end)',
    )
    const source = await spawnProcess(network, alice)
    const [early, late] = [unknownItem('early'), unknownItem('late')]
    await evaluate(network, alice, source, assign(early.id, target))
    await evaluate(network, alice, source, assign(late.id, target))
    const [first, second] = await listed()
    for (const { bytes } of [early, late]) await network.upload(bytes)
    const places = [second, first].flatMap((entry) => (entry === undefined ? [] : [entry.cause]))
    expect(await network.retryOutbox(source, places)).toBe(2)
    await network.idle()
    expect(await evaluate(network, alice, target, 'table.concat(Notes, " ")')).toBe('early late')
  })

  test('and still cannot be delivered is dead again, with its reason', async () => {
    const source = await spawnProcess(network, alice, 'Send({ Target = "nowhere" })')
    const before = await listed()
    expect(await network.retryOutbox(source)).toBe(1)
    expect(await listed()).toEqual(before.map((entry) => ({ ...entry, dueAtMs: expect.any(Number) })))
  })

  test('spawns a process as if it had been possible at first', async () => {
    const source = await spawnProcess(network, alice)
    const tags = Object.entries({ 'Data-Protocol': 'ao', Type: 'Module', 'Module-Format': 'loom-lua-5.3' })
    const module = createDataItem(
      {
        tags: tags.map(([name, value]) => ({ name, value })),
        data: 'local c = ... return function() c.receive() c.send(string.pack("<B s4", 2, "mine")) end',
      },
      alice,
    )
    await evaluate(network, alice, source, `Child = Spawn("${module.id}", { Data = " " }).receive().Process`)
    expect(await listed()).toMatchObject([{ kind: 'spawn', state: 'dead' }])
    await network.upload(module.bytes)
    expect(await network.retryOutbox(source)).toBe(1)
    await network.idle()
    const child = (await evaluate(network, alice, source, 'Child')) as ProcessId
    expect(await network.hasProcess(child)).toBe(true)
  })

  test('is only what is dead, of a process that is there', async () => {
    const source = await spawnProcess(network, alice, `Send({ Target = "${alice.address}" })`)
    await network.idle()
    expect(
      await network.retryOutbox(source, [
        { nonce: 1, index: 0 },
        { nonce: 9, index: 9 },
      ]),
    ).toBe(0)
    const unknown = processItem(alice).id as ProcessId
    await expect(network.retryOutbox(unknown)).rejects.toMatchObject({ code: 'NETWORK_PROCESS_UNKNOWN' })
  })
})

test('thousands that cannot be delivered are a few lines in the log', async () => {
  await spawnProcess(network, alice, 'for _ = 1, 2000 do Send({ Target = "nowhere" }) end')
  expect(await listed({ limit: 1_000 })).toHaveLength(1_000)
  expect(warnings.length).toBeLessThan(10)
  const counts = warnings.map((values) => ('count' in values ? Number(values.count) : 0))
  expect(counts.reduce((sum, count) => sum + count)).toBe(2_000)
})

describe('the chain of a message', () => {
  test('is found by nonce and by id, with its root and its length', async () => {
    const [one, two] = [await spawnProcess(network, alice), await spawnProcess(network, alice)]
    const code = `for _ = 1, 3 do Send({ Target = "${two}" }) end`
    const { nonce, id } = await network.submit(messageItem(alice, one, { Action: 'Eval' }, code).bytes)
    await network.idle()
    const root = { processId: one, nonce, messageId: id }
    expect(await network.chain(one, id)).toEqual({ root, depth: 0, entries: 4 })
    expect(await network.chain(two, 3)).toEqual({ root, depth: 1, entries: 4 })
    const [last] = await network.entries(two, 3, 3, 1)
    if (last === undefined) throw new Error('nothing arrived')
    expect(await network.chain(two, last.itemId)).toEqual({ root, depth: 1, entries: 4 })
  })

  test('of an unknown message is refused by name', async () => {
    const one = await spawnProcess(network, alice)
    await expect(network.chain(one, 7)).rejects.toMatchObject({ code: 'NETWORK_MESSAGE_UNKNOWN' })
    const unknown = processItem(alice).id as ProcessId
    await expect(network.chain(unknown, 0)).rejects.toMatchObject({ code: 'NETWORK_PROCESS_UNKNOWN' })
  })
})
