import Arweave from 'arweave'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createNetwork } from '../../network/network.ts'
import type { Network } from '../../network/types.ts'
import { generateRsaJwk } from '../../protocol/rsa-key.fixture.ts'
import { silentLog } from '../app.fixture.ts'
import { type HttpServer, startHttpServer } from '../server.ts'

/** Layer-1 uploads and reads as arweave-js does them, over a socket. */

type Transaction = Awaited<ReturnType<Arweave['createTransaction']>>

const jwk = generateRsaJwk()
let network: Network
let server: HttpServer
let arweave: Arweave
beforeAll(async () => {
  network = await createNetwork({ now: () => 1_700_000_000_000 })
  server = await startHttpServer({ network, host: '127.0.0.1', port: 0, log: silentLog })
  arweave = Arweave.init({ host: '127.0.0.1', port: server.port, protocol: 'http' })
})
afterAll(async () => {
  await server.close()
  await network.close()
})

/** Bytes that differ from chunk to chunk, and from seed to seed. */
function dataOf(sizeBytes: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, i) => (i * 31 + (i >> 8) * 17 + seed) & 255)
}

async function signed(data: Uint8Array | string, tags: Record<string, string> = {}): Promise<Transaction> {
  const transaction = await arweave.createTransaction({ data }, jwk)
  for (const [name, value] of Object.entries(tags)) transaction.addTag(name, value)
  await arweave.transactions.sign(transaction, jwk)
  return transaction
}

