import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createNetwork } from '../../src/network/network.ts'
import { loadNodeKey } from '../../src/network/node-key.ts'
import { createDataItem } from '../../src/protocol/data-item.ts'
import type { ItemId, ProcessId } from '../../src/protocol/ids.ts'
import { createEd25519Signer } from '../../src/protocol/signers.ts'
import type { DataItem, Tag } from '../../src/protocol/types.ts'
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import type { LogEntry } from '../../src/store/types.ts'
import {
  expectDeliveredOnce,
  expectInOrder,
  expectResultsOf,
  expectSoundLog,
  readWholeLog,
  replay,
} from './log-checks.ts'
import { startNodeProcess } from './node-process.ts'

/** Processes that answer the sender and tell each other: every message makes a chain of four. One tells nobody. */
const relayCode = (other: string | undefined): string => `
  Other = ${other === undefined ? 'nil' : JSON.stringify(other)}
  Count, Heard = Count or 0, Heard or {}
  Handlers.add("Work", "Work", function(msg)
    Count = Count + 1
    msg.reply({ Action = "Done", Data = tostring(Count) })
    if Other then Send({ Target = Other, Action = "Tell", Data = msg.Data }) end
  end)
  Handlers.add("Tell", "Tell", function(msg)
    Heard[#Heard + 1] = msg.Data
    msg.reply({ Action = "Heard", Data = msg.Data })
  end)
  Handlers.add("Heard", "Heard", function(msg) Count = Count + 1000 end)
`

const rounds = 4
const parallelSenders = 8

const wallet = createEd25519Signer(randomBytes(32))

function aoItem(
  type: 'Process' | 'Message',
  target: string | undefined,
  tags: Record<string, string>,
  data = ' ',
): DataItem {
  const all: Tag[] = Object.entries({ 'Data-Protocol': 'ao', Variant: 'ao.TN.1', Type: type, ...tags }).map(
    ([name, value]) => ({ name, value }),
  )
  return createDataItem({ target, tags: all, data }, wallet)
}

/** Posts until the node dies; returns what the node acknowledged. A refusal while it lives fails the test. */
async function sendUntilDead(url: string, targets: readonly string[], isDead: () => boolean): Promise<DataItem[]> {
  const acknowledged: DataItem[] = []
  const sender = async (): Promise<void> => {
    for (;;) {
      const target = targets[Math.floor(Math.random() * targets.length)]
      const item = aoItem('Message', target, { Action: 'Work', Seq: randomBytes(8).toString('hex') }, 'work')
      const response = await fetch(`${url}/mu`, { method: 'POST', body: Buffer.from(item.bytes) }).catch(
        () => undefined,
      )
      if (response === undefined) {
        if (isDead()) return
        continue
      }
      expect(response.status).toBe(202)
      acknowledged.push(item)
    }
  }
  await Promise.all(Array.from({ length: parallelSenders }, sender))
  return acknowledged
}

test('a loaded node that is killed again and again loses nothing and doubles nothing (I1, I2, I3, I6)', async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'loom-kill-'))
  const acknowledged: DataItem[] = []

  let node = await startNodeProcess(dataDirectory)
  const post = async (item: DataItem): Promise<void> => {
    const response = await fetch(`${node.url}/mu`, { method: 'POST', body: Buffer.from(item.bytes) })
    expect(response.status).toBe(202)
    acknowledged.push(item)
  }
  const spawned = ['left', 'right', 'lone'].map((Name) =>
    aoItem('Process', undefined, { Module: 'MODULE_TX_ID', Scheduler: 'SCHEDULER_ADDRESS', Name }),
  )
  const processes = spawned.map(({ id }) => id as ProcessId)
  const [left, right, lone] = processes
  if (left === undefined || right === undefined || lone === undefined) throw new Error('three processes')
  for (const item of spawned) await post(item)
  await post(aoItem('Message', left, { Action: 'Eval' }, relayCode(right)))
  await post(aoItem('Message', right, { Action: 'Eval' }, relayCode(left)))
  await post(aoItem('Message', lone, { Action: 'Eval' }, relayCode(undefined)))

  for (let round = 0; round < rounds; round++) {
    let dead = false
    const sending = sendUntilDead(node.url, processes, () => dead)
    await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 400))
    await node.kill()
    dead = true
    const accepted = await sending
    expect(accepted.length).toBeGreaterThan(0)
    acknowledged.push(...accepted)
    if (round < rounds - 1) node = await startNodeProcess(dataDirectory)
  }

  // The last run takes up what the kills left, works on a little, and ends in order. Nothing new comes to `lone`: its
  // results are there only if the node finds by itself what was not evaluated.
  const network = await createNetwork({ dataDirectory })
  const lastItem = aoItem('Message', left, { Action: 'Work' }, 'last')
  await network.submit(lastItem.bytes)
  acknowledged.push(lastItem)
  await network.idle()
  const liveHashes = new Map<string, string>()
  for (const id of processes) liveHashes.set(id, await network.stateHash(id))
  await network.close()

  const store = await createSqliteStore({ directory: dataDirectory })
  const logs = new Map<string, LogEntry[]>()
  for (const id of processes) logs.set(id, await readWholeLog(store, id))

  const logged = new Map<ItemId, number>()
  for (const log of logs.values()) {
    await expectSoundLog(log)
    expectInOrder(log)
    for (const { itemId } of log) logged.set(itemId, (logged.get(itemId) ?? 0) + 1)
  }
  for (const { id } of acknowledged) expect(logged.get(id)).toBe(1)

  const signer = createEd25519Signer(loadNodeKey(dataDirectory))
  const outbox = []
  for (const [id, log] of logs) {
    const { evaluated, stateHash } = await replay(log, store, signer)
    expect(liveHashes.get(id)).toBe(stateHash)
    await expectResultsOf(store, id as ProcessId, evaluated)
    outbox.push(...evaluated.flatMap((entry) => entry.outbox))
  }
  expect(outbox.length).toBeGreaterThan(acknowledged.length)
  await expectDeliveredOnce(store, outbox, logs)
  expect(await store.outboxStatus()).toMatchObject({ pending: 0, dead: 0 })
  await store.close()
  // The secret stays a secret through all of it.
  expect((await readFile(join(dataDirectory, 'node-key.json'))).length).toBeGreaterThan(0)
  await rm(dataDirectory, { recursive: true })
}, 120_000)
