import { expect, test } from 'vitest'
import { processOf } from '../contract/requests.fixture.ts'
import { ChainPlaces } from './chain-places.ts'

const a = processOf('a')

test('keeps what is in flight however much that is, and forgets what is old', () => {
  const places = new ChainPlaces()
  const known = (nonce: number): boolean => places.get(a, nonce) !== undefined
  const add = (count: number, inFlightCount: number): void => {
    for (let i = 0; i < count; i += 1) places.set(a, next++, { processId: a, nonce: 0, depth: 1 })
    places.trim(inFlightCount)
  }
  let next = 0
  add(100_000, 100_000)
  expect([known(0), known(99_999)]).toEqual([true, true])
  // All of these are in flight still while the next come.
  add(99_999, 100_000)
  expect([known(99_999), known(100_000)]).toEqual([true, true])
  add(1, 10)
  expect([known(99_999), known(100_000), known(199_999)]).toEqual([false, true, true])
  add(20_000, 10)
  expect([known(199_999), known(200_000), known(219_999)]).toEqual([false, true, true])
})

test('what is taken back is gone, the rest stays', () => {
  const places = new ChainPlaces()
  for (const nonce of [1, 2]) places.set(a, nonce, { processId: a, nonce, depth: 0 })
  places.delete(a, 2)
  expect([places.get(a, 1)?.nonce, places.get(a, 2)]).toEqual([1, undefined])
  places.clear()
  expect(places.get(a, 1)).toBeUndefined()
})
