import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDataItem } from '../protocol/data-item.ts'
import type { ProcessId } from '../protocol/ids.ts'
import { createNetwork } from './network.ts'
import { evaluate, messageItem, processItem, send, spawnProcess, testWallet } from './test-items.ts'
import type { Network, NetworkEvent } from './types.ts'

const alice = testWallet('alice')
const bob = testWallet('bob')
const unknownId = 'A'.repeat(43)

let network: Network

beforeAll(async () => {
  network = await createNetwork()
})
afterAll(() => network.close())

/** The data of messages that a wallet has received, oldest first. */
async function received(recipient: string): Promise<string[]> {
  await network.idle()
  const { items } = await network.queryItems({ recipients: [recipient] }, { order: 'ASC', limit: 100 })
  return items.map(({ bytes }) => Buffer.from(bytes).toString('latin1'))
}

describe('submit', () => {
  test('spawns a process whose result is there when the write is acknowledged', async () => {
    const submission = await network.submit(processItem(alice, { Name: 'first' }).bytes)
    expect(submission).toMatchObject({ kind: 'process', nonce: 0, duplicate: false, id: submission.processId })
    const { json } = await network.result(submission.processId, submission.id)
    expect(JSON.parse(json).Output.prompt).toContain('first')
  })

  test('takes the same item once', async () => {
    const processId = await spawnProcess(network, alice)
    const { bytes } = messageItem(alice, processId, { Action: 'Eval' }, 'Count = (Count or 0) + 1')
    const [first, second] = await Promise.all([network.submit(bytes), network.submit(bytes)])
    const third = await network.submit(bytes)
    expect([first.duplicate, second.duplicate, third.duplicate].sort()).toEqual([false, true, true])
    expect(new Set([first, second, third].map(({ nonce }) => nonce))).toEqual(new Set([1]))
    expect(await evaluate(network, alice, processId, 'Count')).toBe('1')
  })

  test.each([
    { name: 'garbage', bytes: () => new Uint8Array(100), code: /^PROTOCOL_/ },
    {
      name: 'a bad signature',
      bytes: () => {
        const { bytes } = messageItem(alice, unknownId, {})
        const bad = Uint8Array.from(bytes)
        bad[bad.length - 1] = (bad[bad.length - 1] ?? 0) ^ 1
        return bad
      },
      code: /^PROTOCOL_SIGNATURE_INVALID$/,
    },
    {
      name: 'a message to nobody',
      bytes: () => messageItem(alice, 'A'.repeat(43), {}).bytes,
      code: /^SCHEDULER_PROCESS_UNKNOWN$/,
    },
    {
      name: 'an unknown module',
      bytes: () => processItem(alice, { Module: 'A'.repeat(43) }).bytes,
      code: /^SCHEDULER_MODULE_UNKNOWN$/,
    },
    { name: 'another type', bytes: () => processItem(alice, { Type: 'Other' }).bytes, code: /^SCHEDULER_TAG_INVALID$/ },
    {
      name: 'another protocol',
      bytes: () => processItem(alice, { 'Data-Protocol': 'other' }).bytes,
      code: /^SCHEDULER_TAG_INVALID$/,
    },
    {
      name: 'no target',
      bytes: () =>
        createDataItem(
          {
            tags: [
              { name: 'Data-Protocol', value: 'ao' },
              { name: 'Type', value: 'Message' },
            ],
          },
          alice,
        ).bytes,
      code: /^SCHEDULER_TARGET_MISSING$/,
    },
  ])('refuses $name and stores nothing', async ({ bytes, code }) => {
    const events: NetworkEvent[] = []
    const unsubscribe = network.onEvent((event) => events.push(event))
    await expect(network.submit(bytes())).rejects.toMatchObject({ code: expect.stringMatching(code) })
    unsubscribe()
    expect(events).toEqual([])
  })

  test('timestamps of a process strictly increase, however fast messages come (I1)', async () => {
    const processId = await spawnProcess(network, alice)
    await Promise.all(Array.from({ length: 50 }, () => network.submit(messageItem(alice, processId, {}).bytes)))
    const entries = await network.entries(processId, 0, 100, 100)
    expect(entries.length).toBe(51)
    const times = entries.map(({ timestampMs }) => timestampMs)
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b))
  })
})

