import { type Counts, type HistoryReport, runHistory } from './history.ts'
import type { SimulationHost } from './host.ts'
import { withNames } from './names.ts'
import type { Fault, Operation, Plan } from './plan.ts'
import type { Violation } from './rules.ts'
import { breaksRule, shrink } from './shrink.ts'
import { formatTime } from './world.ts'

export function describeViolations(violations: readonly Violation[], names: ReadonlyMap<string, string>): string {
  return violations.map(({ rule, text }) => `  ${rule}: ${withNames(text, names)}`).join('\n')
}

/** What a plan does, a line each, in the order of time. */
export function describePlan({
  operations,
  faults,
  speeds,
  crons = [],
  forks = [],
  isInMemory = false,
  chainLimits,
}: Plan): string {
  const lines = operations.map((operation) => ({ atMs: operation.way.atMs, text: describeOperation(operation) }))
  const placed: string[] = []
  for (const fault of faults) {
    if ('atMs' in fault) lines.push({ atMs: fault.atMs, text: describeFault(fault) })
    else placed.push(`     when it comes ${describeFault(fault)}`)
  }
  lines.sort((a, b) => a.atMs - b.atMs)
  const speedText = Object.entries(speeds).map(([name, value]) => `${name} ${Number(value.toPrecision(3))}`)
  return [
    ...lines.map(({ atMs, text }) => `${formatTime(atMs)} ${text}`),
    ...placed,
    ...crons.map(({ process, seconds, words }) => `  p${process} has a cron of ${seconds} s: "${words}"`),
    ...forks.map(
      ({ process, of, nonce }) =>
        `  p${process} is a fork of p${of}, after ${nonce === undefined ? 'the last entry' : `#${nonce}`}`,
    ),
    ...(isInMemory ? ['  the network is in memory'] : []),
    ...(chainLimits ? [`  chains have ${chainLimits.depthMax} levels and ${chainLimits.entriesMax} messages`] : []),
    `  speeds: ${speedText.join(', ')}`,
  ].join('\n')
}

/** What happened, with the faults and the entries of the logs. Of notes that repeat each other, the first few. */
export function describeNotes({ notes, names }: Pick<HistoryReport, 'notes' | 'names'>): string {
  const lines: string[] = []
  let [last, repeats] = ['', 0]
  const tellRepeats = (): void => {
    if (repeats > repeatsMax) lines.push(`${' '.repeat(15)} … ${repeats - repeatsMax} times more`)
    repeats = 0
  }
  for (const { timeMs, text } of notes) {
    const shape = text.replaceAll(/\d+/g, '0')
    if (shape === last && shape.startsWith('the node says')) repeats += 1
    else tellRepeats()
    last = shape
    if (repeats <= repeatsMax) lines.push(`${formatTime(timeMs)} ${withNames(text, names)}`)
  }
  tellRepeats()
  return lines.join('\n')
}

const repeatsMax = 2

/** What a plan breaks, and the shortest history that breaks it too. */
export async function describeFailure(plan: Plan, report: HistoryReport, host: SimulationHost): Promise<string> {
  const [violation] = report.violations
  if (violation === undefined) return 'Nothing is broken.'
  const least = await shrink(plan, async (candidate) => {
    return breaksRule(violation.rule, (await runHistory(candidate, host)).violations)
  })
  const last = await runHistory(least, host)
  return [
    `Seed ${plan.seed} breaks\n${describeViolations(report.violations.slice(0, 10), report.names)}`,
    `A short history that breaks ${violation.rule}:\n${describePlan(least)}`,
    `What happens in it:\n${describeNotes(last)}`,
    `It breaks\n${describeViolations(last.violations, last.names)}`,
    `The seed again: npm run simulate -- --seed ${plan.seed}`,
    `The short history, for regressions.ts: ${JSON.stringify(least)}`,
  ].join('\n\n')
}

export function describeCounts(counts: Counts): string {
  const entries = Object.entries(counts)
  const width = Math.max(...entries.map(([name]) => name.length))
  return entries.map(([name, count]) => `  ${name.padEnd(width)} ${String(count).padStart(9)}`).join('\n')
}

function describeOperation(operation: Operation): string {
  const { id, way } = operation
  const { copies, lostRequests, lostAnswers, isPatient } = way
  const extras = [
    ...(copies > 1 ? ['each request twice'] : []),
    ...(lostRequests > 0 ? [`${lostRequests} requests get lost`] : []),
    ...(lostAnswers > 0 ? [`${lostAnswers} answers get lost`] : []),
    ...(isPatient ? [] : ['tries once']),
  ]
  const manner = extras.length === 0 ? '' : ` (${extras.join(', ')})`
  return `client ${id}: ${deedOf(operation)}${manner}`
}

function deedOf(operation: Operation): string {
  switch (operation.kind) {
    case 'spawn':
      return `spawns p${operation.process}`
    case 'send': {
      const script = operation.levels.map((words) => words.join('; ')).join(' | ')
      return `sends p${operation.process} "${script}"${operation.readsResult ? ', then reads the result' : ''}`
    }
    case 'assign':
      return `assigns item${operation.of} to p${operation.process}`
    case 'upload':
      return 'uploads a file'
    case 'send-wrong':
      return `sends p${operation.process} an item with a wrong ${operation.wrong}`
    case 'look':
      return `makes a dry run of p${operation.process}`
    case 'state-hash':
      return `asks for the state hash of p${operation.process}`
    case 'read-past':
      return `reads ${operation.what} of p${operation.process}, after ${Math.floor(100 * operation.share)} % of its log`
    case 'read-result':
      return `reads the result of item${operation.of}`
    case 'read-log':
      return `reads the log of p${operation.process}`
    case 'send-again':
      return `sends again what p${operation.process} could not deliver`
    case 'monitor':
    case 'unmonitor':
      return `${operation.kind}s p${operation.process}`
  }
}

function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'crash':
      return `FAULT the node is killed for ${ms(fault.downMs)}${fault.keepsWrite ? ', what is being written stays' : ''}`
    case 'crash-at-write':
      return `FAULT the node is killed ${fault.after ? 'after' : 'before'} ${ordinal(fault.at.count)} ${fault.at.write}, for ${ms(fault.downMs)}`
    case 'restart':
      return `FAULT the node is stopped in order, for ${ms(fault.downMs)}`
    case 'write-failure':
      return `FAULT ${ordinal(fault.at.count)} ${fault.at.write} fails, and has ${fault.happened ? '' : 'not '}happened`
    case 'read-failure':
      return `FAULT reads ${fault.count} to ${fault.count + fault.reads - 1} fail`
    case 'full-disk':
      return `FAULT the disk is full for ${ms(fault.forMs)}`
    case 'slow-disk':
      return `FAULT each write takes ${ms(fault.syncMs)} more for ${ms(fault.forMs)}`
    case 'thread-death':
      return `FAULT thread ${fault.thread} dies`
    case 'host-fault':
      return `FAULT the host fails in evaluation ${fault.count}, after ${fault.afterEntries} entries`
    case 'slow-thread':
      return `FAULT each evaluation takes ${ms(fault.extraMs)} more for ${ms(fault.forMs)}`
    case 'revert':
      return `FAULT the network will be taken back to now, ${ms(fault.forMs)} later`
    case 'clock-jump':
      return `FAULT the clock is set by ${ms(fault.byMs)}`
  }
}

function ms(value: number): string {
  return `${Number(value.toPrecision(4))} ms`
}

function ordinal(count: number): string {
  return `call ${count} of`
}
