import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { type EpisodeReport, type Kill, runEpisode } from './episode.ts'
import { thoroughPlan } from './kill-plans.ts'
import { createRandom } from './random.ts'

// npm run durability -- [--minutes M | --rounds N] [--seed S]
//
// The crash tests, long: rounds with the seeds S, S + 1, … until the time is over, at least one. A round is a data
// directory whose node is killed at every chosen point and at random moments. Ends with 1 when something did not hold.

const usage = 'npm run durability -- [--minutes <number>] [--rounds <number>] [--seed <number>]'

/** More than the test has, and later ones. */
const plan = { timedCount: 16, nthMax: Number.POSITIVE_INFINITY }

const counted = [
  'acknowledgedCount',
  'entryCount',
  'deliveredCount',
  'deadCount',
  'failedCount',
  'dryRunCount',
] as const

const { minutes, rounds, seed } = readOptions()
const startedMs = performance.now()
const sums = new Map<string, number>()
const killsByKind = new Map<string, number>()

let round = 0
do {
  await runRound(seed + round)
  round += 1
} while (round < rounds && performance.now() - startedMs < minutes * 60_000)
print(`\n${round} rounds from seed ${seed} in ${((performance.now() - startedMs) / 60_000).toFixed(1)} minutes`)
for (const [name, count] of sums) print(`  ${name.padEnd(28)}${count}`)
print('kills')
for (const [kind, count] of [...killsByKind].sort()) print(`  ${kind.padEnd(28)}${count}`)
process.exitCode = sums.get('violations') === 0 ? 0 : 1

async function runRound(roundSeed: number): Promise<void> {
  const roundStartedMs = performance.now()
  const kills = thoroughPlan({ ...plan, random: createRandom(roundSeed) })
  const report = await runEpisode({ seed: roundSeed, kills }).catch((error: unknown) => ({
    violations: [String(error)],
  }))
  for (const kill of kills) add(killsByKind, kindOf(kill), 1)
  const figures: Partial<EpisodeReport> = report
  for (const name of counted) add(sums, name, figures[name] ?? 0)
  add(sums, 'violations', report.violations.length)
  const seconds = Math.round((performance.now() - roundStartedMs) / 1_000)
  print(
    `seed ${roundSeed}: ${kills.length} kills, ${counted.map((name) => `${name} ${figures[name]}`).join(', ')}, ${seconds} s`,
  )
  if (report.violations.length > 0)
    print(`  ${figures.dataDirectory}`, ...report.violations.map((text) => `\n  ${text}`))
}

function kindOf(kill: Kill): string {
  return 'afterMs' in kill ? `any moment since ${kill.since}` : `${kill.moment} ${kill.point}`
}

function add(to: Map<string, number>, key: string, by: number): void {
  to.set(key, (to.get(key) ?? 0) + by)
}

function readOptions(): { minutes: number; rounds: number; seed: number } {
  const option = { type: 'string' } as const
  const { values } = parseArgs({ options: { minutes: option, rounds: option, seed: option } })
  const isTimed = values.minutes !== undefined
  const minutes = Number(values.minutes ?? Number.POSITIVE_INFINITY)
  const roundsMax = Number(values.rounds ?? (isTimed ? Number.POSITIVE_INFINITY : 1))
  const firstSeed = Number(values.seed ?? randomInt(1_000_000))
  if (minutes > 0 && roundsMax > 0 && Number.isInteger(firstSeed))
    return { minutes, rounds: roundsMax, seed: firstSeed }
  throw new Error(`Not positive numbers: ${JSON.stringify(values)}. Usage: ${usage}`)
}

function print(...texts: string[]): void {
  process.stdout.write(`${texts.join('')}\n`)
}
