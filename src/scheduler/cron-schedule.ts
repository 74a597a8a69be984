import type { Tag } from '../protocol/types.ts'
import { blockHeightAt, blockStartMs } from './block-time.ts'
import { tagError } from './item-rules.ts'

/**
 * When the crons of a process tick: a pure function of its item's tags and of the time and block of its nonce 0, its origin.
 * Wire protocol 7.7.
 *
 * @module
 */

/** One `Cron-Interval` of a process item, with the `Cron-Tag-*` after it. */
export interface Cron {
  /** Place among the crons of the item, from 0. */
  readonly index: number
  /** As given, such as `10-seconds`. */
  readonly interval: string
  readonly unit: 'block' | 'millisecond'
  /** How many of the unit lie between two ticks: 1 block or more, 1,000 ms or more. */
  readonly every: number
  /** Tags of its messages. */
  readonly tags: readonly Tag[]
}

export interface CronSchedule {
  /** In the order in which they tick when it is at the same time. */
  readonly crons: readonly Cron[]
  readonly origin: CronOrigin
}

/** Time and block of nonce 0. */
export interface CronOrigin {
  readonly timestampMs: number
  readonly blockHeight: number
}

/** One tick of one cron. */
export interface CronTick {
  readonly cron: Cron
  /** When it is due, milliseconds since 1970. */
  readonly atMs: number
}

const second = 1_000
const day = 86_400 * second
const year = 365.25 * day

const unitsMs: Readonly<Record<string, number>> = {
  ...{ ms: 1, millisecond: 1, milliseconds: 1, second, seconds: second, minute: 60 * second, minutes: 60 * second },
  ...{ hour: 3_600 * second, hours: 3_600 * second, day, days: day, week: 7 * day, weeks: 7 * day },
  ...{ month: year / 12, months: year / 12, year, years: year },
}
const everyMsMin = second
/** Crons of a process: each costs the node its ticks, whoever asked for it. */
export const cronsMax = 32

const intervalTag = 'Cron-Interval'
const tagPrefix = 'Cron-Tag-'

/**
 * Reads the crons of a process item, in the order of its tags.
 *
 * @throws {SchedulerError} `SCHEDULER_TAG_INVALID` for an interval that is none or below a second, for a `Cron-Tag-*` without a
 *   name or before any interval, and beyond {@link cronsMax}.
 */
export function parseCrons(tags: readonly Tag[]): readonly Cron[] {
  const crons: (Cron & { readonly tags: Tag[] })[] = []
  for (const { name, value } of tags) {
    if (name === intervalTag && crons.length === cronsMax) {
      throw tagError(name, value, `a process has at most ${cronsMax} crons`)
    }
    if (name === intervalTag) crons.push({ index: crons.length, interval: value, ...parseInterval(value), tags: [] })
    if (!name.startsWith(tagPrefix)) continue
    const cron = crons.at(-1)
    if (cron === undefined) throw tagError(name, value, `put it after the ${intervalTag} that it is for`)
    if (name === tagPrefix) throw tagError(name, value, `put the name of a tag after ${tagPrefix}`)
    cron.tags.push({ name: name.slice(tagPrefix.length), value })
  }
  return crons
}

function parseInterval(given: string): Pick<Cron, 'unit' | 'every'> {
  const [, digits, unit = ''] = /^(\d{1,15})-([a-z]+)$/.exec(given) ?? []
  const count = Number(digits)
  if (unit === 'block' || unit === 'blocks') {
    if (count >= 1 && Number.isSafeInteger(blockStartMs(count))) return { unit: 'block', every: count }
  } else if (Object.hasOwn(unitsMs, unit)) {
    const every = count * (unitsMs[unit] ?? 0)
    if (every >= everyMsMin && Number.isSafeInteger(every)) return { unit: 'millisecond', every }
  }
  const units = 'blocks, ms, seconds, minutes, hours, days, weeks, months, years'
  throw tagError(intervalTag, given, `give <number>-<unit>, 1 second or more; units are ${units}, or one of these`)
}

/** At the same time, crons that count blocks tick first, then the others by their intervals, the shortest first. */
export function createCronSchedule(crons: readonly Cron[], origin: CronOrigin): CronSchedule {
  const rank = ({ unit, every }: Cron): number => (unit === 'block' ? 0 : every)
  return { crons: [...crons].sort((a, b) => rank(a) - rank(b) || a.index - b.index), origin }
}

/** Name of a cron within its process, such as `0-10-seconds`. Wire protocol 7.7. */
export function cronName({ index, interval }: Cron): string {
  return `${index}-${interval}`
}

/** When the first tick after a moment is due; infinity when there are no crons. */
export function nextTickMs({ crons, origin }: CronSchedule, afterMs: number): number {
  return crons.reduce((earliest, cron) => Math.min(earliest, nextOf(cron, origin, afterMs)), Number.POSITIVE_INFINITY)
}

function nextOf({ unit, every }: Cron, { timestampMs, blockHeight }: CronOrigin, afterMs: number): number {
  if (unit === 'millisecond') return timestampMs + every * nextCount(afterMs - timestampMs, every)
  return blockStartMs(blockHeight + every * nextCount(blockHeightAt(afterMs) - blockHeight, every))
}

/** The origin itself is no tick, so it is 1 at least. */
function nextCount(passed: number, every: number): number {
  return Math.max(1, Math.floor(passed / every) + 1)
}

/** All ticks that are due after a moment, in their order, without end. */
export function* ticksAfter(schedule: CronSchedule, afterMs: number): Generator<CronTick, undefined> {
  for (let lastMs = afterMs; ; ) {
    const atMs = nextTickMs(schedule, lastMs)
    if (!Number.isSafeInteger(atMs)) return
    for (const cron of schedule.crons) {
      if (nextOf(cron, schedule.origin, lastMs) === atMs) yield { cron, atMs }
    }
    lastMs = atMs
  }
}

/**
 * The timestamp that a tick gets behind an entry: its own, unless that is taken, since timestamps of a process rise (I1).
 */
export function tickTimestampMs({ atMs }: CronTick, lastMs: number): number {
  return Math.max(atMs, lastMs + 1)
}

/**
 * The ticks due after one moment and up to another, the first `max` of them and then as many as it takes until the next one is
 * later than the last one's timestamp. So, where these end, the ticks in a log are those up to the timestamp of its last
 * entry, and nothing else has to be remembered.
 */
export function dueTicks(
  schedule: CronSchedule,
  { afterMs, throughMs, max }: { readonly afterMs: number; readonly throughMs: number; readonly max: number },
): readonly CronTick[] {
  const due: CronTick[] = []
  let lastMs = afterMs
  for (const tick of ticksAfter(schedule, afterMs)) {
    if (tick.atMs > lastMs && (tick.atMs > throughMs || due.length >= max)) break
    due.push(tick)
    lastMs = tickTimestampMs(tick, lastMs)
  }
  return due
}
