import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { forkTags } from '../network/fork-tags.ts'
import { createNetwork } from '../network/network.ts'
import { evaluate, processItem, send, spawnProcess, testWallet } from '../network/test-items.ts'
import type { Network, NetworkOptions } from '../network/types.ts'
import { createDataItem, parseDataItem } from '../protocol/data-item.ts'
import type { ProcessId } from '../protocol/ids.ts'
import type { Signer, Tag } from '../protocol/types.ts'
import { createTestNetwork } from './test-network.ts'
import type { TestNetwork, TestProcess } from './types.ts'

/** Global state, closures, waiting coroutines, handlers that come and go, and what no handler takes. */
const code = `
  local json = require("json")
  Count = 0
  local hidden = 0
  Heard = {}
  Handlers.add("Add", "Add", function(msg) Count = Count + tonumber(msg.Data) hidden = hidden + 1 end)
  Handlers.add("Fail", "Fail", function() Count = -1 error("no") end)
  Handlers.add("Wait", "Wait", function(msg) local name = msg.Data table.insert(Heard, name .. Receive({ Action = "Wake" }).Data) end)
  Handlers.add("Once", "Once", function(msg) Handlers.once({ Action = "Ping", Data = msg.Data }, function() Count = Count * 2 end) end)
  Handlers.add("Remove", "Remove", function() Handlers.remove("Add") end)
  Handlers.add("Look", "Look", function(msg)
    local names = {}
    for _, handler in ipairs(Handlers.list) do table.insert(names, handler.name) end
    msg.reply({ Data = json.encode({
      count = Count, hidden = hidden, heard = Heard, names = names, inbox = #Inbox, reference = ao.reference,
      random = math.random(1000000),
    }) })
  end)
`

const step = fc.record({
  action: fc.constantFrom('Add', 'Add', 'Fail', 'Wait', 'Wake', 'Once', 'Ping', 'Remove', 'Other'),
  data: fc.constantFrom('1', '2', '3'),
})

let loom: TestNetwork
beforeEach(async () => {
  loom = await createTestNetwork()
})
afterEach(() => loom.close())

/** All that the process shows of its state, closures included; changes nothing. */
async function look(process: TestProcess): Promise<unknown> {
  const { reply, error } = await process.dryRun({ action: 'Look' })
  return reply === undefined ? error : JSON.parse(reply.data)
}

