import { createHash } from 'node:crypto'

/**
 * Chance that follows from a seed: sfc32, a small generator that passes the usual statistical tests.
 *
 * Each part of a simulation draws from a stream of its own ({@link fork}), so that one draw more in one part does not
 * change what the others draw. Shrinking lives on that.
 */
export class Random {
  readonly #seed: string
  #a: number
  #b: number
  #c: number
  #counter: number

  constructor(seed: string) {
    this.#seed = seed
    const digest = createHash('sha256').update(seed).digest()
    this.#a = digest.readInt32LE(0)
    this.#b = digest.readInt32LE(4)
    this.#c = digest.readInt32LE(8)
    this.#counter = digest.readInt32LE(12)
  }

  /** A stream that depends on the seed and the name alone, not on what was drawn before. */
  fork(name: string): Random {
    return new Random(`${this.#seed}/${name}`)
  }

  /** In [0, 1). */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return (sum >>> 0) / 4_294_967_296
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** Whole number, both ends included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  between(min: number, max: number): number {
    return min + this.next() * (max - min)
  }

  /** Each order of magnitude between two positive bounds is as likely as the others. */
  magnitude(min: number, max: number): number {
    return min * (max / min) ** this.next()
  }

  /** How long something takes that mostly takes about `mean`, and now and then several times as long. */
  duration(mean: number): number {
    return -Math.log(1 - this.next()) * mean
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[Math.floor(this.next() * list.length)]
    if (list.length === 0) throw new RangeError('There is nothing to pick from.')
    return picked as T
  }

  /** One of the keys, in proportion to its weight. */
  weighted<Key extends string>(weights: Readonly<Record<Key, number>>): Key {
    const entries = Object.entries(weights) as [Key, number][]
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [key, weight] of entries) {
      left -= weight
      if (left < 0) return key
    }
    throw new RangeError('Give at least one weight above 0.')
  }
}
