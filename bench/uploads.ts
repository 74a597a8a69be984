import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Arweave from 'arweave'
import { testWallet } from '../src/network/test-items.ts'
import { bundleTags, createBundle } from '../src/protocol/bundle.ts'
import { createDataItem } from '../src/protocol/data-item.ts'
import type { Signer } from '../src/protocol/types.ts'
import { startNodeProcess } from '../test/durability/node-process.ts'
import { LeanConnection } from './lean-http.ts'
import { figure, line, median, section } from './report.ts'
import { rsaWallet } from './wallets.ts'

const rounds = 3
const itemCount = 2_000
const itemBytes = 1_024
const connections = 16
const bundledCount = 2_000
const largeBytes = 8 * 2 ** 20
const chunkedBytes = 16 * 2 ** 20
const mebibyte = 2 ** 20

/**
 * Uploads of all kinds.
 *
 * Measures: from the first request until the last is acknowledged, which is when its item is durable; a node as a user starts
 * it, one client process on the same cores. Everything is signed and cut in chunks before. The floor is a server that only
 * reads the same requests. Does not measure: network latency.
 */
export async function benchUploads(): Promise<void> {
  section('Uploads', `one client process, ${connections} connections, ${rounds} rounds, medians`)
  const dataDirectory = mkdtempSync(join(tmpdir(), 'loom-bench-'))
  const node = await startNodeProcess(dataDirectory)
  const floor = await startFloor()
  try {
    const ed25519 = testWallet('uploads')
    const rsa = rsaWallet()
    const small = { count: itemCount, sizeBytes: itemBytes }
    await benchItems('items of 1 KiB, Ed25519', small, { node: node.url, floor: floor.url, wallet: ed25519 })
    await benchItems('items of 1 KiB, RSA-4096', small, { node: node.url, floor: floor.url, wallet: rsa })
    const large = { count: 16, sizeBytes: largeBytes }
    await benchItems('items of 8 MiB, Ed25519', large, { node: node.url, floor: floor.url, wallet: ed25519 })
    await benchBundles(node.url, ed25519)
    await benchChunks(node.url, floor.url)
  } finally {
    await node.kill()
    floor.close()
    rmSync(dataDirectory, { recursive: true })
  }
}

interface Places {
  readonly node: string
  readonly floor: string
  readonly wallet: Signer
}

async function benchItems(
  what: string,
  { count, sizeBytes }: { readonly count: number; readonly sizeBytes: number },
  { node, floor, wallet }: Places,
): Promise<void> {
  const tags = [{ name: 'Content-Type', value: 'application/octet-stream' }]
  const [floors, rates]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    const requests = Array.from({ length: count }, () => {
      const { bytes } = createDataItem({ tags, data: uniqueBytes(sizeBytes) }, wallet)
      return { path: '/tx', body: bytes }
    })
    floors.push(count / (await secondsToPost(floor, requests)))
    rates.push(count / (await secondsToPost(node, requests)))
  }
  printRate(what, { rate: median(rates), floor: median(floors), sizeBytes })
}

async function benchBundles(node: string, wallet: Signer): Promise<void> {
  const rates: number[] = []
  for (let round = 0; round < rounds; round++) {
    const items = Array.from({ length: bundledCount }, () => createDataItem({ data: uniqueBytes(itemBytes) }, wallet))
    const bundle = createDataItem({ tags: bundleTags, data: createBundle(items) }, wallet)
    rates.push(bundledCount / (await secondsToPost(node, [{ path: '/tx', body: bundle.bytes }])))
  }
  const note = `${figure((median(rates) * itemBytes) / mebibyte, 'MiB/s')}; one bundle of ${bundledCount} items`
  line('items of 1 KiB in a bundle, Ed25519', figure(median(rates), 'items/s'), note)
}

async function benchChunks(node: string, floor: string): Promise<void> {
  const arweave = Arweave.init({})
  const jwk = await arweave.wallets.generate()
  const [floors, rates]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    const data = uniqueBytes(chunkedBytes)
    const transaction = await arweave.createTransaction({ data, last_tx: '', reward: '1' }, jwk)
    await arweave.transactions.sign(transaction, jwk)
    const chunks = (transaction.chunks?.chunks ?? []).map((_, index) =>
      jsonRequest('/chunk', transaction.getChunk(index, data)),
    )
    const header = jsonRequest('/tx', { ...transaction.toJSON(), data: '' })
    floors.push(chunkedBytes / mebibyte / (await secondsToPost(floor, chunks)))
    await secondsToPost(node, [header])
    rates.push(chunkedBytes / mebibyte / (await secondsToPost(node, chunks)))
  }
  const ratio = figure(median(rates) / median(floors), '×')
  line('16 MiB in chunks', figure(median(rates), 'MiB/s'), `${ratio} the floor (${figure(median(floors), 'MiB/s')})`)
}

function printRate(
  what: string,
  { rate, floor, sizeBytes }: { readonly rate: number; readonly floor: number; readonly sizeBytes: number },
): void {
  const bytes = figure((rate * sizeBytes) / mebibyte, 'MiB/s')
  line(what, figure(rate, 'items/s'), `${bytes}; ${figure(rate / floor, '×')} the floor (${figure(floor, 'items/s')})`)
}

interface UploadRequest {
  readonly path: string
  readonly body: Uint8Array
  readonly type?: string
}

function jsonRequest(path: string, value: unknown): UploadRequest {
  return { path, body: Buffer.from(JSON.stringify(value)), type: 'application/json' }
}

async function secondsToPost(url: string, requests: readonly UploadRequest[]): Promise<number> {
  const open = Array.from({ length: Math.min(connections, requests.length) }, () => new LeanConnection(url))
  const startedMs = performance.now()
  let next = 0
  await Promise.all(
    open.map(async (connection) => {
      for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
        const { status, body } = await connection.post(request.path, request.body, request.type)
        if (status !== 200) throw new Error(`POST ${request.path} answered ${status}: ${body}`)
      }
    }),
  )
  const seconds = (performance.now() - startedMs) / 1_000
  for (const connection of open) connection.close()
  return seconds
}

let lastUnique = 0

/** Never the same twice: an item that is known costs less. */
function uniqueBytes(sizeBytes: number): Uint8Array {
  lastUnique += 1
  const bytes = Buffer.alloc(sizeBytes, 'loom')
  bytes.writeUInt32LE(lastUnique)
  return bytes
}

/** Reads requests whole, and answers. */
async function startFloor(): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => response.end('{}'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() }
}
