import type { OutboxDetail } from '../compute/outbox.ts'
import { parseDataItem } from '../protocol/data-item.ts'
import { isItemId, type ProcessId } from '../protocol/ids.ts'
import { errorCode } from '../protocol/loom-error.ts'
import type { Scheduled, Scheduler } from '../scheduler/scheduler.ts'
import type { ClaimedOutboxEntry, LogEntry, NewItem, OutboxEntry, OutboxSettlement, Store } from '../store/types.ts'

/**
 * Delivers outboxes, each entry exactly once (I3).
 *
 * D1 An entry is settled only after its effect is durable; a crash between the two delivers it again, and the target's
 *    log answers that it has the cause already.
 * D2 Entries of one source to one target are appended in the order they were sent: one source is delivered by one
 *    batch after another, and a batch keeps its order.
 * D3 What is refused for good is kept as dead with its reason; what failed for the moment is tried again.
 *
 * @module
 */

const claimTtlMs = 60_000
const claimMax = 512
/** How often the store is asked for due entries that no wake-up told of. */
const pollIntervalMs = 1_000
const retryMsMin = 200
const retryMsMax = 60_000
/** Targets remembered to be processes, or not. */
const knownTargetsMax = 10_000

export interface MessengerDependencies {
  readonly store: Store
  readonly scheduler: Scheduler
  readonly workerId: string
  readonly now: () => number
  readonly blockHeightAt: (timestampMs: number) => number
  readonly log: { warn(values: object, text: string): void }
  /** An entry reached the log of a process and is to be evaluated. */
  onScheduled(entry: LogEntry): void
  onDelivered(entry: OutboxEntry): void
  onUndeliverable(entry: OutboxEntry, reason: string): void
}

export interface Messenger {
  /** Delivers entries that were just committed and are claimed for this node, in order. */
  deliver(entries: readonly OutboxEntry[]): void
  /** Takes up what a run before this one left undelivered, and keeps polling for what is due. */
  start(): void
  idle(): Promise<void>
  close(): Promise<void>
}

type Outcome = OutboxSettlement['outcome']

interface Source {
  readonly queue: OutboxEntry[]
  running: Promise<void> | undefined
}

