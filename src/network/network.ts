import { availableParallelism, totalmem } from 'node:os'
import { type Compute, createCompute } from '../compute/compute.ts'
import { ComputeThread } from '../compute/compute-thread.ts'
import { luaModuleFormat } from '../compute/module-format.ts'
import type { EvaluationThread } from '../compute/thread-protocol.ts'
import { createMessenger, type Messenger } from '../messenger/messenger.ts'
import { encodeBase64Url } from '../protocol/base64url.ts'
import { parseDataItem, verifyDataItem } from '../protocol/data-item.ts'
import type { ItemId, ProcessId } from '../protocol/ids.ts'
import { createEd25519Signer } from '../protocol/signers.ts'
import type { DataItem, Signer } from '../protocol/types.ts'
import { SchedulerError } from '../scheduler/errors.ts'
import { ProcessDirectory } from '../scheduler/process-directory.ts'
import { createScheduler, type Scheduled, type Scheduler } from '../scheduler/scheduler.ts'
import { type Clock, createClock } from '../store/clock.ts'
import { createMemoryStore } from '../store/memory/memory-store.ts'
import { createSqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { LogEntry, NewItem, OutboxEntry, Store } from '../store/types.ts'
import { compileLuaWasm } from '../vm/lua/lua-wasm.ts'
import { blockHeightAt } from './blocks.ts'
import { createBuiltinModule, moduleAliases } from './builtin-module.ts'
import { NetworkError } from './errors.ts'
import { EventBus } from './event-bus.ts'
import { loadNodeKey } from './node-key.ts'
import { NonceCache } from './nonce-cache.ts'
import type { DryRunMessage, Logger, Network, NetworkOptions, Submission } from './types.ts'
import { version } from './version.ts'

/**
 * The composition root: builds the units, joins them into the ring of docs/architecture.md, and closes them in order.
 *
 * @module
 */

/** Named in leases and claims. A data directory has one owner, so its name may be the same after every start. */
const workerId = 'node'

const hotProcessesMax = 512
/** Of the machine's memory: processes that are loaded may have a quarter. */
const hotMemoryBytesDefault = Math.max(totalmem() / 4, 512 * 1_024 * 1_024)
const computeThreadsMax = 8

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** What a network stands on. `createNetwork` takes the real things; simulations and crash tests bring others. */
export interface NetworkGround {
  readonly store: Store
  /** At least one. Closed with the network, as the store is. */
  readonly threads: readonly EvaluationThread[]
  /** Ed25519 seed of the node's key. */
  readonly signerSeed: Uint8Array
  readonly clock: Clock
}

/**
 * Starts a network; it takes work once the promise resolves, and has taken up what an earlier run left undone.
 *
 * @throws {StoreError} `STORE_LOCKED` when another node owns the data directory.
 * @throws {NetworkError} `NETWORK_KEY_UNREADABLE`.
 */
export async function createNetwork(options: NetworkOptions = {}): Promise<Network> {
  const { dataDirectory, mode, log, hotMemoryBytes } = options
  const signerSeed = loadNodeKey(dataDirectory)
  const threadOptions = { module: compileLuaWasm(), signerSeed }
  const threads = Array.from(
    { length: options.computeThreads ?? defaultThreads() },
    () => new ComputeThread(threadOptions),
  )
  const clock = createClock(options.now)
  const store = await openStore(dataDirectory, clock).catch(async (error: unknown) => {
    await Promise.all(threads.map((thread) => thread.close()))
    throw error
  })
  return composeNetwork({ store, threads, signerSeed, clock }, { mode, log, hotMemoryBytes })
}

/** Joins the units into a network. */
export async function composeNetwork(
  { store, threads, signerSeed, clock }: NetworkGround,
  {
    mode = 'development',
    log = silent,
    hotMemoryBytes = hotMemoryBytesDefault,
  }: Pick<NetworkOptions, 'mode' | 'log' | 'hotMemoryBytes'> = {},
): Promise<Network> {
  const { now } = clock
  const signer = createEd25519Signer(signerSeed)
  const builtin = createBuiltinModule(signer)
  const stampItem = (item: DataItem): NewItem => {
    const timestampMs = now()
    return { item, timestampMs, blockHeight: blockHeightAt(timestampMs) }
  }
  await store.putItems([stampItem(builtin)])

  const development = mode === 'development'
  const directory = new ProcessDirectory(store)
  const scheduler = createScheduler(
    {
      development,
      moduleFormats: [luaModuleFormat],
      moduleAliases: development ? moduleAliases : new Set(),
      builtinModuleId: builtin.id,
    },
    { store, directory, signer, now, blockHeightAt },
  )
  const events = new EventBus()
  const publishDelivered = ({ target, itemId, cause }: OutboxEntry): void => {
    events.publish({ type: 'delivered', target, itemId, source: cause.processId })
  }
  // Compute and messenger each need the other: the callbacks are where the ring is closed.
  const onScheduled = (entry: LogEntry): void => {
    events.publish({ type: 'scheduled', entry })
    compute.enqueue(entry)
  }
  const compute = createCompute(
    { hotProcessesMax, hotMemoryBytesMax: hotMemoryBytes, workerId },
    {
      ...{ store, threads, directory, stampItem, clock, log },
      onCommitted(result, outbox, published) {
        events.publish({ type: 'evaluated', result })
        for (const entry of published) publishDelivered(entry)
        if (outbox.length > 0) messenger.deliver(outbox)
      },
    },
  )
  const messenger = createMessenger({
    ...{ store, scheduler, directory, workerId, clock, stampItem, log },
    onScheduled,
    onDelivered: publishDelivered,
    onUndeliverable({ target, cause }, reason) {
      events.publish({ type: 'undeliverable', target, source: cause.processId, reason })
    },
  })
  const parts = { store, scheduler, compute, messenger, signer, builtin, events, now, mode, stampItem, onScheduled }
  const network = new LocalNetwork(parts)
  await compute.prepare(builtin.id, Buffer.from(builtin.data).toString('utf8'))
  await compute.resume()
  messenger.start().catch((error: unknown) => log.error({ error: String(error) }, 'outbox not taken up'))
  return network
}

async function openStore(directory: string | undefined, clock: Clock): Promise<Store> {
  return directory === undefined ? createMemoryStore({ clock }) : createSqliteStore({ directory, clock })
}

function defaultThreads(): number {
  return Math.min(Math.max(availableParallelism() - 1, 1), computeThreadsMax)
}

interface Parts {
  readonly store: Store
  readonly scheduler: Scheduler
  readonly compute: Compute
  readonly messenger: Messenger
  readonly signer: Signer
  readonly builtin: DataItem
  readonly events: EventBus
  readonly now: () => number
  readonly mode: 'development' | 'strict'
  readonly stampItem: (item: DataItem) => NewItem
  readonly onScheduled: (entry: LogEntry) => void
}

class LocalNetwork implements Network {
  readonly #parts: Parts
  readonly #startedAtMs: number
  readonly #nonces = new NonceCache()
  #closing: Promise<void> | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.#startedAtMs = parts.now()
  }

  info() {
    const { signer, builtin, mode, now } = this.#parts
    const timestampMs = now()
    return {
      ...{ version, mode, timestampMs, address: signer.address, moduleId: builtin.id, startedAtMs: this.#startedAtMs },
      publicKey: encodeBase64Url(signer.owner),
      blockHeight: blockHeightAt(timestampMs),
    }
  }

  async submit(bytes: Uint8Array): Promise<Submission> {
    this.#checkOpen()
    const item = parseDataItem(bytes)
    await verifyDataItem(item)
    return this.#accepted(await this.#parts.scheduler.schedule(item), item.id)
  }

  async assign(request: Parameters<Network['assign']>[0]): Promise<Submission> {
    this.#checkOpen()
    const { processId, itemId, exclude, baseLayer = false } = request
    if (baseLayer) throw new SchedulerError({ code: 'SCHEDULER_BASE_LAYER_UNSUPPORTED', itemId })
    const scheduled = await this.#parts.scheduler.assign({ processId, itemId, exclude })
    return this.#accepted(scheduled, scheduled.entry.assignmentId)
  }

  async upload(bytes: Uint8Array): Promise<DataItem> {
    this.#checkOpen()
    const item = parseDataItem(bytes)
    await verifyDataItem(item)
    await this.#parts.store.putItems([this.#parts.stampItem(item)])
    return item
  }

  async result(processId: ProcessId, id: ItemId) {
    const nonce = await this.#findNonce(processId, id)
    if (nonce !== undefined) return this.#parts.compute.result(processId, nonce)
    await this.#checkProcess(processId)
    throw new NetworkError({ code: 'NETWORK_MESSAGE_UNKNOWN', processId, id })
  }

  async results(processId: ProcessId, page: Parameters<Network['results']>[1]) {
    await this.#checkProcess(processId)
    return this.#parts.store.readResults(processId, { ...page, succeededOnly: true })
  }

  async dryRun(processId: ProcessId, message: DryRunMessage): Promise<string> {
    this.#checkOpen()
    const latest = await this.latestEntry(processId)
    if (latest === undefined) throw new NetworkError({ code: 'NETWORK_PROCESS_UNKNOWN', processId })
    return this.#parts.compute.dryRun(processId, {
      target: processId,
      timestampMs: latest.timestampMs,
      blockHeight: latest.blockHeight,
      ...message,
      from: message.from ?? message.owner,
      cron: false,
      readOnly: true,
    })
  }

  async stateHash(processId: ProcessId): Promise<string> {
    await this.#checkProcess(processId)
    return this.#parts.compute.stateHash(processId)
  }

  async entry(processId: ProcessId, id: ItemId) {
    const nonce = await this.#findNonce(processId, id)
    if (nonce === undefined) return undefined
    const [entry] = await this.#parts.store.readLog(processId, nonce, nonce, 1)
    return entry
  }

  async latestEntry(processId: ProcessId) {
    const { next } = await this.#parts.store.head(processId)
    if (next === 0) return undefined
    const [entry] = await this.#parts.store.readLog(processId, next - 1, next - 1, 1)
    return entry
  }

  entries(processId: ProcessId, from: number, to: number, limit: number) {
    return this.#parts.store.readLog(processId, from, to, limit)
  }

  entriesByTime(processId: ProcessId, fromMs: number, toMs: number, limit: number) {
    return this.#parts.store.readLogByTime(processId, fromMs, toMs, limit)
  }

  async hasProcess(processId: ProcessId): Promise<boolean> {
    return (await this.#parts.store.head(processId)).next > 0
  }

  async item(id: ItemId) {
    const stored = await this.#parts.store.getItem(id)
    return stored ?? (this.#isAlias(id) ? this.#parts.store.getItem(this.#parts.builtin.id) : undefined)
  }

  async queryItems(...[filter, page]: Parameters<Network['queryItems']>) {
    const { store, builtin } = this.#parts
    const found = await store.queryItems(filter, page)
    const alias = filter.ids?.find((id) => this.#isAlias(id))
    if (found.items.length > 0 || alias === undefined) return found
    // A client that asks for a well-known module gets the built-in one under the id it asked for.
    const resolved = await store.queryItems({ ...filter, ids: [builtin.id] }, page)
    return { ...resolved, items: resolved.items.map((item) => ({ ...item, id: alias as ItemId })) }
  }

  onEvent(listener: Parameters<Network['onEvent']>[0]): () => void {
    return this.#parts.events.subscribe(listener)
  }

  async idle(): Promise<void> {
    const { compute, messenger } = this.#parts
    for (let quiet = false; !quiet; ) {
      quiet = true
      const unsubscribe = this.onEvent(() => {
        quiet = false
      })
      await compute.idle()
      await messenger.idle()
      unsubscribe()
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { compute, messenger, store } = this.#parts
    await compute.close()
    await messenger.close()
    await store.close()
  }

  #accepted({ entry, duplicate }: Scheduled, id: ItemId): Submission {
    const { processId, nonce, kind, timestampMs } = entry
    this.#nonces.set(processId, entry.itemId, nonce)
    if (!duplicate) this.#parts.onScheduled(entry)
    return { id, kind, processId, nonce, timestampMs, duplicate }
  }

  async #findNonce(processId: ProcessId, id: ItemId): Promise<number | undefined> {
    return this.#nonces.get(processId, id) ?? (await this.#parts.store.findNonce(processId, id))
  }

  async #checkProcess(processId: ProcessId): Promise<void> {
    if (!(await this.hasProcess(processId))) throw new NetworkError({ code: 'NETWORK_PROCESS_UNKNOWN', processId })
  }

  #isAlias(id: string): boolean {
    return this.#parts.mode === 'development' && moduleAliases.has(id)
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new NetworkError({ code: 'NETWORK_CLOSED' })
  }
}
