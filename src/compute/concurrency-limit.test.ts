import { expect, test } from 'vitest'
import { ConcurrencyLimit } from './concurrency-limit.ts'

test('so many run at a time, and the others in their order, also after failures', async () => {
  const limit = new ConcurrencyLimit(2)
  const begun: number[] = []
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = []
  const works = [0, 1, 2, 3, 4].map((number) =>
    limit.run(() => {
      begun.push(number)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      ends[number] = { resolve, reject }
      return promise
    }),
  )
  const settled = Promise.allSettled(works)
  await turn()
  expect(begun).toEqual([0, 1])
  ends[1]?.reject(new Error('as asked'))
  await turn()
  expect(begun).toEqual([0, 1, 2])
  ends[0]?.resolve()
  ends[2]?.resolve()
  await turn()
  expect(begun).toEqual([0, 1, 2, 3, 4])
  ends[3]?.resolve()
  ends[4]?.resolve()
  expect((await settled).map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ])
  expect(await limit.run(async () => 'free again')).toBe('free again')
})

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
