import type { Fault, Operation, Plan, Way } from './plan.ts'
import type { Rule } from './rules.ts'

/** Runs of one shrinking, at the most. */
const runsMax = 1_000
/** Other draws that a shorter plan is tried with, when it does not break the rule with those it has. */
const redrawsMax = 4

/**
 * Makes a plan that breaks a rule as short as it gets: without what it does not need, then with simpler parts. What is left
 * out shifts what the disk and the threads draw for the rest, so in the end each shorter plan is tried with other draws too.
 *
 * @param breaks - whether a plan breaks the rule in question.
 */
export async function shrink(plan: Plan, breaks: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  let best = plan
  let runsLeft = runsMax
  let redraws = 0
  const accept = async (shorter: Plan): Promise<boolean> => {
    for (let redraw = 0; redraw <= redraws && runsLeft > 0; redraw += 1) {
      const candidate = redraw === 0 ? shorter : { ...shorter, seed: `${plan.seed}.${redraw}` }
      runsLeft -= 1
      if (await breaks(candidate)) {
        best = candidate
        return true
      }
    }
    return false
  }
  for (let before: Plan | undefined; (before !== best || redraws === 0) && runsLeft > 0; ) {
    if (before === best) redraws = redrawsMax
    before = best
    await dropParts(
      () => best.faults,
      (faults) => accept({ ...best, faults }),
    )
    await dropParts(
      () => best.operations,
      (operations) => accept({ ...best, operations }),
    )
    await dropParts(
      () => best.crons ?? [],
      (crons) => accept({ ...best, crons }),
    )
    await dropParts(
      () => best.forks ?? [],
      (forks) => accept({ ...best, forks }),
    )
    for (const { id } of best.operations) {
      for (const simpler of simplerOperations) {
        const operations = best.operations.map((one) => (one.id === id ? simpler(one) : one))
        if (JSON.stringify(operations) !== JSON.stringify(best.operations)) await accept({ ...best, operations })
      }
      await dropWords(id)
    }
    for (const { id } of best.faults) {
      for (const simpler of simplerFaults) {
        const faults = best.faults.map((one) => (one.id === id ? simpler(one) : one))
        if (JSON.stringify(faults) !== JSON.stringify(best.faults)) await accept({ ...best, faults })
      }
    }
    if (best.speeds.threads > 1) await accept({ ...best, speeds: { ...best.speeds, threads: 1 } })
  }
  return best

  async function dropWords(id: number): Promise<void> {
    const levelsOf = (): readonly (readonly string[])[] => {
      const operation = best.operations.find((one) => one.id === id)
      return operation?.kind === 'send' ? operation.levels : []
    }
    const withLevels = (levels: readonly (readonly string[])[]): Promise<boolean> => {
      const operations = best.operations.map((one) => (one.id === id && one.kind === 'send' ? { ...one, levels } : one))
      return accept({ ...best, operations })
    }
    await dropParts(levelsOf, withLevels)
    for (let level = 0; level < levelsOf().length; level += 1) {
      await dropParts(
        () => levelsOf()[level] ?? [],
        (words) => withLevels(levelsOf().map((old, i) => (i === level ? words : old))),
      )
    }
  }
}

/** Whether a plan breaks this rule too. */
export function breaksRule(rule: Rule, rules: readonly { readonly rule: Rule }[]): boolean {
  return rules.some((violation) => violation.rule === rule)
}

/** Leaves out longer, then shorter pieces of a list. */
async function dropParts<Part>(
  current: () => readonly Part[],
  accept: (parts: readonly Part[]) => Promise<boolean>,
): Promise<void> {
  for (let size = current().length; size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < current().length; ) {
      const parts = current()
      const isDropped = await accept([...parts.slice(0, start), ...parts.slice(start + size)])
      if (!isDropped) start += size
    }
  }
}

const withWay =
  (change: Partial<Way>) =>
  (operation: Operation): Operation => ({ ...operation, way: { ...operation.way, ...change } })

const simplerOperations: readonly ((operation: Operation) => Operation)[] = [
  withWay({ copies: 1, lostRequests: 0, lostAnswers: 0, isPatient: true, timeoutMs: 60_000, wallet: 0 }),
  withWay({ copies: 1 }),
  withWay({ lostRequests: 0, lostAnswers: 0 }),
  (operation) => withWay({ atMs: Math.round(operation.way.atMs) })(operation),
  (operation) => (operation.kind === 'send' ? { ...operation, readsResult: false } : operation),
]

const withCount =
  (lower: (count: number) => number) =>
  (fault: Fault): Fault =>
    'at' in fault ? { ...fault, at: { ...fault.at, count: Math.max(1, lower(fault.at.count)) } } : fault

const simplerFaults: readonly ((fault: Fault) => Fault)[] = [
  withPlainTimes,
  withCount(() => 1),
  withCount((count) => Math.floor(count / 2)),
  withCount((count) => count - 1),
]

function withPlainTimes(fault: Fault): Fault {
  const plain: Record<string, unknown> = { ...fault }
  for (const [name, value] of Object.entries(fault)) {
    if (name.endsWith('Ms') && typeof value === 'number') plain[name] = Math.round(value)
  }
  return plain as unknown as Fault
}
