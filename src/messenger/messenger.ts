import { notificationOf, outboxDetailOf } from '../compute/outbox.ts'
import { parseDataItem } from '../protocol/data-item.ts'
import type { ProcessId } from '../protocol/ids.ts'
import { errorCode } from '../protocol/loom-error.ts'
import type { DataItem } from '../protocol/types.ts'
import type { ProcessDirectory } from '../scheduler/process-directory.ts'
import type { Scheduled, Scheduler } from '../scheduler/scheduler.ts'
import { causeKey } from '../store/checks.ts'
import type { Clock } from '../store/clock.ts'
import type { Cause, ClaimedOutboxEntry, LogEntry, NewItem, OutboxEntry, Store } from '../store/types.ts'
import type { ChainLimitOptions } from './chain-limit-options.ts'
import { ChainLimits, type ChainStop, isChainStop, type Passage, type Weight } from './chain-limits.ts'

/**
 * Delivers outboxes, each entry exactly once (I3).
 *
 * D1 An entry is settled only after its effect is durable; a crash between the two delivers it again, and the target's
 *    log answers that it has the cause already.
 * D2 Entries of one source to one target are appended in the order they were sent: one source is delivered by one
 *    batch after another, a batch keeps its order, one that fails is repeated before the next, and what an earlier run
 *    left goes before anything new.
 * D3 What is refused, or stopped by a limit of its chain, is kept as dead with its reason, and can be sent again; what
 *    failed for the moment is tried again until it succeeds.
 * D4 That is settled before anything that was sent later is delivered: after a crash it may be accepted, as its target may
 *    have come into being, and would stand behind that (D2).
 *
 * @module
 */

const claimTtlMs = 60_000
const batchMax = 512
const retryMsMin = 200
const retryMsMax = 60_000
/** How often the store is asked for due entries: those whose commit answered late or not at all. */
const pollIntervalMs = 5_000

export interface MessengerDependencies {
  readonly store: Store
  readonly scheduler: Scheduler
  readonly directory: ProcessDirectory
  readonly workerId: string
  readonly clock: Clock
  /** Gives an item its time and block. */
  readonly stampItem: (item: DataItem) => NewItem
  readonly log: { warn(values: object, text: string): void }
  /** An entry reached the log of a process and is to be evaluated. */
  onScheduled(entry: LogEntry): void
  onDelivered(entry: OutboxEntry): void
  onUndeliverable(entry: OutboxEntry, reason: string): void
  onChainStopped(stop: ChainStop): void
}

export interface Messenger {
  /** Delivers entries that were just committed and are claimed for this node, in order. */
  deliver(entries: readonly OutboxEntry[]): void
  /** Takes up what a run before this one left undelivered, and from then on what falls due. */
  start(): Promise<void>
  /**
   * Takes up what is in the store and not known here, such as what a commit wrote whose answer is unknown. Resolves when it
   * is delivered; new entries wait for it.
   */
  recover(): Promise<void>
  /**
   * Sends dead entries again, each in its old place among those of its (source, target) that still wait. Limits of chains let
   * them pass. Resolves when that is durable; they are delivered after it. Others are left alone.
   *
   * @returns how many were dead.
   */
  sendAgain(causes: readonly Cause[]): Promise<number>
  idle(): Promise<void>
  close(): Promise<void>
}

type Outcome = { readonly state: 'delivered' } | { readonly state: 'dead'; readonly reason: string }

interface Done {
  readonly entry: OutboxEntry
  readonly outcome: Outcome
}

/** A batch on its way. */
interface Delivery {
  /** Of what has been delivered or refused. */
  readonly outcomes: Map<OutboxEntry, Outcome>
  readonly passage: Passage
  /** What an earlier try of this run may have delivered. */
  readonly tried: ReadonlySet<OutboxEntry>
}

interface Source {
  readonly queue: OutboxEntry[]
  /** What is in the queue: an entry that is taken up a second time must not be delivered after it was refused. */
  readonly keys: Set<string>
  running: Promise<void> | undefined
}

