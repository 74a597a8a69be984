import { type Context, Hono } from 'hono'
import type { Network, Submission } from '../../network/types.ts'
import { type ItemId, isItemId, type ProcessId, parseProcessId } from '../../protocol/ids.ts'
import { SchedulerError } from '../../scheduler/errors.ts'
import type { LogEntry } from '../../store/types.ts'
import { HttpError } from '../errors.ts'
import { httpLimits } from '../limits.ts'
import { collectPage } from '../paging.ts'
import { pathId, pathProcessId, queryInteger, queryText, readBody } from '../request.ts'
import { assignmentRequest } from './assignment-request.ts'
import { nodeJson, paddedHeight, processJson } from './schedule-json.ts'

/** Scheduler Unit. Wire protocol 6. */
export function createSu(network: Network): Hono {
  const su = new Hono()

  su.get('/', async (c) => {
    const { timestampMs, address } = network.info()
    const elsewhere = await redirectOfQuery(c, network)
    return elsewhere ?? c.json({ timestamp: String(timestampMs), address })
  })

  su.get('/timestamp', async (c) => {
    const { timestampMs, blockHeight } = network.info()
    const elsewhere = await redirectOfQuery(c, network)
    return elsewhere ?? c.json({ timestamp: String(timestampMs), block_height: paddedHeight(blockHeight) })
  })

  su.get('/health', (c) => c.body(null, 200))

  su.post('/', async (c) => {
    try {
      const { timestampMs, id } = await accept(c, network)
      return c.json({ timestamp: timestampMs, id })
    } catch (error) {
      if (!(error instanceof SchedulerError) || error.info.code !== 'SCHEDULER_PROCESS_UNKNOWN') throw error
      const elsewhere = await redirect(c, network, error.info.processId as ProcessId)
      if (elsewhere === undefined) throw error
      return elsewhere
    }
  })

  su.get('/processes/:process', async (c) => {
    const processId = pathProcessId(c, 'process')
    const [entry] = await network.entries(processId, 0, 0, 1)
    return entry === undefined ? notHere(c, network, processId) : c.json(processJson(entry))
  })

  su.get('/:process/latest', async (c) => {
    const processId = pathProcessId(c, 'process')
    const entry = await network.latestEntry(processId)
    return entry === undefined ? notHere(c, network, processId) : c.json(nodeJson(entry, showAnchor(c)))
  })

  su.get('/:id', async (c) => {
    const id = pathId(c, 'id', 'id')
    // Clients leave process-id out of page requests, so it defaults to the id of the path.
    const processId = parseProcessId(queryText(c, 'process-id') ?? id, 'process-id')
    if (processId !== id) {
      const entry = await network.entry(processId, id)
      if (entry !== undefined) return c.json(nodeJson(entry, showAnchor(c)))
    }
    const page = await schedulePage(c, network, id as ItemId as ProcessId)
    if (page === undefined) return notHere(c, network, processId)
    return c.body(page, 200, { 'content-type': 'application/json' })
  })

  return su
}

async function accept(c: Context, network: Network): Promise<Submission> {
  const assignment = assignmentRequest(c)
  if (assignment !== undefined) return network.assign(assignment)
  const body = await readBody(c)
  if (body.length === 0) throw new HttpError({ code: 'HTTP_BODY_MISSING', expected: 'a signed data item' })
  return network.submit(body)
}

/** @throws {HttpError} `HTTP_SCHEDULE_UNKNOWN` unless it is known where the process is. */
async function notHere(c: Context, network: Network, processId: ProcessId): Promise<Response> {
  const elsewhere = await redirect(c, network, processId)
  if (elsewhere !== undefined) return elsewhere
  throw new HttpError({ code: 'HTTP_SCHEDULE_UNKNOWN', id: processId })
}

/** To the scheduler of a process that is not in a log here, when that one is known. Wire protocol 6.1. */
async function redirect(c: Context, network: Network, processId: ProcessId): Promise<Response | undefined> {
  const url = await network.foreignSchedulerUrl(processId)
  if (url === undefined) return undefined
  const path = c.req.path.replace(/^\/su/, '')
  return c.redirect(`${url}${path}${new URL(c.req.url).search}`, 307)
}

/** Who asks where a process is names it in the query; without a better answer it is this node. */
async function redirectOfQuery(c: Context, network: Network): Promise<Response | undefined> {
  const given = c.req.query('process-id') ?? ''
  return isItemId(given) ? redirect(c, network, given as string as ProcessId) : undefined
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
