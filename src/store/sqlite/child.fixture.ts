import { errorCode } from '../../protocol/loom-error.ts'
import { appendOf, commitOf, processOf, spawnOf } from '../contract/requests.fixture.ts'
import type { AppendRequest, Lease, Store } from '../types.ts'
import { createSqliteStore } from './sqlite-store.ts'

// A process that owns a store until it is killed: `node child.fixture.ts <hold|stream> <directory> <round>`.
// Both say `ready` when the store is open, or the code of the error. `stream` then appends and commits without end, always the same messages from
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
