import { randomBytes } from 'node:crypto'
import type { Compute } from '../compute/compute.ts'
import type { Rehearsal } from '../compute/rehearsal.ts'
import type { AnyItem } from '../protocol/any-item.ts'
import { encodeBase64Url } from '../protocol/base64url.ts'
import { createDataItem, parseDataItem, verifyDataItem } from '../protocol/data-item.ts'
import { type Address, type ItemId, isItemId, type ProcessId } from '../protocol/ids.ts'
import { tagValue } from '../protocol/tags.ts'
import type { Transaction } from '../protocol/transaction.ts'
import type { DataItem, DataItemDraft, Signer, Tag } from '../protocol/types.ts'
import { blockHeightAt } from '../scheduler/block-time.ts'
import { SchedulerError } from '../scheduler/errors.ts'
import type { Scheduled } from '../scheduler/scheduler.ts'
import { checkLimit } from '../store/checks.ts'
import type { Cause, ItemFilter, NewItem, Store } from '../store/types.ts'
import { parseStatePath } from '../vm/state-path.ts'
import type { VmMessage } from '../vm/types.ts'
import { moduleAliases } from './builtin-module.ts'
import { unpackBundle } from './bundle-unpacking.ts'
import { listCronResults } from './cron-results.ts'
import { NetworkError } from './errors.ts'
import type { EventBus } from './event-bus.ts'
import { Gate } from './gate.ts'
import type { MovedClock } from './moved-clock.ts'
import { NonceCache } from './nonce-cache.ts'
import { listOutbox } from './outbox-listing.ts'
import { createLocation, findLocation, ownLocationFilter } from './scheduler-location.ts'
import { Snapshots } from './snapshots.ts'
import type { ClockMove, DryRunMessage, Logger, Network, StateRequest, Submission } from './types.ts'
import type { Units } from './units.ts'
import { version } from './version.ts'

/** Items of a bundle that are stored together. */
const uploadBatchItems = 256
/** Dead entries that are sent again together. */
const outboxPageSize = 1_000
/** Messages in a rehearsal. */
const rehearsedMax = 1_000

/** What a network is made of, beside its units. */
export interface NetworkParts {
  readonly store: Store
  readonly signer: Signer
  readonly builtin: DataItem
  readonly events: EventBus
  readonly now: () => number
  readonly movedClock: MovedClock
  readonly mode: 'development' | 'strict'
  readonly stampItem: (item: NewItem['item']) => NewItem
  readonly log: Logger
  readonly startUnits: () => Promise<Units>
}

/** The in-process API over the units of one node. A revert puts new units in the place of the old ones. */
export class LocalNetwork implements Network {
  readonly #parts: NetworkParts
  readonly #startedAtMs: number
  readonly #snapshots: Snapshots
  /** What writes goes through; a revert is alone. */
  readonly #gate = new Gate()
  #units: Units
  #nonces = new NonceCache()
  #closing: Promise<void> | undefined

