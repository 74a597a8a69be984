import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  IntersectionPostings,
  type Order,
  type Postings,
  QueryBudget,
  queryStepsMax,
  StatementPostings,
  UnionPostings,
} from './postings.ts'
import type { Statement } from './statement.ts'

/** A statement over an array, in the shape that the schema's `terms` gives. */
function listOf(positions: Iterable<number>, order: Order, budget: QueryBudget): Postings {
  const sign = order === 'ASC' ? 1 : -1
  const sorted = [...new Set(positions)].sort((a, b) => (a - b) * sign)
  const all = (...[from, count]: unknown[]) =>
    sorted
      .filter((position) => (position - Number(from)) * sign >= 0)
      .slice(0, Number(count))
      .map((position) => ({ position }))
  return new StatementPostings({ all } as Statement<{ position: number }>, [], order, budget)
}

function read(postings: Postings, order: Order): number[] {
  const found: number[] = []
  const step = order === 'ASC' ? 1 : -1
  for (let next = postings.seek(order === 'ASC' ? 1 : 10_000); next !== undefined; next = postings.seek(next + step)) {
    found.push(next)
  }
  return found
}

const positions = fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 120 })

describe('postings', () => {
  test.each(['ASC', 'DESC'] as const)('union and intersection are those of sets, %s', (order) => {
    fc.assert(
      fc.property(
        fc.array(fc.array(positions, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 }),
        (ands) => {
          const budget = new QueryBudget()
          const unions = ands.map(
            (ors) =>
              new UnionPostings(
                ors.map((list) => listOf(list, order, budget)),
                order,
                budget,
              ),
          )
          const all = new Set(ands.flat(2))
          const expected = [...all].filter((position) => ands.every((ors) => ors.flat().includes(position)))
          const sorted = expected.sort((a, b) => (order === 'ASC' ? a - b : b - a))
          expect(read(new IntersectionPostings(unions, budget), order)).toEqual(sorted)
        },
      ),
    )
  })

  test('a rare list sets the pace of a long one', () => {
    const budget = new QueryBudget()
    const long = listOf(
      Array.from({ length: 5_000 }, (_, index) => index + 1),
      'ASC',
      budget,
    )
    expect(read(new IntersectionPostings([long, listOf([4_999], 'ASC', budget)], budget), 'ASC')).toEqual([4_999])
    // Two looks at each list and a few steps between: far below the length of the long one.
    expect(() => budget.spend(queryStepsMax - 100)).not.toThrow()
  })

  test('the budget ends a query that finds nothing', () => {
    const budget = new QueryBudget()
    budget.spend(queryStepsMax)
    expect(() => budget.spend()).toThrow(expect.objectContaining({ code: 'STORE_QUERY_TOO_BROAD' }))
  })
})
