import type { ProcessId } from '../protocol/ids.ts'
import { type Scheduler, ticksPerBatchMax } from '../scheduler/scheduler.ts'
import type { Clock } from '../store/clock.ts'
import type { Store } from '../store/types.ts'
import type { Logger } from './types.ts'

/** How often it is looked whether ticks are due: the most that one is late. Its timestamp is exact all the same. */
const checkIntervalMs = 200
/** A process whose ticks could not be appended is tried again after so long. */
const retryMs = 5_000
/** Processes whose batches are made together, so that they share a sync of the disk. */
const processesAtOnce = 8

export interface CronTimerDependencies {
  readonly store: Pick<Store, 'putMonitor' | 'dropMonitor' | 'listMonitors'>
  readonly scheduler: Pick<Scheduler, 'tick' | 'bringUp'>
  readonly clock: Clock
  /** The time of day as messages have it, which may be moved. */
  readonly now: () => number
  readonly log: Pick<Logger, 'info' | 'warn'>
}

/** What a process that is behind has been given so far. */
interface Progress {
  readonly sinceMs: number
  ticks: number
}

/**
 * Makes the crons of monitored processes tick when it is time, those that were missed while the node was off included.
 *
 * T1 It decides when a tick is appended, never which ticks there are: the scheduler takes those from the log.
 * T2 Processes that are behind have a batch each in turn, a few at a time, and what else the node does goes on in between.
 */
export class CronTimer {
  readonly #deps: CronTimerDependencies
  /** When a tick of each monitored process may be due, by the time of day. */
  readonly #dueMs = new Map<ProcessId, number>()
  readonly #behind = new Map<ProcessId, Progress>()
  /** By the clock of the machine: the time of day may be moved meanwhile. */
  readonly #retryAtMs = new Map<ProcessId, number>()
  #stopChecking: () => void = () => undefined
  #running: Promise<void> | undefined
  #closed = false

  constructor(deps: CronTimerDependencies) {
    this.#deps = deps
  }

  /** Needs no `this`. */
  readonly isMonitored = (processId: ProcessId): boolean => this.#dueMs.has(processId)

  get monitored(): ReadonlySet<ProcessId> {
    return new Set(this.#dueMs.keys())
  }

  /** Reads who is monitored, and begins. Resolves before the ticks that were missed are made. */
  async start(): Promise<void> {
    for (const processId of await this.#deps.store.listMonitors()) this.#dueMs.set(processId, 0)
    this.#stopChecking = this.#deps.clock.every(checkIntervalMs, () => this.check())
    this.check()
  }

  /** Ticks that are due up to now are not pushed, the ones after it are. Does nothing when it is monitored. */
  async monitor(processId: ProcessId): Promise<void> {
    if (this.isMonitored(processId)) return
    await this.#deps.scheduler.bringUp(processId)
    await this.#deps.store.putMonitor(processId)
    if (!this.isMonitored(processId)) this.#dueMs.set(processId, 0)
  }

  /** Ticks that are due up to now are pushed, the ones after it are not. Does nothing when it is not monitored. */
  async unmonitor(processId: ProcessId): Promise<void> {
    if (!this.isMonitored(processId)) return
    await this.#deps.scheduler.bringUp(processId)
    await this.#deps.store.dropMonitor(processId)
    for (const known of [this.#dueMs, this.#behind, this.#retryAtMs]) known.delete(processId)
  }

  /** Looks now whether ticks are due: the time of day was moved. */
  check(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  /** Resolves when all ticks of monitored processes that are due were made, or failed. */
  async idle(): Promise<void> {
    // One that is under way may have passed a process by that is due since.
    await this.#running
    this.check()
    await this.#running
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#stopChecking()
    await this.#running
  }

  async #run(): Promise<void> {
    for (let isBehind = true; isBehind && !this.#closed; ) {
      isBehind = false
      const due = this.#due()
      for (let from = 0; from < due.length && !this.#closed; from += processesAtOnce) {
        const behind = await Promise.all(due.slice(from, from + processesAtOnce).map((id) => this.#tick(id)))
        isBehind ||= behind.includes(true)
        await this.#deps.clock.delay(0)
      }
    }
  }

  #due(): readonly ProcessId[] {
    const nowMs = this.#deps.now()
    const machineMs = this.#deps.clock.now()
    return [...this.#dueMs]
      .filter(([id, dueMs]) => dueMs <= nowMs && (this.#retryAtMs.get(id) ?? 0) <= machineMs)
      .map(([id]) => id)
  }

  /** @returns whether there is more to do. */
  async #tick(processId: ProcessId): Promise<boolean> {
    const { scheduler, clock, now, log } = this.#deps
    try {
      const { count, nextMs } = await scheduler.tick(processId)
      this.#retryAtMs.delete(processId)
      if (this.isMonitored(processId)) this.#dueMs.set(processId, nextMs)
      this.#report(processId, count)
      return nextMs <= now()
    } catch (error) {
      if (!this.#closed) log.warn({ processId, error: String(error), retryMs }, 'cron did not tick, to be tried again')
      this.#retryAtMs.set(processId, clock.now() + retryMs)
      return false
    }
  }

  /** A process that is behind by more than a batch is told of when it begins and when it ends. */
  #report(processId: ProcessId, count: number): void {
    const { log, clock } = this.#deps
    const progress = this.#behind.get(processId) ?? { sinceMs: clock.now(), ticks: 0 }
    progress.ticks += count
    if (count >= ticksPerBatchMax) {
      if (!this.#behind.has(processId)) log.info({ processId }, 'cron is behind, its missed ticks are made up')
      this.#behind.set(processId, progress)
    } else if (this.#behind.delete(processId)) {
      const { sinceMs, ticks } = progress
      log.info({ processId, ticks, durationMs: clock.now() - sinceMs }, 'missed ticks of a cron are made up')
    }
  }
}
