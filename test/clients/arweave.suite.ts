import Arweave from 'arweave'
import { beforeAll, expect } from 'vitest'
import { type ClientTests, describeClient } from './compatibility.ts'
import { node } from './node.ts'

/** Transactions, data and GraphQL with arweave-js, pointed at the node as at any gateway. */

type Transaction = Awaited<ReturnType<Arweave['createTransaction']>>

let arweave: Arweave
/** A transaction that is there, and its data. */
let stored: Transaction
const storedData = 'hällo, weave'

/** Two chunks. */
const largeData = new Uint8Array(300_000).map((_, index) => index % 251)

export function describeArweave(): void {
  describeClient({ name: 'arweave' }, (tests) => {
    beforeAll(async () => {
      const { hostname, port, protocol } = new URL(node.url)
      arweave = new Arweave({ host: hostname, port, protocol: protocol.slice(0, -1) })
      stored = await signed(storedData, 'stored')
      expect(await arweave.transactions.post(stored)).toMatchObject({ status: 200 })
    })
    networkFunctions(tests)
    transactionFunctions(tests)
    dataFunctions(tests)
    otherFunctions(tests)
  })
}

async function signed(data: string | Uint8Array, name = 'other'): Promise<Transaction> {
  const transaction = await arweave.createTransaction({ data }, node.wallet)
  transaction.addTag('Content-Type', 'text/plain')
  transaction.addTag('Name', name)
  await arweave.transactions.sign(transaction, node.wallet)
  return transaction
}

function networkFunctions({ works }: ClientTests): void {
  works('network.getInfo', 'height and current block', async () => {
    const info = await arweave.network.getInfo()
    expect(info).toMatchObject({ network: 'loom', height: expect.any(Number) })
    expect(info.current).toMatch(/^[\w-]{43,64}$/)
  })

  works('network.getPeers', 'a list', async () => {
    expect(await arweave.network.getPeers()).toBeInstanceOf(Array)
  })

  works('blocks.getByHeight', 'the block of that height', async () => {
    const { height } = await arweave.network.getInfo()
    expect(await arweave.blocks.getByHeight(height)).toMatchObject({ height, indep_hash: expect.any(String) })
  })

  works('blocks.get', 'by its hash, and its forerunner by that one', async () => {
    const { height } = await arweave.network.getInfo()
    const { indep_hash: hash, previous_block: previous } = await arweave.blocks.getByHeight(height)
    expect(await arweave.blocks.get(hash)).toMatchObject({ height, indep_hash: hash })
    expect(await arweave.blocks.get(previous)).toMatchObject({ height: height - 1, indep_hash: previous })
  })

  works('blocks.getCurrent', 'the newest', async () => {
    const { height } = await arweave.network.getInfo()
    expect((await arweave.blocks.getCurrent()).height).toBeGreaterThanOrEqual(height)
  })

  works('wallets.getBalance', 'a development wallet has some, another has none', async () => {
    expect(BigInt(await arweave.wallets.getBalance(node.walletAddress))).toBeGreaterThan(0n)
    expect(await arweave.wallets.getBalance('A'.repeat(43))).toBe('0')
  })

  works('wallets.getLastTransactionID', 'text', async () => {
    expect(await arweave.wallets.getLastTransactionID(node.walletAddress)).toMatch(/^([\w-]{43})?$/)
  })

  works('wallets.jwkToAddress', 'the address that the node calls the wallet', async () => {
    expect(await arweave.wallets.jwkToAddress(node.wallet)).toBe(node.walletAddress)
  })
}

