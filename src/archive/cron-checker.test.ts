import { describe, expect, test } from 'vitest'
import { ComputeThread } from '../compute/compute-thread.ts'
import { createNetwork } from '../network/network.ts'
import { loadNodeKey } from '../network/node-key.ts'
import { evaluate, processItem } from '../network/test-items.ts'
import { createAssignment } from '../protocol/assignment.ts'
import { createDataItem } from '../protocol/data-item.ts'
import type { ProcessId } from '../protocol/ids.ts'
import { createEd25519Signer } from '../protocol/signers.ts'
import type { DataItem, Tag } from '../protocol/types.ts'
import { blockHeightAt } from '../scheduler/block-time.ts'
import { type CronTick, createCronSchedule, dueTicks, parseCrons } from '../scheduler/cron-schedule.ts'
import { createTickItem, tickAssignmentTags } from '../scheduler/cron-tick.ts'
import { compileLuaWasm } from '../vm/lua/lua-wasm.ts'
import { alice, temporaryPath, withStore } from './archive.fixture.ts'
import { LogChecker } from './log-checker.ts'
import { replayStored } from './stored-replay.ts'

const startMs = Date.UTC(2025, 0, 1)
const scheduler = createEd25519Signer(new Uint8Array(32).fill(7))
const cronTags: Tag[] = [
  { name: 'Cron-Interval', value: '10-seconds' },
  { name: 'Cron-Tag-Action', value: 'Tick' },
  { name: 'Cron-Interval', value: '20-seconds' },
]
const processOf = (tags: readonly Tag[]): DataItem => createDataItem({ tags }, alice)
const processId = processOf(cronTags).id as string as ProcessId
const origin = { timestampMs: startMs, blockHeight: blockHeightAt(startMs) }
const schedule = createCronSchedule(parseCrons(cronTags), origin)
const [first, second, third, fourth] = dueTicks(schedule, { afterMs: startMs, throughMs: startMs + 30_000, max: 4 })

interface Planned {
  readonly item: DataItem
  readonly atMs: number
  readonly tags?: readonly Tag[]
}

const tick = (due: CronTick | undefined, parts: Partial<Planned> = {}, owner = alice.address): Planned => ({
  item: createTickItem(processId, due as CronTick, scheduler),
  atMs: (due as CronTick).atMs - startMs,
  tags: tickAssignmentTags(due as CronTick, owner, false),
  ...parts,
})
const message = (atMs: number): Planned => ({
  item: createDataItem({ target: processId, tags: [{ name: 'At', value: String(atMs) }] }, alice),
  atMs,
})

/** What is wrong with a log of these entries, all of them signed by its scheduler: nonce and what. */
async function findings(
  planned: readonly Planned[],
  hasCrons = true,
  process = processOf(cronTags),
): Promise<string[]> {
  const processId = process.id as string as ProcessId
  const checker = new LogChecker({ processId, scheduler: scheduler.address })
  let before: ReturnType<typeof createAssignment> | undefined
  const genesis = { item: process, atMs: 0, tags: hasCrons ? [{ name: 'Cron', value: 'true' }] : [] }
  for (const [nonce, { item, atMs, tags }] of [genesis, ...planned].entries()) {
    before = createAssignment(
      {
        ...{
          processId,
          nonce,
          timestampMs: startMs + atMs,
          blockHeight: blockHeightAt(startMs + atMs),
          extraTags: tags,
        },
        previousHashChain: before?.hashChain,
        previousAssignmentId: before?.id,
        messageId: nonce === 0 ? undefined : item.id,
      },
      scheduler,
    )
    try {
      await checker.check({ item: item.bytes, assignment: before.bytes, result: undefined })
    } catch (error) {
      const { differences } = (error as { info: { differences: readonly { what: string }[] } }).info
      return differences.map(({ what }) => `${nonce} ${what}`)
    }
  }
  return []
}

