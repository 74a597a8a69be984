import { availableParallelism, totalmem } from 'node:os'
import { ComputeThread } from '../compute/compute-thread.ts'
import { type SnapshotRules, snapshotRuleDefaults } from '../compute/snapshot-rules.ts'
import type { EvaluationThread } from '../compute/thread-protocol.ts'
import { chainLimitDefaults } from '../messenger/chain-limit-options.ts'
import { createEd25519Signer } from '../protocol/signers.ts'
import type { DataItem } from '../protocol/types.ts'
import { blockHeightAt } from '../scheduler/block-time.ts'
import { type Clock, createClock } from '../store/clock.ts'
import { createMemoryStore } from '../store/memory/memory-store.ts'
import { createSqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { NewItem, Store } from '../store/types.ts'
import { compileLuaWasm } from '../vm/lua/lua-wasm.ts'
import { createBuiltinModule } from './builtin-module.ts'
import { EventBus } from './event-bus.ts'
import { LocalNetwork } from './local-network.ts'
import { MovedClock } from './moved-clock.ts'
import { loadNodeKey } from './node-key.ts'
import type { Logger, Network, NetworkOptions } from './types.ts'
import { composeUnits, type Units } from './units.ts'

/**
 * The composition root: builds the units, joins them into the ring of docs/architecture.md, and closes them in order.
 *
 * @module
 */

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
  /** Where it is kept how far the time of day was moved; absent: nowhere. */
  readonly dataDirectory?: string | undefined
  /** The Module item of the process library, signed with that key, when it is made already: it takes some milliseconds. */
  readonly builtin?: DataItem | undefined
  readonly snapshotRules?: SnapshotRules | undefined
}

/**
 * Starts a network; it takes work once the promise resolves, and has taken up what an earlier run left undone.
 *
 * @throws {StoreError} `STORE_LOCKED` when another node owns the data directory.
 * @throws {NetworkError} `NETWORK_KEY_UNREADABLE`.
 */
export async function createNetwork(options: NetworkOptions = {}): Promise<Network> {
  const { dataDirectory, mode, log, hotMemoryBytes, chainDepthMax, chainEntriesMax } = options
  const signerSeed = loadNodeKey(dataDirectory)
  const threadOptions = { module: compileLuaWasm(), signerSeed }
  const threads = Array.from(
    { length: options.computeThreads ?? defaultThreads() },
    () => new ComputeThread(threadOptions),
  )
  const clock = createClock(options.now)
  const store = await openStore(options, clock).catch(async (error: unknown) => {
    await Promise.all(threads.map((thread) => thread.close()))
    throw error
  })
  return composeNetwork(
    { store, threads, signerSeed, clock, dataDirectory },
    { mode, log, hotMemoryBytes, chainDepthMax, chainEntriesMax },
  )
}

/** Joins the units into a network. */
export async function composeNetwork(
  {
    store,
    threads,
    signerSeed,
    clock,
    dataDirectory,
    builtin: builtinGiven,
    snapshotRules = snapshotRuleDefaults,
  }: NetworkGround,
  {
    mode = 'development',
    log = silent,
    hotMemoryBytes = hotMemoryBytesDefault,
    chainDepthMax = chainLimitDefaults.depthMax,
    chainEntriesMax = chainLimitDefaults.entriesMax,
  }: Pick<NetworkOptions, 'mode' | 'log' | 'hotMemoryBytes' | 'chainDepthMax' | 'chainEntriesMax'> = {},
): Promise<Network> {
  const movedClock = new MovedClock(clock.now, mode === 'development' ? dataDirectory : undefined)
  const signer = createEd25519Signer(signerSeed)
  const builtin = builtinGiven ?? createBuiltinModule(signer)
  const stampItem = (item: NewItem['item']): NewItem => {
    const timestampMs = movedClock.now()
    return { item, timestampMs, blockHeight: blockHeightAt(timestampMs) }
  }
  await store.putItems([stampItem(builtin)])

  const events = new EventBus()
  const startUnits = (): Promise<Units> =>
    composeUnits({
      ...{ store, threads, clock, signer, builtin, stampItem, events, log, hotMemoryBytes, snapshotRules },
      chainLimits: { depthMax: orUnlimited(chainDepthMax), entriesMax: orUnlimited(chainEntriesMax) },
      development: mode === 'development',
      now: movedClock.now,
    })
  const units = await startUnits()
  const { now } = movedClock
  return new LocalNetwork(
    { ...{ store, signer, builtin, events, now, movedClock, mode, stampItem, log, startUnits } },
    units,
  )
}

async function openStore({ dataDirectory, checkStore, log }: NetworkOptions, clock: Clock): Promise<Store> {
  if (dataDirectory === undefined) return createMemoryStore({ clock })
  return createSqliteStore({ directory: dataDirectory, clock, log, check: checkStore })
}

function orUnlimited(max: number): number {
  return max === 0 ? Number.POSITIVE_INFINITY : max
}

function defaultThreads(): number {
  return Math.min(Math.max(availableParallelism() - 1, 1), computeThreadsMax)
}
