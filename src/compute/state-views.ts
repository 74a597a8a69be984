import type { ProcessId } from '../protocol/ids.ts'
import type { Store } from '../store/types.ts'
import { ConcurrencyLimit } from './concurrency-limit.ts'
import type { ModuleReader } from './module-reader.ts'
import { replayCost } from './snapshot-rules.ts'
import { loadStart, type ModuleThread, type StateLoaderDependencies, toThreadEntry } from './state-loader.ts'
import type { EvaluationThread, StateKey } from './thread-protocol.ts'

/**
 * States of the past, loaded beside the processes under names of their own: a few recent ones are kept, so that many reads of
 * one moment cost one load.
 *
 * @module
 */

export interface StateViewsDependencies {
  readonly store: Store
  readonly modules: ModuleReader
  readonly log: StateLoaderDependencies['log']
  /** For states that nobody uses. A view takes its memory twice, as every state does. */
  readonly viewMemoryBytesMax: number
  /** The thread for the past of a process. */
  threadFor(processId: ProcessId): ModuleThread
}

/** A state in a thread, as long as it is lent. */
export interface LentState {
  readonly key: StateKey
  readonly handle: EvaluationThread
}

/** Kept when nobody uses them, if there is memory. */
const viewsMax = 128
/** Loads and searches at a time, so that what is asked for cannot take all memory. */
const concurrencyMax = 4
/**
 * On the way to a state, copies are left behind after so much cost, as gas, or so much for each byte of memory, since what is
 * asked for next is often close by; and one shortly before the end, since it is often what was just before. 40 million are some
 * 8 ms; a copy of a small state takes one or two.
 */
const costPerStop = 40_000_000
const costPerStopByte = 10
const entriesBeforeEnd = 16
const costBeforeEnd = 5_000_000
/** Entries evaluated at once: the first time, and at most. */
export const batchSizes = { first: 8, max: 128 } as const

/** How many entries to evaluate next, so that others who wait for the thread get it after some 10 to 100 ms. */
export function nextBatchSize(size: number, gasUsed: number): number {
  if (gasUsed > 500_000_000) return Math.max(size >> 1, 1)
  return gasUsed < 50_000_000 ? Math.min(size * 2, batchSizes.max) : size
}

/** A state under a name of its own in a thread. */
interface NamedState {
  readonly processId: ProcessId
  readonly thread: ModuleThread
  readonly name: string
  /** How often the thread had died when it began. */
  readonly losses: number
}

/** A state that stays as it is. */
interface View extends NamedState {
  readonly nonce: number
  readonly ready: Promise<void>
  isReady: boolean
  memoryBytes: number
  users: number
  lastUse: number
}

export class StateViews {
  readonly #deps: StateViewsDependencies
  readonly #views = new Map<string, View>()
  readonly #limit = new ConcurrencyLimit(concurrencyMax)
  /** How often each thread has died. */
  readonly #losses = new Map<EvaluationThread, number>()
  /** What a close waits for. */
  readonly #working = new Set<Promise<unknown>>()
  #lastName = 0
  #lastUse = 0
  #closedBy: Error | undefined

  constructor(deps: StateViewsDependencies) {
    this.#deps = deps
  }

