import { closeSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { spawnAndLease } from '../contract/harness.fixture.ts'
import { appendOf, commitOf, pageOf, processOf } from '../contract/requests.fixture.ts'
import { writeManifest } from '../manifest.ts'
import { toPage } from '../page-hash.ts'
import { createSqliteStore, type SqliteStoreOptions } from './sqlite-store.ts'
import { temporaryDirectory } from './temporary-directory.fixture.ts'

const [a, b] = [processOf('a'), processOf('b')]

interface Line {
  readonly level: 'info' | 'warn' | 'error'
  readonly values: object
  readonly text: string
}

/** Opens and closes the store. @returns what it logged. */
async function openAndClose(directory: string, options: Partial<SqliteStoreOptions> = {}): Promise<Line[]> {
  const lines: Line[] = []
  const keep = (level: Line['level']) => (values: object, text: string) => void lines.push({ level, values, text })
  const log = { info: keep('info'), warn: keep('warn'), error: keep('error') }
  const store = await createSqliteStore({ directory, log, ...options })
  await store.close()
  return lines
}

/** A directory with something of everything, closed in order. */
async function filled(): Promise<string> {
  const directory = temporaryDirectory()
  const store = await createSqliteStore({ directory })
  onTestFinished(() => store.close())
  const held = await spawnAndLease(store, a)
  await store.append(Array.from({ length: 40 }, (_, index) => appendOf(a, `m${index}`, { sizeBytes: 2_000 })))
  await store.commitResults([0, 1, 2].map((nonce) => commitOf(held, nonce, { targets: [b, b, 'x'] })))
  await store.settleOutbox([
    { cause: { processId: a, nonce: 0, index: 0 }, outcome: { state: 'delivered' } },
    { cause: { processId: a, nonce: 0, index: 2 }, outcome: { state: 'dead', reason: 'no' } },
  ])
  const manifest = toPage(writeManifest({ header: Buffer.from('h'), manifests: [], pages: [pageOf('p').hash] }))
  await store.putPages([pageOf('p'), manifest])
  await store.putCheckpoint({ processId: a, epoch: held.epoch, nonce: 1, manifest: manifest.hash })
  await store.close()
  return directory
}

/** Makes the directory look as after a crash. */
function markCrashed(directory: string): void {
  writeFileSync(join(directory, 'owner.pid'), '1\n')
}

function tamper(directory: string, file: string, sql: string): void {
  const database = new DatabaseSync(join(directory, file))
  database.exec(sql)
  database.close()
}

const checking = 'checking the databases'
const sound = 'the databases are sound'

describe('SQLite store, after an unclean stop', () => {
  test('looks at the files, once, and says how long it took', async () => {
    const directory = await filled()
    markCrashed(directory)
    const lines = await openAndClose(directory, { clock: { now: () => 7 } })
    expect(lines.map(({ text }) => text)).toEqual([checking, sound])
    expect(lines[1]?.values).toMatchObject({ directory, structure: true, durationMs: 0, sizeBytes: expect.any(Number) })
    expect(await openAndClose(directory)).toEqual([])
  })

  test('does not look at what was closed in order, unless it is told to', async () => {
    const directory = await filled()
    expect(await openAndClose(directory)).toEqual([])
    expect((await openAndClose(directory, { check: 'always' })).map(({ text }) => text)).toEqual([checking, sound])
  })

  test('a start without the check does not count as one', async () => {
    const directory = await filled()
    markCrashed(directory)
    expect(await openAndClose(directory, { check: 'never' })).toEqual([])
    expect((await openAndClose(directory)).map(({ text }) => text)).toEqual([checking, sound])
  })

  test.each([
    {
      name: 'an entry is missing',
      sql: 'DELETE FROM log WHERE nonce = 17',
      problem: `process ${a} should have 41 entries and 3 results; there are 40 entries up to nonce 40 and 3 results up to nonce 2`,
    },
    {
      name: 'the last entry is missing',
      sql: 'DELETE FROM log WHERE nonce = 40',
      problem: '40 entries up to nonce 39',
    },
    { name: 'a result is missing', sql: 'DELETE FROM results WHERE nonce = 2', problem: '2 results up to nonce 1' },
    { name: 'a result is too many', sql: 'UPDATE processes SET evaluated = 2', problem: '2 results; there are' },
    {
      name: 'more was evaluated than there is',
      sql: 'UPDATE processes SET evaluated = 50',
      problem: 'should have 41 entries and 50 results',
    },
    { name: 'a process is missing', sql: 'DELETE FROM processes', problem: 'processes that do not exist' },
    {
      name: 'an outbox entry is missing',
      sql: 'DELETE FROM outbox WHERE nonce = 1 AND position = 0',
      problem: 'should have 7 pending, 1 dead and 1 delivered entries; there are 6, 1 and 1',
    },
    {
      name: 'two entries of a pair are first',
      sql: 'UPDATE outbox SET state = 0 WHERE state = 1',
      problem: 'out of order',
    },
    {
      name: 'none of a pair is first',
      sql: 'UPDATE outbox SET state = 1 WHERE state = 0',
      problem: `outbox entry 1.2 of process ${a} is out of order`,
    },
    {
      name: 'a checkpoint is ahead of the results',
      sql: 'UPDATE checkpoints SET nonce = 3',
      problem: `the checkpoint of process ${a} at nonce 3 is of an entry without result`,
    },
    {
      name: 'a manifest is missing',
      file: 'pages.sqlite',
      sql: 'DELETE FROM pages WHERE length(bytes) > 1',
      problem: 'which is not stored',
    },
  ])('refuses to open when $name, again and again', async ({ sql, problem, file = 'loom.sqlite' }) => {
    const directory = await filled()
    tamper(directory, file, sql)
    markCrashed(directory)
    for (let round = 0; round < 2; round += 1) {
      await expect(openAndClose(directory)).rejects.toMatchObject({
        code: 'STORE_CORRUPT',
        info: { path: join(directory, 'loom.sqlite'), problem: expect.stringContaining(problem) },
        message: expect.stringContaining('loom backup'),
      })
    }
    expect(await openAndClose(directory, { check: 'never' })).toEqual([])
  })

  test.each(['loom.sqlite', 'pages.sqlite'])('refuses to open when a sector of %s was overwritten', async (file) => {
    const directory = await filled()
    const path = join(directory, file)
    for (const extra of ['-wal', '-shm']) rmSync(path + extra, { force: true })
    const descriptor = openSync(path, 'r+')
    writeSync(descriptor, Buffer.alloc(512, 0xa5), 0, 512, 8_192)
    closeSync(descriptor)
    markCrashed(directory)
    await expect(openAndClose(directory)).rejects.toMatchObject({ code: 'STORE_CORRUPT', info: { path } })
  })

  test('says of a file that is no database that it is damaged, without a crash too', async () => {
    const directory = await filled()
    for (const name of readdirSync(directory)) if (name.startsWith('loom.sqlite-')) rmSync(join(directory, name))
    writeFileSync(join(directory, 'loom.sqlite'), 'x'.repeat(8_192))
    await expect(openAndClose(directory)).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
    await expect(openAndClose(directory)).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
  })
})
