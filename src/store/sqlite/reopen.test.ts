import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { lease, spawnAndLease } from '../contract/harness.fixture.ts'
import { appendOf, commitOf, idOf, pageOf, processOf, spawnOf } from '../contract/requests.fixture.ts'
import { writeManifest } from '../manifest.ts'
import { toPage } from '../page-hash.ts'
import { createSqliteStore } from './sqlite-store.ts'
import { temporaryDirectory } from './temporary-directory.fixture.ts'

const [a, b] = [processOf('a'), processOf('b')]

async function openIn(directory: string, nowMs = 1_000_000) {
  const store = await createSqliteStore({ directory, clock: { now: () => nowMs } })
  onTestFinished(() => store.close())
  return store
}

/** Changes a file behind the store's back, while it is closed. */
function tamper(directory: string, file: string, sql: string): void {
  const database = new DatabaseSync(join(directory, file))
  database.exec(sql)
  database.close()
}

describe('SQLite store, reopened', () => {
  test('everything is as it was; claims are void, epochs go on', async () => {
    const directory = temporaryDirectory()
    const first = await openIn(directory)
    const held = await spawnAndLease(first, a)
    const tags = [{ name: 'Action', value: 'Ping' }]
    const cause = { processId: b, nonce: 1, index: 0 }
    await first.append([spawnOf(b), appendOf(a, 'm1', { tags, cause })])
    const claim = { workerId: 'w', ttlMs: 1_000_000 }
    await first.commitResults([commitOf(held, 0, { targets: [b, b, 'x'], claim })])
    await first.append([appendOf(b, 'caused', { cause: { processId: a, nonce: 1, index: 0 } })])
    await first.settleOutbox([
      { cause: { processId: a, nonce: 0, index: 2 }, outcome: { state: 'dead', reason: 'gone' } },
      { cause: { processId: a, nonce: 0, index: 0 }, outcome: { state: 'retry', atMs: 5, reason: 'busy' } },
    ])
    const page = pageOf('page')
    const manifest = toPage(writeManifest({ header: Buffer.from('h'), manifests: [], pages: [page.hash] }))
    await first.putPages([page, manifest, pageOf('garbage')])
    await first.putCheckpoint({ processId: a, epoch: held.epoch, nonce: 0, manifest: manifest.hash })
    const read = async (store: typeof first) => ({
      head: await store.head(a),
      log: await store.readLog(a, 0),
      results: await store.readResults(a, { order: 'ASC', limit: 10 }),
      items: await store.queryItems({ tags: [{ name: 'Action', values: ['Ping'] }] }, { order: 'ASC', limit: 10 }),
      processes: await store.listProcesses({ limit: 10 }),
      pages: await store.getPages([page.hash]),
      pageStatus: await store.pageStatus(),
      checkpoints: await store.listCheckpoints(a),
      chain: await store.chainStatus({ processId: a, nonce: 1 }),
      outbox: await store.listOutbox({ limit: 10 }),
      counts: { ...(await store.outboxStatus()), dueAtMs: 0 },
    })
    const before = await read(first)
    await first.close()

    const second = await openIn(directory, 1_000_001)
    expect(await read(second)).toEqual(before)
    expect(before.counts).toMatchObject({ pending: 2, dead: 1 })
    expect(before.checkpoints).toEqual([{ nonce: 0, manifest: manifest.hash }])
    expect(await second.sweepPages({ graceMs: 1 })).toMatchObject({ pages: 0 })
    expect(await second.sweepPages({ graceMs: 0 })).toMatchObject({ pages: 1 })
    const rows = await second.claimOutbox({ workerId: 'v', max: 10, ttlMs: 1 })
    expect(rows).toMatchObject([{ cause: { nonce: 0, index: 0 }, tries: 1 }])
    expect((await lease(second, a, 'v')).epoch).toBe(held.epoch + 1)
    expect(await second.commitResults([commitOf(held, 1)])).toEqual(['fenced'])
    const repeats = [appendOf(a, 'm1'), appendOf(a, 'again', { cause }), appendOf(a, 'm2')]
    expect(await second.append(repeats)).toMatchObject([
      { nonce: 1, duplicate: true },
      { nonce: 1, duplicate: true },
      { nonce: 2, duplicate: false },
    ])
    const [deeper] = await second.append([appendOf(a, 'deeper', { cause: { processId: b, nonce: 1, index: 1 } })])
    expect(deeper).toMatchObject({ entry: { chain: { processId: a, nonce: 1, depth: 2 } } })
    expect(await second.chainStatus({ processId: a, nonce: 1 })).toEqual({ entries: 3 })
  })

  test('leaves everything in the two databases when it is closed', async () => {
    const directory = temporaryDirectory()
    const store = await openIn(directory)
    await store.append([spawnOf(a)])
    await store.putPages([pageOf('x')])
    await store.close()
    const filled = readdirSync(directory).filter((file) => statSync(join(directory, file)).size > 0)
    expect(filled.filter((file) => !file.endsWith('-shm')).sort()).toEqual(['loom.sqlite', 'pages.sqlite'])
  })

  test('files are for their owner alone', async () => {
    const directory = join(temporaryDirectory(), 'data')
    const store = await openIn(directory)
    await store.append([spawnOf(a)])
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    const files = readdirSync(directory)
    expect(files).toEqual(expect.arrayContaining(['loom.sqlite', 'loom.sqlite-wal', 'owner.lock', 'owner.pid']))
    for (const file of files) expect([file, statSync(join(directory, file)).mode & 0o777]).toEqual([file, 0o600])
  })

  test.each([
    { name: 'a newer schema', sql: 'PRAGMA user_version = 99', found: 99, foreign: false, text: 'version 99' },
    { name: 'the database of another program', sql: 'PRAGMA application_id = 7', found: 4, foreign: true, text: 'not' },
  ])('refuses $name, and lets go of the directory', async ({ sql, found, foreign, text }) => {
    const directory = temporaryDirectory()
    await (await createSqliteStore({ directory })).close()
    tamper(directory, 'loom.sqlite', sql)
    const info = { found, known: 4, foreign }
    const refused = { code: 'STORE_SCHEMA_UNKNOWN', info, message: expect.stringContaining(text) }
    await expect(createSqliteStore({ directory })).rejects.toMatchObject(refused)
    await expect(createSqliteStore({ directory })).rejects.toMatchObject(refused)
  })

  test('a page that the disk changed is not handed out', async () => {
    const directory = temporaryDirectory()
    const page = pageOf('state')
    const { hash } = page
    const first = await openIn(directory)
    await first.putPages([page])
    await first.close()
    tamper(directory, 'pages.sqlite', "UPDATE pages SET bytes = x'00'")
    const second = await openIn(directory)
    await expect(second.getPages([hash])).rejects.toMatchObject({
      code: 'STORE_PAGE_CORRUPT',
      info: { hash, at: 'stored' },
    })
  })

  test('an item stored before its process was keeps its place', async () => {
    const store = await openIn(temporaryDirectory())
    const { item } = spawnOf(a)
    await store.putItems([{ item, blockHeight: 3, timestampMs: 30 }])
    await store.append([spawnOf(a)])
    expect(await store.getItem(item.id)).toMatchObject({ blockHeight: 3, timestampMs: 30 })
    expect(await store.countItems({})).toBe(1)
    expect(await store.findNonce(a, idOf(`spawn ${a}`))).toBe(0)
  })
})