  /**
   * Lends the state after an entry, which must be in the log. It must be given back as it is. When the thread dies, it is lent
   * once more.
   *
   * @param nonce - -1 for the state before the first entry.
   */
  read<T>(processId: ProcessId, nonce: number, work: (state: LentState) => Promise<T>): Promise<T> {
    return this.#track(async () => {
      for (let isAgain = false; ; isAgain = true) {
        const view =
          this.#views.get(viewKey(processId, nonce)) ?? this.#add(processId, nonce, (view) => this.#load(view))
        view.users += 1
        view.lastUse = ++this.#lastUse
        try {
          await view.ready
          return await work(lent(view))
        } catch (error) {
          // Once: this may be what the thread died of.
          if (isAgain || !this.#isLost(view)) throw error
        } finally {
          view.users -= 1
          this.#freeLost(view)
          this.#freeOldest()
        }
      }
    })
  }

  /**
   * Lends the last state before an entry that can be had without evaluating: that of a snapshot, or the one before the
   * first entry. It may be changed, and is thrown away afterwards. When the thread dies, it is lent once more.
   *
   * @param work - Gets the nonce after which it is the state; -1 before the first entry.
   */
  evaluate<T>(
    processId: ProcessId,
    beforeNonce: number,
    work: (state: LentState, nonce: number) => Promise<T>,
  ): Promise<T> {
    return this.#track(() =>
      this.#limit.run(async () => {
        for (let isAgain = false; ; isAgain = true) {
          const state = this.#newState(processId)
          try {
            const { thread, name } = state
            const wanted = { processId, beforeNonce, view: name }
            const { checkpoint = -1 } = await loadStart({ ...this.#deps, thread }, wanted)
            return await work(lent(state), checkpoint)
          } catch (error) {
            if (isAgain || !this.#isLost(state)) throw error
          } finally {
            this.#unload(state)
          }
        }
      }),
    )
  }

  /** A thread is gone, and its states with it. What is being loaded may come about in the one in its place. */
  lose(handle: EvaluationThread): void {
    this.#losses.set(handle, this.#lossesOf(handle) + 1)
    for (const [key, view] of this.#views) {
      if (view.thread.handle === handle) this.#views.delete(key)
    }
  }

  /** Frees everything, once nobody uses it. Later calls get the error. */
  async close(error: Error): Promise<void> {
    this.#closedBy = error
    await Promise.allSettled(this.#working)
    for (const view of this.#views.values()) this.#free(view)
    await Promise.allSettled(this.#working)
  }

  /** @throws the error of {@link close}: long work asks now and then. */
  checkOpen(): void {
    if (this.#closedBy !== undefined) throw this.#closedBy
  }

  async #track<T>(work: () => Promise<T>): Promise<T> {
    this.checkOpen()
    const done = work()
    this.#working.add(done)
    try {
      return await done
    } finally {
      this.#working.delete(done)
    }
  }

  /** @param load - Begins in the next turn. */
  #add(processId: ProcessId, nonce: number, load: (view: View) => Promise<void>): View {
    const key = viewKey(processId, nonce)
    const view: View = {
      ...this.#newState(processId),
      nonce,
      ...{ isReady: false, memoryBytes: 0, users: 0, lastUse: ++this.#lastUse },
      ready: Promise.resolve().then(() => load(view)),
    }
    view.ready.then(
      () => {
        view.isReady = true
        this.#freeLost(view)
      },
      () => {
        if (this.#views.get(key) === view) this.#views.delete(key)
        this.#unload(view)
      },
    )
    this.#views.set(key, view)
    return view
  }

  #load(view: View): Promise<void> {
    return this.#limit.run(async () => {
      this.checkOpen()
      const { processId, nonce, thread, name } = view
      const checkpoint = nonce < 0 ? undefined : await this.#deps.store.findCheckpoint(processId, nonce)
      const near = this.#nearest(view, checkpoint?.nonce ?? -1)
      if (near !== undefined) {
        await this.#copy(near, view)
        return this.#replay(view, near.nonce + 1)
      }
      const wanted = { processId, beforeNonce: nonce + 1, view: name }
      const start = await loadStart({ ...this.#deps, thread }, wanted)
      view.memoryBytes = await thread.handle.request({ type: 'memory', processId, view: name })
      return this.#replay(view, (start.checkpoint ?? -1) + 1)
    })
  }

  /** The last view before this one that is nearer than a snapshot. */
  #nearest({ processId, nonce }: View, atLeast: number): View | undefined {
    return [...this.#views.values()]
      .filter((view) => view.isReady && view.processId === processId && view.nonce >= atLeast && view.nonce < nonce)
      .sort((a, b) => b.nonce - a.nonce)[0]
  }

  async #copy(from: View, to: View): Promise<void> {
    const { handle } = to.thread
    from.lastUse = ++this.#lastUse
    to.memoryBytes = await handle.request({ type: 'copy', ...keyOf(to), origin: keyOf(from) })
  }

  async #replay(view: View, from: number): Promise<void> {
    const { processId, thread, nonce: last, memoryBytes } = view
    const nearEnd = last - entriesBeforeEnd
    let batchSize: number = batchSizes.first
    let costSinceStop = 0
    for (let nonce = from; nonce <= last; ) {
      this.checkOpen()
      const entries = await this.#deps.store.readLog(processId, nonce, nonce <= nearEnd ? nearEnd : last, batchSize)
      if (entries.length === 0) return
      const request = { type: 'replay', ...keyOf(view), entries: entries.map(toThreadEntry) } as const
      const gasUsed = await thread.handle.request(request)
      batchSize = nextBatchSize(batchSize, gasUsed)
      costSinceStop += replayCost(gasUsed, entries.length)
      nonce += entries.length
      const costPerThisStop =
        nonce === nearEnd + 1 ? costBeforeEnd : Math.max(costPerStop, costPerStopByte * memoryBytes)
      if (nonce > last || costSinceStop < costPerThisStop) continue
      costSinceStop = 0
      await this.#leaveCopy(view, nonce - 1)
    }
  }

  async #leaveCopy(of: View, nonce: number): Promise<void> {
    if (this.#views.has(viewKey(of.processId, nonce))) return
    await this.#add(of.processId, nonce, (stop) => this.#copy(of, stop)).ready
    this.#freeOldest()
  }

  #freeOldest(): void {
    const idle = [...this.#views.values()]
      .filter(({ isReady, users }) => isReady && users === 0)
      .sort((a, b) => a.lastUse - b.lastUse)
    let bytes = idle.reduce((sum, { memoryBytes }) => sum + 2 * memoryBytes, 0)
    let count = idle.length
    for (const view of idle) {
      if (count <= viewsMax && bytes <= this.#deps.viewMemoryBytesMax) return
      count -= 1
      bytes -= 2 * view.memoryBytes
      this.#free(view)
    }
  }

  #freeLost(view: View): void {
    if (this.#isLost(view) && view.isReady && view.users === 0) this.#unload(view)
  }

  #free(view: View): void {
    this.#views.delete(viewKey(view.processId, view.nonce))
    this.#unload(view)
  }

  #unload(state: NamedState): void {
    const { processId, thread } = state
    const done = thread.handle
      .request({ type: 'unload', ...keyOf(state) })
      .catch((error: unknown) => {
        this.#deps.log.warn({ processId, error: String(error) }, 'state of the past not unloaded')
      })
      .finally(() => this.#working.delete(done))
    this.#working.add(done)
  }

  #newState(processId: ProcessId): NamedState {
    this.#lastName += 1
    const thread = this.#deps.threadFor(processId)
    return { processId, thread, name: `past ${this.#lastName}`, losses: this.#lossesOf(thread.handle) }
  }

  /** Whether its thread has died since it began. */
  #isLost({ thread, losses }: NamedState): boolean {
    return this.#lossesOf(thread.handle) > losses
  }

  #lossesOf(handle: EvaluationThread): number {
    return this.#losses.get(handle) ?? 0
  }
}

function viewKey(processId: ProcessId, nonce: number): string {
  return `${processId} ${nonce}`
}

function keyOf({ processId, name }: Pick<View, 'processId' | 'name'>): StateKey {
  return { processId, view: name }
}

function lent(state: NamedState): LentState {
  return { key: keyOf(state), handle: state.thread.handle }
}
