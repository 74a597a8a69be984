import { parseDataItem } from '../protocol/data-item.ts'
import type { ProcessId } from '../protocol/ids.ts'
import type { DataItem } from '../protocol/types.ts'
import type { ProcessDirectory } from '../scheduler/process-directory.ts'
import type { Clock } from '../store/clock.ts'
import type { CommitRequest, Lease, LogEntry, NewItem, OutboxEntry, Store, StoredResult } from '../store/types.ts'
import type { StatePath } from '../vm/state-path.ts'
import type { InspectionBounds, VmMessage } from '../vm/types.ts'
import { ComputeError } from './errors.ts'
import type { ModuleReader } from './module-reader.ts'
import { saveSnapshot } from './snapshot-format.ts'
import { isWorthSnapshot, replayCost, type SnapshotRules } from './snapshot-rules.ts'
import { loadState, type ModuleThread, toThreadEntry } from './state-loader.ts'
import type { EvaluatedEntry } from './thread-protocol.ts'
import type { StateReading } from './time-travel.ts'

/**
 * Evaluates the log of one process in order, one batch after another.
 *
 * P1 Only entries that are durable are evaluated, each once in the order of its nonce.
 * P2 Results are committed in that order; a batch may be evaluated while the one before is being committed.
 * P3 A result is given to who waits for it as soon as it is there. Its entry is durable (P1) and evaluation is
 *    deterministic (I2), so a crash before the commit can only lead to the same result again. What it sent waits for the
 *    commit.
 * P4 After any failure that is not a result, the state in the thread is thrown away and made again from the log.
 */

/** Entries evaluated at once: enough to pay for the way to the thread, few enough to answer soon. */
const batchEntriesMax = 64
/** Entries kept in memory on the way from the scheduler; beyond it they are read back from the store. */
const pendingEntriesMax = 1_024
export const retryMsMin = 50
export const retryMsMax = 5_000

export const leaseTtlMs = 60_000

export interface RunnerDependencies {
  readonly store: Store
  readonly workerId: string
  readonly clock: Clock
  readonly thread: ModuleThread
  readonly log: { warn(values: object, text: string): void }
  readonly directory: ProcessDirectory
  readonly modules: ModuleReader
  readonly stampItem: (item: DataItem) => NewItem
  readonly snapshotRules: SnapshotRules
  onCommitted: OnCommitted
  onCommitUnknown: OnCommitUnknown
  isClosed(): boolean
}

/**
 * A result is durable. `outbox` is to be delivered and is claimed for this node; `published` are messages to wallets,
 * which became readable with the result.
 */
export type OnCommitted = (
  result: StoredResult,
  outbox: readonly OutboxEntry[],
  published: readonly OutboxEntry[],
) => void

/** A commit may have happened, and then its outbox is in the store: it is to be delivered before what is committed next. */
export type OnCommitUnknown = () => void

export class ProcessRunner {
  readonly processId: ProcessId
  readonly #deps: RunnerDependencies
  readonly #pending: LogEntry[] = []
  /** Results that somebody waits for, by nonce: each is still to be evaluated. */
  readonly #waiters = new Map<number, PromiseWithResolvers<StoredResult>>()
  /**
   * Results that are evaluated and not yet known to be committed, by nonce (P3). They outlive the state: while it is made
   * again, a result whose commit is under way is found here or in the store, and nobody waits for it in vain.
   */
  readonly #fresh = new Map<number, StoredResult>()
  /** Resolves when fewer of them are left. */
  #fewerFresh = Promise.withResolvers<void>()
  /** One past the highest nonce known to be in the log. */
  #known = 0
  /** Next nonce to evaluate; undefined until read from the store. */
  #next: number | undefined
  /** Entries that have been evaluated once. Before the first there is no state that anyone could mean. */
  #reached = 1
  /** Who waits for a result or wants the state between messages, from the call to the answer. */
  readonly #askers = new Set<Promise<unknown>>()
  #loaded = false
  /** How often the thread has died: what was begun before is gone. */
  #losses = 0
  #moduleId = ''
  /** Of what was evaluated since the last snapshot: a restart would have to do it again. See {@link replayCost}. */
  #costSinceSnapshot = 0
  /** The same since the last one that is kept. */
  #costSinceKept = 0
  #snapshotting: Promise<void> | undefined
  /** The thread leaves out what the last snapshot had: not when that was not stored. */
  #isLastSnapshotLost = false
  /** Nonce of the last snapshot, if it is to be dropped when there is another. */
  #temporaryCheckpoint: number | undefined
  /** Memory that the state takes, as of the last evaluation. */
  memoryBytes = 0
  #lease: Lease | undefined
  /** Given to all who wait, now and later: nothing is evaluated any more. */
  #endedBy: Error | undefined
  #running: Promise<void> | undefined
  #commit: Promise<void> = Promise.resolve()
  /** Serialises what needs the state between messages with the evaluation of messages. */
  #queue: Promise<unknown> = Promise.resolve()
  lastUsedMs = 0
  isUnloading = false

