import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { lease } from '../contract/harness.fixture.ts'
import { appendOf, commitOf, idOf, pageOf, processOf } from '../contract/requests.fixture.ts'
import type { ItemFilter } from '../types.ts'
import { pragma } from './schema.ts'
import { createSqliteStore } from './sqlite-store.ts'
import { temporaryDirectory } from './temporary-directory.fixture.ts'
import { createVersion1 } from './version-1.fixture.ts'

const [a, b] = [processOf('a'), processOf('b')]

async function openVersion1() {
  const directory = temporaryDirectory()
  createVersion1(directory)
  const lines: unknown[] = []
  const log = { info: (values: object) => lines.push(values), warn: () => {}, error: () => {} }
  const store = await createSqliteStore({ directory, log, clock: { now: () => 2_000_000 }, check: 'always' })
  onTestFinished(() => store.close())
  return { directory, store, lines }
}

/** Tables and indexes with their SQL, spaces evened out. */
function schemaOf(directory: string, file: string): unknown[] {
  const database = new DatabaseSync(join(directory, file), { readOnly: true })
  const rows = database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').all()
  const [version, application] = [pragma(database, 'user_version'), pragma(database, 'application_id')]
  database.close()
  return [version, application, rows.map(({ type, name, sql }) => [type, name, String(sql).replace(/\s+/g, ' ')])]
}

describe('SQLite store, of version 1', () => {
  test('has the tables of a new one, and says so', async () => {
    const { directory, store, lines } = await openVersion1()
    await store.close()
    const fresh = temporaryDirectory()
    await (await createSqliteStore({ directory: fresh })).close()
    for (const [file, known] of [
      ['loom.sqlite', 4],
      ['pages.sqlite', 2],
    ] as const) {
      expect(schemaOf(directory, file)).toEqual(schemaOf(fresh, file))
      expect(lines).toContainEqual(expect.objectContaining({ path: join(directory, file), found: 1, known }))
    }
  })

  test('has all it had', async () => {
    const { store } = await openVersion1()
    expect(await store.listProcesses({ limit: 9 })).toEqual([a, b])
    const state = pageOf('state')
    expect(await store.head(a)).toMatchObject({ next: 4, evaluated: 2, checkpoint: { nonce: 1, manifest: state.hash } })
    expect(await store.head(b)).toMatchObject({ next: 4, evaluated: 2, checkpoint: undefined })
    expect((await store.readLog(a, 0)).map(({ itemId }) => itemId)).toEqual(
      [`spawn ${a}`, 'root', 'two', 'elsewhere'].map(idOf),
    )
    expect(await store.readResult(b, 1)).toMatchObject({ failed: true, json: '{"Output":"1 ✓"}' })
    expect(await store.outboxStatus()).toMatchObject({ pending: 3, delivered: 1, dead: 1 })
    expect(await store.listOutbox({ state: 'dead', limit: 9 })).toMatchObject([
      { cause: { processId: a, nonce: 1, index: 2 }, target: 'wallet', reason: 'gone' },
    ])
    const filter = { tags: [{ name: 'Action', values: ['Ping'] }] }
    expect((await store.queryItems(filter, { order: 'ASC', limit: 9 })).items).toMatchObject([{ id: idOf('root') }])
    expect(await store.getItem(idOf('wallet item'))).toMatchObject({ target: 'wallet' })
    expect(await store.pageStatus()).toEqual({ pages: 2, bytes: 10 })
    const [page] = await store.getPages([state.hash])
    expect(Buffer.from(page ?? []).toString()).toBe('state')
  })

  test('knows the chains of what it had', async () => {
    const { store } = await openVersion1()
    const root = { processId: a, nonce: 1 }
    const chains = (await store.readLog(a, 0)).map(({ chain }) => chain)
    expect(chains).toEqual([
      { processId: a, nonce: 0, depth: 0 },
      { ...root, depth: 0 },
      { ...root, depth: 2 },
      { processId: a, nonce: 3, depth: 0 },
    ])
    expect((await store.readLog(b, 0)).map(({ chain }) => chain)).toEqual([
      { processId: b, nonce: 0, depth: 0 },
      { ...root, depth: 1 },
      { ...root, depth: 3 },
      { processId: a, nonce: 3, depth: 1 },
    ])
    const sizes = await Promise.all(
      [root, { processId: a, nonce: 3 }, { processId: b, nonce: 0 }].map(store.chainStatus, store),
    )
    expect(sizes.map(({ entries }) => entries)).toEqual([4, 2, 1])
  })

  test('finds the items it had, in the order of their blocks', async () => {
    const { store } = await openVersion1()
    const items = ['root', 'two', 'elsewhere', 'wallet item'].map(idOf)
    const heights = async (filter: ItemFilter): Promise<number[]> => {
      const { items } = await store.queryItems(filter, { order: 'DESC', limit: 9 })
      expect(await store.countItems(filter)).toBe(items.length)
      return items.map(({ blockHeight }) => blockHeight)
    }
    const all = await heights({})
    expect(all.length).toBeGreaterThan(8)
    expect(all).toEqual(all.toSorted((x, y) => y - x))
    const stored = await Promise.all(items.map((id) => store.getItem(id)))
    expect(await heights({ ids: items })).toEqual(stored.map((item) => item?.blockHeight ?? 0).sort((x, y) => y - x))
    expect(await heights({ blockHeightMin: 101, blockHeightMax: 102 })).toEqual(
      all.filter((height) => height > 100 && height < 103),
    )
    expect(await heights({ timestampMsMin: 1_020, timestampMsMax: 1_020 })).toEqual(
      all.filter((height) => height === 102),
    )
    expect(await heights({ recipients: ['wallet'] })).toEqual([stored[3]?.blockHeight])
    const none = { tags: [{ name: 'Action', values: ['Ping'], op: 'NEQ' as const }] }
    expect(await heights(none)).toHaveLength(all.length - 1)
  })

  test('goes on: appends, commits, deliveries, checkpoints, sweeps', async () => {
    const { store } = await openVersion1()
    const held = await lease(store, a)
    expect(held.epoch).toBe(2)
    const cause = { processId: b, nonce: 2, index: 0 }
    expect(await store.append([appendOf(a, 'root'), appendOf(a, 'new', { cause })])).toMatchObject([
      { nonce: 1, duplicate: true },
      { nonce: 4, duplicate: false, entry: { chain: { processId: a, nonce: 1, depth: 4 } } },
    ])
    expect(await store.chainStatus({ processId: a, nonce: 1 })).toEqual({ entries: 5 })
    expect(await store.commitResults([commitOf(held, 2, { targets: [b] })])).toEqual(['ok'])
    expect(await store.claimOutbox({ workerId: 'w', max: 9, ttlMs: 1 })).toHaveLength(3)
    expect(await store.reviveOutbox([{ processId: a, nonce: 1, index: 2 }])).toBe(1)
    expect(await store.dropCheckpoints(a, [1])).toBeUndefined()
    expect(await store.sweepPages({ graceMs: 1_000 })).toEqual({ pages: 2, bytes: 10 })
  })

  test('stays as it was when it cannot be brought up', async () => {
    const directory = temporaryDirectory()
    // A table of that name is in the way of the last of the steps.
    createVersion1(directory, 'CREATE TABLE checkpoints (x)')
    const before = schemaOf(directory, 'loom.sqlite')
    await expect(createSqliteStore({ directory })).rejects.toThrow('checkpoints')
    expect(schemaOf(directory, 'loom.sqlite')).toEqual(before)
  })
})