describe('results', () => {
  test('are found by message, by assignment and by process id', async () => {
    const processId = await spawnProcess(network, alice)
    const { id } = await network.submit(messageItem(alice, processId, { Action: 'Eval' }, '40 + 2').bytes)
    const result = await network.result(processId, id)
    const [, entry] = await network.entries(processId, 0, 1, 2)
    expect(entry?.itemId).toBe(id)
    expect(await network.result(processId, entry?.assignmentId ?? id)).toEqual(result)
    expect((await network.result(processId, processId)).nonce).toBe(0)
  })

  test('of unknown messages and processes are refused by name', async () => {
    const processId = await spawnProcess(network, alice)
    const other = 'A'.repeat(43) as ProcessId
    await expect(network.result(processId, other)).rejects.toMatchObject({ code: 'NETWORK_MESSAGE_UNKNOWN' })
    await expect(network.result(other, other)).rejects.toMatchObject({ code: 'NETWORK_PROCESS_UNKNOWN' })
  })

  test('a failed message changes nothing, and the next is evaluated as usual (I4)', async () => {
    const processId = await spawnProcess(network, alice, 'N = 1')
    const failed = await send(
      network,
      alice,
      processId,
      { Action: 'Eval' },
      'N = 2 Send({ Target = ao.id }) error("boom")',
    )
    expect(failed.Error).toContain('boom')
    expect(failed.Messages).toEqual([])
    expect(await evaluate(network, alice, processId, 'N')).toBe('1')
  })
})

describe('modules', () => {
  const upload = (source: string) => {
    const tags = { 'Data-Protocol': 'ao', Type: 'Module', 'Module-Format': 'loom-lua-5.3' }
    const list = Object.entries(tags).map(([name, value]) => ({ name, value }))
    return network.upload(createDataItem({ tags: list, data: source }, alice).bytes)
  }

  test("of one's own run like the built-in one", async () => {
    const module = await upload(`local channel = ...
      return function()
        if channel.receive():byte() == 1 then return channel.send("\\3") end
        channel.send(string.pack("<B s4", 2, "from a module of my own"))
      end`)
    const { processId, id } = await network.submit(processItem(alice, { Module: module.id }).bytes)
    expect(JSON.parse((await network.result(processId, id)).json).Error).toBe('from a module of my own')
  })

  test.each([
    { name: 'does not compile', source: 'this is not lua', reason: /syntax error/ },
    { name: 'fails', source: 'error("no thanks")', reason: /no thanks/ },
    { name: 'gives no function', source: 'return 5', reason: /must return a function/ },
    { name: 'does not answer', source: 'return function() end', reason: /malformed|answer/ },
    { name: 'never ends', source: 'while true do end', reason: /out of gas/i },
  ])('that $name: every message has the reason as its result', async ({ source, reason }) => {
    const module = await upload(source)
    for (let i = 0; i < 2; i++) {
      const { processId, id } = await network.submit(processItem(alice, { Module: module.id }).bytes)
      expect(JSON.parse((await network.result(processId, id)).json).Error).toMatch(reason)
      const after = await send(network, alice, processId, { Action: 'Eval' }, '1')
      expect(after.Error).toMatch(reason)
    }
    await network.idle()
  })
})

