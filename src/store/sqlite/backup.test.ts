import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { spawnAndLease } from '../contract/harness.fixture.ts'
import { appendOf, chainAfter, commitOf, pageOf, processOf, spawnOf } from '../contract/requests.fixture.ts'
import { readManifest, writeManifest } from '../manifest.ts'
import { toPage } from '../page-hash.ts'
import type { Lease, Store } from '../types.ts'
import { backupDataDirectory } from './backup.ts'
import { createSqliteStore, type SqliteStore } from './sqlite-store.ts'
import { temporaryDirectory } from './temporary-directory.fixture.ts'
import { createVersion1 } from './version-1.fixture.ts'

const a = processOf('a')

async function openIn(directory: string): Promise<SqliteStore> {
  const store = await createSqliteStore({ directory })
  onTestFinished(() => store.close())
  return store
}

/** Appends, commits, and takes snapshots of which the last three are kept, until it is told to stop. */
async function load(store: Store, held: Lease, stopped: () => boolean): Promise<void> {
  for (let nonce = 1; !stopped(); nonce += 1) {
    await store.append([appendOf(a, `m${nonce}`, { sizeBytes: 3_000 })])
    await store.commitResults([commitOf(held, nonce, { targets: ['x'] })])
    const pages = [0, 1, 2].map((part) => pageOf(`${nonce}/${part} `.repeat(500)))
    const manifest = toPage(
      writeManifest({ header: Buffer.from(`${nonce}`), manifests: [], pages: pages.map(({ hash }) => hash) }),
    )
    await store.putPages([...pages, manifest])
    await store.putCheckpoint({ processId: a, epoch: held.epoch, nonce, manifest: manifest.hash })
    await store.dropCheckpoints(a, [nonce - 3])
    // Nothing is spared, as if the last snapshot had been long ago.
    if (nonce % 5 === 0) await store.sweepPages({ graceMs: 0 })
  }
}

/** The log is whole and chained, results and checkpoints fit it, and every checkpoint has all its pages. */
async function expectSound(store: Store): Promise<number> {
  const { next, evaluated } = await store.head(a)
  const log = await store.readLog(a, 0, undefined, 1_000_000)
  expect(log).toHaveLength(next)
  let chain: string | undefined
  for (const { itemId, hashChain } of log) {
    chain = chainAfter(chain, itemId)
    expect(hashChain).toBe(chain)
  }
  const checkpoints = await store.listCheckpoints(a)
  expect(checkpoints.length).toBeGreaterThan(0)
  for (const { nonce, manifest } of checkpoints) {
    expect(nonce).toBeLessThan(evaluated)
    const [bytes] = await store.getPages([manifest])
    const { header, pages } = readManifest(bytes ?? new Uint8Array())
    expect(Buffer.from(header).toString()).toBe(`${nonce}`)
    for (const page of await store.getPages(pages)) expect(page).toBeDefined()
  }
  return next
}