const post = (path: string, body: unknown): Promise<Response> => {
  return fetch(`${server.url}/${path}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}
const get = (path: string): Promise<Response> => fetch(`${server.url}/${path}`)

async function hasData(id: string, data: Uint8Array): Promise<boolean> {
  return Buffer.from(await (await get(id)).arrayBuffer()).equals(data)
}

/** In chunks: three of them. */
const largeSize = 600_000

describe('arweave-js', () => {
  test('posts a small transaction, and reads it back', async () => {
    const transaction = await signed('hello', { 'Content-Type': 'text/plain', App: 'test' })
    expect(await arweave.transactions.post(transaction)).toMatchObject({ status: 200 })

    const read = await arweave.transactions.get(transaction.id)
    expect(await arweave.transactions.verify(read)).toBe(true)
    expect(Buffer.from(read.data).toString()).toBe('hello')
    expect(await arweave.transactions.getData(transaction.id, { decode: true, string: true })).toBe('hello')
    expect(await arweave.transactions.getStatus(transaction.id)).toMatchObject({
      status: 200,
      confirmed: { block_height: network.info().blockHeight, number_of_confirmations: 1 },
    })
    const response = await get(transaction.id)
    expect(response.headers.get('content-type')).toBe('text/plain')
    expect(response.headers.get('app')).toBe('test')
    expect(await response.text()).toBe('hello')
  })

  test('uploads a large one by chunks, and reads it back by chunks', async () => {
    const data = dataOf(largeSize, 1)
    const transaction = await signed(data)
    const uploader = await arweave.transactions.getUploader(transaction)
    await uploader.uploadChunk()
    expect(await arweave.transactions.getStatus(transaction.id)).toEqual({ status: 202, confirmed: null })
    expect((await get(transaction.id)).status).toBe(404)
    expect(await (await get('tx/pending')).json()).toEqual([transaction.id])
    while (!uploader.isComplete) await uploader.uploadChunk()
    expect(uploader.totalChunks).toBe(3)
    expect((await arweave.transactions.getStatus(transaction.id)).status).toBe(200)
    expect(await (await get('tx/pending')).json()).toEqual([])

    expect(Buffer.from(await arweave.chunks.downloadChunkedData(transaction.id)).equals(data)).toBe(true)
    expect(await hasData(transaction.id, data)).toBe(true)
    const { size, offset } = await arweave.chunks.getTransactionOffset(transaction.id)
    expect(size).toBe(String(largeSize))
    const chunk = await arweave.chunks.getChunk(Number(offset))
    expect(Buffer.from(chunk.chunk, 'base64url').equals(data.subarray(2 * 262_144))).toBe(true)
    expect(Buffer.from(chunk.data_path, 'base64url')).toEqual(Buffer.from(transaction.chunks?.proofs[2]?.proof ?? []))
  })

  test('takes an upload up again by its id', async () => {
    const data = dataOf(largeSize, 2)
    const transaction = await signed(data)
    const uploader = await arweave.transactions.getUploader(transaction)
    await uploader.uploadChunk()
    await uploader.uploadChunk()
    const again = await arweave.transactions.getUploader(transaction.id, data)
    while (!again.isComplete) await again.uploadChunk()
    expect(await hasData(transaction.id, data)).toBe(true)
  })

  test('sends a transfer, which has no data', async () => {
    const target = `${'T'.repeat(42)}A`
    const transaction = await arweave.createTransaction({ target, quantity: '7' }, jwk)
    await arweave.transactions.sign(transaction, jwk)
    expect(await arweave.transactions.post(transaction)).toMatchObject({ status: 200 })
    expect(await arweave.transactions.get(transaction.id)).toMatchObject({ target, quantity: '7', data_size: '0' })
    expect((await get(`tx/${transaction.id}/offset`)).status).toBe(404)
  })

  test('is told what is wrong with a transaction', async () => {
    const transaction = await signed('to change')
    transaction.reward = '1'
    const answer = await arweave.transactions.post(transaction)
    expect(answer).toMatchObject({ status: 400, statusText: expect.stringContaining('signature') })
    expect((await get(`tx/${transaction.id}`)).status).toBe(404)
  })

  test('reads blocks, prices, balances and the network', async () => {
    const { height, current } = await arweave.network.getInfo()
    expect(await arweave.blocks.getCurrent()).toMatchObject({ height, indep_hash: current })
    expect(await arweave.blocks.getByHeight(height - 1)).toMatchObject({ height: height - 1 })
    await expect(arweave.blocks.get('A'.repeat(43))).rejects.toMatchObject({ type: 'BLOCK_NOT_FOUND' })
    await expect(arweave.transactions.get('A'.repeat(43))).rejects.toMatchObject({ type: 'TX_NOT_FOUND' })
    expect(await arweave.wallets.getBalance(await arweave.wallets.jwkToAddress(jwk))).toBe('0')
    expect(await arweave.transactions.getTransactionAnchor()).toBe(current)
    expect(await arweave.network.getPeers()).toEqual([])
  })
})

describe('POST /tx', () => {
  test('is found by GraphQL at once', async () => {
    const transaction = await signed('for graphql', { Kind: 'layer-1' })
    await arweave.transactions.post(transaction)
    const query = `{ transactions(tags: [{ name: "Kind", values: ["layer-1"] }]) { edges { node { id owner { address key } data { size } } } } }`
    const { data } = (await (await post('graphql', { query })).json()) as { data: { transactions: unknown } }
    const owner = { address: await arweave.wallets.jwkToAddress(jwk), key: jwk.n }
    expect(data.transactions).toEqual({ edges: [{ node: { id: transaction.id, owner, data: { size: '11' } } }] })
  })

  test('of a known transaction is 208, stored or waiting for its data', async () => {
    const small = await signed('twice')
    expect((await post('tx', small)).status).toBe(200)
    expect((await post('tx', small)).status).toBe(208)
    const large = await signed(dataOf(largeSize, 3))
    const header = { ...large.toJSON(), data: '' }
    expect((await post('tx', header)).status).toBe(200)
    expect((await post('tx/arweave', header)).status).toBe(208)
  })

  test.each([
    { name: 'of another size', data: 'AAAA', problem: 'data_size' },
    { name: 'with another root', data: Buffer.from('HELLO').toString('base64url'), problem: 'data_root' },
  ])('data $name is refused', async ({ data, problem }) => {
    const transaction = await signed('hello')
    const response = await post('tx', { ...transaction.toJSON(), data })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      code: 'PROTOCOL_TRANSACTION_INVALID',
      error: expect.stringContaining(problem),
    })
    expect((await get(`tx/${transaction.id}`)).status).toBe(404)
  })

  test('data above the limit is refused before it is sent', async () => {
    const transaction = await arweave.createTransaction({ data: 'x' }, jwk)
    Object.assign(transaction, { data_size: String(64 * 2 ** 20 + 1) })
    await arweave.transactions.sign(transaction, jwk)
    const response = await post('tx', { ...transaction.toJSON(), data: '' })
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ code: 'HTTP_TRANSACTION_TOO_LARGE' })
  })

  test.each(['{', '{}', '{"format":1}'])('%s is refused', async (body) => {
    expect((await post('tx', body)).status).toBe(400)
  })
})

describe('POST /chunk', () => {
  const data = dataOf(largeSize, 4)
  let transaction: Transaction
  let chunk: ReturnType<Transaction['getChunk']>
  beforeAll(async () => {
    transaction = await signed(data)
    expect((await post('tx', { ...transaction.toJSON(), data: '' })).status).toBe(200)
    chunk = transaction.getChunk(1, data)
  })
  const other = Buffer.alloc(262_144, 1).toString('base64url')

  test.each([
    { name: 'other bytes', change: { chunk: other }, reason: 'invalid_proof' },
    { name: 'another path', change: { data_path: other.slice(0, 400) }, reason: 'invalid_proof' },
    { name: 'another place', change: { offset: '1' }, reason: 'invalid_proof' },
    { name: 'another root', change: { data_root: 'A'.repeat(43) }, reason: 'data_root_not_found' },
    { name: 'an offset above the size', change: { offset: String(largeSize) }, reason: 'offset_too_big' },
    { name: 'too large a size', change: { data_size: '99999999999' }, reason: 'data_size_too_big' },
    { name: 'a chunk above 256 KiB', change: { chunk: `${other}AAAA` }, reason: 'chunk_too_big' },
    { name: 'a long path', change: { data_path: `${other}AAAA` }, reason: 'data_path_too_big' },
    { name: 'no text', change: { offset: 1 }, reason: 'invalid_json' },
    { name: 'no base64url', change: { chunk: '*' }, reason: 'invalid_json' },
  ])('$name: $reason', async ({ change, reason }) => {
    const response = await post('chunk', { ...chunk, ...change })
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ code: 'HTTP_CHUNK_REFUSED', error: reason })
  })

  test.each(['{', 'null', '[]', '1'])('%s: invalid_json', async (body) => {
    expect(await (await post('chunk', body)).json()).toMatchObject({ error: 'invalid_json' })
  })

  test('in any order, more than once, at the same time; the data is whole then', async () => {
    const order = [2, 0, 0, 2, 1, 1, 1]
    const sent = await Promise.all(order.map((index) => post('chunk', transaction.getChunk(index, data))))
    expect(sent.map(({ status }) => status)).toEqual(order.map(() => 200))
    expect(await hasData(transaction.id, data)).toBe(true)
    expect((await post('chunk', chunk)).status).toBe(200)
  })

  test('serves all transactions that wait for the same data', async () => {
    const shared = dataOf(largeSize, 5)
    const both = await Promise.all([signed(shared, { Number: '1' }), signed(shared, { Number: '2' })])
    for (const one of both) await post('tx', { ...one.toJSON(), data: '' })
    for (const index of [0, 1, 2]) await post('chunk', both[0].getChunk(index, shared))
    for (const { id } of both) expect(await hasData(id, shared)).toBe(true)
  })
})

test('GET /chunk of an offset that nobody asked for is 404', async () => {
  for (const offset of ['0', '1', '999999999999999', 'x']) {
    expect(await (await get(`chunk/${offset}`)).json()).toMatchObject({ code: 'HTTP_CHUNK_UNKNOWN' })
  }
})
