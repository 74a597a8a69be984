import { expect, test } from 'vitest'
import type { Evaluation, Vm } from '../types.ts'
import { evalMessage, evalModuleSource, testEngine, testEnvironment } from './test-module.ts'

const template = testEngine().createTemplate(evalModuleSource)
const mebibyte = 2 ** 20
const limits = { gasPerMessage: 1_000_000_000, memoryBytes: 64 * mebibyte }
const run = (vm: Vm, code: string): Evaluation => vm.evaluate(evalMessage(code))
const change = (vm: Vm, code: string): void => expect(run(vm, `${code} return ""`)).toMatchObject({ ok: true })
/** So much that the engine takes a new base. */
const heavy = 'for i = 1, 5000000 do end'

function value(vm: Vm, code: string): unknown {
  const evaluation = run(vm, code)
  return evaluation.ok ? evaluation.output.data : evaluation.error
}

test('a fork and its origin go on independently, failures and all', () => {
  const origin = template.spawn(testEnvironment, limits)
  change(origin, 'X = "both"')
  const fork = origin.fork(testEnvironment, limits)
  for (const [vm, name] of [
    [origin, 'origin'],
    [fork, 'fork'],
  ] as const) {
    change(vm, `X = "${name}" ${heavy}`)
    change(vm, `Y = "${name}" ${heavy}`)
  }
  for (const vm of [fork, origin]) run(vm, 'X = "failed" error("no")')
  expect([value(origin, 'return X .. Y'), value(fork, 'return X .. Y')]).toEqual(['originorigin', 'forkfork'])
})

test('a fork begins where its origin is, also after a message that failed in it', () => {
  const origin = template.spawn(testEnvironment, limits)
  change(origin, `X = 1 ${heavy}`)
  change(origin, 'X = 2')
  const fork = origin.fork(testEnvironment, limits)
  change(origin, `X = 3 ${heavy}`)
  change(origin, `X = 4 ${heavy}`)
  run(fork, 'X = 5 error("no")')
  expect(value(fork, 'return X')).toBe('2')
})

test('equal origins have equal forks', () => {
  const hashes = [0, 1].map(() => {
    const origin = template.spawn(testEnvironment, limits)
    change(origin, 'X = {} for i = 1, 1000 do X[i] = tostring(i) end')
    return origin.fork(testEnvironment, limits).stateHash()
  })
  expect(hashes[0]).toBe(hashes[1])
})

test('a fork has room for the state, whatever its own limit', () => {
  const origin = template.spawn(testEnvironment, limits)
  change(origin, `X = ("x"):rep(${8 * mebibyte})`)
  const fork = origin.fork(testEnvironment, { ...limits, memoryBytes: 4 * mebibyte })
  expect(value(fork, 'return #X')).toBe(String(8 * mebibyte))
  expect(value(fork, `return #("y"):rep(${32 * mebibyte})`)).toContain('not enough memory')
})
