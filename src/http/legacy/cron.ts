import type { Hono } from 'hono'
import type { CronResult, Network } from '../../network/types.ts'
import { httpLimits } from '../limits.ts'
import { collectPage } from '../paging.ts'
import { pathProcessId, queryInteger } from '../request.ts'
import { boundNonce, queryBound } from './result-bounds.ts'
import { encodeCursor } from './result-cursor.ts'

/**
 * Results of ticks, always ascending. Makes those that are due, and waits for their evaluation: this is how one sees the crons of
 * a process that nobody monitors. Wire protocol 7.1, 7.7.
 */
export function addCronRoute(cu: Hono, network: Network): void {
  cu.get('/cron/:process', async (c) => {
    const processId = pathProcessId(c, 'process')
    const [from, to] = [queryBound(c, 'from'), queryBound(c, 'to')]
    const limit = Math.min(queryInteger(c, 'limit', 1) ?? httpLimits.cronPageDefault, httpLimits.resultsPageMax)
    await network.bringCronsUp(processId)
    const afterNonce = await boundNonce(network, processId, from, 'ASC')
    const throughNonce = await boundNonce(network, processId, to, 'ASC')
    const { rows, hasNextPage } = await collectPage<CronResult, string>(
      limit,
      (last, count) =>
        network.cronResults(processId, { afterNonce: last?.result.nonce ?? afterNonce, throughNonce, limit: count }),
      ({ result: { nonce, json }, timestampMs, cron }) => {
        const row = `{"node":${json},"cursor":"${encodeCursor({ nonce, timestampMs, cron }, 'ASC')}"}`
        return { row, sizeBytes: row.length }
      },
    )
    const page = `{"pageInfo":{"hasNextPage":${hasNextPage}},"edges":[${rows.join(',')}]}`
    return c.body(page, 200, { 'content-type': 'application/json' })
  })
}
