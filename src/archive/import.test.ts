import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, test } from 'vitest'
import { createNetwork } from '../network/network.ts'
import { loadNodeKey } from '../network/node-key.ts'
import type { ProcessId } from '../protocol/ids.ts'
import { createEd25519Signer } from '../protocol/signers.ts'
import { mainFile } from '../store/sqlite/open-store-files.ts'
import type { Store } from '../store/types.ts'
import {
  addMessages,
  exportBytes,
  sealExport,
  sharedDirectory,
  splitExport,
  streamOf,
  temporaryPath,
  type Workbench,
  withStore,
} from './archive.fixture.ts'
import type { ImportChildOptions } from './import.child.fixture.ts'
import { importExport } from './import.ts'
import { replayStored } from './stored-replay.ts'

const copyDirectory = sharedDirectory()
let from: Workbench
let processId: ProcessId
/** Where to: another node with another key. */
let target: string
beforeEach(() => {
  from = copyDirectory()
  processId = from.processId
  target = temporaryPath()
  loadNodeKey(target)
})

const exported = (id: ProcessId = processId, to?: number): Promise<Buffer> =>
  withStore(from.path, (store) => exportBytes(store, id, to))

const importInto = (path: string, bytes: Buffer) =>
  withStore(path, (store) => importExport(() => streamOf(bytes), { store, thread: from.thread }))

/** What belongs to a process, without what its node alone knows: where an entry was caused. */
async function contentsOf(store: Store, id: ProcessId, to = Number.MAX_SAFE_INTEGER) {
  const log = await store.readLog(id, 0, to)
  return {
    log: log.map(({ cause: _cause, chain: _chain, ...entry }) => entry),
    results: await store.readResults(id, { order: 'ASC', throughNonce: to, limit: 1_000 }),
  }
}

/** Everything in the main database of a directory, by table. */
function dump(path: string): unknown {
  const database = new DatabaseSync(join(path, mainFile), { readOnly: true })
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
  const rows = tables.map(({ name }) => [name, database.prepare(`SELECT * FROM ${name}`).all()])
  database.close()
  return rows
}

const verifyStored = (path: string, id: ProcessId) =>
  withStore(path, (store) => {
    const nodeAddress = createEd25519Signer(loadNodeKey(path)).address
    return replayStored({ processId: id, verify: true }, { store, thread: from.thread, nodeAddress })
  })

