import { type Context, Hono } from 'hono'
import type { Network, Submission } from '../../network/types.ts'
import { HttpError } from '../errors.ts'
import { readBody } from '../request.ts'
import { assignmentRequest } from './assignment-request.ts'
import { addMonitorRoutes } from './monitor.ts'
import { addPushRoute } from './push.ts'
import { tracePage } from './trace.ts'

/** Messenger Unit. Wire protocol 5. */
export function createMu(network: Network): Hono {
  const mu = new Hono()

  mu.get('/', async (c) => {
    if (c.req.query('debug') === undefined) return c.text('ao messenger unit')
    return c.json(await tracePage(c, network))
  })

  mu.post('/', async (c) => {
    const assignment = assignmentRequest(c)
    if (assignment !== undefined) return accepted(c, 'Processing Assignment', await network.assign(assignment))
    const body = await readBody(c)
    if (body.length === 0) throw new HttpError({ code: 'HTTP_BODY_MISSING', expected: 'a signed data item' })
    return accepted(c, 'Processing DataItem', await network.submit(body))
  })

  addPushRoute(mu, network)

  addMonitorRoutes(mu, network)

  return mu
}

/** Sent once the item is durable, and before it is evaluated. An item sent twice gets the same answer twice. */
function accepted(c: Context, message: string, { id }: Submission): Response {
  return c.json({ message, id }, 202)
}