export function createMessenger(dependencies: MessengerDependencies): Messenger {
  const { store, scheduler, workerId, now, blockHeightAt, log, onScheduled, onDelivered, onUndeliverable } =
    dependencies
  /** Work by source process: D2. */
  const sources = new Map<string, Source>()
  const processes = new Map<string, boolean>()
  let poll: NodeJS.Timeout | undefined
  let claiming: Promise<void> | undefined
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
    while (source.queue.length > 0 && !closed) {
      const batch = source.queue.splice(0, claimMax)
      try {
        await deliverBatch(batch)
      } catch (error) {
        // Nothing is known of the batch: the claims run out and the poll brings it back.
        log.warn({ processId, error: String(error) }, 'delivery failed, to be tried again')
        await retryLater(batch, String(error))
      }
    }
    sources.delete(processId)
  }

  async function retryLater(batch: readonly OutboxEntry[], reason: string): Promise<void> {
    const atMs = now() + retryMsMin
    const settlements = batch.map(
      ({ cause }): OutboxSettlement => ({ cause, outcome: { state: 'retry', atMs, reason } }),
    )
    await store.settleOutbox(settlements).catch((error) => log.warn({ error: String(error) }, 'outbox not settled'))
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
    await store.settleOutbox(batch.map((entry) => ({ cause: entry.cause, outcome: outcomes.get(entry) ?? delivered })))
    for (const entry of batch) report(entry, outcomes.get(entry) ?? delivered)
  }

  function retry(entry: OutboxEntry, reason: string): Outcome {
    const tries = 'tries' in entry ? (entry as ClaimedOutboxEntry).tries : 0
    return { state: 'retry', atMs: now() + Math.min(retryMsMin * 2 ** tries, retryMsMax), reason }
  }

  function report(entry: OutboxEntry, outcome: Outcome): void {
    if (outcome.state === 'delivered') return onDelivered(entry)
    log.warn({ cause: entry.cause, target: entry.target, ...outcome }, 'outbox entry not delivered')
    if (outcome.state === 'dead') onUndeliverable(entry, outcome.reason)
  }

  async function deliverMessages(entries: readonly OutboxEntry[], outcomes: Map<OutboxEntry, Outcome>): Promise<void> {
    const toProcesses: OutboxEntry[] = []
    const toWallets: NewItem[] = []
    for (const entry of entries) {
      const undeliverable = detailOf(entry)?.undeliverable
      if (undeliverable !== undefined) outcomes.set(entry, { state: 'dead', reason: undeliverable })
      else if (await isProcess(entry.target)) toProcesses.push(entry)
      else toWallets.push(walletItem(entry))
    }
    const requests = toProcesses.map(({ item, cause }) => ({ item: parseDataItem(item), cause }))
    const [results] = await Promise.all([
      requests.length > 0 ? scheduler.scheduleMessages(requests) : [],
      toWallets.length > 0 ? store.putItems(toWallets) : undefined,
    ])
    for (const [i, entry] of toProcesses.entries()) outcomes.set(entry, outcomeOf(entry, results[i]))
  }

  /** A message to a wallet is an item that anyone can read at the gateway. */
  function walletItem(entry: OutboxEntry): NewItem {
    const timestampMs = now()
    return { item: parseDataItem(entry.item), timestampMs, blockHeight: blockHeightAt(timestampMs) }
  }

  async function deliverAlone(entry: OutboxEntry): Promise<Outcome> {
    const detail = detailOf(entry)
    if (detail?.undeliverable !== undefined) return { state: 'dead', reason: detail.undeliverable }
    const { cause } = entry
    if (entry.kind === 'assignment') {
      const processId = entry.target as ProcessId
      return settled(entry, scheduler.assign({ processId, itemId: entry.itemId, exclude: detail?.exclude, cause }))
    }
    if (entry.kind === 'spawn') {
      const outcome = await settled(entry, scheduler.schedule(parseDataItem(entry.item), cause))
      if (outcome.state !== 'delivered' || detail?.notification === undefined) return outcome
      const notification = parseDataItem(Buffer.from(detail.notification, 'base64'))
      return settled(entry, scheduler.schedule(notification, cause))
    }
    const outcomes = new Map<OutboxEntry, Outcome>()
    await deliverMessages([entry], outcomes)
    const outcome = outcomes.get(entry) ?? delivered
    // The item is in the store now, so it can be assigned.
    for (const target of outcome.state === 'delivered' ? (detail?.assignTo ?? []) : []) {
      const assigned = await settled(
        entry,
        scheduler.assign({ processId: target as ProcessId, itemId: entry.itemId, cause }),
      )
      if (assigned.state !== 'delivered') return assigned
    }
    return outcome
  }

  async function settled(entry: OutboxEntry, work: Promise<Scheduled>): Promise<Outcome> {
    const result = await work.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))
    return outcomeOf(entry, result)
  }

  function outcomeOf(entry: OutboxEntry, result: Scheduled | Error | undefined): Outcome {
    if (result === undefined) return delivered
    if (result instanceof Error) {
      // A refusal is for good; anything else may pass.
      if (errorCode(result)?.startsWith('SCHEDULER_')) return { state: 'dead', reason: result.message }
      return retry(entry, result.message)
    }
    if (!result.duplicate) onScheduled(result.entry)
    return delivered
  }

  async function isProcess(target: string): Promise<boolean> {
    const known = processes.get(target)
    // Only yes is for ever: an unknown id may be spawned later.
    if (known) return true
    const is = isItemId(target) && (await store.head(target as ProcessId)).next > 0
    if (is) {
      if (processes.size >= knownTargetsMax) processes.clear()
      processes.set(target, true)
    }
    return is
  }

  async function claimDue(): Promise<void> {
    while (!closed) {
      const claimed = await store.claimOutbox({ workerId, max: claimMax, ttlMs: claimTtlMs })
      if (claimed.length === 0) return
      for (const entry of claimed)
        if (entry.tries > 3) log.warn({ cause: entry.cause, tries: entry.tries }, 'outbox entry tried again')
      enqueue(claimed)
      await Promise.all([...sources.values()].map(({ running }) => running))
    }
  }

  function claim(): void {
    claiming ??= claimDue()
      .catch((error) => log.warn({ error: String(error) }, 'outbox not claimed'))
      .finally(() => {
        claiming = undefined
      })
  }

  return {
    deliver(entries) {
      if (!closed) enqueue(entries)
    },
    start() {
      claim()
      poll = setInterval(claim, pollIntervalMs)
      poll.unref()
    },
    async idle() {
      while (sources.size > 0 || claiming !== undefined) {
        await claiming
        await Promise.all([...sources.values()].map(({ running }) => running))
      }
    },
    async close() {
      closed = true
      clearInterval(poll)
      await claiming
      await Promise.all([...sources.values()].map(({ running }) => running))
    },
  }
}

const delivered: Outcome = { state: 'delivered' }

/** Written by compute from values of ours: see OutboxDetail. */
function detailOf(entry: OutboxEntry | undefined): OutboxDetail | undefined {
  return entry === undefined || entry.detail === '' ? undefined : (JSON.parse(entry.detail) as OutboxDetail)
}
