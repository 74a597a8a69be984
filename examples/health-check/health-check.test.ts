import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  createTestClock,
  createTestNetwork,
  type TestEvaluation,
  type TestNetwork,
  type TestProcess,
  type TestWallet,
} from '../../src/testing/testing.ts'

const code = readFileSync(new URL('process.lua', import.meta.url), 'utf8')
const minuteMs = 60_000

const clock = createTestClock()
let loom: TestNetwork
let alice: TestWallet
let worker: TestProcess
let startedAt: number

beforeAll(async () => {
  loom = await createTestNetwork({ now: clock.now })
  alice = loom.wallet('alice')
})
afterAll(() => loom.close())

beforeEach(async () => {
  worker = await loom.spawn({ code })
  startedAt = (await worker.state('Health.startedAt')) as number
})

const square = (data: string) => worker.send({ from: alice, action: 'Square', data })
const ask = () => worker.send({ from: alice, action: 'Health-Check' })

function report({ reply }: TestEvaluation) {
  return { status: reply?.tags.Status, ...(JSON.parse(reply?.data ?? '{}') as object) }
}

describe('a process that works', () => {
  test('is healthy from the start', async () => {
    expect(startedAt).toBeGreaterThanOrEqual(clock.now())
    const result = await ask()
    expect(report(result)).toEqual({
      status: 'healthy',
      uptimeMs: result.timestampMs - startedAt,
      messages: 0,
      failures: 0,
      inbox: 1,
    })
  })

  test('tells its uptime, how much it has done, and when last', async () => {
    clock.advance(5 * minuteMs)
    expect((await square('3')).reply).toMatchObject({ action: 'Squared', data: '9' })
    const last = await square('1.5')
    expect(last.reply?.data).toBe('2.25')
    clock.advance(10 * minuteMs)
    const result = await ask()
    expect(report(result)).toMatchObject({
      uptimeMs: result.timestampMs - startedAt,
      messages: 2,
      failures: 0,
      lastActivity: last.timestampMs,
    })
    expect(result.timestampMs - startedAt).toBeGreaterThan(14 * minuteMs)
    expect(result.timestampMs - last.timestampMs).toBeGreaterThan(9 * minuteMs)
  })

  test('does not count the questions', async () => {
    const { timestampMs } = await square('2')
    for (const _ of [1, 2, 3]) await ask()
    expect(report(await ask())).toMatchObject({ messages: 1, lastActivity: timestampMs })
  })

  test('answers a dry run, with the time of its last message', async () => {
    const { timestampMs, nonce } = await square('2')
    clock.advance(minuteMs)
    const answer = await worker.dryRun({ from: alice, action: 'Health-Check' })
    expect(report(answer)).toMatchObject({ messages: 1, uptimeMs: timestampMs - startedAt })
    expect((await loom.network.latestEntry(worker.id))?.nonce).toBe(nonce)
  })

  test('shows what nobody handles in its inbox', async () => {
    await worker.send({ from: alice, action: 'Unknown' })
    expect(report(await ask())).toMatchObject({ inbox: 2, messages: 0 })
  })
})

describe('a process that fails', () => {
  test('answers, counts the failure and says what it was', async () => {
    await square('2')
    const failed = await square('two')
    expect(failed.error).toBeUndefined()
    expect(failed.reply).toMatchObject({ action: 'Square-Error', tags: { Error: 'Data must be a number.' } })
    expect(report(await ask())).toMatchObject({
      status: 'healthy',
      messages: 2,
      failures: 1,
      lastActivity: failed.timestampMs,
      lastFailure: { at: failed.timestampMs, action: 'Square', reason: 'Data must be a number.' },
    })
  })

  test('is degraded after three recent failures, and recovers', async () => {
    for (const data of ['x', '1', 'y', '2']) await square(data)
    expect(report(await ask())).toMatchObject({ status: 'healthy', failures: 2 })
    await square('z')
    expect(report(await ask())).toMatchObject({ status: 'degraded', failures: 3 })
    // Ten messages are recent: with the sixth success from here the first failure is the eleventh.
    for (let i = 0; i < 5; i += 1) await square('1')
    expect(report(await ask())).toMatchObject({ status: 'degraded' })
    await square('1')
    expect(report(await ask())).toMatchObject({ status: 'healthy', failures: 3, messages: 11 })
    expect(await worker.state('#Recent')).toBe(10)
  })
})

test('loading the code again keeps the counts and the start', async () => {
  await square('2')
  clock.advance(minuteMs)
  await worker.eval(code)
  expect(report(await ask())).toMatchObject({ messages: 1 })
  expect(await worker.state('Health.startedAt')).toBe(startedAt)
})

test('a process watches another', async () => {
  const watcher = await loom.spawn({
    wallet: alice,
    code: `Handlers.add("Tick", "Tick", function()
        local health = Send({ Target = "${worker.id}", Action = "Health-Check" }).receive()
        Seen = { status = health.Status, failures = health.Data.failures }
      end)`,
  })
  await watcher.send({ action: 'Tick' })
  expect(await watcher.state('Seen')).toEqual({ status: 'healthy', failures: 0 })
  for (const data of ['x', 'y', 'z']) await square(data)
  await watcher.send({ action: 'Tick' })
  expect(await watcher.state('Seen')).toEqual({ status: 'degraded', failures: 3 })
})
