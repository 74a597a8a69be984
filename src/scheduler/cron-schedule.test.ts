import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { blockHeightAt, blockStartMs } from './block-time.ts'
import {
  type Cron,
  type CronTick,
  createCronSchedule,
  cronName,
  cronsMax,
  dueTicks,
  nextTickMs,
  parseCrons,
  ticksAfter,
} from './cron-schedule.ts'

const startMs = Date.UTC(2025, 0, 1)

const intervals = (...values: string[]) => values.map((value) => ({ name: 'Cron-Interval', value }))

function scheduleOf(values: readonly string[], timestampMs: number) {
  const origin = { timestampMs, blockHeight: blockHeightAt(timestampMs) }
  return createCronSchedule(parseCrons(intervals(...values)), origin)
}

/** `<name> <milliseconds after the start>`. */
const shown = (ticks: Iterable<CronTick>): string[] =>
  [...ticks].map(({ cron, atMs }) => `${cronName(cron)} ${atMs - startMs}`)

describe('parsing', () => {
  test('each interval opens a cron, and the tags after it are those of its messages', () => {
    const crons = parseCrons([
      { name: 'Name', value: 'x' },
      { name: 'Cron-Interval', value: '10-seconds' },
      { name: 'Cron-Tag-Action', value: 'Tick' },
      { name: 'Other', value: 'x' },
      { name: 'Cron-Tag-Level', value: '2' },
      { name: 'Cron-Interval', value: '1-block' },
      { name: 'Cron-Interval', value: '3-blocks' },
      { name: 'Cron-Tag-Action', value: '' },
    ])
    expect(crons).toEqual([
      {
        ...{ index: 0, interval: '10-seconds', unit: 'millisecond', every: 10_000 },
        tags: [
          { name: 'Action', value: 'Tick' },
          { name: 'Level', value: '2' },
        ],
      },
      { index: 1, interval: '1-block', unit: 'block', every: 1, tags: [] },
      { index: 2, interval: '3-blocks', unit: 'block', every: 3, tags: [{ name: 'Action', value: '' }] },
    ])
  })

  const hour = 3_600_000
  test.each([
    ['1000-ms', 1_000],
    ['1500-milliseconds', 1_500],
    ['1-second', 1_000],
    ['1-seconds', 1_000],
    ['5-minutes', 300_000],
    ['2-hours', 2 * hour],
    ['1-day', 24 * hour],
    ['2-weeks', 14 * 24 * hour],
    ['1-month', 2_629_800_000],
    ['1-year', 31_557_600_000],
  ])('%s is %i ms', (value, every) => {
    expect(parseCrons(intervals(value))).toMatchObject([{ unit: 'millisecond', every }])
  })

  test.each(
    '0-seconds 999-ms -1-seconds 1.5-seconds 10 seconds 10-fortnights 10-Seconds 1e3-seconds 0-blocks 999999999999999-years 999999999999999-blocks 1-constructor'
      .split(' ')
      .concat('', ' 1-second', '1-second '),
  )('the interval "%s" is refused', (value) => {
    expect(() => parseCrons(intervals(value))).toThrow(expect.objectContaining({ code: 'SCHEDULER_TAG_INVALID' }))
    expect(() => parseCrons(intervals(value))).toThrow(`Tag 'Cron-Interval': is ${JSON.stringify(value)}; give `)
  })

  test('a Cron-Tag before any interval, or without a name, is refused', () => {
    const early = [{ name: 'Cron-Tag-Action', value: 'Tick' }, ...intervals('1-second')]
    expect(() => parseCrons(early)).toThrow("Tag 'Cron-Tag-Action'")
    expect(() => parseCrons([...intervals('1-second'), { name: 'Cron-Tag-', value: 'x' }])).toThrow("Tag 'Cron-Tag-'")
  })
})

test('a process has at most 32 crons', () => {
  const many = (count: number) => intervals(...Array.from({ length: count }, () => '1-hour'))
  expect(parseCrons(many(cronsMax))).toHaveLength(32)
  expect(() => parseCrons(many(cronsMax + 1))).toThrow('is "1-hour"; a process has at most 32 crons')
})