  constructor(processId: ProcessId, deps: RunnerDependencies) {
    this.processId = processId
    this.#deps = deps
  }

  /** It must stay the only one of its process as long as this is so: two would evaluate in one state. */
  get busy(): boolean {
    return this.#running !== undefined || this.#askers.size > 0
  }

  /** A durable entry is to be evaluated. */
  enqueue(entry: LogEntry): void {
    if (entry.nonce === this.#known || this.#pending.length === 0) {
      if (this.#pending.length < pendingEntriesMax) this.#pending.push(entry)
    }
    this.wake(entry.nonce + 1)
  }

  /** The log has entries below `known`. */
  wake(known: number): void {
    this.#known = Math.max(this.#known, known)
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      if (this.#next !== undefined && this.#next < this.#known && !this.#deps.isClosed()) this.wake(this.#known)
    })
  }

  /** Resolves with the result of an entry that is in the log. */
  waitFor(nonce: number): Promise<StoredResult> {
    return this.#asked(this.#findResult(nonce))
  }

  async #findResult(nonce: number): Promise<StoredResult> {
    for (;;) {
      const fresh = this.#fresh.get(nonce)
      if (fresh !== undefined) return fresh
      const evaluatedBefore = this.#next
      // Not evaluated yet for sure: the store need not be asked.
      if (evaluatedBefore !== undefined && nonce >= evaluatedBefore) break
      const stored = await this.#deps.store.readResult(this.processId, nonce)
      if (stored !== undefined) return stored
      // It may have been evaluated while the store was read: then it is found in the next turn.
      if (this.#next === evaluatedBefore) break
    }
    if (this.#endedBy !== undefined) throw this.#endedBy
    const waiter = this.#waiters.get(nonce) ?? Promise.withResolvers<StoredResult>()
    this.#waiters.set(nonce, waiter)
    this.wake(nonce + 1)
    return waiter.promise
  }

  /** Resolves when every result that somebody may have been given by now is in the store, or is made again (P3). */
  async committed(): Promise<void> {
    const last = this.#nextNonce() - 1
    while (this.#fresh.has(last) && this.#endedBy === undefined) await this.#fewerFresh.promise
  }

  /** Runs against the state after the last evaluated entry (I5). */
  dryRun(message: VmMessage): Promise<string> {
    return this.#withState(() =>
      this.#deps.thread.handle.request({ type: 'dry-run', processId: this.processId, message }),
    )
  }

  /** Reads a value of the state after the last evaluated entry (I5). */
  inspect(path: StatePath, bounds: InspectionBounds): Promise<StateReading> {
    return this.#withState(async () => {
      const request = { type: 'inspect', processId: this.processId, path, bounds } as const
      const { json, isComplete } = await this.#deps.thread.handle.request(request)
      return { nonce: this.#nextNonce() - 1, json, isComplete }
    })
  }

  stateHash(): Promise<string> {
    return this.#withState(() => this.#deps.thread.handle.request({ type: 'state-hash', processId: this.processId }))
  }