describe('a log with crons', () => {
  test('is good with each tick at its time, before what is later', async () => {
    expect(
      await findings([message(5), tick(first), tick(second), tick(third, { atMs: 20_001 }), message(20_002)]),
    ).toEqual([])
    expect(await findings([message(9_999)])).toEqual([])
  })

  test.each<{ name: string; log: readonly Planned[]; found: string[] }>([
    { name: 'a tick is left out', log: [tick(first), message(20_000)], found: ['2 cron'] },
    {
      name: 'the second of two that are due together is left out',
      log: [tick(first), tick(second), message(20_001)],
      found: ['3 cron'],
    },
    {
      name: 'a later tick comes in its place',
      log: [tick(second)],
      found: ['1 tags of the tick', '1 timestamp of the tick'],
    },
    { name: 'a tick is late', log: [tick(first, { atMs: 10_001 })], found: ['1 timestamp of the tick'] },
    { name: 'a tick is early', log: [tick(first, { atMs: 9_999 })], found: ['1 timestamp of the tick'] },
    {
      name: 'a tick says something else',
      log: [tick(first, { item: message(1).item })],
      found: ['1 signer of the tick', '1 tags of the tick'],
    },
    {
      name: 'somebody else signed a tick',
      log: [tick(first, { item: createTickItem(processId, first as CronTick, alice) })],
      found: ['1 signer of the tick'],
    },
    {
      name: 'a tick counts as of somebody else',
      log: [tick(first, {}, scheduler.address)],
      found: ['1 as whose the tick counts'],
    },
    {
      name: 'a tick is called by the name of another cron',
      log: [tick(first, { tags: tick(third).tags ?? [] })],
      found: ['1 cron of the tick'],
    },
    {
      name: 'there is one tick too many',
      log: [tick(first), tick(fourth)],
      found: ['2 tags of the tick', '2 timestamp of the tick'],
    },
  ])('is refused when $name', async ({ log, found }) => {
    expect(await findings(log)).toEqual(found)
  })

  test('is refused when nobody can tell what its crons are', async () => {
    expect(await findings([], true, processOf([{ name: 'Cron-Interval', value: 'often' }]))).toEqual(['0 crons'])
  })

  test('has no ticks when its scheduler has not recorded that it makes them', async () => {
    expect(await findings([message(99_999)], false)).toEqual([])
    expect(await findings([tick(first)], false)).toEqual(['1 cron'])
  })
})

test('a replay of a process with crons finds no difference, from the beginning or from the midst of ticks', async () => {
  const path = temporaryPath()
  let nowMs = startMs
  const network = await createNetwork({ dataDirectory: path, now: () => nowMs, computeThreads: 1 })
  const item = processItem(alice)
  const { tags } = item
  const spawned = await network.submit(createDataItem({ tags: [...tags, ...cronTags], data: ' ' }, alice).bytes)
  const code = `Handlers.add("Tick", "Tick", function(msg) Send({ Target = ao.id, Action = "Heard", At = msg.Timestamp }) end)`
  await evaluate(network, alice, spawned.processId, code)
  nowMs += 20_000
  await network.bringCronsUp(spawned.processId)
  await network.monitor(spawned.processId)
  nowMs += 20_000
  await network.idle()
  const { nodeAddress, lastNonce } = {
    nodeAddress: network.info().address,
    lastNonce: (await network.latestEntry(spawned.processId))?.nonce,
  }
  const stateHash = await network.stateHash(spawned.processId)
  await network.close()
  const thread = new ComputeThread({ module: compileLuaWasm(), signerSeed: loadNodeKey(path) })
  for (const from of [0, 4]) {
    const replayed = await withStore(path, (store) =>
      replayStored(
        { processId: spawned.processId, verify: true, from, trustCheckpoints: true },
        { store, thread, nodeAddress },
      ),
    )
    expect(replayed).toMatchObject({ stateHash, impersonatedCount: 0, outboxCompared: true, summary: { lastNonce } })
  }
  await thread.close()
})