describe('ticks', () => {
  test('are whole intervals after the origin, which is none', () => {
    const schedule = scheduleOf(['10-seconds'], startMs + 123)
    const due = { afterMs: startMs + 123, throughMs: startMs + 30_123, max: 10 }
    expect(shown(dueTicks(schedule, due))).toEqual([10_123, 20_123, 30_123].map((ms) => `0-10-seconds ${ms}`))
    expect(nextTickMs(schedule, startMs + 10_122)).toBe(startMs + 10_123)
    expect(nextTickMs(schedule, startMs + 10_123)).toBe(startMs + 20_123)
    // The time of day may be before the origin: the log of a process never is.
    expect(nextTickMs(schedule, startMs - 99_999)).toBe(startMs + 10_123)
  })

  test('at the same time: blocks first, then the shorter interval, then the order of the tags', () => {
    const atBlock = blockStartMs(blockHeightAt(startMs))
    const schedule = scheduleOf(['4-minutes', '2-minutes', '1-block', '120-seconds'], atBlock)
    const ticks = dueTicks(schedule, { afterMs: atBlock, throughMs: atBlock + 240_000, max: 100 })
    expect(ticks.map(({ cron }) => cron.index)).toEqual([2, 1, 3, 2, 1, 3, 0])
  })

  test('a batch ends where nothing is due by the time of its last entry', () => {
    const crons = Array.from({ length: 5 }, (_, i) => (i < 3 ? '1-second' : '2-seconds'))
    const schedule = scheduleOf(crons, startMs)
    const names = (max: number) => dueTicks(schedule, { afterMs: startMs, throughMs: startMs + 9_000, max }).length
    expect([1, 3, 4, 8, 9].map(names)).toEqual([3, 3, 8, 8, 11])
  })

  test('of years are found without walking through them', () => {
    const schedule = scheduleOf(['1-second', '1-block'], 0)
    expect(nextTickMs(schedule, Date.UTC(9000, 0, 1) + 1)).toBe(Date.UTC(9000, 0, 1) + 1_000)
    expect([...ticksAfter(scheduleOf([], startMs), startMs)]).toEqual([])
  })

  test('are those that a walk second by second finds (wire protocol 7.7)', () => {
    const interval = fc.oneof(
      fc.integer({ min: 1, max: 400 }).map((n) => `${n}-seconds`),
      fc.integer({ min: 1, max: 4 }).map((n) => `${n}-blocks`),
    )
    fc.assert(
      fc.property(
        fc.array(interval, { minLength: 1, maxLength: 5 }),
        fc.nat(200_000),
        fc.nat(900_000),
        fc.nat(900_000),
        (values, originOffset, after, span) => {
          // Blocks begin at whole seconds, so a walk from a whole second meets each of them when it begins.
          const originMs = startMs + Math.floor(originOffset / 1_000) * 1_000
          const schedule = scheduleOf(values, originMs)
          const range = { afterMs: originMs + after, throughMs: originMs + after + span }
          const walked = walk(schedule.crons, originMs, range)
          const found: string[] = []
          for (const { cron, atMs } of ticksAfter(schedule, range.afterMs)) {
            if (atMs > range.throughMs) break
            found.push(`${cron.index} ${atMs}`)
          }
          expect(found).toEqual(walked)
        },
      ),
      { seed: 7, numRuns: 200 },
    )
  })
})

/** As the public network's compute unit does it. */
function walk(crons: readonly Cron[], originMs: number, range: { afterMs: number; throughMs: number }): string[] {
  const ticks: string[] = []
  const ordered = [...crons].sort((a, b) => a.every - b.every || a.index - b.index)
  let height = blockHeightAt(originMs)
  const originHeight = height
  for (let ms = originMs + 1_000; ms <= range.throughMs; ms += 1_000) {
    const isNewBlock = blockHeightAt(ms) > height
    height = blockHeightAt(ms)
    const fired = [
      ...crons.filter(({ unit, every }) => unit === 'block' && isNewBlock && (height - originHeight) % every === 0),
      ...ordered.filter(
        ({ unit, every }) => unit === 'millisecond' && ((ms - originMs) / 1_000) % (every / 1_000) === 0,
      ),
    ]
    if (ms > range.afterMs) ticks.push(...fired.map(({ index }) => `${index} ${ms}`))
  }
  return ticks
}
