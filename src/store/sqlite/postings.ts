import { StoreError } from '../errors.ts'
import type { Statement } from './statement.ts'

/** Ascending reads upwards from a position, descending downwards. */
export type Order = 'ASC' | 'DESC'

/**
 * A sorted list of item positions. `seek` answers the first position at or past `from` in the direction of the order,
 * or undefined. Calls move in that direction only.
 */
export interface Postings {
  seek(from: number): number | undefined
}

/** Steps that one query may take: a stranger drives it, and the calling thread waits (I9). About a second. */
export const queryStepsMax = 400_000

/** Counts the steps of one query. */
export class QueryBudget {
  #left = queryStepsMax

  /** @throws {StoreError} `STORE_QUERY_TOO_BROAD` when {@link queryStepsMax} are spent. */
  spend(steps = 1): void {
    this.#left -= steps
    if (this.#left < 0) throw new StoreError({ code: 'STORE_QUERY_TOO_BROAD', stepsMax: queryStepsMax })
  }
}

const chunkMin = 8
const chunkMax = 512

/** Positions that a statement lists: parameters are `bound`, then the position to start at, then how many. */
export class StatementPostings implements Postings {
  readonly #statement: Statement<{ readonly position: number }>
  readonly #bound: readonly number[]
  readonly #sign: number
  readonly #budget: QueryBudget
  #chunk: readonly { readonly position: number }[] = []
  #index = 0
  #chunkSize = chunkMin
  #complete = false

  constructor(
    statement: Statement<{ readonly position: number }>,
    bound: readonly number[],
    order: Order,
    budget: QueryBudget,
  ) {
    this.#statement = statement
    this.#bound = bound
    this.#sign = order === 'ASC' ? 1 : -1
    this.#budget = budget
  }

  seek(from: number): number | undefined {
    for (;;) {
      const last = this.#chunk.at(-1)?.position
      const within = last !== undefined && (last - from) * this.#sign >= 0
      for (; within && this.#index < this.#chunk.length; this.#index += 1) {
        const position = this.#chunk[this.#index]?.position
        if (position !== undefined && (position - from) * this.#sign >= 0) return position
        this.#budget.spend()
      }
      if (this.#complete) return undefined
      // Whoever reads on from the last position will want the next ones too; whoever jumps may jump again.
      const readsOn = last === undefined || from === last + this.#sign
      this.#chunkSize = readsOn ? Math.min(this.#chunkSize * 2, chunkMax) : chunkMin
      this.#budget.spend()
      this.#chunk = this.#statement.all(...this.#bound, from, this.#chunkSize)
      this.#index = 0
      this.#complete = this.#chunk.length < this.#chunkSize
    }
  }
}

/** Positions in any of the lists. */
export class UnionPostings implements Postings {
  readonly #lists: readonly Postings[]
  readonly #order: Order
  readonly #budget: QueryBudget

  constructor(lists: readonly Postings[], order: Order, budget: QueryBudget) {
    this.#lists = lists
    this.#order = order
    this.#budget = budget
  }

  seek(from: number): number | undefined {
    this.#budget.spend(this.#lists.length)
    const positions = this.#lists.map((list) => list.seek(from)).filter((position) => position !== undefined)
    if (positions.length === 0) return undefined
    return this.#order === 'ASC' ? Math.min(...positions) : Math.max(...positions)
  }
}

/** Positions in all of the lists: each list in turn jumps to where the others stand, so the rarest sets the pace. */
export class IntersectionPostings implements Postings {
  readonly #lists: readonly Postings[]
  readonly #budget: QueryBudget

  constructor(lists: readonly Postings[], budget: QueryBudget) {
    this.#lists = lists
    this.#budget = budget
  }

  seek(from: number): number | undefined {
    let position = from
    for (let agreed = 0, turn = 0; agreed < this.#lists.length; turn += 1) {
      this.#budget.spend()
      const found = this.#lists[turn % this.#lists.length]?.seek(position)
      if (found === undefined) return undefined
      agreed = found === position ? agreed + 1 : 1
      position = found
    }
    return position
  }
}
