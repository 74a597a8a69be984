import { errorCode } from '../../protocol/loom-error.ts'
import { appendOf, commitOf, processOf, spawnOf } from '../contract/requests.fixture.ts'
import { writeManifest } from '../manifest.ts'
import { toPage } from '../page-hash.ts'
import type { AppendRequest, Lease, Page, Store } from '../types.ts'
import { createSqliteStore } from './sqlite-store.ts'

// A process that owns a store until it is killed: `node child.fixture.ts <hold|stream|snapshot> <directory> <round>`.
// All say `ready` when the store is open, or the code of the error. `snapshot` then takes snapshots without end and says of
// each that is acknowledged `checkpoint <nonce> <manifest>`. `stream` appends and commits without end, always the same messages from
// the first on, as a client does that repeats what it had no answer for, and says of each acknowledged one:
// `ack <process> <name> <nonce> <new|duplicate>`. Messages with a cause carry another item in each round.

const [command, directory = '', round = ''] = process.argv.slice(2)
// Not writeSync: the pipe is non-blocking, and a reader that falls behind would end the process with EAGAIN.
const say = (line: string): boolean => process.stdout.write(`${line}\n`)
const store = await createSqliteStore({ directory }).catch((error: unknown) => {
  say(errorCode(error) ?? String(error))
  process.exitCode = 1
  return undefined
})
if (store !== undefined) {
  say('ready')
  if (command === 'hold') setInterval(() => {}, 60_000)
  else if (command === 'snapshot') await snapshot(store)
  else await stream(store)
}

async function stream(store: Store): Promise<void> {
  const processIds = [processOf('one'), processOf('two'), processOf('three')]
  await store.append(processIds.map((id) => spawnOf(id)))
  const leases = await store.acquire({ workerId: `round ${round}`, ttlMs: 60_000, max: 3, processIds })
  let next = 0
  const send = async (): Promise<void> => {
    for (;;) {
      const index = next++
      const processId = processIds[index % 3] ?? processOf('one')
      const name = `m${index}`
      const [result] = await store.append([requestOf(processId, name, index)])
      if (result?.ok !== true) throw new Error(`append of ${name}: ${JSON.stringify(result)}`)
      say(`ack ${processId} ${name} ${result.nonce} ${result.duplicate ? 'duplicate' : 'new'}`)
    }
  }
  await Promise.all([...leases.map((lease) => evaluate(store, lease)), ...Array.from({ length: 48 }, send)])
}

function requestOf(processId: AppendRequest['processId'], name: string, index: number): AppendRequest {
  if (index % 2 === 0) return appendOf(processId, name, { tags: [{ name: 'Name', value: name }] })
  const cause = { processId: processOf('source'), nonce: index, index: 0 }
  return appendOf(processId, `${name} signed in round ${round}`, { cause, tags: [{ name: 'Name', value: name }] })
}

/** Commits result after result, each sending one message, and delivers every second. */
async function evaluate(store: Store, lease: Lease): Promise<void> {
  const { processId } = lease
  for (let { evaluated } = await store.head(processId); ; ) {
    const { next } = await store.head(processId)
    if (evaluated === next) await new Promise(setImmediate)
    for (; evaluated < next; evaluated += 1) {
      const [outcome] = await store.commitResults([commitOf(lease, evaluated, { targets: ['somewhere'] })])
      if (outcome !== 'ok') throw new Error(`commit of ${evaluated}: ${outcome}`)
      if (evaluated % 2 === 1) continue
      await store.settleOutbox([{ cause: { processId, nonce: evaluated, index: 0 }, outcome: { state: 'delivered' } }])
    }
  }
}

/** Of a state of 40 pages, of which each message changes three: the rest is shared with the snapshot before. */
async function snapshot(store: Store): Promise<void> {
  const processId = processOf('one')
  await store.append([spawnOf(processId)])
  const [lease] = await store.acquire({ workerId: `round ${round}`, ttlMs: 60_000, max: 1, processIds: [processId] })
  if (lease === undefined) throw new Error('no lease')
  let state: readonly Page[] = []
  for (let { evaluated: nonce } = await store.head(processId); ; nonce += 1) {
    if (nonce > 0) await store.append([appendOf(processId, `m${nonce}`)])
    await store.commitResults([commitOf(lease, nonce)])
    const pageAt = (place: number): Page => toPage(Buffer.from(`page ${place} at ${nonce} `.repeat(300)))
    state = Array.from({ length: 40 }, (_, place) => {
      const before = state[place]
      return before === undefined || (nonce + place) % 13 === 0 ? pageAt(place) : before
    })
    const halves = [state.slice(0, 20), state.slice(20)].map((pages) => manifestOf(pages, []))
    const root = manifestOf([], halves)
    for (const page of state) await store.putPages([page])
    await store.putPages([...halves, root])
    await store.putCheckpoint({ processId, epoch: lease.epoch, nonce, manifest: root.hash })
    say(`checkpoint ${nonce} ${root.hash}`)
    await store.dropCheckpoints(processId, [nonce - 3])
    if (nonce % 4 === 3) await store.sweepPages({ graceMs: 0 })
  }
}

function manifestOf(pages: readonly Page[], manifests: readonly Page[]): Page {
  const hashes = (of: readonly Page[]): string[] => of.map(({ hash }) => hash)
  return toPage(writeManifest({ header: new Uint8Array(), manifests: hashes(manifests), pages: hashes(pages) }))
}
