import type { Context } from 'hono'
import type { Network } from '../../network/types.ts'
import type { ProcessId } from '../../protocol/ids.ts'
import { HttpError } from '../errors.ts'
import { queryText } from '../request.ts'
import { parseBound, type ResultBound, type SortOrder } from './result-cursor.ts'

/** @throws {HttpError} `HTTP_PARAMETER_INVALID` when it is neither a cursor nor a time. */
export function queryBound(c: Context, parameter: 'from' | 'to'): ResultBound | undefined {
  const given = queryText(c, parameter)
  if (given === undefined) return undefined
  const parsed = parseBound(given)
  if (parsed !== undefined) return parsed
  const allowed = 'a cursor from an earlier page, or milliseconds since 1970'
  throw new HttpError({ code: 'HTTP_PARAMETER_INVALID', parameter, given: given.slice(0, 80), allowed })
}

/**
 * The nonce that stands for a bound. The lower bound is exclusive and the upper one inclusive, in the direction of the
 * order, so a moment t is, ascending, the last entry at or before t, and descending, the first one at or after t.
 */
export async function boundNonce(
  network: Network,
  processId: ProcessId,
  bound: ResultBound | undefined,
  order: SortOrder,
): Promise<number | undefined> {
  if (bound === undefined || bound.kind === 'nonce') return bound?.nonce
  const { timestampMs } = bound
  const aboveMs = order === 'ASC' ? timestampMs : timestampMs - 1
  const [entry] = await network.entriesByTime(processId, aboveMs, Number.MAX_SAFE_INTEGER, 1)
  const nonce = entry?.nonce ?? Number.MAX_SAFE_INTEGER
  return order === 'ASC' ? nonce - 1 : nonce
}
