import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '../../protocol/loom-error.ts'
import { lease } from '../contract/harness.fixture.ts'
import { appendOf, commitOf, pageOf, processOf, spawnOf } from '../contract/requests.fixture.ts'
import type { Store } from '../types.ts'
import { createSqliteStore } from './sqlite-store.ts'

// A process with a store on a small file system of its own, `node full-disk.fixture.ts <directory> <free
// bytes>`: fills the disk up to the last of so many bytes, goes on until the store refuses, looks at what it does then, makes
// room, looks again. Says what it saw as one line of JSON.

const [directory = '', freeBytes = '0'] = process.argv.slice(2)
const ballast = join(directory, 'ballast')
const [a, b] = [processOf('a'), processOf('b')]
const seen: Record<string, unknown> = {}

const store = await createSqliteStore({ directory: join(directory, 'data') })
await store.append([spawnOf(a), spawnOf(b)])
const held = await lease(store, a)
fillDisk(Number(freeBytes))

/** Nonces that were acknowledged, by name. */
const acknowledged = new Map<string, number>()
seen.refused = [await appendUntilRefused(store, 'first'), await appendUntilRefused(store, 'second')]
seen.fullFor = {
  append: await codeOf(store.append([appendOf(b, 'b', { sizeBytes: 40_000 })])),
  commit: await codeOf(store.commitResults([commitOf(held, 0, { targets: Array.from({ length: 200 }, () => 'x') })])),
  putPages: await codeOf(store.putPages([pageOf('x'.repeat(400_000))])),
  putItems: await codeOf(
    store.putItems([{ item: appendOf(b, 'i', { sizeBytes: 40_000 }).item, blockHeight: 1, timestampMs: 1 }]),
  ),
}
seen.reads = await readsOf(store)
rmSync(ballast)
seen.afterwards = {
  commit: await store.commitResults([commitOf(held, 0, { targets: ['x'] })]),
  appended: await codeOf(store.append([appendOf(b, 'b', { sizeBytes: 40_000 })])),
  putPages: await codeOf(store.putPages([pageOf('x'.repeat(400_000))])),
}
for (let index = 0; index < 20; index += 1) await appendOne(store, `again ${index}`)
await store.close()

// Once more from the files: what was acknowledged is there, and nothing half written.
const second = await createSqliteStore({ directory: join(directory, 'data'), check: 'always' })
seen.kept = await readsOf(second)
fillDisk()
seen.refusedAgain = await appendUntilRefused(second, 'third')
// On a full disk the log stays where it is.
await second.close()
seen.openedFull = await codeOf(
  createSqliteStore({ directory: join(directory, 'data') }).then((opened) => opened.close()),
)
rmSync(ballast)
const third = await createSqliteStore({ directory: join(directory, 'data'), check: 'always' })
seen.keptAgain = await readsOf(third)
await third.close()
process.stdout.write(`${JSON.stringify(seen)}\n`)

/** Takes all there is, but for so many bytes. */
function fillDisk(leaveBytes = 0): void {
  const spare = `${ballast}.spare`
  writeFileSync(spare, new Uint8Array(leaveBytes))
  for (let sizeBytes = 1_048_576; sizeBytes >= 1; ) {
    try {
      writeFileSync(ballast, new Uint8Array(sizeBytes), { flag: 'a' })
    } catch {
      sizeBytes = Math.floor(sizeBytes / 4)
    }
  }
  rmSync(spare)
}

async function appendUntilRefused(to: Store, name: string): Promise<string | undefined> {
  for (let index = 0; index < 10_000; index += 1) {
    const code = await codeOf(appendOne(to, `${name} ${index}`))
    if (code !== 'ok') return code
  }
  return 'never'
}

async function appendOne(to: Store, name: string): Promise<void> {
  const [result] = await to.append([appendOf(a, name, { sizeBytes: 40_000 })])
  if (result?.ok !== true) throw new Error(`append of ${name}: ${JSON.stringify(result)}`)
  acknowledged.set(name, result.nonce)
}

async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  return await call.then(
    () => 'ok',
    (error: unknown) => errorCode(error) ?? String(error),
  )
}

/** Whether every acknowledged entry is in the log under its nonce, nothing else is, and the other reads answer. */
async function readsOf(of: Store): Promise<object> {
  const log = await of.readLog(a, 0, undefined, 100_000)
  const last = log.at(-1)
  return {
    entries: log.length === acknowledged.size + 1,
    nonces: log.every((entry, index) => entry.nonce === index),
    acknowledged: [...acknowledged].every(([name, nonce]) => log[nonce]?.itemId === appendOf(a, name).item.id),
    item: last !== undefined && (await of.getItem(last.itemId)) !== undefined,
    outbox: (await of.outboxStatus()).pending,
    head: (await of.head(a)).next === log.length,
  }
}
