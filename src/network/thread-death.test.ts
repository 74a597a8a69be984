import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createNetwork } from './network.ts'
import { evaluate, messageItem, spawnProcess, testWallet } from './test-items.ts'
import type { Logger, Network } from './types.ts'

/** Real threads of a real network that end without having been asked to. */

const alice = testWallet('alice')

let directory: string
let warnings: string[]
let network: Network
/** Threads in the order of their start; Node tells of each. */
let workers: Worker[]
const onWorker = (worker: Worker): void => {
  workers.push(worker)
}

const log: Logger = {
  debug() {},
  info() {},
  warn: (_values, text) => warnings.push(text),
  error: (_values, text) => warnings.push(text),
}

async function open(): Promise<void> {
  workers = []
  network = await createNetwork({ dataDirectory: directory, computeThreads: 1, log })
}

beforeEach(async () => {
  warnings = []
  process.on('worker', onWorker)
  directory = mkdtempSync(join(tmpdir(), 'loom-threads-'))
  await open()
})
afterEach(async () => {
  await network.close()
  process.off('worker', onWorker)
  rmSync(directory, { recursive: true })
})

const isWriter = ({ threadName }: Worker): boolean => threadName === 'loom-store-writer'

async function killEvaluator(): Promise<void> {
  await workers.findLast((worker) => !isWriter(worker))?.terminate()
}

async function killWriter(): Promise<void> {
  await workers.findLast(isWriter)?.terminate()
}

/** Some 50 million gas: results come in groups of about ten. */
const work =
  'for i = 1, 3000000 do end Count = Count + 1 Send({ Target = SINK, Action = "Note", Data = tostring(Count) }) return Count'

describe('an evaluation thread that dies', () => {
  test('in the middle of work is replaced; each message has its one result, and what it sent arrives once', async () => {
    const sink = await spawnProcess(
      network,
      alice,
      'Notes = {} Handlers.add("Note", "Note", function(msg) table.insert(Notes, msg.Data) end)',
    )
    const source = await spawnProcess(network, alice, `Count = 0 SINK = "${sink}"`)
    const killAt = [3, 30]
    network.onEvent((event) => {
      if (event.type !== 'evaluated' || event.result.processId !== source) return
      if (event.result.nonce < (killAt[0] ?? Number.POSITIVE_INFINITY)) return
      killAt.shift()
      // The next group is being evaluated.
      void killEvaluator()
    })
    const submissions = await Promise.all(
      Array.from({ length: 60 }, () => network.submit(messageItem(alice, source, { Action: 'Eval' }, work).bytes)),
    )
    const results = submissions.map(({ id }) => network.result(source, id))
    const outputs = (await Promise.all(results)).map(({ nonce, json }) => [nonce, JSON.parse(json).Output.data])
    outputs.sort(([a], [b]) => a - b)
    const counted = Array.from({ length: 60 }, (_, i) => String(i + 1))
    expect(outputs.map(([, data]) => data)).toEqual(counted)
    await network.idle()
    expect(await evaluate(network, alice, sink, 'table.concat(Notes, ",")')).toBe(counted.join(','))
    expect(killAt).toEqual([])
    expect(warnings.filter((text) => text === 'evaluation thread replaced')).toHaveLength(2)
    expect(workers.filter((worker) => !isWriter(worker))).toHaveLength(3)

    // The state is the one that the log gives to a node that knows nothing else.
    const hash = await network.stateHash(source)
    await network.close()
    await open()
    expect(await network.stateHash(source)).toBe(hash)
  })

  test('at rest is not noticed', async () => {
    const processes = [await spawnProcess(network, alice, 'Count = 1'), await spawnProcess(network, alice, 'Count = 2')]
    await network.idle()
    await killEvaluator()
    const counts = await Promise.all(processes.map((processId) => evaluate(network, alice, processId, 'Count')))
    expect(counts).toEqual(['1', '2'])
  })

  test('during a dry run is not noticed; when it dies again, the dry run fails, and the next one has its answer', async () => {
    const processId = await spawnProcess(network, alice, 'Count = 1')
    await network.idle()
    const tags = [{ name: 'Action', value: 'Eval' }]
    const ask = (data: string) => network.dryRun(processId, { owner: alice.address, tags, data })
    const [endless] = await Promise.all([ask('while true do end'), killEvaluator()])
    expect(JSON.parse(endless).Error).toContain('gas')

    const killTwice = async () => {
      await killEvaluator()
      await killEvaluator()
    }
    const [failed] = await Promise.allSettled([ask('while true do end'), killTwice()])
    const code = expect.stringMatching(/^COMPUTE_(THREAD_FAILED|STATE_LOST)$/)
    expect(failed).toMatchObject({ status: 'rejected', reason: { code } })
    expect(JSON.parse(await ask('return Count')).Output.data).toBe('1')
  })
})

describe("the store's writer thread that dies", () => {
  test('stops writes, with a reason; reads go on, and a new start has all that was acknowledged', async () => {
    const processId = await spawnProcess(network, alice, 'Count = 0')
    const add = () => network.submit(messageItem(alice, processId, { Action: 'Eval' }, 'Count = Count + 1').bytes)
    await Promise.all(Array.from({ length: 20 }, add))
    await network.idle()
    const acknowledged = await add()
    await killWriter()

    await expect(add()).rejects.toMatchObject({ code: 'STORE_WRITE_FAILED' })
    await expect(add()).rejects.toMatchObject({ code: 'STORE_WRITE_FAILED' })
    const [entry] = await network.entries(processId, acknowledged.nonce, acknowledged.nonce, 1)
    expect(entry?.itemId).toBe(acknowledged.id)
    expect(await network.result(processId, processId)).toMatchObject({ nonce: 0, failed: false })

    await network.close()
    await open()
    await network.result(processId, acknowledged.id)
    expect(await evaluate(network, alice, processId, 'Count')).toBe('21')
    expect((await network.latestEntry(processId))?.nonce).toBe(acknowledged.nonce + 1)
  })

  test('in the middle of writes leaves a log without a gap, with every message that was acknowledged', async () => {
    const processId = await spawnProcess(network, alice, 'Count = 0')
    const submissions = Array.from({ length: 300 }, (_, i) =>
      network
        .submit(messageItem(alice, processId, { Action: 'Eval' }, 'Count = Count + 1').bytes)
        .finally(() => (i === 100 ? killWriter() : undefined)),
    )
    const settled = await Promise.allSettled(submissions)
    const acknowledged = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value.id] : []))
    expect(acknowledged.length).toBeGreaterThan(0)
    await network.close()
    await open()
    await network.idle()
    const entries = await network.entries(processId, 0, 1_000, 1_000)
    expect(entries.map(({ nonce }) => nonce)).toEqual(entries.map((_, i) => i))
    const ids = new Set(entries.map(({ itemId }) => itemId))
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([])
    expect(await evaluate(network, alice, processId, 'Count')).toBe(String(entries.length - 2))
  })
})