describe('backup', () => {
  test('of a store in use is what the store was at one moment, checkpoints with their pages', async () => {
    const [directory, targets] = [temporaryDirectory(), temporaryDirectory()]
    const store = await openIn(directory)
    const held = await spawnAndLease(store, a)
    await store.commitResults([commitOf(held, 0)])
    let stopped = false
    const loading = load(store, held, () => stopped)
    while ((await store.listCheckpoints(a)).length < 3) await setImmediate()
    const lengths: number[] = []
    for (const name of ['one', 'two', 'three']) {
      const before = (await store.head(a)).next
      const target = join(targets, name)
      await store.backup(target)
      const copy = await openIn(target)
      const length = await expectSound(copy)
      expect(length).toBeGreaterThanOrEqual(before)
      lengths.push(length)
      await copy.close()
    }
    stopped = true
    await loading
    expect(lengths).toEqual([...lengths].sort((x, y) => x - y))
    const written = await expectSound(store)
    expect(written).toBeGreaterThan(lengths[0] ?? 0)

    // The copy is a store of its own, which goes on from where it was.
    const copy = await openIn(join(targets, 'one'))
    expect(await copy.append([appendOf(a, 'only in the copy')])).toMatchObject([{ nonce: lengths[0] }])
    expect((await store.head(a)).next).toBe(written)
  })

  test('has the pages of its checkpoints, though they are swept while it is made', async () => {
    const store = await openIn(temporaryDirectory())
    const held = await spawnAndLease(store, a)
    // Large enough to be copied in several steps.
    await store.append([appendOf(a, 'large', { sizeBytes: 40_000_000 })])
    await store.commitResults([commitOf(held, 0)])
    const page = pageOf('page')
    const manifest = toPage(writeManifest({ header: Buffer.from('0'), manifests: [], pages: [page.hash] }))
    await store.putPages([page, manifest])
    await store.putCheckpoint({ processId: a, epoch: held.epoch, nonce: 0, manifest: manifest.hash })
    const target = join(temporaryDirectory(), 'copy')
    const copying = store.backup(target)
    await store.dropCheckpoints(a, [0])
    expect(await store.sweepPages({ graceMs: 0 })).toMatchObject({ pages: 2 })
    await copying
    await expectSound(await openIn(target))
  })

  test('of a directory without owner, as the last one left it, finds what is in the write-ahead log', async () => {
    const directory = temporaryDirectory()
    createVersion1(directory)
    const target = join(temporaryDirectory(), 'deep', 'copy')
    await backupDataDirectory(directory, target)
    const store = await openIn(target)
    expect((await store.readLog(a, 0)).map(({ chain }) => chain.depth)).toEqual([0, 0, 2, 0])
  })

  test('says how far it is, takes in what is added, and is for its owner alone', async () => {
    const directory = temporaryDirectory()
    const store = await openIn(directory)
    await store.append([spawnOf(a, { sizeBytes: 20_000_000 })])
    const steps: number[] = []
    const target = join(temporaryDirectory(), 'copy')
    const { copiedBytes, totalBytes } = await store.backup(target, {
      onProgress: (progress) => {
        expect(progress.totalBytes).toBeGreaterThan(20_000_000)
        steps.push(progress.copiedBytes)
      },
      complete: (path) => writeFileSync(join(path, 'key'), 'k', { mode: 0o600 }),
    })
    expect(copiedBytes).toBe(totalBytes)
    expect(steps.length).toBeGreaterThan(3)
    expect(steps).toEqual([...steps].sort((x, y) => x - y))
    expect(steps.at(-1)).toBe(totalBytes)
    expect(readdirSync(target).sort()).toEqual(['key', 'loom.sqlite', 'pages.sqlite'])
    expect(statSync(target).mode & 0o777).toBe(0o700)
    for (const file of readdirSync(target)) expect(statSync(join(target, file)).mode & 0o777).toBe(0o600)
  })

  test('overwrites nothing, and leaves nothing when it fails', async () => {
    const directory = temporaryDirectory()
    const store = await openIn(directory)
    await store.append([spawnOf(a)])
    const targets = temporaryDirectory()
    const [file, full, empty, unfinished] = ['file', 'full', 'empty', 'unfinished'].map((name) => join(targets, name))
    writeFileSync(`${file}`, 'mine')
    mkdirSync(`${full}`)
    writeFileSync(join(`${full}`, 'mine'), 'mine')
    mkdirSync(`${unfinished}.partial`)
    writeFileSync(join(`${unfinished}.partial`, 'mine'), 'mine')
    for (const [target, path] of [
      [file, file],
      [full, full],
      [unfinished, `${unfinished}.partial`],
    ]) {
      const refused = { code: 'STORE_TARGET_TAKEN', info: { path } }
      await expect(store.backup(`${target}`)).rejects.toMatchObject(refused)
    }
    expect(readFileSync(join(`${full}`, 'mine'), 'utf8')).toBe('mine')
    const fail = (): never => {
      throw new Error('no key')
    }
    await expect(store.backup(`${empty}`, { complete: fail })).rejects.toThrow('no key')
    mkdirSync(`${empty}`)
    await store.backup(`${empty}`)
    expect(readdirSync(targets).sort()).toEqual(['empty', 'file', 'full', 'unfinished.partial'])
    await expect(store.backup(`${empty}`)).rejects.toMatchObject({ code: 'STORE_TARGET_TAKEN' })
  })

  test('of damaged data is refused', async () => {
    const directory = temporaryDirectory()
    createVersion1(directory)
    await (await openIn(directory)).close()
    const database = new DatabaseSync(join(directory, 'loom.sqlite'))
    database.exec('DELETE FROM log WHERE nonce = 2')
    database.close()
    const targets = temporaryDirectory()
    const refused = { code: 'STORE_CORRUPT' }
    await expect(backupDataDirectory(directory, join(targets, 'copy'))).rejects.toMatchObject(refused)
    expect(readdirSync(targets)).toEqual([])
  })

  test('of what is no data directory says so', async () => {
    const missing = { code: 'STORE_MISSING' }
    const target = join(temporaryDirectory(), 'copy')
    await expect(backupDataDirectory(temporaryDirectory(), target)).rejects.toMatchObject(missing)
    await expect(backupDataDirectory('/nowhere', target)).rejects.toMatchObject(missing)
    const foreign = temporaryDirectory()
    for (const name of ['loom.sqlite', 'pages.sqlite']) writeFileSync(join(foreign, name), 'x'.repeat(4_096))
    await expect(backupDataDirectory(foreign, target)).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
  })
})