describe('messages between processes', () => {
  test('are delivered, trusted and answered; the waiting code goes on', async () => {
    const server = await spawnProcess(
      network,
      alice,
      'Handlers.add("Ask", "Ask", function(m) m.reply({ Data = m.Data .. "!" }) end)',
    )
    const client = await spawnProcess(network, bob)
    await evaluate(
      network,
      bob,
      client,
      `Answer = Send({ Target = "${server}", Action = "Ask", Data = "well" }).receive().Data`,
    )
    await network.idle()
    expect(await evaluate(network, bob, client, 'Answer')).toBe('well!')
  })

  test('arrive in the order they were sent (I3)', async () => {
    const sink = await spawnProcess(
      network,
      alice,
      'Got = {} Handlers.add("N", "N", function(m) table.insert(Got, m.Data) end)',
    )
    const source = await spawnProcess(network, bob)
    await evaluate(
      network,
      bob,
      source,
      `for i = 1, 200 do Send({ Target = "${sink}", Action = "N", Data = tostring(i) }) end`,
    )
    await evaluate(
      network,
      bob,
      source,
      `for i = 201, 300 do Send({ Target = "${sink}", Action = "N", Data = tostring(i) }) end`,
    )
    await network.idle()
    const expected = Array.from({ length: 300 }, (_, i) => i + 1).join(',')
    expect(await evaluate(network, alice, sink, 'table.concat(Got, ",")')).toBe(expected)
  })

  test('that are equal in every field are still two messages (I3)', async () => {
    const sink = await spawnProcess(network, alice, 'Got = 0 Handlers.add("N", "N", function() Got = Got + 1 end)')
    const source = await spawnProcess(network, bob)
    const code = `for _ = 1, 2 do ao.reference = 0 Send({ Target = "${sink}", Action = "N" }) end`
    await evaluate(network, bob, source, code)
    await evaluate(network, bob, source, code)
    await network.idle()
    expect(await evaluate(network, alice, sink, 'Got')).toBe('4')
  })

  test('tags that are numbers, booleans and tables arrive as text', async () => {
    const sink = await spawnProcess(network, alice, 'Handlers.add("T", "T", function(m) Tags = m.Tags end)')
    const source = await spawnProcess(network, bob)
    await evaluate(
      network,
      bob,
      source,
      `Send({ Target = "${sink}", Action = "T", Number = 5, Flag = true, List = { 1, 2 } })`,
    )
    await network.idle()
    expect(await evaluate(network, alice, sink, 'Tags.Number .. Tags.Flag .. Tags.List')).toBe('5true[1,2]')
  })

  test('carry who sent them and which chain they belong to', async () => {
    const sink = await spawnProcess(network, alice, 'Handlers.add("T", "T", function(m) Last = m end)')
    const source = await spawnProcess(
      network,
      bob,
      `Handlers.add("Go", "Go", function() Send({ Target = "${sink}", Action = "T" }) end)`,
    )
    const { id } = await network.submit(messageItem(alice, source, { Action: 'Go' }).bytes)
    await network.idle()
    expect(await evaluate(network, alice, sink, 'Last.From .. Last.Tags["Pushed-For"]')).toBe(source + id)
    expect(await evaluate(network, alice, sink, 'Last.Owner')).toBe(network.info().address)
  })

  test('to wallets become items that the gateway finds', async () => {
    const source = await spawnProcess(network, alice)
    await evaluate(network, alice, source, `Send({ Target = "${bob.address}", Data = "for bob" })`)
    expect(await received(bob.address)).toEqual([expect.stringContaining('for bob')])
  })

  test('that cannot be made into an item are reported, not dropped in silence', async () => {
    const events: NetworkEvent[] = []
    const unsubscribe = network.onEvent((event) => events.push(event))
    const source = await spawnProcess(network, alice)
    await evaluate(
      network,
      alice,
      source,
      `Send({ Target = "nowhere" }) Send({ Target = "${bob.address}", Big = ("x"):rep(5000) })`,
    )
    await network.idle()
    unsubscribe()
    const reasons = events.flatMap((event) => (event.type === 'undeliverable' ? [event.reason] : []))
    expect(reasons).toEqual([expect.stringMatching(/target|id/i), expect.stringMatching(/tag/i)])
  })
})

describe('spawns by processes', () => {
  test('make a process owned by its parent, which is told its id', async () => {
    const parent = await spawnProcess(network, alice)
    await evaluate(
      network,
      alice,
      parent,
      `Child = Spawn({ Name = "child", Data = "Greeting = 'hi'", ["On-Boot"] = "Data" }).receive().Process`,
    )
    await network.idle()
    const code = `Send({ Target = Child, Action = "Eval", Data = "Send({ Target = '${bob.address}', Data = Greeting .. Owner .. Name })" })`
    await evaluate(network, alice, parent, code)
    expect((await received(bob.address)).at(-1)).toContain(`hi${parent}child`)
  })
})

describe('On-Boot', () => {
  const codeItem = createDataItem(
    { tags: [], data: 'Booted = "from an item: " .. io.open("/data/" .. ao.env.Process.Tags["On-Boot"]):read(6)' },
    bob,
  )

  test('of an item that is there runs its data; of another the process fails', async () => {
    const { processId: early, id: earlyId } = await network.submit(processItem(alice, { 'On-Boot': codeItem.id }).bytes)
    await network.upload(codeItem.bytes)
    const { processId, id } = await network.submit(processItem(alice, { 'On-Boot': codeItem.id }).bytes)
    expect(JSON.parse((await network.result(processId, id)).json).Error).toBeUndefined()
    expect(await evaluate(network, alice, processId, 'Booted')).toBe('from an item: Booted')
    expect(JSON.parse((await network.result(early, earlyId)).json).Error).toMatch(
      new RegExp(`/data/${codeItem.id}: No such file or directory`),
    )
  })

  test('what was there at the spawn is what a restart finds', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'loom-on-boot-'))
    const open = () => createNetwork({ dataDirectory: directory })
    let own = await open()
    const { processId: early } = await own.submit(processItem(alice, { 'On-Boot': codeItem.id }).bytes)
    await own.upload(codeItem.bytes)
    const { processId } = await own.submit(processItem(alice, { 'On-Boot': codeItem.id }).bytes)
    const hashes = [await own.stateHash(early), await own.stateHash(processId)]
    await own.close()
    own = await open()
    expect([await own.stateHash(early), await own.stateHash(processId)]).toEqual(hashes)
    expect(await evaluate(own, alice, processId, 'Booted')).toBe('from an item: Booted')
    await own.close()
    rmSync(directory, { recursive: true })
  })
})

