import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseByteRange } from './byte-range.ts'

const cases: [header: string | undefined, expected: ReturnType<typeof parseByteRange>][] = [
  [undefined, undefined],
  ['bytes=0-0', { start: 0, end: 1 }],
  ['bytes=2-5', { start: 2, end: 6 }],
  ['Bytes=2-5', { start: 2, end: 6 }],
  ['bytes=2-', { start: 2, end: 10 }],
  ['bytes=9-99', { start: 9, end: 10 }],
  ['bytes=-3', { start: 7, end: 10 }],
  ['bytes=-99', { start: 0, end: 10 }],
  [`bytes=-${'9'.repeat(400)}`, { start: 0, end: 10 }],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=10-20', 'unsatisfiable'],
  ['bytes=5-2', undefined],
  ['bytes=0-1,3-4', undefined],
  ['bytes=-', undefined],
  ['bytes=a-b', undefined],
  ['items=0-1', undefined],
  ['', undefined],
]

test.each(cases)('%s of 10 bytes', (header, expected) => {
  expect(parseByteRange(header, 10)).toEqual(expected)
})

test.each(['bytes=0-', 'bytes=-1', 'bytes=0-0'])('%s of nothing cannot be had', (header) => {
  expect(parseByteRange(header, 0)).toBe('unsatisfiable')
})

test('a range is what the header says, cut to the data', () => {
  fc.assert(
    fc.property(fc.nat(50), fc.nat(50), fc.integer({ min: 1, max: 50 }), (first, more, sizeBytes) => {
      const bytes = Array.from({ length: sizeBytes }, (_, i) => i)
      const expected = bytes.slice(first, first + more + 1)
      const range = parseByteRange(`bytes=${first}-${first + more}`, sizeBytes)
      const found = typeof range === 'object' ? bytes.slice(range.start, range.end) : []
      expect(found).toEqual(expected)
      expect(range === 'unsatisfiable').toBe(expected.length === 0)
    }),
    { seed: 7, numRuns: 500 },
  )
})
