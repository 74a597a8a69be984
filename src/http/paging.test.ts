import { expect, test } from 'vitest'
import { httpLimits } from './limits.ts'
import { collectPage } from './paging.ts'

/** Pages over the numbers 1 to `total`, each of `sizeBytes`. */
async function collect(total: number, limit: number, sizeBytes: number) {
  const reads: number[] = []
  const page = await collectPage(
    limit,
    async (last: number | undefined, count) => {
      reads.push(count)
      const first = (last ?? 0) + 1
      return Array.from({ length: Math.max(0, Math.min(count, total - first + 1)) }, (_, i) => first + i)
    },
    (row) => ({ row, sizeBytes }),
  )
  return { ...page, reads }
}

test.each([
  { total: 0, limit: 10, found: 0, more: false },
  { total: 9, limit: 10, found: 9, more: false },
  { total: 10, limit: 10, found: 10, more: false },
  { total: 11, limit: 10, found: 10, more: true },
  { total: 16, limit: 16, found: 16, more: false },
  { total: 17, limit: 100, found: 17, more: false },
  { total: 5_000, limit: 1_000, found: 1_000, more: true },
  { total: 1_000, limit: 1_000, found: 1_000, more: false },
])('$limit of $total', async ({ total, limit, found, more }) => {
  const { rows, hasNextPage } = await collect(total, limit, 10)
  expect(rows).toEqual(Array.from({ length: found }, (_, i) => i + 1))
  expect(hasNextPage).toBe(more)
})

test('a page of large records ends early, and says that there is more', async () => {
  const { rows, hasNextPage, reads } = await collect(1_000, 100, httpLimits.pageBytesMax / 4)
  expect(rows).toEqual([1, 2, 3, 4])
  expect(hasNextPage).toBe(true)
  expect(reads).toEqual([16])
})

test('a page has one record, however large', async () => {
  expect(await collect(2, 10, httpLimits.pageBytesMax * 2)).toMatchObject({ rows: [1], hasNextPage: true })
})

test('no read asks for more than the store gives', async () => {
  const { reads } = await collect(10_000, 1_000, 1)
  expect(Math.max(...reads)).toBeLessThanOrEqual(1_000)
})
