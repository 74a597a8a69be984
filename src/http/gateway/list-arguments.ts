import { HttpError } from '../errors.ts'
import { httpLimits } from '../limits.ts'

/** Both inclusive. */
export interface Range {
  readonly min?: number | null
  readonly max?: number | null
}

export type SortOrder = 'HEIGHT_ASC' | 'HEIGHT_DESC' | 'INGESTED_AT_ASC' | 'INGESTED_AT_DESC'

export function isAscending(sort: SortOrder | null): boolean {
  return sort === 'HEIGHT_ASC' || sort === 'INGESTED_AT_ASC'
}

/** Clients begin with an empty cursor, or without one. */
export function givenCursor(after: string | null | undefined): string | undefined {
  return after === '' || after === null ? undefined : after
}

/** `first` above the limit gives the limit, as public gateways do. */
export function pageLimit(first: number | null): number {
  const given = first ?? httpLimits.graphqlPageDefault
  if (given >= 1) return Math.min(given, httpLimits.graphqlPageMax)
  const allowed = `a whole number from 1 to ${httpLimits.graphqlPageMax}`
  throw new HttpError({ code: 'HTTP_PARAMETER_INVALID', parameter: 'first', given: String(given), allowed })
}
