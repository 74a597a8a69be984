import { ComputeThread } from '../../src/compute/compute-thread.ts'
import { startHttpServer } from '../../src/http/server.ts'
import { composeNetwork } from '../../src/network/network.ts'
import { loadNodeKey } from '../../src/network/node-key.ts'
import type { Logger } from '../../src/network/types.ts'
import type { ProcessId } from '../../src/protocol/ids.ts'
import { createEd25519Signer } from '../../src/protocol/signers.ts'
import { createClock } from '../../src/store/clock.ts'
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { compileLuaWasm } from '../../src/vm/lua/lua-wasm.ts'
import { crashAt } from './crash-points.ts'
import type { ChildOptions, FinalStates } from './node-process.ts'
import { withoutDeduplication } from './undeduplicated-store.ts'

// A node as `loom start` runs it, on the real disk and real threads, except that its store may kill it at a chosen call.
// `node network.child.ts '<ChildOptions as JSON>'` prints its URL. SIGTERM makes it finish its work, print FinalStates
// as one line of JSON, and end.

const { dataDirectory, crash, deduplicate } = JSON.parse(process.argv[2] ?? '') as ChildOptions

const complain = (values: object, text: string): void => {
  process.stderr.write(`${text} ${JSON.stringify(values)}\n`)
}
const log: Logger = { debug() {}, info() {}, warn: complain, error: complain }

const clock = createClock()
const signerSeed = loadNodeKey(dataDirectory)
const threads = [new ComputeThread({ module: compileLuaWasm(), signerSeed })]
const disk = await createSqliteStore({ directory: dataDirectory, clock })
const store = deduplicate ? disk : withoutDeduplication(disk, createEd25519Signer(signerSeed))
const crashing = crash === undefined ? store : crashAt(store, crash)
const network = await composeNetwork({ store: crashing, threads, signerSeed, clock }, { log })
const server = await startHttpServer({ network, host: '127.0.0.1', port: 0, log })
process.on('SIGTERM', finish)
process.stdout.write(`${server.url}\n`)

async function finish(): Promise<void> {
  await server.close()
  await network.idle()
  const states: Record<ProcessId, FinalStates[ProcessId]> = {}
  for (const processId of await store.listProcesses({ limit: 100_000 })) {
    states[processId] = { stateHash: await network.stateHash(processId), coins: await coinsOf(processId) }
  }
  process.stdout.write(`${JSON.stringify(states)}\n`)
  await network.close()
}

async function coinsOf(processId: ProcessId): Promise<number> {
  const owner = 'A'.repeat(43)
  const json = await network.dryRun(processId, { owner, tags: [{ name: 'Action', value: 'Coins' }] })
  return Number((JSON.parse(json) as { Messages: readonly { Data: string }[] }).Messages[0]?.Data)
}