describe('a fork', () => {
  test('has at every nonce the state that the process had, and goes on as the process did', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const process = await loom.spawn({ code })
        const seen = [await look(process)]
        for (const draft of steps) {
          await process.send(draft)
          seen.push(await look(process))
        }
        // Nonce 0 made the process, nonce 1 evaluated the code.
        for (const [i, state] of seen.entries()) {
          const fork = await process.fork({ at: i + 1 })
          expect(await look(fork)).toEqual(state)
          for (const [after, draft] of steps.slice(i).entries()) {
            await fork.send(draft)
            expect(await look(fork)).toEqual(seen[i + after + 1])
          }
        }
      }),
      { seed: 41, numRuns: 6 },
    )
  })

  test('and its process know nothing of each other', async () => {
    const process = await loom.spawn({ code })
    await process.send({ action: 'Add', data: '5' })
    const fork = await process.fork()
    await fork.send({ action: 'Add', data: '1' })
    await process.send({ action: 'Add', data: '2' })
    expect(await process.state('Count')).toBe(7)
    expect(await fork.state('Count')).toBe(6)
  })

  test('of a fork has the states of both', async () => {
    const process = await loom.spawn({ code })
    await process.send({ action: 'Add', data: '1' })
    const child = await process.fork()
    await child.send({ action: 'Add', data: '10' })
    await process.send({ action: 'Add', data: '1000' })
    const grandchild = await child.fork({ wallet: loom.wallet('carol') })
    await child.send({ action: 'Add', data: '1000' })
    await grandchild.send({ action: 'Add', data: '100' })
    expect(await grandchild.state('{ Count, Owner, ao.id }')).toEqual([
      111,
      loom.wallet('carol').address,
      grandchild.id,
    ])
    // Before its own first message a fork has been nothing but the process that it was forked from.
    const early = await child.fork({ at: 0 })
    expect(await early.state('Count')).toBe(1)
  })

  test('is its own process: id, owner, name, environment', async () => {
    const process = await loom.spawn({ code, tags: { Name: 'first', Theme: 'dark' } })
    const carol = loom.wallet('carol')
    const fork = await process.fork({ wallet: carol, name: 'second' })
    const shown =
      '{ ao.id, Owner, Name, ao.env.Process.Id, ao.env.Process.Tags.Theme, ao.env.Process.Tags["Forked-From"] }'
    expect(await fork.state(shown)).toEqual([fork.id, carol.address, 'second', fork.id, 'dark', process.id])
    expect(await process.state('{ ao.id, Owner, Name }')).toEqual([process.id, process.owner.address, 'first'])
    expect((await fork.send({ from: process.owner, action: 'Eval', data: 'Count = 99' })).output).not.toBe('')
    expect(await fork.state('Count')).toBe(0)
  })

  test('sends under its own name, so that answers come to it', async () => {
    const echo = await loom.spawn({
      code: 'Handlers.add("E", "E", function(msg) msg.reply({ Data = "to " .. msg.From }) end)',
    })
    const asks = `Handlers.add("Ask", "Ask", function(msg) Answer = Send({ Target = "${echo.id}", Action = "E" }).receive().Data end)`
    const process = await loom.spawn({ code: asks })
    const fork = await process.fork()
    await fork.send({ action: 'Ask' })
    expect(await fork.state('Answer')).toBe(`to ${fork.id}`)
    expect(await process.state('Answer')).toBeUndefined()
  })

  test('can be made by a process, and belongs to it', async () => {
    const process = await loom.spawn({ code })
    await process.send({ action: 'Add', data: '5' })
    const module = loom.network.info().moduleId
    const spawner = await loom.spawn({
      code: `Handlers.add("Made", "Spawned", function(msg) Made = msg.Process end)
        ao.spawn("${module}", { Tags = { ["Forked-From"] = "${process.id}", ["Fork-Nonce"] = "2" } })`,
    })
    const made = (await spawner.state('Made')) as ProcessId
    await spawner.eval(`Send({ Target = "${made}", Action = "Eval", Data = "Count = Count + 1" })`)
    await loom.idle()
    const seen = await loom.network.dryRun(made, {
      owner: spawner.id,
      tags: [{ name: 'Action', value: 'Eval' }],
      data: 'return Count .. Owner',
    })
    expect(JSON.parse(seen).Output.data).toBe(`6${spawner.id}`)
  })

  test('runs code as its first message, in the state that it begins with', async () => {
    const process = await loom.spawn({ code })
    await process.send({ action: 'Add', data: '5' })
    const fork = await process.fork({ code: 'Count = Count * 2' })
    expect(await fork.state('Count')).toBe(10)
  })

  test('trusts the authorities that its own item names, and those that code has added', async () => {
    const authority = (name: string) => loom.wallet(name).address
    const process = await loom.spawn({
      code: `${code} table.insert(ao.authorities, "${authority('added')}")`,
      tags: { Authority: authority('given') },
    })
    const parent = (await loom.network.entries(process.id, 0, 0, 1))[0]
    const inherited = forkTags({
      processId: process.id,
      processTags: parseDataItem(parent?.item ?? new Uint8Array()).tags,
    })
    const tags = inherited.map((tag) => (tag.name === 'Authority' ? { ...tag, value: authority('other') } : tag))
    const { processId } = await loom.network.submit(createDataItem({ tags, data: ' ' }, process.owner.signer).bytes)
    const { Output } = await send(
      loom.network,
      process.owner.signer,
      processId,
      { Action: 'Eval' },
      'require("json").encode(ao.authorities)',
    )
    const node = loom.network.info().address
    expect(JSON.parse((Output as { data: string }).data)).toEqual(
      [node, authority('added'), authority('other')].sort(byPlace(Output)),
    )
  })
})

/** The order is the library's own business: only who is trusted matters. */
function byPlace(output: unknown): (a: string, b: string) => number {
  const text = (output as { data: string }).data
  return (a, b) => text.indexOf(a) - text.indexOf(b)
}

