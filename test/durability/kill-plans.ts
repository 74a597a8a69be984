import { crashKinds } from './crash-points.ts'
import type { Kill, TimedKill } from './episode.ts'
import type { Random } from './random.ts'

/** Longer than a start takes, so that some die in it, some while they take up what was left, and some later. */
const startMsMax = 1_500
const workMsMax = 800

/** Any moment: what happens inside a commit, in other threads and in the disk's queue is met by these alone. */
function timedKill(random: Random): TimedKill {
  const since = random.pick(['start', 'ready'] as const)
  return { since, afterMs: random.integer(since === 'start' ? startMsMax : workMsMax) }
}

export interface PlanOptions {
  readonly random: Random
  readonly timedCount: number
  /** Highest `nth` of chosen points, where more would be sure to come: the later a node dies, the longer it takes. */
  readonly nthMax: number
}

/** Every chosen point, before and after, once, and some at any moment, in an order of the seed's. */
export function thoroughPlan({ random, timedCount, nthMax }: PlanOptions): readonly Kill[] {
  const chosen = crashKinds.map((kind) => {
    return { point: kind.point, moment: kind.moment, nth: 1 + random.integer(Math.min(kind.nthMax, nthMax)) }
  })
  const timed = Array.from({ length: timedCount }, () => timedKill(random))
  return shuffled<Kill>([...chosen, ...timed], random)
}

function shuffled<T>(values: readonly T[], random: Random): T[] {
  const order = values.map((value) => ({ value, place: random.integer(2 ** 32) }))
  return order.sort((a, b) => a.place - b.place).map(({ value }) => value)
}
