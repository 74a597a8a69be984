import { InvalidArgumentError } from 'commander'

const unitMs: { readonly [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds. @throws {InvalidArgumentError} */
export function parseDuration(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? []
  if (number === undefined) throw new InvalidArgumentError('Give a number with ms, s, m, h or d, like 90s or 1.5h.')
  return Math.round(Number(number) * (unitMs[unit] ?? 0))
}

/** Milliseconds since 1970. @throws {InvalidArgumentError} */
export function parseTime(text: string): number {
  const timeMs = /^\d{10,15}$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isNaN(timeMs))
    throw new InvalidArgumentError('Give a date like 2030-01-01T00:00:00Z, or milliseconds since 1970.')
  return timeMs
}
