import type { Hono } from 'hono'
import type { Network } from '../../network/types.ts'
import { HttpError } from '../errors.ts'
import { pathId, queryProcessId, queryText } from '../request.ts'

/**
 * `POST /push/<id>/<number>?process-id=<process>`: sends an output of a message again (wire protocol 5.5).
 *
 * The number is the place in its outbox, from 0: messages, spawns, assignments. Every output is delivered once anyway
 * (I3), so only one that could not be delivered is sent again; for the others there is nothing to do.
 */
export function addPushRoute(mu: Hono, network: Network): void {
  mu.post('/push/:id/:number', async (c) => {
    const id = pathId(c, 'id', 'message id')
    const given = c.req.param('number')
    if (!/^\d{1,15}$/.test(given)) throw new HttpError({ code: 'HTTP_OUTPUT_NUMBER_INVALID' })
    const processId = queryProcessId(c)
    if (queryText(c, 'custom-cu') !== undefined) {
      const instead = 'Leave it out: this node evaluates the processes that it schedules.'
      throw new HttpError({ code: 'HTTP_NOT_SUPPORTED', what: "The result of another unit ('custom-cu')", instead })
    }
    const { nonce, json } = await network.result(processId, id)
    const number = Number(given)
    const outputs = outputCount(json)
    if (number >= outputs) throw new HttpError({ code: 'HTTP_OUTPUT_UNKNOWN', id, number, outputs })
    await network.retryOutbox(processId, [{ nonce, index: number }])
    return c.json({ message: 'Processing Message Result', id }, 202)
  })
}

interface Outputs {
  readonly Messages: readonly unknown[]
  readonly Spawns: readonly unknown[]
  readonly Assignments: readonly { readonly Processes?: unknown }[]
}

function outputCount(json: string): number {
  const { Messages, Spawns, Assignments } = JSON.parse(json) as Outputs
  const assigned = Assignments.map((assignment) => {
    const processes = assignment?.Processes
    // One that is malformed has a place too, with its reason.
    return Array.isArray(processes) ? processes.length : 1
  })
  return assigned.reduce((sum, count) => sum + count, Messages.length + Spawns.length)
}
