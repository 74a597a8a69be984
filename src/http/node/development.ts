import { Hono } from 'hono'
import type { Network } from '../../network/types.ts'
import { parseAddress, parseProcessId } from '../../protocol/ids.ts'
import { lazy } from '../lazy.ts'
import { readBody } from '../request.ts'

const bodies = lazy(() => import('./development-bodies.ts'))

/** What a node does for developers, and never in strict mode: docs/fork-and-rollback.md. */
export function createDevelopmentApi(network: Network): Hono {
  const api = new Hono()

  api.post('/snapshot', async (c) => c.json({ snapshot: await network.snapshot() }))

  api.post('/revert', async (c) => {
    const { parseRevert } = await bodies()
    const { snapshot } = parseRevert(await readBody(c))
    await network.revert(snapshot)
    return c.json({ snapshot, timestampMs: network.info().timestampMs })
  })

  api.post('/clock', async (c) => {
    const { parseClockMove } = await bodies()
    return c.json({ timestampMs: network.moveClock(parseClockMove(await readBody(c))) })
  })

  api.post('/submit-as', async (c) => {
    const { parseSubmitAs } = await bodies()
    const { from, ...draft } = parseSubmitAs(await readBody(c))
    return c.json(await network.submitAs(parseAddress(from, 'from'), draft))
  })

  api.post('/rehearse', async (c) => {
    const { parseRehearsal } = await bodies()
    const { processId, ...request } = parseRehearsal(await readBody(c))
    return c.json(await network.rehearse({ processId: parseProcessId(processId), ...request }))
  })

  return api
}
