import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNetwork } from '../src/network/network.ts'
import { evaluate, messageItem, spawnProcess, testWallet } from '../src/network/test-items.ts'
import type { Network } from '../src/network/types.ts'
import type { ProcessId } from '../src/protocol/ids.ts'
import { timeInFreshNode } from './fresh-node.ts'
import { against, figure, line, median, section } from './report.ts'

const historyCount = 10_000
const batch = 500
const starts = 9
const moments = 60
const repeats = 300

/**
 * Reads of the past.
 *
 * Measures: from the call to the value, in-process, from SQLite. First reads are the first thing that a node does after its
 * start, in a program of its own. Does not measure: HTTP, and the node's start.
 */
export async function benchTimeTravel(): Promise<void> {
  const count = historyCount.toLocaleString('en-US')
  section('Time travel', `one process, ${count} token transfers, 1,000 balances, from SQLite, medians`)
  const dataDirectory = mkdtempSync(join(tmpdir(), 'loom-bench-'))
  const wallet = testWallet('bench')
  let network = await createNetwork({ dataDirectory })
  const code = readFileSync(new URL('fixtures/token.lua', import.meta.url), 'utf8')
  const processId = await spawnProcess(network, wallet, code)
  await evaluate(network, wallet, processId, `Balances["${wallet.address}"] = 1000000000`)
  await writeTransfers(network, processId)

  const read = (nonce: number, path = balance(1)): Promise<unknown> => network.stateAt(processId, { nonce, path })
  await network.close()
  const first: number[] = []
  for (let start = 0; start < starts; start++) {
    const deed = { kind: 'state', nonce: momentOf(start), path: balance(1) } as const
    first.push(await timeInFreshNode({ dataDirectory, processId, deed }))
  }
  network = await createNetwork({ dataDirectory })
  line('state at a past nonce, first read of a node', figure(median(first), 'ms'), 'with up to a snapshot to evaluate')

  for (let i = 0; i < moments / 3; i++) await read(momentOf(100 + i))
  const others = await times(moments, (i) => read(momentOf(200 + i)))
  line(
    'another nonce, after some twenty reads',
    figure(median(others), 'ms'),
    against(median(others), 20, 'at most', 'ms'),
  )
  const backwards = await times(moments, (i) => read(historyCount - 1_000 - i))
  line('one message back, and again', figure(median(backwards), 'ms'))
  line('the same nonce again', figure(median(await times(repeats, () => read(momentOf(200)))), 'ms'))
  line(
    'the present state',
    figure(median(await times(repeats, () => network.stateAt(processId, { path: balance(1) }))), 'ms'),
  )
  line('all of it, 1,000 balances', figure(median(await times(30, () => read(momentOf(200), ''))), 'ms'))
  const diffs = await times(30, (i) => network.diffStates(processId, momentOf(300 + i), momentOf(300 + i) + 1))
  line('difference that a message made', figure(median(diffs), 'ms'))

  const changed = await times(9, (i) => network.lastChange(processId, balance(1 + i * 111)))
  line('last change, within 1,000 messages', figure(median(changed), 'ms'))
  const owner = await times(3, () => network.lastChange(processId, 'Owner'))
  line(
    `last change, ${count} messages ago`,
    figure(median(owner), 'ms'),
    `${figure(historyCount / (median(owner) / 1_000), 'msg/s')}`,
  )
  await network.close()
  rmSync(dataDirectory, { recursive: true })
}

const balance = (account: number): string => `Balances.${`addr_${account}_`.padEnd(43, '0')}`

/** Nonces all over the history, in no order, the same in every run. */
function momentOf(index: number): number {
  return 10 + ((index * 7_919) % (historyCount - 20))
}

async function writeTransfers(network: Network, processId: ProcessId): Promise<void> {
  const wallet = testWallet('bench')
  for (let written = 0; written < historyCount; written += batch) {
    const items = Array.from({ length: batch }, (_, i) => {
      const recipient = `addr_${1 + ((written + i) % 1_000)}_`.padEnd(43, '0')
      return messageItem(wallet, processId, { Action: 'Transfer', Recipient: recipient, Quantity: '1' })
    })
    await Promise.all(items.map(({ bytes }) => network.submit(bytes)))
    await network.idle()
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

async function times(count: number, work: (index: number) => Promise<unknown>): Promise<number[]> {
  const all: number[] = []
  for (let index = 0; index < count; index++) all.push(await timed(() => work(index)))
  return all
}
