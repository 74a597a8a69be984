import { fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { type Counts, type HistoryReport, runHistory } from './history.ts'
import { SimulationHost } from './host.ts'
import { type Plan, planFor } from './plan.ts'
import { describeCounts, describeFailure, describePlan, describeViolations } from './report.ts'

// `npm run simulate`: see docs/simulation.md.

const usage = `npm run simulate -- [--seeds <n>] [--minutes <m>] [--seed <s>] [--plan <file>] [--from <s>] [--jobs <j>] [--trace] [--no-shrink]

  --seeds <n>     n fresh seeds (default 1,000)
  --minutes <m>   fresh seeds for so long
  --from <s>      seeds from this number on, not from the present time
  --jobs <j>      so many programs share them (default: one for each core)
  --seed <s>      this seed, with everything that happens
  --plan <file>   a plan that was printed, with everything that happens
  --trace         with each task too
  --no-shrink     do not look for a shorter history`

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    minutes: { type: 'string' },
    from: { type: 'string' },
    jobs: { type: 'string' },
    stride: { type: 'string' },
    seed: { type: 'string' },
    plan: { type: 'string' },
    trace: { type: 'boolean' },
    'no-shrink': { type: 'boolean' },
    help: { type: 'boolean' },
  },
})

function numberOf(name: 'from' | 'jobs' | 'minutes' | 'seeds' | 'stride'): number | undefined {
  const given = values[name]
  if (given === undefined) return undefined
  const value = Number(given)
  if (value > 0 && (name === 'minutes' || Number.isSafeInteger(value))) return value
  throw new RangeError(
    `--${name} is ${JSON.stringify(given)}. Give a ${name === 'minutes' ? '' : 'whole '}number above 0.`,
  )
}

/** Failing seeds that are looked into; others are only named. */
const examinedMax = 3

const host = new SimulationHost()

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

async function examine(plan: Plan, report: HistoryReport): Promise<void> {
  if (report.violations.length === 0) return
  if (values['no-shrink'] === true)
    print(`Seed ${plan.seed} breaks\n${describeViolations(report.violations, report.names)}`)
  else print(`\n${await describeFailure(plan, report, host)}\n`)
}

/** One history, in full. @returns whether it is sound. */
async function runOne(plan: Plan): Promise<boolean> {
  print(`${describePlan(plan)}\n\nWhat happens:`)
  const report = await runHistory(plan, host, { tell: print, tellsTasks: values.trace === true })
  print(`\n${describeCounts(report.counts)}\n  digest ${report.digest}`)
  await examine(plan, report)
  return report.violations.length === 0
}

/** What came of many seeds. */
interface Totals {
  readonly counts: Counts
  readonly failed: readonly string[]
}

function add(counts: Counts, more: Counts): void {
  for (const [name, count] of Object.entries(more)) counts[name] = (counts[name] ?? 0) + count
}

const minutes = numberOf('minutes')
const seedCount = numberOf('seeds') ?? (minutes === undefined ? 1_000 : Number.POSITIVE_INFINITY)

/** @param stride - From one seed to the next. */
async function runSeeds(first: number, stride: number): Promise<Totals> {
  const untilMs = minutes === undefined ? Number.POSITIVE_INFINITY : performance.now() + minutes * 60_000
  const counts: Counts = {}
  const failed: string[] = []
  for (let i = 0; i < seedCount && performance.now() < untilMs; i += stride) {
    const plan = planFor(String(first + i))
    const report = await runHistory(plan, host)
    add(counts, report.counts)
    if (report.violations.length === 0) continue
    failed.push(plan.seed)
    if (failed.length <= examinedMax) await examine(plan, report)
    else print(`Seed ${plan.seed} breaks ${[...new Set(report.violations.map(({ rule }) => rule))].join(', ')}`)
  }
  return { counts, failed }
}

/** Every `jobs`-th seed in a program of its own. It prints what it finds, and sends its totals. */
function runJob(first: number, jobs: number, offset: number): Promise<Totals> {
  const seeds = Number.isFinite(seedCount) ? ['--seeds', String(Math.max(seedCount - offset, 0))] : []
  const time = minutes === undefined ? [] : ['--minutes', String(minutes)]
  const shrink = values['no-shrink'] === true ? ['--no-shrink'] : []
  const from = ['--from', String(first + offset), '--stride', String(jobs)]
  const child = fork(import.meta.filename, [...seeds, ...time, ...shrink, ...from])
  return new Promise((resolve, reject) => {
    child.once('message', (totals) => resolve(totals as Totals))
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`A program that simulates ended with ${code}.`)))
  })
}

/** @returns whether all are sound. */
async function runMany(): Promise<boolean> {
  const first = numberOf('from') ?? Date.now()
  const jobs = Math.min(numberOf('jobs') ?? availableParallelism(), seedCount)
  const startMs = performance.now()
  print(`Seeds from ${first} on.`)
  const counts: Counts = {}
  const failed: string[] = []
  for (const totals of await Promise.all(Array.from({ length: jobs }, (_, offset) => runJob(first, jobs, offset)))) {
    add(counts, totals.counts)
    failed.push(...totals.failed)
  }
  const seconds = (performance.now() - startMs) / 1_000
  const histories = counts.histories ?? 0
  print(`\n${describeCounts(counts)}`)
  print(`\n${histories} histories in ${seconds.toFixed(1)} s: ${((60 * histories) / seconds).toFixed(0)} a minute.`)
  print(failed.length === 0 ? 'No violation.' : `Violations with seeds ${failed.join(', ')}.`)
  return failed.length === 0
}

if (values.help === true) print(usage)
else if (values.plan !== undefined)
  process.exitCode = (await runOne(JSON.parse(readFileSync(values.plan, 'utf8')))) ? 0 : 1
else if (values.seed !== undefined) process.exitCode = (await runOne(planFor(values.seed))) ? 0 : 1
else if (values.stride !== undefined) process.send?.(await runSeeds(numberOf('from') ?? 0, numberOf('stride') ?? 1))
else process.exitCode = (await runMany()) ? 0 : 1
