import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { breakDown, formatTime, makeTime } from './calendar.ts'

describe('calendar', () => {
  test('agrees with the platform for every moment a Lua date can hold', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (seconds) => {
        const date = new Date(seconds * 1_000)
        const time = breakDown(seconds)
        if (time === undefined) throw new Error('no date')
        expect(time).toMatchObject({
          ...{ seconds: date.getUTCSeconds(), minutes: date.getUTCMinutes(), hours: date.getUTCHours() },
          ...{ day: date.getUTCDate(), month: date.getUTCMonth(), year: date.getUTCFullYear() - 1_900 },
          weekday: date.getUTCDay(),
          yearday: Math.round(
            (Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) -
              Date.UTC(date.getUTCFullYear(), 0, 1)) /
              86_400_000,
          ),
        })
        expect(makeTime(time)).toBe(seconds)
        expect(formatTime('%FT%TZ', time)).toBe(date.toISOString().replace('.000', ''))
      }),
      { numRuns: 2_000 },
    )
  })

  // Weeks at the turns of years, from the calendar of ISO 8601 and the C standard.
  test.each([
    { date: Date.UTC(2021, 0, 3), text: '2020-W53 01 00' },
    { date: Date.UTC(2021, 0, 4), text: '2021-W01 01 01' },
    { date: Date.UTC(2024, 11, 30), text: '2025-W01 52 53' },
    { date: Date.UTC(2023, 0, 1), text: '2022-W52 01 00' },
  ])('weeks of $text', ({ date, text }) => {
    const time = breakDown(date / 1_000)
    if (time === undefined) throw new Error('no date')
    const expected = formatTime('%G-W%V %U %W', time)
    expect(expected).toBe(text)
  })

  test('formats every conversion Lua lets through', () => {
    const time = breakDown(1_700_000_000)
    if (time === undefined) throw new Error('no date')
    expect(formatTime('%a|%A|%b|%B|%C|%d|%D|%e|%H|%I|%j|%m|%M|%p|%r|%R|%S|%u|%w|%y|%Y|%z|%Z|%%|%Ey|%Od', time)).toBe(
      'Tue|Tuesday|Nov|November|20|14|11/14/23|14|22|10|318|11|13|PM|10:13:20 PM|22:13|20|2|2|23|2023|+0000|GMT|%|23|14',
    )
  })
})
