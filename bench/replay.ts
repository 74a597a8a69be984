import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNetwork } from '../src/network/network.ts'
import { evaluate, messageItem, spawnProcess, testWallet } from '../src/network/test-items.ts'
import { against, figure, line, median, section } from './report.ts'

// Measures: a node that opens a data directory and brings one process up from its whole log, until its state is there.
// Does not measure: snapshots (there are none yet).

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
    network = await createNetwork({ dataDirectory })
    const started = performance.now()
    const hash = await network.stateHash(processId)
    rates.push(historyCount / ((performance.now() - started) / 1_000))
    if (hash !== expected) throw new Error(`Replay gave state ${hash}, not ${expected}.`)
    await network.close()
  }
  rmSync(dataDirectory, { recursive: true })
  line('replayed', figure(median(rates), 'msg/s'), against(median(rates), 15_000, 'at least', 'msg/s'))
}
