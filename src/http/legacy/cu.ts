import { type Context, Hono } from 'hono'
import type { Network } from '../../network/types.ts'
import { type ProcessId, parseItemId } from '../../protocol/ids.ts'
import { recordedTick } from '../../scheduler/cron-tick.ts'
import type { StoredResult } from '../../store/types.ts'
import { HttpError } from '../errors.ts'
import { lazy } from '../lazy.ts'
import { httpLimits } from '../limits.ts'
import { collectPage } from '../paging.ts'
import { parseJson, pathId, pathProcessId, queryInteger, queryProcessId, queryText, readBody } from '../request.ts'
import { addCronRoute } from './cron.ts'
import { boundNonce, queryBound } from './result-bounds.ts'
import { encodeCursor, type ResultBound, type ResultPlace, type SortOrder } from './result-cursor.ts'
import { createStateRoute } from './state.ts'

const dryRunBody = lazy(() => import('./dry-run-body.ts'))

/** Compute Unit. Always answers JSON, because clients parse before they look at the status. Wire protocol 7. */
export function createCu(network: Network): Hono {
  const cu = new Hono()

  cu.get('/', (c) => {
    const { address, timestampMs } = network.info()
    return c.json({ address, timestamp: timestampMs })
  })

  cu.get('/result/:id', async (c) => {
    const { json } = await network.result(queryProcessId(c), pathId(c, 'id', 'message id'))
    return resultJson(c, json)
  })

  cu.get('/results/:process', async (c) => {
    const processId = pathProcessId(c, 'process')
    const from = queryBound(c, 'from')
    const to = queryBound(c, 'to')
    const order = cursorSort(from) ?? cursorSort(to) ?? sortOf(c)
    const limit = Math.min(queryInteger(c, 'limit', 1) ?? httpLimits.resultsPageDefault, httpLimits.resultsPageMax)
    return resultJson(c, await resultsPage(network, processId, { from, to, order, limit }))
  })

  addCronRoute(cu, network)

  cu.post('/dry-run', async (c) => {
    const processId = queryProcessId(c)
    const to = queryText(c, 'to')
    const after = to === undefined ? undefined : parseItemId(to, 'to')
    const body = await readBody(c)
    const { toDryRunMessage } = await dryRunBody()
    return resultJson(c, await network.dryRun(processId, toDryRunMessage(parseJson(body)), after))
  })

  cu.route('/', createStateRoute(network))

  return cu
}

/** Text that is JSON already: results are stored as they are sent. */
function resultJson(c: Context, json: string): Response {
  return c.body(json, 200, { 'content-type': 'application/json' })
}

interface ResultsRequest {
  /** Exclusive, in the direction of the order. */
  readonly from: ResultBound | undefined
  /** Inclusive, in the direction of the order. */
  readonly to: ResultBound | undefined
  readonly order: SortOrder
  readonly limit: number
}

async function resultsPage(network: Network, processId: ProcessId, request: ResultsRequest): Promise<string> {
  const { from, to, order, limit } = request
  const [afterNonce, throughNonce] = await Promise.all([
    boundNonce(network, processId, from, order),
    boundNonce(network, processId, to, order),
  ])
  const places = new Map<number, ResultPlace>()

  const { rows, hasNextPage } = await collectPage<StoredResult, string>(
    limit,
    async (last, count) => {
      const page = { order, afterNonce: last?.nonce ?? afterNonce, throughNonce, limit: count }
      const results = await network.results(processId, page)
      await readPlaces(network, processId, results, places)
      return results
    },
    ({ nonce, json }) => {
      const cursor = encodeCursor(places.get(nonce) ?? { nonce, timestampMs: 0 }, order)
      const row = `{"node":${json},"cursor":"${cursor}"}`
      return { row, sizeBytes: row.length }
    },
  )
  return `{"pageInfo":{"hasNextPage":${hasNextPage}},"edges":[${rows.join(',')}]}`
}

/** Failed results are left out, so the entries between the first and the last may be more than the results. */
async function readPlaces(
  network: Network,
  processId: ProcessId,
  results: readonly StoredResult[],
  places: Map<number, ResultPlace>,
): Promise<void> {
  const nonces = results.map(({ nonce }) => nonce)
  const last = Math.max(...nonces)
  for (let next = Math.min(...nonces); next <= last; ) {
    const entries = await network.entries(processId, next, last, nonces.length)
    for (const { nonce, timestampMs, assignment } of entries) {
      places.set(nonce, { nonce, timestampMs, cron: recordedTick(assignment)?.name })
    }
    if (entries.length === 0) return
    next += entries.length
  }
}

function cursorSort(bound: ResultBound | undefined): SortOrder | undefined {
  return bound?.kind === 'nonce' ? bound.sort : undefined
}

function sortOf(c: Context): SortOrder {
  const given = queryText(c, 'sort') ?? 'ASC'
  if (given === 'ASC' || given === 'DESC') return given
  throw new HttpError({ code: 'HTTP_PARAMETER_INVALID', parameter: 'sort', given, allowed: 'ASC or DESC' })
}
