import { type Context, Hono } from 'hono'
import type { Network } from '../../network/types.ts'
import { type ItemId, isItemId, type ProcessId } from '../../protocol/ids.ts'
import type { LogEntry } from '../../store/types.ts'
import { HttpError } from '../errors.ts'
import { httpLimits } from '../limits.ts'
import { collectPage } from '../paging.ts'
import { pathId, pathProcessId, queryInteger, readBody } from '../request.ts'
import { assignmentRequest } from './assignment-request.ts'
import { nodeJson, paddedHeight, processJson } from './schedule-json.ts'

/** Scheduler Unit. Wire protocol 6. */
export function createSu(network: Network): Hono {
  const su = new Hono()

  su.get('/', (c) => {
    const { timestampMs, address } = network.info()
    return c.json({ timestamp: String(timestampMs), address })
  })

  su.get('/timestamp', (c) => {
    const { timestampMs, blockHeight } = network.info()
    return c.json({ timestamp: String(timestampMs), block_height: paddedHeight(blockHeight) })
  })

  su.get('/health', (c) => c.body(null, 200))

  su.post('/', async (c) => {
    const assignment = assignmentRequest(c)
    const body = assignment === undefined ? await readBody(c) : undefined
    if (body?.length === 0) throw new HttpError({ code: 'HTTP_BODY_MISSING', expected: 'a signed data item' })
    const { timestampMs, id } =
      assignment === undefined ? await network.submit(body ?? new Uint8Array()) : await network.assign(assignment)
    return c.json({ timestamp: timestampMs, id })
  })

  su.get('/processes/:process', async (c) => {
    const processId = pathProcessId(c, 'process')
    const [entry] = await network.entries(processId, 0, 0, 1)
    if (entry === undefined) throw new HttpError({ code: 'HTTP_SCHEDULE_UNKNOWN', id: processId })
    return c.json(processJson(entry))
  })

  su.get('/:process/latest', async (c) => {
    const processId = pathProcessId(c, 'process')
    const entry = await network.latestEntry(processId)
    if (entry === undefined) throw new HttpError({ code: 'HTTP_SCHEDULE_UNKNOWN', id: processId })
    return c.json(nodeJson(entry, showAnchor(c)))
  })

  su.get('/:id', async (c) => {
    const id = pathId(c, 'id', 'id')
    // Clients leave process-id out of page requests, so it defaults to the id of the path.
    const given = c.req.query('process-id') ?? id
    if (isItemId(given) && given !== id) {
      const entry = await network.entry(given as ProcessId, id)
      if (entry !== undefined) return c.json(nodeJson(entry, showAnchor(c)))
    }
    const page = await schedulePage(c, network, id as ItemId as ProcessId)
    if (page === undefined) throw new HttpError({ code: 'HTTP_SCHEDULE_UNKNOWN', id })
    return c.body(page, 200, { 'content-type': 'application/json' })
  })

  return su
}

const showAnchor = (c: Context): boolean => c.req.query('show-anchor') !== undefined

/** Paged by nonce when a nonce is given, else by time. Lower bounds are exclusive, upper ones inclusive. */
async function schedulePage(c: Context, network: Network, processId: ProcessId): Promise<string | undefined> {
  if (!(await network.hasProcess(processId))) return undefined
  const fromNonce = queryInteger(c, 'from-nonce', -1)
  const toNonce = queryInteger(c, 'to-nonce', 0)
  const fromMs = queryInteger(c, 'from', 0)
  const toMs = queryInteger(c, 'to', 0) ?? Number.MAX_SAFE_INTEGER
  const limit = Math.min(queryInteger(c, 'limit', 1) ?? httpLimits.schedulePageDefault, httpLimits.schedulePageMax)
  const byNonce = fromNonce !== undefined || toNonce !== undefined
  const anchors = showAnchor(c)

  const { rows, hasNextPage } = await collectPage<LogEntry, string>(
    limit,
    (last, count) =>
      byNonce
        ? network.entries(processId, (last?.nonce ?? fromNonce ?? -1) + 1, toNonce ?? Number.MAX_SAFE_INTEGER, count)
        : network.entriesByTime(processId, last?.timestampMs ?? fromMs ?? 0, toMs, count),
    (entry) => {
      const cursor = String(byNonce ? entry.nonce : entry.timestampMs)
      const row = JSON.stringify({ node: nodeJson(entry, anchors), cursor })
      return { row, sizeBytes: row.length }
    },
  )
  return `{"page_info":{"has_next_page":${hasNextPage}},"edges":[${rows.join(',')}]}`
}
