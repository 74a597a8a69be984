/**
 * When a snapshot is taken (docs/snapshots.md).
 *
 * Rules are in costs: what it takes to evaluate again what came since the last snapshot, as gas. 100 gas are some 20 ns.
 *
 * @module
 */

export interface SnapshotRules {
  /** For each byte of memory, of a process that has work. */
  readonly workingCostPerByte: number
  /** The same, of one that rests. */
  readonly restingCostPerByte: number
  /** Less is not worth a snapshot, also when the state is to be freed. */
  readonly costMin: number
}

/**
 * Snapshots take about a tenth of the time of the work between them, a process of a few megabytes comes back after at most some
 * 80 ms of evaluation, or 20 when it had rested, and a millisecond of evaluation is not worth one.
 */
export const snapshotRuleDefaults: SnapshotRules = {
  workingCostPerByte: 100,
  restingCostPerByte: 25,
  costMin: 5_000_000,
}

/** What an entry takes to evaluate again besides its own gas: reading, handing over and parsing it is some 30 µs. */
const gasPerEntry = 150_000

/** What it takes to evaluate so many entries again. */
export function replayCost(gasUsed: number, entryCount: number): number {
  return gasUsed + entryCount * gasPerEntry
}

export function isWorthSnapshot(
  rules: SnapshotRules,
  when: 'resting' | 'working',
  cost: number,
  memoryBytes: number,
): boolean {
  return cost >= Math.max(rules.costMin, rules[`${when}CostPerByte`] * memoryBytes)
}