  constructor(parts: NetworkParts, units: Units) {
    this.#parts = parts
    this.#units = units
    this.#snapshots = new Snapshots(parts.store)
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
    return this.#gate.through(async () => {
      const submission = this.#accepted(await this.#units.scheduler.schedule(item), item.id)
      if (submission.kind === 'process') await this.#assignToTarget(item)
      return submission
    })
  }

  async assign(request: Parameters<Network['assign']>[0]): Promise<Submission> {
    this.#checkOpen()
    const { processId, itemId, exclude, baseLayer = false } = request
    if (baseLayer) throw new SchedulerError({ code: 'SCHEDULER_BASE_LAYER_UNSUPPORTED', itemId })
    return this.#gate.through(async () => {
      const scheduled = await this.#units.scheduler.assign({ processId, itemId, exclude })
      return this.#accepted(scheduled, scheduled.entry.assignmentId)
    })
  }

  async upload(bytes: Uint8Array): Promise<DataItem> {
    this.#checkOpen()
    const item = parseDataItem(bytes)
    await verifyDataItem(item)
    await this.#storeUpload(item)
    return item
  }

  async uploadTransaction(transaction: Transaction): Promise<void> {
    this.#checkOpen()
    await this.#storeUpload(transaction)
  }

  async publishLocation(url: string): Promise<void> {
    this.#checkOpen()
    const { store, signer, now, stampItem } = this.#parts
    if ((await findLocation(store, signer.address)) === url) return
    await this.#gate.through(() => store.putItems([stampItem(createLocation(url, now(), signer))]))
  }

  async foreignSchedulerUrl(processId: ProcessId): Promise<string | undefined> {
    const { store, signer } = this.#parts
    const item = (await this.hasProcess(processId)) ? undefined : await store.getItem(processId as string as ItemId)
    const scheduler = item === undefined ? undefined : tagValue(item.tags, 'Scheduler')
    if (scheduler === undefined || scheduler === signer.address) return undefined
    return findLocation(store, scheduler)
  }

  async submitAs(address: Address, draft: DataItemDraft): Promise<Submission> {
    this.#checkOpen()
    this.#checkDevelopment('acting as another address')
    const item = createDataItem(impersonatedDraft(draft), this.#parts.signer)
    return this.#gate.through(async () =>
      this.#accepted(await this.#units.scheduler.scheduleAs(address, item), item.id),
    )
  }

  moveClock(move: ClockMove): number {
    this.#checkDevelopment('moving the clock')
    const nowMs = this.#parts.movedClock.moveForward(move)
    this.#units.crons.check()
    return nowMs
  }

  async rehearse({ processId, code, last = 20 }: Parameters<Network['rehearse']>[0]): Promise<Rehearsal> {
    this.#checkOpen()
    this.#checkDevelopment('the rehearsal of an upgrade')
    checkLimit('last', last, rehearsedMax)
    const compute = await this.#compute()
    await this.#checkProcess(processId)
    const tags = [{ name: 'Action', value: 'Eval' }]
    const item = createDataItem(impersonatedDraft({ target: processId, tags, data: code }), this.#parts.signer)
    return compute.rehearse({ processId, code: item, last })
  }

  async snapshot(): Promise<string> {
    this.#checkOpen()
    this.#checkDevelopment('a snapshot of the network')
    return this.#gate.through(async () => this.#snapshots.take(this.#parts.now()))
  }

  async revert(snapshot: string): Promise<void> {
    this.#checkOpen()
    this.#checkDevelopment('going back to a snapshot')
    this.#snapshots.check(snapshot)
    await this.#gate.alone(async () => {
      this.#checkOpen()
      this.#snapshots.check(snapshot)
      // As after a crash: everything above the store ends, and begins again with what the store has.
      const { compute, messenger, crons } = this.#units
      await crons.close()
      await compute.abandon(new NetworkError({ code: 'NETWORK_REVERTED', snapshot }))
      await messenger.close()
      this.#parts.movedClock.moveTo(this.#snapshots.revert(snapshot))
      this.#nonces = new NonceCache()
      this.#parts.events.publish({ type: 'reverted', snapshot })
      this.#units = await this.#parts.startUnits()
    })
  }

  async result(processId: ProcessId, id: ItemId) {
    const compute = await this.#compute()
    const nonce = await this.#findNonce(processId, id)
    if (nonce !== undefined) return compute.result(processId, nonce)
    await this.#checkProcess(processId)
    throw new NetworkError({ code: 'NETWORK_MESSAGE_UNKNOWN', processId, id })
  }

  async results(processId: ProcessId, { withFailed = false, ...page }: Parameters<Network['results']>[1]) {
    await this.#checkProcess(processId)
    // Whoever has got a result finds it here.
    await this.#units.compute.committed(processId)
    return this.#parts.store.readResults(processId, { ...page, succeededOnly: !withFailed })
  }

  async dryRun(processId: ProcessId, message: DryRunMessage, after?: ItemId): Promise<string> {
    this.#checkOpen()
    const compute = await this.#compute()
    const entry = await (after === undefined ? this.latestEntry(processId) : this.entry(processId, after))
    if (entry === undefined) {
      await this.#checkProcess(processId)
      throw new NetworkError({ code: 'NETWORK_MESSAGE_UNKNOWN', processId, id: String(after) })
    }
    const { nonce, timestampMs, blockHeight } = entry
    const vmMessage: VmMessage = {
      ...{ target: processId, timestampMs, blockHeight, ...message },
      ...{ from: message.from ?? message.owner, cron: false, readOnly: true },
    }
    if (after === undefined) return compute.dryRun(processId, vmMessage)
    return compute.timeTravel.dryRunAt(processId, nonce, vmMessage)
  }

  async stateHash(processId: ProcessId): Promise<string> {
    const compute = await this.#compute()
    await this.#checkProcess(processId)
    return compute.stateHash(processId)
  }

  async stateAt(processId: ProcessId, request: StateRequest = {}) {
    const { path = '', nonce, entriesMax = Number.POSITIVE_INFINITY } = request
    const parsed = parseStatePath(path)
    return (await this.#timeTravel(processId)).stateAt(processId, { path: parsed, nonce, entriesMax })
  }

  async stateHashAt(processId: ProcessId, nonce: number): Promise<string> {
    return (await this.#timeTravel(processId)).stateHashAt(processId, nonce)
  }

  async memoryAt(processId: ProcessId, nonce: number): Promise<SharedArrayBuffer> {
    return (await this.#timeTravel(processId)).memoryAt(processId, nonce)
  }

  async diffStates(processId: ProcessId, fromNonce: number, toNonce: number, path = '') {
    const parsed = parseStatePath(path)
    return (await this.#timeTravel(processId)).diffStates(processId, fromNonce, toNonce, parsed)
  }

  async lastChange(processId: ProcessId, path: string, { atNonce }: { readonly atNonce?: number | undefined } = {}) {
    const parsed = parseStatePath(path)
    return (await this.#timeTravel(processId)).lastChange(processId, parsed, atNonce)
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
    const { store } = this.#parts
    const found = await store.queryItems(filter, page)
    const meant = found.items.length > 0 ? undefined : this.#meantFilter(filter)
    if (meant === undefined) return found
    const { items, hasNextPage } = await store.queryItems(meant.filter, page)
    const { alias } = meant
    return { items: alias === undefined ? items : items.map((item) => ({ ...item, id: alias })), hasNextPage }
  }

  async countItems(filter: ItemFilter): Promise<number | undefined> {
    const { store } = this.#parts
    const count = await store.countItems(filter)
    const meant = count === 0 ? this.#meantFilter(filter) : undefined
    return meant === undefined ? count : store.countItems(meant.filter)
  }

  /** What a filter asks for that finds nothing but names what this node stands for. An item is given under the alias. */
  #meantFilter(filter: ItemFilter): { readonly filter: ItemFilter; readonly alias?: ItemId } | undefined {
    const { builtin, signer, mode } = this.#parts
    const ownLocation = mode === 'development' ? ownLocationFilter(filter, signer.address) : undefined
    if (ownLocation !== undefined) return { filter: ownLocation }
    const alias = filter.ids?.find((id) => this.#isAlias(id))
    return alias === undefined ? undefined : { filter: { ...filter, ids: [builtin.id] }, alias: alias as ItemId }
  }

  async monitor(processId: ProcessId): Promise<void> {
    this.#checkOpen()
    await this.#withProcess(processId, () => this.#units.crons.monitor(processId))
  }

  async unmonitor(processId: ProcessId): Promise<void> {
    this.#checkOpen()
    await this.#withProcess(processId, () => this.#units.crons.unmonitor(processId))
  }

  monitored(): ReadonlySet<ProcessId> {
    return this.#units.crons.monitored
  }

  async bringCronsUp(processId: ProcessId): Promise<void> {
    this.#checkOpen()
    await this.#withProcess(processId, () => this.#units.scheduler.bringUp(processId))
  }

  async cronResults(processId: ProcessId, page: Parameters<Network['cronResults']>[1]) {
    this.#checkOpen()
    const compute = await this.#compute()
    await this.#checkProcess(processId)
    return listCronResults({ store: this.#parts.store, result: compute.result }, processId, page)
  }

  outbox(page: Parameters<Network['outbox']>[0]) {
    return listOutbox(this.#parts.store, page)
  }

  async retryOutbox(processId: ProcessId, places?: Parameters<Network['retryOutbox']>[1]): Promise<number> {
    this.#checkOpen()
    const { store } = this.#parts
    return this.#withProcess(processId, async () => {
      const { messenger } = this.#units
      if (places !== undefined) return messenger.sendAgain(places.map((place) => ({ processId, ...place })))
      let count = 0
      for (let after: Cause | undefined, isLast = false; !isLast; ) {
        const page = await store.listOutbox({ state: 'dead', processId, after, limit: outboxPageSize })
        const causes = page.map(({ cause }) => cause)
        count += await messenger.sendAgain(causes)
        after = causes.at(-1)
        isLast = page.length < outboxPageSize
      }
      return count
    })
  }

  async chain(processId: ProcessId, at: ItemId | number) {
    const { store } = this.#parts
    const entryAt = async (id: ProcessId, nonce: number) => (await store.readLog(id, nonce, nonce, 1))[0]
    const entry = typeof at === 'number' ? await entryAt(processId, at) : await this.entry(processId, at)
    if (entry === undefined) {
      await this.#checkProcess(processId)
      throw new NetworkError({ code: 'NETWORK_MESSAGE_UNKNOWN', processId, id: String(at) })
    }
    const { depth, ...root } = entry.chain
    const [first, { entries }] = await Promise.all([entryAt(root.processId, root.nonce), store.chainStatus(root)])
    return { root: { ...root, messageId: first?.itemId ?? entry.itemId }, depth, entries }
  }

  onEvent(listener: Parameters<Network['onEvent']>[0]): () => void {
    return this.#parts.events.subscribe(listener)
  }

  async idle(): Promise<void> {
    await this.#gate.opened()
    const { compute, messenger, crons } = this.#units
    await crons.idle()
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
    // A revert that is under way puts other units in their place.
    await this.#gate.opened()
    const { compute, messenger, crons } = this.#units
    await crons.close()
    await compute.close()
    await messenger.close()
    await this.#parts.store.close()
  }

  /** What was in a bundle comes first: where a bundle is, all its items are. */
  async #storeUpload(upload: AnyItem): Promise<void> {
    const { store, stampItem, log } = this.#parts
    const unpacked = await unpackBundle(upload, log)
    await this.#gate.through(async () => {
      for (let start = 0; start < unpacked.length; start += uploadBatchItems) {
        const batch = unpacked.slice(start, start + uploadBatchItems)
        await store.putItems(batch.map(({ item, bundledIn }) => ({ ...stampItem(item), bundledIn })))
      }
      await store.putItems([stampItem(upload)])
    })
  }

  /** A process item that has a target is assigned to that process (wire protocol 5.7.1). Sent twice, it is there once. */
  async #assignToTarget({ id, target = '' }: DataItem): Promise<void> {
    const processId = target as ProcessId
    if (!isItemId(target) || !(await this.hasProcess(processId))) return
    const scheduled = await this.#units.scheduler.assign({ processId, itemId: id })
    this.#accepted(scheduled, scheduled.entry.assignmentId)
  }

  #accepted({ entry, duplicate }: Scheduled, id: ItemId): Submission {
    const { processId, nonce, kind, timestampMs } = entry
    this.#nonces.set(processId, entry.itemId, nonce)
    if (!duplicate) this.#units.onScheduled(entry)
    return { id, kind, processId, nonce, timestampMs, duplicate }
  }

  /** Looks inside the gate whether the process is there: a revert may take it away. */
  #withProcess<T>(processId: ProcessId, work: () => Promise<T>): Promise<T> {
    return this.#gate.through(async () => {
      await this.#checkProcess(processId)
      return work()
    })
  }

  async #findNonce(processId: ProcessId, id: ItemId): Promise<number | undefined> {
    return this.#nonces.get(processId, id) ?? (await this.#parts.store.findNonce(processId, id))
  }

  async #timeTravel(processId: ProcessId) {
    this.#checkOpen()
    const { timeTravel } = await this.#compute()
    await this.#checkProcess(processId)
    return timeTravel
  }

  /**
   * Taken before anything is looked up: a revert that comes after ends it, and then it says so. The next one would have
   * another message with that nonce, or not know the process.
   */
  async #compute(): Promise<Compute> {
    await this.#gate.opened()
    return this.#units.compute
  }

  async #checkProcess(processId: ProcessId): Promise<void> {
    if (!(await this.hasProcess(processId))) throw new NetworkError({ code: 'NETWORK_PROCESS_UNKNOWN', processId })
  }

  #isAlias(id: string): boolean {
    return this.#parts.mode === 'development' && moduleAliases.has(id)
  }

  #checkDevelopment(wanted: string): void {
    if (this.#parts.mode !== 'development') throw new NetworkError({ code: 'NETWORK_DEVELOPMENT_ONLY', wanted })
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new NetworkError({ code: 'NETWORK_CLOSED' })
  }
}

/** With what an AO message has to have, where it is missing. Ed25519 is deterministic: an anchor keeps equal drafts apart. */
function impersonatedDraft(draft: DataItemDraft): DataItemDraft {
  const tags = draft.tags ?? []
  const missing = messageProtocol.filter(({ name }) => !tags.some((tag) => tag.name === name))
  return { data: ' ', ...draft, anchor: draft.anchor ?? randomBytes(16).toString('hex'), tags: [...tags, ...missing] }
}

const messageProtocol: readonly Tag[] = [
  { name: 'Data-Protocol', value: 'ao' },
  { name: 'Variant', value: 'ao.TN.1' },
  { name: 'Type', value: 'Message' },
]
