import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DataItem, Signer } from '../src/protocol/types.ts'
import { startNodeProcess } from '../test/durability/node-process.ts'
import { LeanConnection } from './lean-http.ts'
import { against, figure, line, median, section } from './report.ts'
import { aoItem, rsaWallet } from './wallets.ts'

// Measures: a node as a user starts it (SQLite, synced to disk), driven over loopback by one client process; both share
// the machine's cores. Items are signed before the clock starts, because signing is the client's cost.
// Does not measure: network latency.

const messageCount = 4_000
const startCount = 12
const connections = 64
const processCount = 4
const rounds = 3

/** Everything over HTTP, against a node in a process of its own. */
export async function benchHttp(): Promise<void> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'loom-bench-'))
  const node = await startNodeProcess(dataDirectory)
  try {
    const wallet = rsaWallet()
    await benchSpawn(node.url, wallet)
    const processes = await spawnTokens(node.url, wallet)
    await benchMessages(node.url, wallet, processes)
    await benchDryRun(node.url, processes[0] ?? '')
  } finally {
    await node.kill()
    rmSync(dataDirectory, { recursive: true })
  }
}

/** From the start of the process to the first answer of `GET /info`, beside the start of Node with nothing to do. */
export async function benchStart(): Promise<void> {
  section('Start', `${startCount} starts, median; a fresh data directory each`)
  const times: number[] = []
  const floor: number[] = []
  for (let round = 0; round < startCount; round++) {
    const emptied = performance.now()
    execFileSync(process.execPath, ['-e', '0'])
    floor.push(performance.now() - emptied)
    const dataDirectory = mkdtempSync(join(tmpdir(), 'loom-bench-'))
    const started = performance.now()
    const node = await startNodeProcess(dataDirectory)
    const response = await fetch(`${node.url}/info`)
    if (!response.ok) throw new Error(`GET /info answered ${response.status}`)
    times.push(performance.now() - started)
    await node.kill()
    rmSync(dataDirectory, { recursive: true })
  }
  line('floor: Node alone', figure(median(floor), 'ms'))
  line('start to ready', figure(median(times), 'ms'), against(median(times), 400, 'at most', 'ms'))
}

async function post(connection: LeanConnection, item: DataItem): Promise<void> {
  const { status, body } = await connection.post('/mu', item.bytes)
  if (status !== 202) throw new Error(`POST /mu answered ${status}: ${body}`)
}

async function result(connection: LeanConnection, processId: string, id: string): Promise<string> {
  const { status, body } = await connection.get(`/cu/result/${id}?process-id=${processId}`)
  if (status !== 200 || body.includes('"Error"')) throw new Error(`The result of ${id} is ${status}: ${body}`)
  return body
}

function processItem(wallet: Signer): DataItem {
  return aoItem(wallet, 'Process', undefined, { Module: 'MODULE_TX_ID', Scheduler: 'SCHEDULER_ADDRESS' })
}

async function benchSpawn(url: string, wallet: Signer): Promise<void> {
  section('Spawn', '100 processes, one after another, median')
  const connection = new LeanConnection(url)
  const items = Array.from({ length: 101 }, () => processItem(wallet))
  const times: number[] = []
  for (const item of items) {
    const started = performance.now()
    await post(connection, item)
    await result(connection, item.id, item.id)
    times.push(performance.now() - started)
  }
  connection.close()
  const ms = median(times.slice(1))
  line('spawn to first result', figure(ms, 'ms'), against(ms, 5, 'at most', 'ms'))
}

async function spawnTokens(url: string, wallet: Signer): Promise<string[]> {
  const connection = new LeanConnection(url)
  const code = readFileSync(new URL('fixtures/token.lua', import.meta.url), 'utf8')
  const ids: string[] = []
  for (let i = 0; i < processCount; i++) {
    const item = processItem(wallet)
    await post(connection, item)
    const load = aoItem(
      wallet,
      'Message',
      item.id,
      { Action: 'Eval' },
      `${code}\nBalances["${wallet.address}"] = 1000000000`,
    )
    await post(connection, load)
    await result(connection, item.id, load.id)
    ids.push(item.id)
  }
  connection.close()
  return ids
}

async function benchMessages(url: string, wallet: Signer, processes: readonly string[]): Promise<void> {
  section(
    'Messages over HTTP, result of each read back',
    `RSA-4096 client, ${messageCount} token transfers to ${processCount} processes, ${connections} connections, ${rounds} rounds`,
  )
  const rates: number[] = []
  for (let round = 0; round < rounds; round++) {
    const items = Array.from({ length: messageCount }, (_, i) => {
      const recipient = `addr_${1 + (i % 1_000)}_`.padEnd(43, '0')
      const target = processes[i % processes.length]
      return aoItem(wallet, 'Message', target, { Action: 'Transfer', Recipient: recipient, Quantity: '1' })
    })
    const started = performance.now()
    let next = 0
    const client = async (): Promise<void> => {
      const connection = new LeanConnection(url)
      for (let item = items[next++]; item !== undefined; item = items[next++]) {
        await post(connection, item)
        const body = await result(connection, item.target ?? '', item.id)
        if (!body.includes('Credit-Notice')) throw new Error(`No notice in ${body}`)
      }
      connection.close()
    }
    await Promise.all(Array.from({ length: connections }, client))
    rates.push(messageCount / ((performance.now() - started) / 1_000))
  }
  const rate = median(rates)
  line('signed, scheduled, evaluated, read back', figure(rate, 'msg/s'), against(rate, 3_000, 'at least', 'msg/s'))
}

async function benchDryRun(url: string, processId: string): Promise<void> {
  section('Dry run over HTTP', '1,000 balance queries, one after another, median')
  const connection = new LeanConnection(url)
  const body = Buffer.from(
    JSON.stringify({
      ...{ Id: '1234', Owner: '1234', Target: processId, Data: '1234', Anchor: '0' },
      Tags: [{ name: 'Action', value: 'Balance' }],
    }),
  )
  const times: number[] = []
  for (let i = 0; i < 1_000; i++) {
    const started = performance.now()
    const answer = await connection.post(`/cu/dry-run?process-id=${processId}`, body, 'application/json')
    if (answer.status !== 200 || answer.body.includes('"Error"'))
      throw new Error(`The dry run is ${answer.status}: ${answer.body}`)
    times.push(performance.now() - started)
  }
  connection.close()
  line('dry run', figure(median(times), 'ms'), against(median(times), 1, 'at most', 'ms'))
}