describe('a node refuses to fork', () => {
  const item = (tags: Record<string, string>): Promise<unknown> =>
    loom.network.submit(processItem(testWallet('alice'), tags).bytes)

  test('a process that it does not have', async () => {
    const stranger = loom.wallet('nobody').address
    await expect(item({ 'Forked-From': stranger })).rejects.toMatchObject({ code: 'SCHEDULER_TAG_INVALID' })
    await expect(item({ 'Forked-From': 'first' })).rejects.toMatchObject({ code: 'SCHEDULER_TAG_INVALID' })
  })

  test('at a nonce that the log has not reached', async () => {
    const { id } = await loom.spawn({ code })
    await expect(item({ 'Forked-From': id, 'Fork-Nonce': '2' })).rejects.toMatchObject({
      code: 'SCHEDULER_FORK_NONCE_UNKNOWN',
      info: { nonce: 2, next: 2 },
    })
    await expect(item({ 'Forked-From': id, 'Fork-Nonce': 'last' })).rejects.toMatchObject({
      code: 'SCHEDULER_TAG_INVALID',
    })
  })

  test('under another module', async () => {
    const { id } = await loom.spawn({ code })
    const Module = 'ISShJH1ij-hPPt9St5UFFr_8Ys3Kj5cyg7zrMGt7H9s'
    await expect(item({ 'Forked-From': id, Module })).rejects.toMatchObject({ info: { tag: 'Module' } })
  })

  test('the last of too many forks in a row', async () => {
    let last = await loom.spawn()
    for (let i = 0; i < 32; i++) last = await last.fork()
    await expect(last.fork()).rejects.toMatchObject({ code: 'SCHEDULER_FORK_TOO_DEEP' })
    expect(await last.state('Name')).toBe('aos')
  })
})

describe('forks with a data directory', () => {
  const alice = testWallet('alice')
  let directory: string
  let network: Network
  const open = async (options: NetworkOptions = {}): Promise<void> => {
    network = await createNetwork({ dataDirectory: directory, ...options })
  }
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'loom-fork-'))
    await open()
  })
  afterEach(async () => {
    await network.close()
    rmSync(directory, { recursive: true })
  })

  async function fork(
    processId: ProcessId,
    signer: Signer,
    nonce?: number,
    change?: (tags: Tag[]) => Tag[],
  ): Promise<ProcessId> {
    const [genesis] = await network.entries(processId, 0, 0, 1)
    const processTags = parseDataItem(genesis?.item ?? new Uint8Array()).tags
    const tags = forkTags({ processId, processTags, nonce })
    const item = createDataItem({ tags: change?.(tags) ?? tags, data: ' ' }, signer)
    return (await network.submit(item.bytes)).processId
  }

  test('a restart finds every fork in the same state, with and without snapshots', async () => {
    const parent = await spawnProcess(network, alice, code)
    const heavy = 'local s = 0 for i = 1, 2000000 do s = s + i end'
    for (let i = 0; i < 3; i++) await send(network, alice, parent, { Action: 'Add' }, String(i))
    await send(network, alice, parent, { Action: 'Wait' }, 'a')
    await evaluate(network, alice, parent, heavy)
    const forks = [parent]
    for (const [i, nonce] of [0, 3, 5, 6].entries()) {
      const id = await fork(parent, testWallet(`owner ${i}`), nonce)
      await send(network, alice, id, { Action: 'Wake' }, String(i))
      forks.push(id, await fork(id, alice))
    }
    await evaluate(network, alice, forks.at(-1) as ProcessId, heavy)
    await send(network, alice, parent, { Action: 'Add' }, '100')
    const hashes = async () => Promise.all(forks.map((id) => network.stateHash(id)))
    await network.idle()
    const before = await hashes()
    expect(new Set(before).size).toBe(forks.length)
    await network.close()
    await open()
    expect(await hashes()).toEqual(before)
    await network.close()
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(directory, `pages.sqlite${suffix}`), { force: true })
    await open({ computeThreads: 1 })
    expect(await hashes()).toEqual(before)
  })

  test('a fork explains its errors as its own node does, not as that of its process', async () => {
    const failing = 'local t = nil\nreturn t.x'
    const eval_ = async (id: ProcessId): Promise<string> =>
      String((await send(network, alice, id, { Action: 'Eval' }, failing)).Error)
    const parent = await spawnProcess(network, alice, code)
    const explained = await eval_(parent)
    await network.close()
    await open({ mode: 'strict' })
    const { address } = network.info()
    const strict = await fork(parent, alice, 1, (tags) =>
      tags.map((tag) => (tag.name === 'Scheduler' ? { ...tag, value: address } : tag)),
    )
    const plain = await eval_(strict)
    expect(plain.length).toBeLessThan(explained.length)
    await network.close()
    await open()
    expect(await eval_(await fork(strict, alice))).toContain(explained.split('\n').at(-1))
    expect(await evaluate(network, alice, strict, 'Count')).toBe('0')
  })
})
