import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestClock } from './test-clock.ts'
import { createTestNetwork } from './test-network.ts'
import type { TestNetwork } from './types.ts'

let loom: TestNetwork
beforeAll(async () => {
  loom = await createTestNetwork({ now: createTestClock().now })
})
afterAll(() => loom.close())

const tags = { 'Cron-Interval': '10-seconds', 'Cron-Tag-Action': 'Tick' }
const code = `
  Ticks = {}
  Handlers.add("Tick", "Tick", function(msg) table.insert(Ticks, msg.Timestamp) end)
`

test('a clock that is advanced makes monitored processes, and their forks, tick at their times', async () => {
  const process = await loom.spawn({ tags, code })
  await loom.network.monitor(process.id)
  const nowMs = loom.advanceClock(35_000)
  const startMs = nowMs - 35_000
  const times = [10_000, 20_000, 30_000].map((ms) => startMs + ms)
  expect(await process.state('Ticks')).toEqual(times)

  const fork = await process.fork()
  await loom.network.monitor(fork.id)
  loom.advanceClock(10_000)
  expect(await process.state('Ticks')).toEqual([...times, startMs + 40_000])
  expect(await fork.state('Ticks')).toEqual([...times, startMs + 45_000])
})

test('a process that nobody monitors ticks before its next message', async () => {
  const process = await loom.spawn({ tags, code })
  loom.advanceClock(20_000)
  expect(await process.state('#Ticks')).toBe(0)
  await process.send({ action: 'Any' })
  expect(await process.state('#Ticks')).toBe(2)
})
