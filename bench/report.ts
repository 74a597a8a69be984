/** Median of an odd or even number of values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle]
  const lower = sorted.length % 2 === 0 ? sorted[middle - 1] : upper
  if (upper === undefined || lower === undefined) throw new RangeError('No values.')
  return (lower + upper) / 2
}

/** Number in four figures, with its unit. */
export function figure(value: number, unit: string): string {
  const digits = value >= 1_000 ? 0 : value >= 100 ? 1 : value >= 1 ? 2 : 3
  return `${value.toLocaleString('en-US', { maximumFractionDigits: digits })} ${unit}`
}

/** Prints one line: what, the figure, and what it stands beside. */
export function line(what: string, value: string, beside = ''): void {
  console.log(`  ${what.padEnd(46)} ${value.padStart(14)}   ${beside}`)
}

export function section(title: string, note: string): void {
  console.log(`\n${title}\n  ${note}`)
}

/** Says whether a mark of docs/performance.md is held. Never fails the run: machines are noisy. */
export function against(value: number, mark: number, sense: 'at most' | 'at least', unit: string): string {
  const held = sense === 'at most' ? value <= mark : value >= mark
  return `mark: ${sense} ${figure(mark, unit)} ${held ? '✓' : '✗ missed'}`
}
