import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { replayStored } from '../src/archive/stored-replay.ts'
import { withEvaluationThread } from '../src/cli/archive/evaluation.ts'
import { createNetwork } from '../src/network/network.ts'
import { loadNodeKey } from '../src/network/node-key.ts'
import { evaluate, messageItem, spawnProcess, testWallet } from '../src/network/test-items.ts'
import type { ProcessId } from '../src/protocol/ids.ts'
import { createEd25519Signer } from '../src/protocol/signers.ts'
import { pruneCheckpoints } from '../src/store/prune-checkpoints.ts'
import { createSqliteStore } from '../src/store/sqlite/sqlite-store.ts'
import { against, figure, line, median, section } from './report.ts'

// Measures: a node that opens a data directory without snapshots and brings one process up from its whole log, until its state is
// there; and `loom replay --verify`, which checks every signature, result, outbox and hash besides, on two cores.
// Does not measure: snapshots, which `cold` has.

const historyCount = 20_000
const rounds = 3

/** Replay from genesis, small handlers. */
export async function benchReplay(): Promise<void> {
  section('Replay from genesis', `one process, ${historyCount} token transfers, from SQLite, ${rounds} rounds, median`)
  const dataDirectory = mkdtempSync(join(tmpdir(), 'loom-bench-'))
  const wallet = testWallet('bench')
  let network = await createNetwork({ dataDirectory })
  const code = readFileSync(new URL('fixtures/token.lua', import.meta.url), 'utf8')
  const processId = await spawnProcess(network, wallet, code)
  await evaluate(network, wallet, processId, `Balances["${wallet.address}"] = 1000000000`)
  const writing = performance.now()
  for (let written = 0; written < historyCount; ) {
    const batch = Array.from({ length: 500 }, () => {
      written += 1
      const recipient = `addr_${1 + (written % 1_000)}_`.padEnd(43, '0')
      return messageItem(wallet, processId, { Action: 'Transfer', Recipient: recipient, Quantity: '1' })
    })
    await Promise.all(batch.map(({ bytes }) => network.submit(bytes)))
  }
  await network.idle()
  const perSecond = historyCount / ((performance.now() - writing) / 1_000)
  line('written, evaluated, delivered, in-process', figure(perSecond, 'msg/s'), 'Ed25519 client, signing included')
  const expected = await network.stateHash(processId)
  await network.close()

  const rates: number[] = []
  for (let round = 0; round < rounds; round++) {
    await dropSnapshots(dataDirectory)
    network = await createNetwork({ dataDirectory })
    const started = performance.now()
    const hash = await network.stateHash(processId)
    rates.push(historyCount / ((performance.now() - started) / 1_000))
    if (hash !== expected) throw new Error(`Replay gave state ${hash}, not ${expected}.`)
    await network.close()
  }
  line('replayed', figure(median(rates), 'msg/s'), against(median(rates), 15_000, 'at least', 'msg/s'))
  const verified: number[] = []
  for (let round = 0; round < rounds; round++)
    verified.push(await verifiedPerSecond(dataDirectory, processId, expected))
  line('replayed and compared, all signatures checked', figure(median(verified), 'msg/s'))
  rmSync(dataDirectory, { recursive: true })
}

async function dropSnapshots(directory: string): Promise<void> {
  const store = await createSqliteStore({ directory })
  await pruneCheckpoints(store, { keepCount: 0 })
  await store.close()
}

async function verifiedPerSecond(directory: string, processId: ProcessId, expected: string): Promise<number> {
  const store = await createSqliteStore({ directory })
  const signerSeed = loadNodeKey(directory)
  const nodeAddress = createEd25519Signer(signerSeed).address
  const rate = await withEvaluationThread(signerSeed, async (thread) => {
    const started = performance.now()
    const { stateHash } = await replayStored({ processId, verify: true }, { store, thread, nodeAddress })
    if (stateHash !== expected) throw new Error(`Replay gave state ${stateHash}, not ${expected}.`)
    return historyCount / ((performance.now() - started) / 1_000)
  })
  await store.close()
  return rate
}
