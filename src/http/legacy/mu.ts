import { type Context, Hono } from 'hono'
import type { Network, Submission } from '../../network/types.ts'
import { parseDataItem, verifyDataItem } from '../../protocol/data-item.ts'
import type { ItemId, ProcessId } from '../../protocol/ids.ts'
import { HttpError } from '../errors.ts'
import { httpLimits } from '../limits.ts'
import { pathProcessId, readBody } from '../request.ts'
import { assignmentRequest } from './assignment-request.ts'

/** Messenger Unit. Wire protocol 5. */
export function createMu(network: Network): Hono {
  const mu = new Hono()
  // Monitoring is accepted and remembered; nothing is pushed by it until cron is there.
  const monitored = new Set<ProcessId>()

  mu.get('/', (c) => c.text('ao messenger unit'))

  mu.post('/', async (c) => {
    const assignment = assignmentRequest(c)
    if (assignment !== undefined) return accepted(c, 'Processing Assignment', await network.assign(assignment))
    const body = await readBody(c)
    if (body.length === 0) throw new HttpError({ code: 'HTTP_BODY_MISSING', expected: 'a signed data item' })
    return accepted(c, 'Processing DataItem', await network.submit(body))
  })

  mu.post('/monitor/:process', async (c) => {
    const processId = await monitorRequest(c, network)
    if (monitored.size >= httpLimits.monitorsMax && !monitored.has(processId)) {
      throw new HttpError({ code: 'HTTP_MONITORS_FULL', countMax: httpLimits.monitorsMax })
    }
    monitored.add(processId)
    return c.text('Monitoring process')
  })

  mu.delete('/monitor/:process', async (c) => {
    monitored.delete(await monitorRequest(c, network))
    return c.text('Process deleted')
  })

  return mu
}

/** Sent once the item is durable, and before it is evaluated. An item sent twice gets the same answer twice. */
function accepted(c: Context, message: string, { id }: Submission): Response {
  return c.json({ message, id }, 202)
}

/** The process that a signed request is about; its owner signed it. Wire protocol 5.3. */
async function monitorRequest(c: Context, network: Network): Promise<ProcessId> {
  const processId = pathProcessId(c, 'process')
  const body = await readBody(c)
  if (body.length === 0) throw new HttpError({ code: 'HTTP_BODY_MISSING', expected: 'a signed data item' })
  const item = parseDataItem(body)
  await verifyDataItem(item)
  if (item.target !== processId) {
    throw new HttpError({ code: 'HTTP_MONITOR_TARGET', processId, target: item.target })
  }
  const spawned = await network.item(processId as ItemId)
  if (spawned === undefined || !(await network.hasProcess(processId))) {
    throw new HttpError({ code: 'HTTP_ITEM_UNKNOWN', id: processId })
  }
  if (spawned.ownerAddress !== item.ownerAddress) {
    throw new HttpError({ code: 'HTTP_MONITOR_FORBIDDEN', processId, signer: item.ownerAddress })
  }
  return processId
}
