/** Chance that a seed repeats (mulberry32). Not for keys that must be secret. */
export interface Random {
  /** A whole number in `0..below - 1`. */
  integer(below: number): number
  /** One of them, each as likely. @throws {RangeError} when there is none. */
  pick<T>(choices: readonly T[]): T
  bytes(length: number): Uint8Array
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const integer = (below: number): number => Math.floor((next() / 2 ** 32) * below)
  return {
    integer,
    pick(choices) {
      const index = integer(choices.length)
      if (choices.length === 0) throw new RangeError('There is nothing to pick from.')
      return choices[index] as (typeof choices)[number]
    },
    bytes: (length) => Uint8Array.from({ length }, () => integer(256)),
  }
}
