import { rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runEpisode } from './episode.ts'
import { thoroughPlan } from './kill-plans.ts'
import { createRandom } from './random.ts'

// Long runs: npm run durability. See docs/reliability.md.

test('a loaded node that is killed at every step of a message, and at any moment, loses and doubles nothing', async () => {
  const seed = 1
  const kills = thoroughPlan({ random: createRandom(seed), timedCount: 4, nthMax: 6 })
  const report = await runEpisode({ seed, kills })
  expect(report.violations).toEqual([])
  // It has teeth only if all of this went on: chains, children, dry runs, failures, and what cannot be delivered.
  expect(report.deliveredCount).toBeGreaterThan(report.acknowledgedCount)
  expect(report.processCount).toBeGreaterThan(4)
  for (const count of [report.dryRunCount, report.failedCount, report.deadCount]) expect(count).toBeGreaterThan(0)
}, 180_000)

test('the control: without deduplication, a crash between delivery and settlement is seen to double', async () => {
  const kills = [{ point: 'settleOutbox', moment: 'before', nth: 5 }] as const
  const { violations, dataDirectory } = await runEpisode({ seed: 2, kills, deduplicate: false })
  expect(violations).toContainEqual(expect.stringMatching(/^I3: message \S+ is [2-9] times in the log of/))
  rmSync(dataDirectory, { recursive: true })
}, 60_000)
