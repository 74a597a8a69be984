import { expect, test } from 'vitest'
import { parseDuration, parseTime } from './times.ts'

test.each([
  ['500ms', 500],
  ['30s', 30_000],
  ['1.5h', 5_400_000],
  ['2d', 172_800_000],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

test.each(['', '1', 'h', '-1h', '1h30m', '1 h', '1w'])('%j is no duration', (text) => {
  expect(() => parseDuration(text)).toThrow('like 90s')
})

test('times are dates or milliseconds', () => {
  expect(parseTime('2030-01-01T00:00:00Z')).toBe(1_893_456_000_000)
  expect(parseTime('1893456000000')).toBe(1_893_456_000_000)
  expect(() => parseTime('tomorrow')).toThrow('Give a date')
})
