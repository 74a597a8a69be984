import type { Context, Hono } from 'hono'
import type { Network } from '../../network/types.ts'
import { parseDataItem, verifyDataItem } from '../../protocol/data-item.ts'
import type { ItemId, ProcessId } from '../../protocol/ids.ts'
import { HttpError } from '../errors.ts'
import { httpLimits } from '../limits.ts'
import { pathProcessId, readBody } from '../request.ts'

/** Whether what a process sends when its crons tick is delivered. Both may be repeated. Wire protocol 5.3, 5.8. */
export function addMonitorRoutes(mu: Hono, network: Network): void {
  mu.post('/monitor/:process', async (c) => {
    const processId = await monitorRequest(c, network)
    const monitored = network.monitored()
    if (monitored.size >= httpLimits.monitorsMax && !monitored.has(processId)) {
      throw new HttpError({ code: 'HTTP_MONITORS_FULL', countMax: httpLimits.monitorsMax })
    }
    await network.monitor(processId)
    return c.text('Monitoring process')
  })

  mu.delete('/monitor/:process', async (c) => {
    await network.unmonitor(await monitorRequest(c, network))
    return c.text('Process deleted')
  })
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