describe('into another node', () => {
  test('it is the same log with the same results, and sends nothing', async () => {
    const report = await importInto(target, await exported())
    const before = await withStore(from.path, (store) => contentsOf(store, processId))
    const count = before.log.length
    expect(report).toMatchObject({ entryCount: count, resultCount: count })
    await withStore(target, async (store) => {
      expect(await contentsOf(store, processId)).toEqual(before)
      expect(await store.head(processId)).toMatchObject({
        next: count,
        evaluated: count,
        checkpoint: { nonce: count - 1 },
      })
      expect(await store.outboxStatus()).toMatchObject({ pending: 0, delivered: 0, dead: 0 })
      expect(await store.listProcesses({ limit: 10 })).toEqual([processId])
    })
    const replayed = await verifyStored(target, processId)
    expect(replayed).toMatchObject({ stateHash: from.stateHashes.get(processId), outboxCompared: false })
    expect(replayed.checkpoints.comparedCount).toBe(1)
  })

  test('a node reads it there, and nothing of it is sent again', async () => {
    await importInto(target, await exported())
    const others = await importInto(target, await exported(from.peerId))
    const before = dump(target)
    const network = await createNetwork({ dataDirectory: target, computeThreads: 1 })
    await network.idle()
    expect(await network.stateHash(processId)).toBe(from.stateHashes.get(processId))
    const { json } = await network.result(processId, processId)
    expect(JSON.parse(json)).toHaveProperty('Output')
    const dryRun = await network.dryRun(processId, { owner: 'x', tags: [{ name: 'Action', value: 'Add' }] })
    expect(JSON.parse(dryRun).Messages).toHaveLength(1)
    const latest = await network.latestEntry(from.peerId)
    expect(latest?.nonce).toBe(others.entryCount - 1)
    await network.close()
    const after = new Map(dump(target) as [string, unknown[]][])
    // The node adds its own module, and counts its leases.
    const nodeOwn = new Set(['items', 'item_terms', 'block_times', 'processes'])
    for (const [table, rows] of before as [string, unknown[]][]) {
      if (nodeOwn.has(table)) continue
      expect([table, after.get(table)]).toEqual([table, rows])
    }
  })

  test('a fork brings what it was forked from, and lives', async () => {
    const report = await importInto(target, await exported(from.forkId))
    expect(report.entryCount).toBe(from.forkNonce + 1 + 2)
    await withStore(target, async (store) => {
      expect((await store.head(processId)).next).toBe(from.forkNonce + 1)
    })
    expect((await verifyStored(target, from.forkId)).stateHash).toBe(from.stateHashes.get(from.forkId))
    const network = await createNetwork({ dataDirectory: target, computeThreads: 1 })
    expect(await network.stateHash(from.forkId)).toBe(from.stateHashes.get(from.forkId))
    await network.close()
    // The rest of what it was forked from may come later.
    expect(await importInto(target, await exported())).toMatchObject({
      log: { stateHash: from.stateHashes.get(processId) },
    })
  })

  test('it can be exported from there again, the same to the byte', async () => {
    for (const id of [processId, from.forkId]) {
      const bytes = await exported(id)
      await importInto(target, bytes)
      expect(await withStore(target, (store) => exportBytes(store, id))).toEqual(bytes)
    }
  })
})

describe('done again', () => {
  test('it changes nothing', async () => {
    const bytes = await exported()
    await importInto(target, bytes)
    const before = dump(target)
    expect(await importInto(target, bytes)).toMatchObject({ entryCount: 0, resultCount: 0 })
    expect(dump(target)).toEqual(before)
    expect(await importInto(target, await exported(processId, 3))).toMatchObject({ entryCount: 0, resultCount: 0 })
    expect(dump(target)).toEqual(before)
  })

  test('with more of the log, it goes on', async () => {
    await importInto(target, await exported(processId, 6))
    await addMessages(from.path, processId, 2)
    const bytes = await exported()
    const count = (await withStore(from.path, (store) => store.head(processId))).next
    expect(await importInto(target, bytes)).toMatchObject({ entryCount: count - 7, resultCount: count - 7 })
    expect(await withStore(target, (store) => exportBytes(store, processId))).toEqual(bytes)
  })

  test('into the directory that it comes from, it changes nothing', async () => {
    const bytes = await exported()
    const before = dump(from.path)
    expect(await importInto(from.path, bytes)).toMatchObject({ entryCount: 0, resultCount: 0 })
    expect(dump(from.path)).toEqual(before)
  })
})

describe('is refused, and stores nothing,', () => {
  /** Two logs of one process that part at an entry: its node was set back to a copy and went on in another way. */
  async function otherLog(): Promise<{ readonly bytes: Buffer; readonly nonce: number }> {
    const other = copyDirectory()
    await addMessages(other.path, processId, 2)
    await addMessages(from.path, processId, 1)
    const nonce = (await withStore(from.path, (store) => store.head(processId))).next - 1
    return { bytes: await withStore(other.path, (store) => exportBytes(store, processId)), nonce }
  }

  test('when there is another log of the process', async () => {
    const { bytes, nonce } = await otherLog()
    await importInto(target, await exported())
    const before = dump(target)
    await expect(importInto(target, bytes)).rejects.toMatchObject({
      code: 'ARCHIVE_CONFLICT',
      info: { processId, nonce },
    })
    expect(dump(target)).toEqual(before)
  })

  test.each(['A', 'I', 'R', 'M', 'H'])('when the last record of kind %s was changed', async (kind) => {
    const records = splitExport(await exported()).slice(0, -1)
    const index = records.findLastIndex((record) => record.kind === kind)
    const payload = Buffer.from(records[index]?.payload ?? [])
    payload[payload.length - 2] = (payload.at(-2) ?? 0) ^ 1
    records[index] = { kind, payload }
    await expect(importInto(target, sealExport(records))).rejects.toMatchObject({
      code: expect.stringMatching(/^ARCHIVE_/),
    })
    await withStore(target, async (store) => {
      expect(await store.listProcesses({ limit: 1 })).toEqual([])
      expect((await store.queryItems({}, { order: 'ASC', limit: 1 })).items).toEqual([])
    })
  })

  test('when it is cut off', async () => {
    const bytes = await exported()
    await expect(importInto(target, bytes.subarray(0, -1))).rejects.toMatchObject({ code: 'ARCHIVE_FORMAT_INVALID' })
    await withStore(target, async (store) => expect(await store.listProcesses({ limit: 1 })).toEqual([]))
  })
})

