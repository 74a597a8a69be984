import type { OutboxDetail } from '../compute/outbox.ts'
import { parseDataItem } from '../protocol/data-item.ts'
import type { ProcessId } from '../protocol/ids.ts'
import { errorCode } from '../protocol/loom-error.ts'
import type { DataItem } from '../protocol/types.ts'
import type { ProcessDirectory } from '../scheduler/process-directory.ts'
import type { Scheduled, Scheduler } from '../scheduler/scheduler.ts'
import type { Clock } from '../store/clock.ts'
import type { LogEntry, NewItem, OutboxEntry, Store } from '../store/types.ts'

/**
 * Delivers outboxes, each entry exactly once (I3).
 *
 * D1 An entry is settled only after its effect is durable; a crash between the two delivers it again, and the target's
 *    log answers that it has the cause already.
 * D2 Entries of one source to one target are appended in the order they were sent: one source is delivered by one
 *    batch after another, a batch keeps its order, one that fails is repeated before the next, and what an earlier run
 *    left goes before anything new.
 * D3 What is refused is kept as dead with its reason; what failed for the moment is tried again until it succeeds.
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
}

export interface Messenger {
  /** Delivers entries that were just committed and are claimed for this node, in order. */
  deliver(entries: readonly OutboxEntry[]): void
  /** Takes up what a run before this one left undelivered; resolves when it is delivered. New entries wait for it. */
  start(): Promise<void>
  idle(): Promise<void>
  close(): Promise<void>
}

type Outcome = { readonly state: 'delivered' } | { readonly state: 'dead'; readonly reason: string }

interface Source {
  readonly queue: OutboxEntry[]
  running: Promise<void> | undefined
}

