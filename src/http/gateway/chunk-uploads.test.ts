import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleItemsMax } from '../../network/bundle-unpacking.ts'
import { createNetwork } from '../../network/network.ts'
import type { Network } from '../../network/types.ts'
import { encodeBase64Url } from '../../protocol/base64url.ts'
import { bundleTags } from '../../protocol/bundle.ts'
import type { Address, ItemId } from '../../protocol/ids.ts'
import { createDataTree, type DataTree } from '../../protocol/merkle.ts'
import type { TransactionHeader } from '../../protocol/transaction.ts'
import { httpLimits } from '../limits.ts'
import { ChunkUploads } from './chunk-uploads.ts'

/** Limits and failures of uploads, over a network whose clock is ours and which can be made to refuse. */

let nowMs = 1_700_000_000_000
let isBroken = false
let network: Network
beforeAll(async () => {
  network = await createNetwork({ now: () => nowMs })
})
afterAll(() => network.close())

function createUploads(): ChunkUploads {
  return new ChunkUploads({
    info: () => network.info(),
    async uploadTransaction(transaction) {
      if (isBroken) throw new Error('the disk is broken')
      await network.uploadTransaction(transaction)
    },
  })
}

let count = 0
function headerOf({ root }: Pick<DataTree, 'root'>, dataSize: number): TransactionHeader {
  count += 1
  const nothing = new Uint8Array(0)
  return {
    ...{
      id: encodeBase64Url(new Uint8Array(32).fill(count)) as ItemId,
      ownerAddress: 'owner' as Address,
      target: undefined,
      dataSize,
      dataRoot: root,
    },
    ...{ signature: nothing, owner: nothing, lastTx: nothing, tags: [], quantity: '0', reward: '0' },
  }
}

function addHeader(uploads: ChunkUploads): TransactionHeader {
  const header = headerOf(tree, data.length)
  uploads.add(header)
  return header
}

const data = Uint8Array.from({ length: 300_000 }, (_, i) => i & 255)
const tree = createDataTree(data)

function chunkOf(index: number) {
  const { start = 0, end = 0, path = tree.root } = tree.chunks[index] ?? {}
  const place = { dataRoot: tree.root, dataSize: data.length, offset: start }
  return { ...place, path, chunk: data.subarray(start, end) }
}

test('stores a transaction when its last chunk comes', async () => {
  const uploads = createUploads()
  const header = headerOf(tree, data.length)
  uploads.add(header)
  await uploads.put(chunkOf(1))
  expect(await network.item(header.id)).toBeUndefined()
  expect(uploads.header(header.id)).toBe(header)
  await uploads.put(chunkOf(0))
  const { bytes = new Uint8Array(0) } = (await network.item(header.id)) ?? {}
  expect(Buffer.from(bytes.subarray(-data.length)).equals(data)).toBe(true)
  expect(uploads.ids).toEqual([])
})

test('tries again to store when a chunk comes again', async () => {
  const uploads = createUploads()
  const { id } = addHeader(uploads)
  await uploads.put(chunkOf(0))
  isBroken = true
  await expect(uploads.put(chunkOf(1))).rejects.toThrow('the disk is broken')
  expect(uploads.ids).toEqual([id])
  isBroken = false
  await uploads.put(chunkOf(1))
  expect(await network.item(id)).toMatchObject({ id })
  expect(uploads.ids).toEqual([])
})

test('forgets a transaction that is too large to be stored', async () => {
  const uploads = createUploads()
  // The header of a bundle of one more item than is taken, all of them empty.
  const bundle = new Uint8Array(32 + 64 * (bundleItemsMax + 1))
  new DataView(bundle.buffer).setUint32(0, bundleItemsMax + 1, true)
  const { root, chunks } = createDataTree(bundle)
  const header = { ...headerOf({ root }, bundle.length), tags: bundleTags }
  uploads.add(header)
  const sent = chunks.map(({ start, end, path }) => {
    return uploads.put({
      dataRoot: root,
      dataSize: bundle.length,
      offset: start,
      path,
      chunk: bundle.subarray(start, end),
    })
  })
  const outcomes = await Promise.allSettled(sent)
  expect(outcomes.at(-1)).toMatchObject({ reason: { code: 'NETWORK_BUNDLE_TOO_LARGE' } })
  expect(uploads.ids).toEqual([])
})

test('forgets an upload for which nothing has come for long', async () => {
  const uploads = createUploads()
  addHeader(uploads)
  await uploads.put(chunkOf(0))
  nowMs += httpLimits.pendingIdleMs - 1
  await uploads.put(chunkOf(0))
  nowMs += httpLimits.pendingIdleMs - 1
  expect(uploads.ids).toHaveLength(1)
  nowMs += 1
  expect(uploads.ids).toEqual([])
  await expect(uploads.put(chunkOf(1))).rejects.toMatchObject({ info: { reason: 'data_root_not_found' } })
})

test('takes so many transactions', () => {
  const uploads = createUploads()
  const header = headerOf(tree, data.length)
  const ids = Array.from({ length: httpLimits.pendingTransactionsMax }, (_, i) => String(i) as ItemId)
  for (const id of ids) uploads.add({ ...header, id })
  expect(() => uploads.add(header)).toThrow(expect.objectContaining({ code: 'HTTP_GATEWAY_FULL' }))
  // What is known already takes no more room.
  for (const id of ids) uploads.add({ ...header, id })
  expect(uploads.ids).toHaveLength(httpLimits.pendingTransactionsMax)
})

test('sets aside so much memory, and has it back when an upload is forgotten', async () => {
  const uploads = createUploads()
  const largest = httpLimits.transactionBytesMax
  const zeros = new Uint8Array(largest)
  const { root, chunks } = createDataTree(zeros)
  const { path, end } = chunks[0] ?? { path: root, end: 0 }
  // The first chunk is proven under every size that is not smaller, so that one tree does for several uploads.
  const first = { dataRoot: root, offset: 0, path, chunk: zeros.subarray(0, end) }
  for (let i = 0; i < Math.floor(httpLimits.pendingBytesMax / largest); i++) {
    const dataSize = largest - i
    uploads.add(headerOf({ root }, dataSize))
    await uploads.put({ ...first, dataSize })
  }
  addHeader(uploads)
  await expect(uploads.put(chunkOf(0))).rejects.toMatchObject({ code: 'HTTP_GATEWAY_FULL' })

  nowMs += httpLimits.pendingIdleMs
  const { id } = addHeader(uploads)
  await uploads.put(chunkOf(0))
  await uploads.put(chunkOf(1))
  expect(await network.item(id)).toBeDefined()
})