function transactionFunctions({ works }: ClientTests): void {
  works('createTransaction', 'with anchor and price of the node', async () => {
    const transaction = await arweave.createTransaction({ data: 'x' }, node.wallet)
    expect(transaction.last_tx).toBe(await arweave.transactions.getTransactionAnchor())
    expect(transaction.reward).toBe(await arweave.transactions.getPrice(1))
  })

  works('transactions.getTransactionAnchor', 'an id', async () => {
    expect(await arweave.transactions.getTransactionAnchor()).toMatch(/^[\w-]{43,64}$/)
  })

  works('transactions.getPrice', 'more for more', async () => {
    const [small, large] = await Promise.all([1_000, 2_000].map((bytes) => arweave.transactions.getPrice(bytes)))
    expect(Number(large)).toBeGreaterThan(Number(small))
  })

  works('transactions.post', 'with its data: there at once', async () => {
    const transaction = await signed('posted')
    expect(await arweave.transactions.post(transaction)).toMatchObject({ status: 200 })
    expect(await arweave.transactions.getData(transaction.id, { decode: true, string: true })).toBe('posted')
  })

  works('transactions.post', 'in chunks, when it is larger than one', async () => {
    const transaction = await signed(largeData)
    expect(await arweave.transactions.post(transaction)).toMatchObject({ status: 200 })
    expect(await arweave.transactions.getData(transaction.id, { decode: true })).toEqual(largeData)
  })

  works('transactions.post', 'with a forged signature: refused', async () => {
    const transaction = await signed('forged')
    transaction.addTag('Added', 'later')
    expect(await arweave.transactions.post(transaction)).toMatchObject({ status: 400 })
  })

  works('transactions.upload', 'chunk by chunk', async () => {
    const transaction = await signed(largeData)
    const progress: number[] = []
    for await (const uploader of arweave.transactions.upload(transaction, largeData))
      progress.push(uploader.pctComplete)
    expect(progress.at(-1)).toBe(100)
    expect(await arweave.transactions.getData(transaction.id, { decode: true })).toEqual(largeData)
  })

  works('transactions.getUploader', 'taken up again from what was saved', async () => {
    const transaction = await signed(largeData)
    const uploader = await arweave.transactions.getUploader(transaction)
    await uploader.uploadChunk()
    await uploader.uploadChunk()
    const saved = JSON.parse(JSON.stringify(uploader))
    const resumed = await arweave.transactions.getUploader(saved, largeData)
    while (!resumed.isComplete) await resumed.uploadChunk()
    expect(await arweave.transactions.getData(transaction.id, { decode: true })).toEqual(largeData)
  })

  works('transactions.get', 'all of it, so that its signature verifies', async () => {
    const found = await arweave.transactions.get(stored.id)
    expect(found).toMatchObject({ id: stored.id, data_root: stored.data_root, owner: stored.owner })
    expect(await arweave.transactions.verify(found)).toBe(true)
  })

  works('transactions.get', 'of an unknown id: TX_NOT_FOUND', async () => {
    await expect(arweave.transactions.get('A'.repeat(43))).rejects.toMatchObject({ type: 'TX_NOT_FOUND' })
  })

  works('transactions.getStatus', 'in a block', async () => {
    const { confirmed, status } = await arweave.transactions.getStatus(stored.id)
    expect(status).toBe(200)
    const { block_height: height, block_indep_hash: hash } = confirmed ?? {}
    expect(await arweave.blocks.get(hash ?? '')).toMatchObject({ height })
  })
}

function dataFunctions({ works }: ClientTests): void {
  works('transactions.getData', 'bytes, text or base64url', async () => {
    const read = (options: object) => arweave.transactions.getData(stored.id, options)
    const bytes = Buffer.from(storedData)
    expect(Buffer.from(await read({ decode: true }))).toEqual(bytes)
    expect(await read({ decode: true, string: true })).toBe(storedData)
    expect(await read({})).toBe(bytes.toString('base64url'))
  })

  works('chunks.getTransactionOffset', 'size and the place of the last byte, as text', async () => {
    const { offset, size } = await arweave.chunks.getTransactionOffset(stored.id)
    expect(size).toBe(String(Buffer.byteLength(storedData)))
    expect(offset).toMatch(/^\d+$/)
  })

  works('chunks.getChunkData', 'the chunk at an offset', async () => {
    const first = arweave.chunks.firstChunkOffset(await arweave.chunks.getTransactionOffset(stored.id))
    expect(Buffer.from(await arweave.chunks.getChunkData(first)).toString()).toBe(storedData)
  })

  works('chunks.downloadChunkedData', 'all chunks', async () => {
    const data = await arweave.chunks.downloadChunkedData(stored.id)
    expect(Buffer.from(data).toString()).toBe(storedData)
  })

  works('api.get', 'the data of a transaction at its id, with its content type', async () => {
    const { headers, data } = await arweave.api.get(stored.id)
    expect(data).toBe(storedData)
    expect(headers.get('content-type')).toContain('text/plain')
  })

  works('api.post', 'GraphQL finds a transaction by owner and tag', async () => {
    const query = `query ($owners: [String!], $tags: [TagFilter!]) {
      transactions(owners: $owners, tags: $tags) { edges { node { id owner { address } data { size } } } }
    }`
    const variables = { owners: [node.walletAddress], tags: [{ name: 'Name', values: ['stored'] }] }
    const { data: answer } = await arweave.api.post('graphql', { query, variables })
    const found = { id: stored.id, owner: { address: node.walletAddress }, data: { size: stored.data_size } }
    expect(answer).toEqual({ data: { transactions: { edges: [{ node: found }] } } })
  })
}

function otherFunctions({ differs }: ClientTests): void {
  differs('createTransaction({ target, quantity })', 'taken, and found again, but no token moves', async () => {
    const target = node.address
    const transfer = await arweave.createTransaction({ target, quantity: '1000' }, node.wallet)
    await arweave.transactions.sign(transfer, node.wallet)
    expect(await arweave.transactions.post(transfer)).toMatchObject({ status: 200 })
    expect(await arweave.transactions.get(transfer.id)).toMatchObject({ target, quantity: '1000' })
    expect(await arweave.wallets.getBalance(target)).toBe('0')
  })

  differs('arql, transactions.search', 'there is no ArQL, as on public gateways: use GraphQL', async () => {
    const unknown = { code: 'HTTP_ROUTE_UNKNOWN' }
    expect(await arweave.arql({ op: 'equals', expr1: 'Name', expr2: 'stored' })).toMatchObject(unknown)
    expect(await arweave.transactions.search('Name', 'stored')).toMatchObject(unknown)
  })
}
