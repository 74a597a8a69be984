import { parseAssignment } from '../protocol/assignment.ts'
import { parseDataItem } from '../protocol/data-item.ts'
import type { DataItem } from '../protocol/types.ts'
import { type CronTick, cronName, ticksAfter, tickTimestampMs } from '../scheduler/cron-schedule.ts'
import { recordedTick, tickIdentity, tickItemTags } from '../scheduler/cron-tick.ts'
import { impersonatedBy } from '../scheduler/impersonation.ts'
import { cronsOf, type ProcessCrons } from '../scheduler/process-crons.ts'
import type { LogEntry } from '../store/types.ts'

type Expect = (what: string, expected: unknown, got: unknown) => void

/**
 * Holds the ticks in a log to the crons of its process: each is there, once, at its time, before all that is later, and says
 * what its cron says. Wire protocol 7.7.
 */
export class CronChecker {
  readonly #crons: ProcessCrons | undefined
  readonly #scheduler: string
  readonly #ticks: Iterator<CronTick, undefined>
  #next: CronTick | undefined

  /** @param before - The entry before the first that is checked. */
  constructor(genesis: LogEntry, before: LogEntry) {
    this.#crons = cronsOf(genesis)
    this.#scheduler = parseAssignment(genesis.assignment).item.ownerAddress
    this.#ticks = this.#crons === undefined ? [].values() : ticksBehind(before, this.#crons)
    this.#advance()
  }

  check({ assignment, timestampMs }: LogEntry, item: DataItem, lastMs: number, expect: Expect): void {
    const tick = recordedTick(assignment)
    const due = this.#next
    if (tick === undefined) {
      if (due !== undefined && due.atMs <= timestampMs) expect('cron', `tick ${shown(due)} before it`, 'none')
      return
    }
    if (due === undefined) {
      expect('cron', 'no tick', tick.name)
      return
    }
    expect('signer of the tick', this.#scheduler, item.ownerAddress)
    expect('tags of the tick', JSON.stringify(tickItemTags(due)), JSON.stringify(item.tags))
    expect('cron of the tick', cronName(due.cron), tick.name)
    expect('timestamp of the tick', tickTimestampMs(due, lastMs), timestampMs)
    expect('as whose the tick counts', this.#crons?.owner, impersonatedBy(assignment))
    this.#advance()
  }

  #advance(): void {
    this.#next = this.#ticks.next().value
  }
}

/** Ticks that are due at the same time have later timestamps, so the time of an entry that is a tick is not enough. */
function* ticksBehind({ item, assignment, timestampMs }: LogEntry, { schedule }: ProcessCrons) {
  if (recordedTick(assignment) === undefined) return yield* ticksAfter(schedule, timestampMs)
  const last = tickIdentity(parseDataItem(item))
  let isBehind = false
  for (const tick of ticksAfter(schedule, last.atMs - 1)) {
    if (isBehind || tick.atMs > last.atMs) yield tick
    isBehind ||= cronName(tick.cron) === last.name
  }
  return undefined
}

function shown({ cron, atMs }: CronTick): string {
  return `${cronName(cron)} of ${new Date(atMs).toISOString()}`
}
