import { type Context, Hono } from 'hono'
import type { Network } from '../../network/types.ts'
import type { ProcessId } from '../../protocol/ids.ts'
import type { StoredResult } from '../../store/types.ts'
import { HttpError } from '../errors.ts'
import { lazy } from '../lazy.ts'
import { httpLimits } from '../limits.ts'
import { collectPage } from '../paging.ts'
import { parseJson, pathId, pathProcessId, queryInteger, queryProcessId, queryText, readBody } from '../request.ts'
import { encodeCursor, parseBound, type ResultBound, type SortOrder } from './result-cursor.ts'

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
    const from = bound(c, 'from')
    const to = bound(c, 'to')
    const order = cursorSort(from) ?? cursorSort(to) ?? sortOf(c)
    const limit = Math.min(queryInteger(c, 'limit', 1) ?? httpLimits.resultsPageDefault, httpLimits.resultsPageMax)
    return resultJson(c, await resultsPage(network, processId, { from, to, order, limit }))
  })

  cu.post('/dry-run', async (c) => {
    const processId = queryProcessId(c)
    if (queryText(c, 'to') !== undefined) {
      const what = "A dry run against an earlier state ('to')"
      throw new HttpError({ code: 'HTTP_NOT_SUPPORTED', what, instead: 'Leave it out to use the latest state.' })
    }
    const body = await readBody(c)
    const { toDryRunMessage } = await dryRunBody()
    return resultJson(c, await network.dryRun(processId, toDryRunMessage(parseJson(body))))
  })

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
  const times = new Map<number, number>()

  const { rows, hasNextPage } = await collectPage<StoredResult, string>(
    limit,
    async (last, count) => {
      const page = { order, afterNonce: last?.nonce ?? afterNonce, throughNonce, limit: count }
      const results = await network.results(processId, page)
      await readTimes(network, processId, results, times)
      return results
    },
    ({ nonce, json }) => {
      const cursor = encodeCursor(nonce, times.get(nonce) ?? 0, order)
      const row = `{"node":${json},"cursor":"${cursor}"}`
      return { row, sizeBytes: row.length }
    },
  )
  return `{"pageInfo":{"hasNextPage":${hasNextPage}},"edges":[${rows.join(',')}]}`
}

/** Failed results are left out, so the entries between the first and the last may be more than the results. */
async function readTimes(
  network: Network,
  processId: ProcessId,
  results: readonly StoredResult[],
  times: Map<number, number>,
): Promise<void> {
  const nonces = results.map(({ nonce }) => nonce)
  const last = Math.max(...nonces)
  for (let next = Math.min(...nonces); next <= last; ) {
    const entries = await network.entries(processId, next, last, nonces.length)
    for (const { nonce, timestampMs } of entries) times.set(nonce, timestampMs)
    if (entries.length === 0) return
    next += entries.length
  }
}

/**
 * The nonce that stands for a bound. The lower bound is exclusive and the upper one inclusive, in the direction of the
 * order, so a moment t is, ascending, the last entry at or before t, and descending, the first one at or after t.
 */
async function boundNonce(
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

function bound(c: Context, parameter: 'from' | 'to'): ResultBound | undefined {
  const given = queryText(c, parameter)
  if (given === undefined) return undefined
  const parsed = parseBound(given)
  if (parsed !== undefined) return parsed
  const allowed = 'a cursor from an earlier page, or milliseconds since 1970'
  throw new HttpError({ code: 'HTTP_PARAMETER_INVALID', parameter, given: given.slice(0, 80), allowed })
}

function cursorSort(bound: ResultBound | undefined): SortOrder | undefined {
  return bound?.kind === 'nonce' ? bound.sort : undefined
}

function sortOf(c: Context): SortOrder {
  const given = queryText(c, 'sort') ?? 'ASC'
  if (given === 'ASC' || given === 'DESC') return given
  throw new HttpError({ code: 'HTTP_PARAMETER_INVALID', parameter: 'sort', given, allowed: 'ASC or DESC' })
}