describe('development mode', () => {
  test('makes errors explain themselves; a strict node leaves them as they are', async () => {
    const strict = await createNetwork({ mode: 'strict' })
    const error = async (node: Network, scheduler: string) => {
      const item = processItem(alice, { Module: node.info().moduleId, Scheduler: scheduler })
      const { processId } = await node.submit(item.bytes)
      const result = await send(node, alice, processId, { Action: 'Eval' }, 'State.count = 1')
      return String(result.Error)
    }
    const own = await error(network, network.info().address)
    const bare = await error(strict, strict.info().address)
    await strict.close()
    expect(own).toContain('`State` was never created in this process.')
    expect(own.startsWith(bare)).toBe(true)
    expect(bare).toMatch(/attempt to index a nil value \(global 'State'\)$/)
  })
})

describe('assignments', () => {
  test('bring a stored item into another log, once', async () => {
    const first = await spawnProcess(network, alice)
    const second = await spawnProcess(
      network,
      alice,
      'ao.addAssignable({ Action = "Note" }) Notes = 0 Handlers.add("Note", "Note", function(m) Notes = Notes + 1 Note = m end)',
    )
    const { id } = await network.submit(messageItem(bob, first, { Action: 'Note' }, 'shared').bytes)
    const assigned = await network.assign({ processId: second, itemId: id })
    expect(assigned).toMatchObject({ kind: 'assignment', processId: second, duplicate: false })
    expect(assigned.id).not.toBe(id)
    expect(await network.assign({ processId: second, itemId: id })).toMatchObject({ id: assigned.id, duplicate: true })
    await network.result(second, assigned.id)
    expect(await evaluate(network, alice, second, 'Notes .. Note.Data .. Note.From .. Note.Target')).toBe(
      `1shared${bob.address}${first}`,
    )
  })

  test('a process item with a target is a message to it besides, once', async () => {
    const target = await spawnProcess(network, alice, 'ao.addAssignable(function() return true end)')
    const item = createDataItem({ target, tags: processItem(bob, { Name: 'child' }).tags, data: ' ' }, bob)
    for (let i = 0; i < 2; i++) expect(await network.submit(item.bytes)).toMatchObject({ kind: 'process', nonce: 0 })
    expect(await network.latestEntry(target)).toMatchObject({ kind: 'assignment', itemId: item.id, nonce: 2 })
    const noProcess = createDataItem({ target: bob.address, tags: processItem(bob).tags, data: ' ' }, bob)
    expect(await network.submit(noProcess.bytes)).toMatchObject({ kind: 'process', id: noProcess.id })
  })

  test('by processes reach their targets; excluded fields are not seen', async () => {
    const target = await spawnProcess(
      network,
      alice,
      'ao.addAssignable(function() return true end) Handlers.add("Note", "Note", function(m) Note = m end)',
    )
    const source = await spawnProcess(network, alice)
    const { id } = await network.submit(messageItem(bob, source, { Action: 'Note' }, 'shared').bytes)
    await evaluate(network, alice, source, `Assign({ Processes = { "${target}" }, Message = "${id}" })`)
    await network.idle()
    expect(await evaluate(network, alice, target, 'Note.Id')).toBe(id)
    const other = await spawnProcess(
      network,
      alice,
      'ao.addAssignable(function() return true end) Handlers.add("Note", "Note", function(m) Note = m end)',
    )
    const { id: assignmentId } = await network.assign({ processId: other, itemId: id, exclude: ['Data'] })
    await network.result(other, assignmentId)
    expect(await evaluate(network, alice, other, 'tostring(Note.Data)')).toBe('nil')
  })

  test('of unknown items, to unknown processes and from the base layer are refused', async () => {
    const processId = await spawnProcess(network, alice)
    const { id } = await network.submit(messageItem(alice, processId, {}).bytes)
    const unknown = 'A'.repeat(43) as ProcessId
    await expect(network.assign({ processId, itemId: unknown })).rejects.toMatchObject({
      code: 'SCHEDULER_ITEM_UNKNOWN',
    })
    await expect(network.assign({ processId: unknown, itemId: id })).rejects.toMatchObject({
      code: 'SCHEDULER_PROCESS_UNKNOWN',
    })
    await expect(network.assign({ processId, itemId: id, baseLayer: true })).rejects.toMatchObject({
      code: 'SCHEDULER_BASE_LAYER_UNSUPPORTED',
    })

    const assigned = `Assign({ Processes = { "${processId}" }, Message = "${id}", BaseLayer = true })`
    await evaluate(network, alice, await spawnProcess(network, alice), assigned)
    await network.idle()
    const { entries } = await network.outbox({ state: 'dead', limit: 100 })
    expect(entries.filter(({ target }) => target === processId)).toMatchObject([
      { kind: 'assignment', reason: expect.stringContaining(`upload item ${id}`) },
    ])
  })
})