export function createMessenger(dependencies: MessengerDependencies): Messenger {
  const { store, scheduler, directory, workerId, clock, stampItem, log, onScheduled, onDelivered, onUndeliverable } =
    dependencies
  /** Work by source process: D2. */
  const sources = new Map<string, Source>()
  /** What was committed while an earlier run's entries are still under way; undefined once they are delivered. */
  let recovering: OutboxEntry[] | undefined = []
  let recovery: Promise<void> | undefined
  let stopPolling: () => void = () => undefined
  let closed = false

  function enqueue(entries: readonly OutboxEntry[]): void {
    for (const entry of entries) {
      const { processId } = entry.cause
      const source = sources.get(processId) ?? { queue: [], running: undefined }
      sources.set(processId, source)
      source.queue.push(entry)
      source.running ??= run(processId, source)
    }
  }

  async function run(processId: string, source: Source): Promise<void> {
    // Entries of one evaluation come in one call; let them gather before the first batch.
    await undefined
    let retryMs = retryMsMin
    while (source.queue.length > 0 && !closed) {
      const batch = source.queue.slice(0, batchMax)
      try {
        await deliverBatch(batch)
        source.queue.splice(0, batch.length)
        retryMs = retryMsMin
      } catch (error) {
        // Delivered again as a whole: the logs of the targets answer for what they have already (D1).
        if (closed) break
        log.warn({ processId, error: String(error), retryMs }, 'delivery failed, to be tried again')
        await clock.delay(retryMs)
        retryMs = Math.min(retryMs * 2, retryMsMax)
      }
    }
    sources.delete(processId)
  }

  async function deliverBatch(batch: readonly OutboxEntry[]): Promise<void> {
    const outcomes = new Map<OutboxEntry, Outcome>()
    // Consecutive messages go to the store together; a spawn or an assignment waits for what was sent before it.
    for (let start = 0; start < batch.length; ) {
      let end = start
      while (batch[end]?.kind === 'message' && detailOf(batch[end])?.assignTo === undefined) end += 1
      if (end > start) await deliverMessages(batch.slice(start, end), outcomes)
      const next = batch[end]
      if (next !== undefined) outcomes.set(next, await deliverAlone(next))
      start = end + 1
    }
    const outcomeFor = (entry: OutboxEntry): Outcome => outcomes.get(entry) ?? delivered
    await store.settleOutbox(batch.map((entry) => ({ cause: entry.cause, outcome: outcomeFor(entry) })))
    for (const entry of batch) report(entry, outcomeFor(entry))
  }

  function report(entry: OutboxEntry, outcome: Outcome): void {
    if (outcome.state === 'delivered') return onDelivered(entry)
    log.warn({ cause: entry.cause, target: entry.target, reason: outcome.reason }, 'outbox entry cannot be delivered')
    onUndeliverable(entry, outcome.reason)
  }

  async function deliverMessages(entries: readonly OutboxEntry[], outcomes: Map<OutboxEntry, Outcome>): Promise<void> {
    const toProcesses: OutboxEntry[] = []
    const toWallets: NewItem[] = []
    for (const entry of entries) {
      const undeliverable = detailOf(entry)?.undeliverable
      if (undeliverable !== undefined) outcomes.set(entry, { state: 'dead', reason: undeliverable })
      else if (await directory.has(entry.target)) toProcesses.push(entry)
      // A message to a wallet is an item that anyone can read at the gateway.
      else toWallets.push(stampItem(parseDataItem(entry.item)))
    }
    const requests = toProcesses.map(({ item, cause }) => ({ item: parseDataItem(item), cause }))
    const [results] = await Promise.all([
      requests.length > 0 ? scheduler.scheduleMessages(requests) : [],
      toWallets.length > 0 ? store.putItems(toWallets) : undefined,
    ])
    for (const [i, entry] of toProcesses.entries()) outcomes.set(entry, outcomeOf(results[i]))
  }

  async function deliverAlone(entry: OutboxEntry): Promise<Outcome> {
    const detail = detailOf(entry)
    if (detail?.undeliverable !== undefined) return { state: 'dead', reason: detail.undeliverable }
    const { cause } = entry
    if (entry.kind === 'assignment') {
      const processId = entry.target as ProcessId
      return settled(scheduler.assign({ processId, itemId: entry.itemId, exclude: detail?.exclude, cause }))
    }
    if (entry.kind === 'spawn') {
      const outcome = await settled(scheduler.schedule(parseDataItem(entry.item), cause))
      if (outcome.state !== 'delivered' || detail?.notification === undefined) return outcome
      const notification = parseDataItem(Buffer.from(detail.notification, 'base64'))
      return settled(scheduler.schedule(notification, cause))
    }
    const outcomes = new Map<OutboxEntry, Outcome>()
    await deliverMessages([entry], outcomes)
    const outcome = outcomes.get(entry) ?? delivered
    // The item is in the store now, so it can be assigned.
    for (const target of outcome.state === 'delivered' ? (detail?.assignTo ?? []) : []) {
      const assigned = await settled(scheduler.assign({ processId: target as ProcessId, itemId: entry.itemId, cause }))
      if (assigned.state !== 'delivered') return assigned
    }
    return outcome
  }

  async function settled(work: Promise<Scheduled>): Promise<Outcome> {
    return outcomeOf(await work.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error)))))
  }

  /** @throws what is not a refusal: it may pass, so the batch is repeated. */
  function outcomeOf(result: Scheduled | Error | undefined): Outcome {
    if (result === undefined) return delivered
    if (result instanceof Error) {
      if (!/^(SCHEDULER|PROTOCOL)_/.test(errorCode(result) ?? '')) throw result
      return { state: 'dead', reason: result.message }
    }
    if (!result.duplicate) onScheduled(result.entry)
    return delivered
  }

  /** Delivers what an earlier run committed and did not settle, before anything new (D2). */
  async function recover(): Promise<void> {
    while (!closed) {
      const claimed = await store.claimOutbox({ workerId, max: batchMax, ttlMs: claimTtlMs })
      if (claimed.length === 0) break
      enqueue(claimed)
      await drained()
    }
    const held = recovering ?? []
    recovering = undefined
    if (!closed) enqueue(held)
  }

  async function pollDue(): Promise<void> {
    const { dueAtMs } = await store.outboxStatus()
    if (closed || recovering !== undefined || dueAtMs === undefined || dueAtMs > clock.now()) return
    recovering = []
    recovery = recover()
    await recovery
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
      recovery = recover()
      return recovery
    },
    async idle() {
      await recovery
      while (sources.size > 0) await drained()
    },
    async close() {
      closed = true
      stopPolling()
      await recovery
      await drained()
    },
  }
}

const delivered: Outcome = { state: 'delivered' }

/** Written by compute from values of ours: see OutboxDetail. */
function detailOf(entry: OutboxEntry | undefined): OutboxDetail | undefined {
  return entry === undefined || entry.detail === '' ? undefined : (JSON.parse(entry.detail) as OutboxDetail)
}