  /** Resolves when everything known has been evaluated and committed. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
    await this.#queue.catch(() => undefined)
  }

  /** Resolves when it is idle and has answered all who ask: what {@link busy} names is over. */
  async rest(): Promise<void> {
    while (this.busy) {
      await this.idle()
      await Promise.allSettled(this.#askers)
    }
  }

  get isLoaded(): boolean {
    return this.#loaded
  }

  /** Whether a process that rests is worth a snapshot. */
  get isUnsaved(): boolean {
    return this.#loaded && this.#isWorthSnapshot('resting', this.#costSinceSnapshot)
  }

  /** Takes a snapshot of the present state, if it is worth it. Resolves when it is stored, or has failed. */
  async save(): Promise<void> {
    await this.#snapshotting
    if (!this.#loaded || this.#costSinceSnapshot < this.#deps.snapshotRules.costMin) return
    await this.#exclusive(async () => {
      await this.#commit
      await this.#takeSnapshot()
    })
    await this.#snapshotting
  }

  /** Frees the state in the thread; a snapshot or the log brings it back. */
  async unload(): Promise<void> {
    this.isUnloading = true
    try {
      await this.save()
      await this.#exclusive(async () => {
        if (!this.#loaded || this.busy) return
        this.#loaded = false
        await this.#deps.thread.handle.request({ type: 'unload', processId: this.processId })
      })
    } finally {
      this.isUnloading = false
    }
  }

  /** Frees the state without saving it, when a snapshot that is under way is stored. */
  async discard(): Promise<void> {
    await this.#snapshotting
    await this.#exclusive(() => this.#forgetState())
  }

  /** The thread is gone, and the state with it. */
  lose(): void {
    this.#loaded = false
    this.#losses += 1
  }

  rejectWaiters(error: Error): void {
    this.#endedBy = error
    const waiters = [...this.#waiters.values()]
    this.#waiters.clear()
    for (const { reject } of waiters) reject(error)
    this.#forgetFresh()
  }

  #forgetFresh(...nonces: readonly number[]): void {
    for (const nonce of nonces) this.#fresh.delete(nonce)
    this.#fewerFresh.resolve()
    this.#fewerFresh = Promise.withResolvers()
  }

  async #run(): Promise<void> {
    let retryMs = retryMsMin
    while (!this.#deps.isClosed()) {
      try {
        // One batch at a time, so that dry runs get their turn while messages keep coming.
        while (await this.#exclusive(() => this.#evaluateBatch()));
        await this.#commit
        return
      } catch (error) {
        await this.#exclusive(() => this.#forgetState())
        if (this.#deps.isClosed()) return
        this.#deps.log.warn({ processId: this.processId, error: String(error), retryMs }, 'evaluation failed, retrying')
        await this.#deps.clock.delay(retryMs)
        retryMs = Math.min(retryMs * 2, retryMsMax)
      }
    }
  }

  /** @returns whether there is more to evaluate. */
  async #evaluateBatch(): Promise<boolean> {
    try {
      return await this.#evaluateNext()
    } catch (error) {
      // P4, before anyone else has the state: it may be in the middle of a batch, or the thread may still be.
      await this.#forgetState()
      throw error
    }
  }

  async #evaluateNext(): Promise<boolean> {
    await this.#ensureLoaded()
    if (this.#nextNonce() >= this.#known || this.#deps.isClosed()) return false
    const entries = await this.#takeEntries()
    if (entries.length === 0) return false
    // The lease is needed for the commit only, so it is taken while the messages are evaluated.
    const leased = this.#ensureLease()
    const evaluating = this.#deps.thread.handle.request({
      ...{ type: 'evaluate', processId: this.processId, yields: true },
      entries: entries.map(toThreadEntry),
    })
    const [lease, evaluated] = await Promise.all([leased, evaluating.then((batch) => this.#settleBatch(batch))])
    await this.#commit
    this.#commit = this.#commitBatch(lease, evaluated)
    // Handled where it is awaited: without this an early failure would count as unhandled.
    this.#commit.catch(() => undefined)
    if (this.#snapshotting === undefined && this.#isWorthSnapshot('working', this.#costSinceSnapshot)) {
      await this.#commit
      await this.#takeSnapshot()
    }
    return true
  }

  #isWorthSnapshot(when: 'resting' | 'working', cost: number): boolean {
    return isWorthSnapshot(this.#deps.snapshotRules, when, cost, this.memoryBytes)
  }

  /** Takes the state after the last evaluated entry, all of which are committed, and stores it while others go on. */
  async #takeSnapshot(): Promise<void> {
    const nonce = this.#nextNonce() - 1
    if (nonce < 0 || !this.#loaded) return
    const { epoch } = await this.#ensureLease()
    const [costSinceSnapshot, costSinceKept] = [this.#costSinceSnapshot, this.#costSinceKept]
    this.#costSinceSnapshot = 0
    // Those of a process that rests now and then are kept as seldom as those of one that works all the time.
    const isKept = this.#isWorthSnapshot('working', costSinceKept)
    if (isKept) this.#costSinceKept = 0
    const { processId } = this
    const { store, thread, log } = this.#deps
    const taken = await thread.handle.request({ type: 'snapshot', processId, full: this.#isLastSnapshotLost })
    this.#isLastSnapshotLost = false
    this.#snapshotting = saveSnapshot(store, { processId, epoch, nonce, taken, moduleId: this.#moduleId })
      .then(() => this.#replaceTemporary(isKept ? undefined : nonce))
      .catch((error: unknown) => {
        log.warn({ processId, nonce, error: String(error) }, 'snapshot not stored')
        this.#costSinceSnapshot += costSinceSnapshot
        if (isKept) this.#costSinceKept += costSinceKept
        this.#isLastSnapshotLost = true
      })
      .finally(() => {
        this.#snapshotting = undefined
      })
  }

  /** Snapshots of a process that rested are many; each serves until the next one. Their pages are swept later. */
  async #replaceTemporary(nonce: number | undefined): Promise<void> {
    const outdated = this.#temporaryCheckpoint
    this.#temporaryCheckpoint = nonce
    if (outdated !== undefined && outdated !== nonce) {
      await this.#deps.store.dropCheckpoints(this.processId, [outdated])
    }
  }

  /** Gives the results to who waits for them (P3). */
  #settleBatch(evaluated: readonly EvaluatedEntry[]) {
    const batch = evaluated.map(({ nonce, json, failed, gasUsed, outbox, memoryBytes }) => {
      const result: StoredResult = { processId: this.processId, nonce, json, failed, gasUsed }
      const cost = replayCost(gasUsed, 1)
      this.#costSinceSnapshot += cost
      this.#costSinceKept += cost
      this.memoryBytes = memoryBytes
      return { result, outbox }
    })
    for (const { result } of batch) {
      this.#next = result.nonce + 1
      this.#reached = Math.max(this.#reached, this.#next)
      this.#fresh.set(result.nonce, result)
      this.#settle(result)
    }
    return batch
  }

  async #commitBatch(
    lease: Lease,
    evaluated: readonly { readonly result: StoredResult; readonly outbox: readonly OutboxEntry[] }[],
  ): Promise<void> {
    const { store, workerId } = this.#deps
    const claim = { workerId, ttlMs: leaseTtlMs }
    const commits: { readonly request: CommitRequest; readonly published: readonly OutboxEntry[] }[] = []
    for (const { result, outbox } of evaluated) {
      const { toDeliver, published } = await this.#splitOutbox(outbox)
      const items = published.map(({ item }) => this.#deps.stampItem(parseDataItem(item)))
      commits.push({ request: { lease, result, outbox: toDeliver, items, claim }, published })
    }
    const outcomes = await store.commitResults(commits.map(({ request }) => request)).catch((error: unknown) => {
      this.#deps.onCommitUnknown()
      throw error
    })
    for (const [i, { request, published }] of commits.entries()) {
      const { result, outbox } = request
      if (outcomes[i] === 'fenced') throw new ComputeError({ code: 'COMPUTE_FENCED', processId: this.processId })
      this.#forgetFresh(result.nonce)
      const isNew = outcomes[i] === 'ok'
      if (!isNew) this.#deps.onCommitUnknown()
      this.#deps.onCommitted(result, isNew ? outbox : [], isNew ? published : [])
    }
  }

  /** Messages to wallets need no delivery: they are stored with the result. Everything else goes out. */
  async #splitOutbox(outbox: readonly OutboxEntry[]) {
    const toDeliver: OutboxEntry[] = []
    const published: OutboxEntry[] = []
    for (const entry of outbox) {
      const isPlain = entry.kind === 'message' && entry.detail === ''
      const isPublished = isPlain && !(await this.#deps.directory.has(entry.target))
      if (isPublished) published.push(entry)
      else toDeliver.push(entry)
    }
    return { toDeliver, published }
  }

  #settle(result: StoredResult): void {
    this.#waiters.get(result.nonce)?.resolve(result)
    this.#waiters.delete(result.nonce)
  }

  async #takeEntries(): Promise<readonly LogEntry[]> {
    const next = this.#nextNonce()
    while ((this.#pending[0]?.nonce ?? next) < next) this.#pending.shift()
    if (this.#pending[0]?.nonce === next) {
      let count = 1
      while (count < batchEntriesMax && this.#pending[count]?.nonce === next + count) count += 1
      return this.#pending.splice(0, count)
    }
    return this.#deps.store.readLog(this.processId, next, next + batchEntriesMax - 1, batchEntriesMax)
  }

  async #ensureLease(): Promise<Lease> {
    const { store, workerId, clock } = this.#deps
    if (this.#lease !== undefined && this.#lease.untilMs - clock.now() > leaseTtlMs / 2) return this.#lease
    const request = { workerId, ttlMs: leaseTtlMs, max: 1, processIds: [this.processId] }
    const [lease] = await store.acquire(request)
    if (lease === undefined) throw new ComputeError({ code: 'COMPUTE_FENCED', processId: this.processId })
    this.#lease = lease
    return lease
  }

  /** Brings the process up, as far as it has results. */
  async #ensureLoaded(): Promise<void> {
    if (this.#loaded) return
    const { store } = this.#deps
    const losses = this.#losses
    await this.#commit.catch(() => undefined)
    this.#commit = Promise.resolve()
    const head = await store.head(this.processId)
    const { moduleId, costReplayed } = await loadState(this.#deps, {
      processId: this.processId,
      beforeNonce: head.evaluated,
    })
    this.#moduleId = moduleId
    this.#costSinceSnapshot = costReplayed
    this.#costSinceKept = costReplayed
    this.#known = Math.max(this.#known, head.next)
    this.#next = head.evaluated
    // What is not committed by now is evaluated again.
    this.#forgetFresh(...this.#fresh.keys())
    if (losses !== this.#losses) throw new ComputeError({ code: 'COMPUTE_STATE_LOST', processId: this.processId })
    this.#loaded = true
  }

  /** Resolves when the thread has answered all that it was asked before. */
  async #forgetState(): Promise<void> {
    this.#loaded = false
    this.#lease = undefined
    await this.#deps.thread.handle.request({ type: 'unload', processId: this.processId }).catch(() => undefined)
  }

  #withState<T>(work: () => Promise<T>): Promise<T> {
    return this.#asked(this.#readState(work))
  }

  async #asked<T>(asking: Promise<T>): Promise<T> {
    this.#askers.add(asking)
    try {
      return await asking
    } finally {
      this.#askers.delete(asking)
    }
  }

  /** After a failure the state is made again: who has seen a result must not then see a state before it. */
  async #readState<T>(work: () => Promise<T>): Promise<T> {
    for (let isAgain = false; ; ) {
      if (this.#nextNonce() < this.#reached) await this.waitFor(this.#reached - 1)
      const losses = this.#losses
      const done = await this.#exclusive(async () => {
        await this.#ensureLoaded()
        return this.#nextNonce() < this.#reached ? undefined : { value: await work() }
      }).catch((error: unknown) => {
        // Once: this may be what the thread died of.
        if (isAgain || losses === this.#losses) throw error
        isAgain = true
        return undefined
      })
      if (done !== undefined) return done.value
    }
  }

  #nextNonce(): number {
    return this.#next ?? 0
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work, work)
    this.#queue = done.catch(() => undefined)
    return done
  }
}
