import { readFileSync } from 'node:fs'
import { forkTags } from '../src/network/fork-tags.ts'
import { createNetwork } from '../src/network/network.ts'
import { evaluate, messageItem, spawnProcess, testWallet } from '../src/network/test-items.ts'
import type { Network } from '../src/network/types.ts'
import { createDataItem, parseDataItem } from '../src/protocol/data-item.ts'
import type { ProcessId } from '../src/protocol/ids.ts'
import { figure, line, median, section } from './report.ts'

const processCount = 20
const historyCount = 200
const rounds = 15
const rehearsedCount = 200

/**
 * Snapshot and revert of a whole network in memory, forks and rehearsals.
 *
 * Measures: in-process, from the call to its answer; "and a result" to the result of the next message. Does not measure: HTTP.
 */
export async function benchRollback(): Promise<void> {
  const counts = `${processCount} tokens, ${(processCount * historyCount).toLocaleString('en-US')} transfers, in memory, medians`
  section('Fork and rollback', counts)
  const network = await createNetwork()
  const wallet = testWallet('bench')
  const code = readFileSync(new URL('fixtures/token.lua', import.meta.url), 'utf8')
  const processIds: ProcessId[] = []
  for (let i = 0; i < processCount; i++) {
    const processId = await spawnProcess(network, wallet, code)
    await evaluate(network, wallet, processId, `Balances["${wallet.address}"] = 1000000000`)
    processIds.push(processId)
    await transfer(network, processId, historyCount)
  }
  const [first] = processIds
  if (first === undefined) throw new Error('There are no processes.')

  const snapshots: number[] = []
  const reverts: number[] = []
  const answers: number[] = []
  for (let round = 0; round < rounds; round++) {
    const takenMs = performance.now()
    const snapshot = await network.snapshot()
    snapshots.push(performance.now() - takenMs)
    for (const processId of processIds) await transfer(network, processId, 10)
    const revertedMs = performance.now()
    await network.revert(snapshot)
    reverts.push(performance.now() - revertedMs)
    await transfer(network, first, 1)
    answers.push(performance.now() - revertedMs)
  }
  line('snapshot of the network', figure(median(snapshots), 'ms'))
  line('revert, 200 messages back', figure(median(reverts), 'ms'))
  line('revert, and a result', figure(median(answers), 'ms'), 'the process is loaded again')

  const forks: number[] = []
  const genesis = await network.entry(first, first)
  const processTags = genesis === undefined ? [] : parseDataItem(genesis.item).tags
  for (let round = 0; round < rounds; round++) {
    const startedMs = performance.now()
    const tags = forkTags({ processId: first, processTags, nonce: historyCount / 2 + round })
    const { processId } = await network.submit(createDataItem({ tags, data: ' ' }, wallet).bytes)
    await network.result(processId, processId)
    forks.push(performance.now() - startedMs)
  }
  line('fork of a past state, and its result', figure(median(forks), 'ms'))

  const startedMs = performance.now()
  await network.rehearse({ processId: first, code: 'Name = "Rehearsed"', last: rehearsedCount })
  line(
    `rehearsal of ${rehearsedCount} messages`,
    figure(performance.now() - startedMs, 'ms'),
    'once, both ways evaluated',
  )
  await network.close()
}

async function transfer(network: Network, processId: ProcessId, count: number): Promise<void> {
  const wallet = testWallet('bench')
  const items = Array.from({ length: count }, (_, i) =>
    messageItem(wallet, processId, {
      Action: 'Transfer',
      Recipient: `addr_${i % 100}_`.padEnd(43, '0'),
      Quantity: '1',
    }),
  )
  await Promise.all(items.map(({ bytes }) => network.submit(bytes)))
  const last = items.at(-1)
  if (last !== undefined) await network.result(processId, last.id)
}
