import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ProcessId } from '../../protocol/ids.ts'
import { chainAfter, processOf, spawnOf } from '../contract/requests.fixture.ts'
import { readManifest } from '../manifest.ts'
import type { Store } from '../types.ts'
import { pragma } from './schema.ts'
import { createSqliteStore } from './sqlite-store.ts'
import { temporaryDirectory } from './temporary-directory.fixture.ts'
import { createVersion1 } from './version-1.fixture.ts'

const childPath = fileURLToPath(new URL('./child.fixture.ts', import.meta.url))

function startChild(command: 'hold' | 'stream' | 'snapshot', directory: string, round = 0) {
  const child = spawn(process.execPath, [childPath, command, directory, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  // Listened for from the start: it may come before the last line is read.
  const exit: Promise<unknown[]> = once(child, 'exit')
  return { child, exit, lines: createInterface({ input: child.stdout }) }
}

const killed = [null, 'SIGKILL']

/** Nonce by process and message, as acknowledged. */
type Acknowledged = Map<string, number>

/** Lets the child run until it has acknowledged `count` new messages, then kills it. @returns duplicates it was told. */
async function runRound(directory: string, round: number, count: number, acknowledged: Acknowledged): Promise<number> {
  const { child, exit, lines } = startChild('stream', directory, round)
  let fresh = 0
  let duplicates = 0
  for await (const line of lines) {
    const [word, processId, name, nonce, state] = line.split(' ')
    // The last line may be cut off by the kill; nobody was told then.
    if (word !== 'ack' || (state !== 'new' && state !== 'duplicate')) continue
    const key = `${processId} ${name}`
    // Acknowledged before: then it has the nonce of the first time. Lost with its answer: then it is new to us only.
    expect(acknowledged.get(key) ?? Number(nonce)).toBe(Number(nonce))
    if (acknowledged.has(key)) expect(state).toBe('duplicate')
    if (state === 'duplicate') duplicates += 1
    else fresh += 1
    acknowledged.set(key, Number(nonce))
    // Lines that were written before the kill are still read: they were acknowledged too.
    if (fresh === count) child.kill('SIGKILL')
  }
  expect(await exit).toEqual(killed)
  return duplicates
}

/** Reads a whole log and checks I1: no gap, the chain, each item and cause once. @returns name by nonce. */
async function checkLog(store: Store, processId: ProcessId): Promise<(string | undefined)[]> {
  const { next, evaluated } = await store.head(processId)
  const names: (string | undefined)[] = []
  const [items, causes] = [new Set<string>(), new Set<number>()]
  let chain: string | undefined
  for (const entry of await store.readLog(processId, 0, undefined, 1_000_000)) {
    expect(entry.nonce).toBe(names.length)
    chain = chainAfter(chain, entry.itemId)
    expect(entry.hashChain).toBe(chain)
    expect(items).not.toContain(entry.itemId)
    items.add(entry.itemId)
    if (entry.cause !== undefined) {
      expect(causes).not.toContain(entry.cause.nonce)
      causes.add(entry.cause.nonce)
    }
    const item = await store.getItem(entry.itemId)
    expect(item?.bytes).toEqual(entry.item)
    names.push(item?.tags[0]?.value)
  }
  expect(names).toHaveLength(next)
  expect(await store.readResults(processId, { order: 'ASC', limit: 1_000_000 })).toHaveLength(evaluated)
  return names
}

/** Adds everything that the manifest leads to, which must be there. */
async function expectWhole(store: Store, hash: string, reached: Set<string>): Promise<void> {
  const [bytes] = await store.getPages([hash])
  const { manifests, pages } = readManifest(bytes ?? new Uint8Array())
  for (const manifest of manifests) await expectWhole(store, manifest, reached)
  expect(await store.getPages(pages)).not.toContain(undefined)
  for (const page of [hash, ...pages]) reached.add(page)
}

/** SQL that lets process b of version 1 have so many more entries, all caused by entry 1 of process a. */
function growChain(count: number): string {
  const numbers = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`
  return `
    INSERT INTO items ${numbers} SELECT 100 + i, randomblob(32), x'00', NULL, '[]', 1, 1, x'00' FROM n;
    INSERT INTO log ${numbers} SELECT 100 + i, 2, 3 + i, 'message', 100 + i, randomblob(32), 9000 + i, 1, randomblob(32),
      (SELECT id FROM processes WHERE seq = 1), 1, 100 + i, zeroblob(200) FROM n;
    UPDATE processes SET next = next + ${count} WHERE seq = 2;`
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

describe('SQLite store, killed', () => {
  test('what was acknowledged is there exactly once, without a gap, after SIGKILL at any moment', async () => {
    const directory = temporaryDirectory()
    const acknowledged: Acknowledged = new Map()
    let duplicates = 0
    for (let round = 0; round < 4; round += 1) {
      duplicates += await runRound(directory, round, 250 + 31 * round, acknowledged)
      const store = await createSqliteStore({ directory })
      const names = new Map<string, (string | undefined)[]>()
      let evaluated = 0
      for (const processId of await store.listProcesses({ limit: 10 })) {
        names.set(processId, await checkLog(store, processId))
        evaluated += (await store.head(processId)).evaluated
      }
      for (const [key, nonce] of acknowledged) {
        const [processId = '', name] = key.split(' ')
        expect(names.get(processId)?.[nonce]).toBe(name)
      }
      const { pending, delivered, dead } = await store.outboxStatus()
      expect(pending + delivered + dead).toBe(evaluated)
      await store.close()
    }
    // The test has teeth only if messages were repeated, with other items under the same cause among them.
    expect(duplicates).toBeGreaterThan(200)
  })

  test('checkpoints that were acknowledged have all their pages, and sweeps leave nothing else, after SIGKILL', async () => {
    const directory = temporaryDirectory()
    const processId = processOf('one')
    for (let round = 0; round < 4; round += 1) {
      const { child, exit, lines } = startChild('snapshot', directory, round)
      let last: { readonly nonce: number; readonly manifest: string } | undefined
      let count = 0
      for await (const line of lines) {
        const [word, nonce, manifest = ''] = line.split(' ')
        if (word !== 'checkpoint' || manifest.length !== 64) continue
        last = { nonce: Number(nonce), manifest }
        count += 1
        if (count === 9 + 2 * round) child.kill('SIGKILL')
      }
      expect(await exit).toEqual(killed)

      const store = await createSqliteStore({ directory, check: 'always' })
      const checkpoints = await store.listCheckpoints(processId)
      expect(checkpoints).toContainEqual(last)
      const reached = new Set<string>()
      for (const { manifest } of checkpoints) await expectWhole(store, manifest, reached)
      await store.sweepPages({ graceMs: 0 })
      const bytes = await store.getPages([...reached])
      expect(await store.pageStatus()).toEqual({
        pages: reached.size,
        bytes: bytes.reduce((sum, page) => sum + (page?.byteLength ?? 0), 0),
      })
      await store.close()
    }
  })

  test('bringing up an older version starts again from that version, after SIGKILL at any moment', async () => {
    const directory = temporaryDirectory()
    const entryCount = 60_000
    createVersion1(directory, growChain(entryCount))
    const path = join(directory, 'loom.sqlite')
    let interrupted = 0
    for (const walBytesMin of [1, 300_000, 3_000_000, 20_000_000]) {
      const { child, exit, lines } = startChild('hold', directory)
      // It may be done before the log has that size.
      lines.on('line', () => child.kill('SIGKILL'))
      while (child.signalCode === null && child.exitCode === null) {
        if (sizeOf(`${path}-wal`) >= walBytesMin) child.kill('SIGKILL')
        await setImmediate()
      }
      expect(await exit).toEqual(killed)
      const database = new DatabaseSync(path)
      const version = pragma(database, 'user_version')
      const columns = database.prepare("SELECT name FROM pragma_table_info('log') WHERE name LIKE 'chain%'").all()
      database.close()
      expect(columns).toHaveLength(version === 1 ? 0 : 3)
      if (version === 1) interrupted += 1
    }
    expect(interrupted).toBeGreaterThan(0)
    const store = await createSqliteStore({ directory, check: 'always' })
    onTestFinished(() => store.close())
    expect(await store.chainStatus({ processId: processOf('a'), nonce: 1 })).toEqual({ entries: 4 + entryCount })
    const [last] = await store.readLog(processOf('b'), 3 + entryCount)
    expect(last?.chain).toEqual({ processId: processOf('a'), nonce: 1, depth: 1 })
  }, 60_000)

  test('one owner at a time; the next takes over from a killed one', async () => {
    const directory = temporaryDirectory()
    const { child, exit, lines } = startChild('hold', directory)
    expect(await once(lines, 'line')).toEqual(['ready'])
    await expect(createSqliteStore({ directory })).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      info: { path: directory, pid: child.pid },
      message: expect.stringContaining(`process ${child.pid}`),
    })
    child.kill('SIGKILL')
    expect(await exit).toEqual(killed)
    const store = await createSqliteStore({ directory })
    onTestFinished(() => store.close())
    expect(await store.append([spawnOf(processOf('a'))])).toMatchObject([{ ok: true }])
  })

  test('one owner at a time, within a process too, and a refused opener does not loosen the lock', async () => {
    const directory = temporaryDirectory()
    const store = await createSqliteStore({ directory })
    const refused = { code: 'STORE_LOCKED', info: { pid: process.pid } }
    await expect(createSqliteStore({ directory })).rejects.toMatchObject(refused)
    const { exit, lines } = startChild('hold', directory)
    expect(await once(lines, 'line')).toEqual(['STORE_LOCKED'])
    expect(await exit).toEqual([1, null])
    await store.close()
    await (await createSqliteStore({ directory })).close()
  })
})