describe('dry runs', () => {
  test('see the latest state and change nothing (I5)', async () => {
    const processId = await spawnProcess(network, alice, 'N = 5')
    const before = await network.stateHash(processId)
    const dryRun = (data: string) =>
      network.dryRun(processId, { owner: alice.address, tags: [{ name: 'Action', value: 'Eval' }], data })
    expect(JSON.parse(await dryRun('N = N + 1 return N')).Output.data).toBe('6')
    expect(JSON.parse(await dryRun('error("boom")')).Error).toContain('boom')
    expect(await network.stateHash(processId)).toBe(before)
    expect((await network.entries(processId, 0, 10, 10)).length).toBe(2)
  })
})

describe('modes', () => {
  test('strict: no placeholder modules, only its own scheduler address, no trust that nobody gave', async () => {
    const strict = await createNetwork({ mode: 'strict' })
    try {
      const { address, moduleId } = strict.info()
      await expect(strict.submit(processItem(alice).bytes)).rejects.toMatchObject({ code: 'SCHEDULER_TAG_INVALID' })
      await expect(strict.submit(processItem(alice, { Scheduler: address }).bytes)).rejects.toMatchObject({
        code: 'SCHEDULER_MODULE_UNKNOWN',
      })
      const spawn = async (tags: Record<string, string>): Promise<ProcessId> => {
        const item = processItem(alice, { Scheduler: address, Module: moduleId, ...tags })
        return (await strict.submit(item.bytes)).processId
      }
      const wary = await spawn({})
      const trusting = await spawn({ Authority: address })
      const source = await spawn({ Authority: address })
      for (const target of [wary, trusting]) {
        await evaluate(strict, alice, target, 'Got = 0 Handlers.add("N", "N", function() Got = Got + 1 end)')
        await evaluate(strict, alice, source, `Send({ Target = "${target}", Action = "N" })`)
      }
      await strict.idle()
      expect(await evaluate(strict, alice, wary, 'Got')).toBe('0')
      expect(await evaluate(strict, alice, trusting, 'Got')).toBe('1')
    } finally {
      await strict.close()
    }
  })
})

describe('a data directory', () => {
  test('brings everything back: ids, results, state, waiting code, and the node itself', async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'loom-network-'))
    let node = await createNetwork({ dataDirectory })
    const before = node.info()
    const server = await spawnProcess(node, alice, 'Handlers.add("Ask", "Ask", function(m) Asker = m end)')
    const client = await spawnProcess(node, alice)
    await evaluate(node, alice, client, `Answer = Send({ Target = "${server}", Action = "Ask" }).receive().Data`)
    await node.idle()
    const hash = await node.stateHash(client)
    const result = await node.result(client, client)
    await node.close()

    expect(statSync(join(dataDirectory, 'node-key.json')).mode & 0o777).toBe(0o600)
    node = await createNetwork({ dataDirectory })
    expect(node.info()).toMatchObject({ address: before.address, moduleId: before.moduleId })
    expect(await node.result(client, client)).toEqual(result)
    expect(await node.stateHash(client)).toBe(hash)
    await evaluate(node, alice, server, 'Asker.reply({ Data = "after the restart" })')
    await node.idle()
    expect(await evaluate(node, alice, client, 'Answer')).toBe('after the restart')
    await node.close()
    rmSync(dataDirectory, { recursive: true })
  })

  test('has one owner', async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'loom-network-'))
    const node = await createNetwork({ dataDirectory })
    await expect(createNetwork({ dataDirectory })).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    await node.close()
    rmSync(dataDirectory, { recursive: true })
  })
})
