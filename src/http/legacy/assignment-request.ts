import type { Context } from 'hono'
import type { Network } from '../../network/types.ts'
import { parseItemId, parseProcessId } from '../../protocol/ids.ts'
import { HttpError } from '../errors.ts'

/**
 * `?process-id=<pid>&assign=<id>[&base-layer][&exclude=<csv>]`, as MU and SU take it (wire protocol 5.2, 6.5).
 *
 * @returns undefined when the request is not an assignment.
 * @throws {HttpError} `HTTP_ASSIGN_INCOMPLETE` when only one of the two ids is there.
 */
export function assignmentRequest(c: Context): Parameters<Network['assign']>[0] | undefined {
  const process = c.req.query('process-id')
  const assign = c.req.query('assign')
  if (process === undefined && assign === undefined) return undefined
  if (process === undefined || assign === undefined) throw new HttpError({ code: 'HTTP_ASSIGN_INCOMPLETE' })
  const exclude = c.req
    .query('exclude')
    ?.split(',')
    .filter((field) => field !== '')
  return {
    processId: parseProcessId(process, 'process-id'),
    itemId: parseItemId(assign, 'assign'),
    exclude,
    // A key without a value means true.
    baseLayer: c.req.query('base-layer') !== undefined,
  }
}