export function createMessenger(limits: ChainLimitOptions, dependencies: MessengerDependencies): Messenger {
  const { store, scheduler, directory, workerId, clock, stampItem, log, onScheduled, onDelivered, onUndeliverable } =
    dependencies
  const chains = new ChainLimits(limits, store, (stop) => {
    const { root, messageId, limit, max, entry } = stop
    log.warn({ root, messageId, limit, max, cause: entry.cause, target: entry.target }, 'chain stopped at its limit')
    dependencies.onChainStopped(stop)
  })
  /** Work by source process: D2. */
  const sources = new Map<string, Source>()
  /** What was committed while entries are taken up that came before; undefined once they are delivered. */
  let recovering: OutboxEntry[] | undefined = []
  let recovery: Promise<void> | undefined
  /** There may be entries that the recovery under way has not seen. */
  let isRecoveryDue = false
  let stopPolling: () => void = () => undefined
  let closed = false
  const closing = Promise.withResolvers<void>()

  /** Who closes does not wait for it. */
  async function pause(ms: number): Promise<void> {
    await Promise.race([clock.delay(ms), closing.promise])
  }

  function enqueue(entries: readonly OutboxEntry[]): void {
    for (const entry of entries) {
      const { processId } = entry.cause
      const source = sources.get(processId) ?? { queue: [], keys: new Set(), running: undefined }
      sources.set(processId, source)
      if (source.keys.has(causeKey(entry.cause))) continue
      source.keys.add(causeKey(entry.cause))
      source.queue.push(entry)
      source.running ??= run(processId, source)
    }
  }

  async function run(processId: string, source: Source): Promise<void> {
    // Entries of one evaluation come in one call; let them gather before the first batch.
    await undefined
    let retryMs = retryMsMin
    /** They stand, also when the settlement is repeated: what was refused is not delivered later. */
    const outcomes = new Map<OutboxEntry, Outcome>()
    const tried = new Set<OutboxEntry>()
    while (source.queue.length > 0 && !closed) {
      const batch = source.queue.slice(0, batchMax)
      try {
        const settledCount = await deliverBatch(batch, outcomes, tried)
        for (const entry of source.queue.splice(0, settledCount)) {
          source.keys.delete(causeKey(entry.cause))
          outcomes.delete(entry)
          tried.delete(entry)
        }
        retryMs = retryMsMin
      } catch (error) {
        // What has no outcome is delivered again: the logs of the targets answer for what they have already (D1).
        for (const entry of batch) tried.add(entry)
        if (closed) break
        log.warn({ processId, error: String(error), retryMs }, 'delivery failed, to be tried again')
        await pause(retryMs)
        retryMs = Math.min(retryMs * 2, retryMsMax)
      }
    }
    sources.delete(processId)
  }

  /** @returns how many are settled, from the first on (D4). */
  async function deliverBatch(
    batch: readonly OutboxEntry[],
    outcomes: Map<OutboxEntry, Outcome>,
    tried: ReadonlySet<OutboxEntry>,
  ): Promise<number> {
    const weights = new Map<OutboxEntry, Weight>()
    for (const entry of batch.filter((one) => !outcomes.has(one))) {
      const { undeliverable } = outboxDetailOf(entry)
      if (undeliverable !== undefined) {
        outcomes.set(entry, dead(undeliverable))
        continue
      }
      const weight = await weightOf(entry, tried)
      if (weight.entries > 0) weights.set(entry, weight)
    }
    const passage = await chains.enter(weights)
    for (const [entry, reason] of passage.stopped) outcomes.set(entry, dead(reason))
    let done: readonly Done[]
    try {
      done = await deliverEach(batch, { outcomes, passage, tried })
      passage.leave(true)
    } catch (error) {
      passage.leave(false)
      throw error
    }
    await store.settleOutbox(done.map(({ entry: { cause }, outcome }) => ({ cause, outcome })))
    chains.settled(done.map(({ entry }) => entry.cause))
    report(done)
    return done.length
  }

  function report(done: readonly Done[]): void {
    const refused: { readonly cause: Cause; readonly target: string; readonly reason: string }[] = []
    for (const { entry, outcome } of done) {
      if (outcome.state === 'delivered') {
        onDelivered(entry)
        continue
      }
      const { reason } = outcome
      if (!isChainStop(reason)) refused.push({ cause: entry.cause, target: entry.target, reason })
      onUndeliverable(entry, reason)
    }
    const [first] = refused
    // One line, however many: a message may send thousands.
    if (first !== undefined) log.warn({ count: refused.length, first }, 'outbox entries cannot be delivered')
  }

  async function weightOf(entry: OutboxEntry, tried: ReadonlySet<OutboxEntry>): Promise<Weight> {
    const { kind, target, itemId, cause } = entry
    const detail = outboxDetailOf(entry)
    const isInTarget = kind !== 'message' || (await directory.has(target))
    const targets = [...(isInTarget ? [target] : []), ...(detail.assignTo ?? [])]
    const entries = targets.length + (detail.notification === undefined ? 0 : 1)
    if (!mayHaveBegun(entry, tried)) return { entries, isBegun: false }
    const notification = notificationOf(detail)
    const places = targets.map((processId) => ({ processId, id: itemId }))
    if (notification !== undefined) places.push({ processId: cause.processId, id: notification.id })
    let landed = 0
    for (const { processId, id } of places) {
      if ((await store.findNonce(processId as ProcessId, id)) !== undefined) landed += 1
    }
    return { entries: entries - landed, isBegun: landed > 0 }
  }

  /** @returns those with their outcomes, from the first on: all, or those up to what was refused (D4). */
  async function deliverEach(batch: readonly OutboxEntry[], delivery: Delivery): Promise<Done[]> {
    const { outcomes } = delivery
    const done: Done[] = []
    let isRefused = false
    for (;;) {
      const position = done.length
      const entry = batch[position]
      if (entry === undefined) return done
      const outcome = outcomes.get(entry)
      if (outcome !== undefined) {
        isRefused ||= outcome.state === 'dead' && outboxDetailOf(entry).undeliverable === undefined
        done.push({ entry, outcome })
      } else if (isRefused) {
        return done
      } else if (isPlainMessage(entry)) {
        // Consecutive messages go to the store together; a spawn or an assignment waits for what was sent before it.
        const others = batch.slice(position)
        const end = others.findIndex((other) => outcomes.has(other) || !isPlainMessage(other))
        await deliverMessages(end < 0 ? others : others.slice(0, end), delivery)
      } else {
        outcomes.set(entry, await deliverAlone(entry, delivery))
      }
    }
  }

  async function deliverMessages(entries: readonly OutboxEntry[], delivery: Delivery): Promise<void> {
    const toProcesses: OutboxEntry[] = []
    const toWallets: OutboxEntry[] = []
    for (const entry of entries) {
      if (!(await directory.has(entry.target))) toWallets.push(entry)
      else if (await wasMessageToWallet(entry, delivery)) delivery.outcomes.set(entry, delivered)
      else toProcesses.push(entry)
    }
    // Before the others: what was sent after one that was not stored must not be in a log when it is tried again (D2).
    if (toWallets.length > 0) await putWalletMessages(toWallets, delivery)
    if (toProcesses.length === 0) return
    const results = await scheduler.scheduleMessages(
      toProcesses.map(({ item, cause }) => ({ item: parseDataItem(item), cause })),
    )
    // All of them, whatever one is: those that were appended are told of now or never.
    let failure: unknown
    for (const [i, entry] of toProcesses.entries()) {
      try {
        delivery.outcomes.set(entry, outcomeOf(results[i], delivery))
      } catch (error) {
        failure ??= error
      }
    }
    if (failure !== undefined) throw failure
  }

  /** A message to a wallet is an item that anyone can read at the gateway. */
  async function putWalletMessages(entries: readonly OutboxEntry[], { outcomes }: Delivery): Promise<void> {
    await store.putItems(entries.map(({ item }) => stampItem(parseDataItem(item))))
    for (const entry of entries) outcomes.set(entry, delivered)
  }

  /** Whether an earlier try delivered it when its target was no process yet. What was sent later may be in its log already. */
  async function wasMessageToWallet(entry: OutboxEntry, { tried }: Delivery): Promise<boolean> {
    if (!mayHaveBegun(entry, tried)) return false
    const { itemId, target } = entry
    if ((await store.getItem(itemId)) === undefined) return false
    return (await store.findNonce(target as ProcessId, itemId)) === undefined
  }

  async function deliverAlone(entry: OutboxEntry, delivery: Delivery): Promise<Outcome> {
    const detail = outboxDetailOf(entry)
    const { cause, itemId } = entry
    const settled = async (work: Promise<Scheduled>): Promise<Outcome> => outcomeOf(await work.catch(toError), delivery)
    if (entry.kind === 'assignment') {
      const processId = entry.target as ProcessId
      return settled(scheduler.assign({ processId, itemId, exclude: detail.exclude, cause }))
    }
    if (entry.kind === 'spawn') {
      const outcome = await settled(scheduler.schedule(parseDataItem(entry.item), cause))
      const notification = notificationOf(detail)
      if (outcome.state !== 'delivered' || notification === undefined) return outcome
      return settled(scheduler.schedule(notification, cause))
    }
    // Not its outcome yet: the assignments are part of it.
    const written = new Map<OutboxEntry, Outcome>()
    await deliverMessages([entry], { ...delivery, outcomes: written })
    const outcome = written.get(entry) ?? delivered
    // The item is in the store now, so it can be assigned.
    for (const target of outcome.state === 'delivered' ? (detail.assignTo ?? []) : []) {
      const assigned = await settled(scheduler.assign({ processId: target as ProcessId, itemId, cause }))
      if (assigned.state !== 'delivered') return assigned
    }
    return outcome
  }

  /** @throws what is not a refusal: it may pass, so the batch is repeated. */
  function outcomeOf(result: Scheduled | Error | undefined, { passage }: Delivery): Outcome {
    if (result === undefined) return delivered
    if (result instanceof Error) {
      if (!/^(SCHEDULER|PROTOCOL)_/.test(errorCode(result) ?? '')) throw result
      return dead(result.message)
    }
    if (!result.duplicate) {
      passage.landed(result.entry)
      onScheduled(result.entry)
    }
    return delivered
  }

  function recover(): Promise<void> {
    isRecoveryDue = true
    recovering ??= []
    recovery ??= takeUp()
    return recovery
  }

  /** Delivers what is in the store and not known here, before anything new (D2). */
  async function takeUp(): Promise<void> {
    let retryMs = retryMsMin
    const taken = new Set<string>()
    while (isRecoveryDue && !closed) {
      isRecoveryDue = false
      try {
        const claimed = await store.claimOutbox({ workerId, max: batchMax, ttlMs: claimTtlMs })
        if (claimed.length > 0) isRecoveryDue = true
        for (const { cause } of claimed) taken.add(causeKey(cause))
        enqueue(claimed)
        await drained()
        retryMs = retryMsMin
      } catch (error) {
        isRecoveryDue = true
        if (closed) break
        log.warn({ error: String(error), retryMs }, 'outbox not taken up, to be tried again')
        await pause(retryMs)
        retryMs = Math.min(retryMs * 2, retryMsMax)
      }
    }
    const held = recovering ?? []
    recovering = undefined
    recovery = undefined
    // A commit leaves an entry unclaimed when another waits before it: then the recovery has taken it up too.
    if (!closed) enqueue(held.filter(({ cause }) => !taken.has(causeKey(cause))))
  }

  async function pollDue(): Promise<void> {
    const { dueAtMs } = await store.outboxStatus()
    if (closed || recovering !== undefined || dueAtMs === undefined || dueAtMs > clock.now()) return
    await recover()
  }

  async function drained(): Promise<void> {
    await Promise.all([...sources.values()].map(({ running }) => running))
  }

  return {
    deliver(entries) {
      if (recovering !== undefined) recovering.push(...entries)
      else if (!closed) enqueue(entries)
    },
    start() {
      stopPolling = clock.every(pollIntervalMs, () => {
        pollDue().catch((error) => log.warn({ error: String(error) }, 'outbox not polled'))
      })
      return recover()
    },
    recover,
    async sendAgain(causes) {
      chains.sendAgain(causes)
      const revived = await store.reviveOutbox(causes)
      if (revived === 0) chains.settled(causes)
      else recover().catch((error: unknown) => log.warn({ error: String(error) }, 'outbox not taken up'))
      return revived
    },
    async idle() {
      await recovery
      while (sources.size > 0) await drained()
    },
    async close() {
      closed = true
      closing.resolve()
      stopPolling()
      await recovery
      await drained()
    },
  }
}

const delivered: Outcome = { state: 'delivered' }

/** Whether an earlier try, of this run or of one that ended, may have done some of it. */
function mayHaveBegun(entry: ClaimedOutboxEntry | OutboxEntry, tried: ReadonlySet<OutboxEntry>): boolean {
  return tried.has(entry) || 'tries' in entry
}

/** One that goes to one log, or to a wallet. */
function isPlainMessage(entry: OutboxEntry): boolean {
  return entry.kind === 'message' && outboxDetailOf(entry).assignTo === undefined
}

function dead(reason: string): Outcome {
  return { state: 'dead', reason }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
