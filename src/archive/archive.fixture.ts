import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { ComputeThread } from '../compute/compute-thread.ts'
import { forkTags } from '../network/fork-tags.ts'
import { createNetwork } from '../network/network.ts'
import { loadNodeKey } from '../network/node-key.ts'
import { evaluate, messageItem, processItem, send, spawnProcess, testWallet } from '../network/test-items.ts'
import type { Network } from '../network/types.ts'
import { createDataItem, parseDataItem } from '../protocol/data-item.ts'
import type { ItemId, ProcessId } from '../protocol/ids.ts'
import { createEd25519Signer } from '../protocol/signers.ts'
import type { Signer } from '../protocol/types.ts'
import { createSqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { Store } from '../store/types.ts'
import { compileLuaWasm } from '../vm/lua/lua-wasm.ts'
import { encodeHistory } from './export-format.ts'
import { readHistory, storeSource } from './history-source.ts'

export const alice: Signer = testWallet('alice')

/** Replies, tells and asks others, spawns, assigns, fails, and sends what cannot be delivered. */
const code = `
  Count, Peer = Count or 0, Peer
  local function on(name, handle) Handlers.add(name, name, handle) end
  on("Add", function(msg) Count = Count + 1 msg.reply({ Data = Count .. "\\xff\\0" }) end)
  on("Tell", function(msg) for i = 1, 3 do Send({ Target = Peer, Action = "Heard", Data = tostring(i) }) end end)
  on("Heard", function(msg) Count = Count + 100 end)
  on("Ask", function(msg) Answer = Send({ Target = Peer, Action = "Add" }).receive().Data end)
  on("Wait", function(msg) Waited = Receive({ Action = "Wake" }).Data end)
  on("Breed", function(msg) Child = Spawn({ Data = "Count = 7", ["On-Boot"] = "Data" }).receive().Process end)
  on("Assign", function(msg) Assign({ Processes = { Peer, ao.id }, Message = msg.Item }) end)
  on("Fail", function(msg) Count = -1 Send({ Target = Peer, Action = "Heard" }) error("as asked") end)
  on("Astray", function(msg) Send({ Target = "nobody", Action = "Lost" }) end)
  on("Toil", function() for i = 1, 200000 do Count = Count ~ i end end)
`

/** A directory that a node has worked in and left in order. */
export interface FilledDirectory {
  readonly path: string
  /** Has done everything, and boots from an item. */
  readonly processId: ProcessId
  /** Hears of it. */
  readonly peerId: ProcessId
  /** A fork of the first in the midst of its life. */
  readonly forkId: ProcessId
  /** Where the fork begins. */
  readonly forkNonce: number
  /** Up to this nonce of the first process its messages are done in a moment. */
  readonly lightNonce: number
  /** By process: what the node said its state was at the end. */
  readonly stateHashes: ReadonlyMap<ProcessId, string>
  readonly nodeAddress: string
}

/** A path for a directory of its own, which goes away with the test. */
export function temporaryPath(): string {
  const parent = mkdtempSync(join(tmpdir(), 'loom-archive-'))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  return join(parent, 'data')
}

/** A copy of a directory, for one test, with what is needed to work on it. */
export interface Workbench extends FilledDirectory {
  /** Evaluates, with the key of the directory. */
  readonly thread: ComputeThread
  readonly signer: Signer
}

/** Fills a directory once for all tests of a file. @returns a copy of it for one test. */
export function sharedDirectory(): () => Workbench {
  let parent: string
  let filled: FilledDirectory
  let thread: ComputeThread
  beforeAll(async () => {
    parent = mkdtempSync(join(tmpdir(), 'loom-archive-'))
    filled = await fillDirectory(join(parent, 'data'))
    thread = new ComputeThread({ module: compileLuaWasm(), signerSeed: loadNodeKey(filled.path) })
  })
  afterAll(async () => {
    await thread.close()
    rmSync(parent, { recursive: true, force: true })
  })
  return () => {
    const path = temporaryPath()
    cpSync(filled.path, path, { recursive: true })
    return { ...filled, path, thread, signer: createEd25519Signer(loadNodeKey(path)) }
  }
}

/** Opens the store of a directory for `work` alone. */
export async function withStore<T>(path: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await createSqliteStore({ directory: path })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

export async function fillDirectory(path: string): Promise<FilledDirectory> {
  const network = await createNetwork({ dataDirectory: path, computeThreads: 1 })
  const filled = await fill(network)
  const stateHashes = new Map<ProcessId, string>()
  for (const id of [filled.processId, filled.peerId, filled.forkId]) stateHashes.set(id, await network.stateHash(id))
  await network.close()
  return { ...filled, path, stateHashes, nodeAddress: network.info().address }
}

async function fill(network: Network) {
  const bootItem = createDataItem({ tags: [{ name: 'Name', value: 'code' }], data: code }, alice)
  await network.upload(bootItem.bytes)
  const { processId } = await network.submit(processItem(alice, { 'On-Boot': bootItem.id }).bytes)
  const peerId = await spawnProcess(network, alice, code)
  await evaluate(network, alice, processId, `Peer = "${peerId}"`)
  await evaluate(network, alice, peerId, `Peer = "${processId}" ao.addAssignable("all", function() return true end)`)
  const upload = createDataItem({ tags: [{ name: 'Action', value: 'Heard' }], data: 'uploaded' }, alice)
  await network.upload(upload.bytes)
  await evaluate(network, alice, processId, 'ao.addAssignable("all", function() return true end)')
  for (const Action of ['Add', 'Tell', 'Ask', 'Wait', 'Breed', 'Fail', 'Astray']) {
    await send(network, alice, processId, { Action })
    await network.idle()
  }
  await send(network, alice, processId, { Action: 'Assign', Item: upload.id })
  const second = createDataItem({ tags: [{ name: 'Action', value: 'Add' }], data: 'excluded' }, alice)
  await network.upload(second.bytes)
  await network.assign({ processId, itemId: second.id, exclude: ['Data', 'Anchor'] })
  await send(network, alice, processId, { Action: 'Wake' }, 'awake')
  await network.idle()
  const lightNonce = (await network.latestEntry(processId))?.nonce ?? 0
  // Enough work for a snapshot.
  await send(network, alice, processId, { Action: 'Toil' })
  const forkNonce = 5
  const [genesis] = await network.entries(processId, 0, 0, 1)
  const processTags = parseDataItem(genesis?.item ?? new Uint8Array()).tags
  const tags = forkTags({ processId, processTags, nonce: forkNonce })
  const { processId: forkId } = await network.submit(createDataItem({ tags, data: ' ' }, alice).bytes)
  await send(network, alice, forkId, { Action: 'Add' })
  await network.idle()
  return { processId, peerId, forkId, forkNonce, lightNonce }
}

/** More messages, so that the log goes on. */
export async function addMessages(path: string, processId: ProcessId, count: number): Promise<readonly ItemId[]> {
  const network = await createNetwork({ dataDirectory: path, computeThreads: 1 })
  const items = Array.from({ length: count }, () => messageItem(alice, processId, { Action: 'Add' }))
  for (const { bytes } of items) await network.submit(bytes)
  await network.idle()
  await network.close()
  return items.map(({ id }) => id)
}

/** The export of a process as bytes. */
export async function exportBytes(store: Store, processId: ProcessId, to?: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of encodeHistory(readHistory(storeSource(store), { processId, to }))) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Bytes as a stream that breaks where nothing else does. */
export async function* streamOf(bytes: Uint8Array, chunkBytes = 10_007): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += chunkBytes) yield bytes.subarray(start, start + chunkBytes)
}

/** A record of an export, by docs/proof.md alone. */
export interface PlainRecord {
  readonly kind: string
  readonly payload: Buffer
}

/** Takes an export apart, seal included. */
export function splitExport(bytes: Buffer): PlainRecord[] {
  const records: PlainRecord[] = []
  for (let offset = 8; offset < bytes.length; ) {
    const end = offset + 5 + bytes.readUInt32BE(offset + 1)
    records.push({ kind: bytes.toString('latin1', offset, offset + 1), payload: bytes.subarray(offset + 5, end) })
    offset = end
  }
  return records
}

/** Puts an export together from records without a seal, as someone would who has changed them. */
export function sealExport(records: readonly PlainRecord[]): Buffer {
  const frame = ({ kind, payload }: PlainRecord): Buffer => {
    const head = Buffer.alloc(5)
    head.write(kind, 'latin1')
    head.writeUInt32BE(payload.length, 1)
    return Buffer.concat([head, payload])
  }
  const body = Buffer.concat([Buffer.from('LoomLog\x01', 'latin1'), ...records.map(frame)])
  return Buffer.concat([body, frame({ kind: 'E', payload: createHash('sha256').update(body).digest() })])
}