describe('killed in the midst of it', () => {
  const program = fileURLToPath(new URL('./import.child.fixture.ts', import.meta.url))
  let long: { readonly bytes: Buffer; readonly contents: Awaited<ReturnType<typeof contentsOf>> } | undefined

  /** Of the peer, with some batches of messages. */
  async function longHistory() {
    await addMessages(from.path, from.peerId, 200)
    return withStore(from.path, async (store) => {
      return { bytes: await exportBytes(store, from.peerId), contents: await contentsOf(store, from.peerId) }
    })
  }

  function killedImport(options: ImportChildOptions): Promise<string> {
    const child = spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] })
    return new Promise((resolve) => {
      let printed = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        printed += text
      })
      child.on('close', (_code, signal) => resolve(`${printed}${signal}`))
    })
  }

  test.each([
    ['putItems', 'after', 1],
    ['append', 'after', 1],
    ['commitResults', 'before', 2],
    ['append', 'after', 3],
    ['commitResults', 'after', 4],
    ['putPages', 'after', 1],
  ] as const)(
    'at %s, %s call %i: what is there is a beginning, and the next import does the rest',
    async (method, moment, nth) => {
      long ??= await longHistory()
      const { bytes, contents } = long
      const file = join(dirname(target), 'history.loom')
      writeFileSync(file, bytes)
      expect(await killedImport({ directory: target, file, method, moment, nth })).toBe('SIGKILL')
      const nothing = { pending: 0, delivered: 0, dead: 0 }
      await withStore(target, async (store) => {
        const { next, evaluated } = await store.head(from.peerId)
        const { log, results } = await contentsOf(store, from.peerId)
        expect({ log, results }).toEqual({
          log: contents.log.slice(0, next),
          results: contents.results.slice(0, evaluated),
        })
        expect(await store.outboxStatus()).toMatchObject(nothing)
      })
      await importInto(target, bytes)
      await withStore(target, async (store) => {
        expect(await contentsOf(store, from.peerId)).toEqual(contents)
        expect(await store.outboxStatus()).toMatchObject(nothing)
      })
      expect(await verifyStored(target, from.peerId)).toMatchObject({ unevaluatedCount: 0 })
    },
  )
})

test('with the key of its scheduler, the process goes on where it was, and what it sent is not sent again', async () => {
  const whole = await withStore(from.path, (store) => contentsOf(store, processId))
  await importInto(target, await exported())
  // A node that has lost its data and kept its key.
  const seed = Buffer.from(loadNodeKey(from.path)).toString('hex')
  writeFileSync(join(target, 'node-key.json'), JSON.stringify({ type: 'ed25519', seed }))
  await addMessages(target, processId, 1)
  await withStore(target, async (store) => {
    expect(await contentsOf(store, processId, whole.log.length - 1)).toEqual(whole)
    expect((await store.head(processId)).next).toBe(whole.log.length + 1)
    expect(await store.listProcesses({ limit: 10 })).toEqual([processId])
    expect(await store.outboxStatus()).toMatchObject({ pending: 0, dead: 0 })
  })
})
