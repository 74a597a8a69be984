import type { Context, Hono } from 'hono'
import { blockByHeight } from '../../network/blocks.ts'
import { NetworkError } from '../../network/errors.ts'
import type { Network } from '../../network/types.ts'
import { parseAddress } from '../../protocol/ids.ts'
import { HttpError } from '../errors.ts'
import { httpLimits } from '../limits.ts'
import type { Balances } from './balances.ts'
import { networkInfo } from './network-routes.ts'

/** Longest amount: all AR there will ever be has 20 digits in winston. */
const winstonDigitsMax = 21

/** What test suites that know arlocal ask for, in development mode. Wire protocol 9.3. */
export function addArlocalRoutes(gateway: Hono, network: Network, balances: Balances): void {
  gateway.get('/mint/:address/:winston', (c) => {
    if (network.info().mode !== 'development') {
      throw new NetworkError({ code: 'NETWORK_DEVELOPMENT_ONLY', wanted: 'minting' })
    }
    const address = parseAddress(c.req.param('address'))
    const winston = digits(c.req.param('winston'), 'winston', winstonDigitsMax)
    return c.text(String(balances.mint(address, BigInt(winston))))
  })

  // There is no miner: a block is a span of time, so the clock moves to where the block begins.
  const mine = (c: Context): Response => {
    const count = Number(digits(c.req.param('blocks') ?? '1', 'blocks', 6))
    if (count > httpLimits.minedBlocksMax)
      throw invalid('blocks', String(count), `at most ${httpLimits.minedBlocksMax}`)
    network.moveClock({ toMs: blockByHeight(network.info().blockHeight + count).timestampMs })
    return c.json(networkInfo(network))
  }
  gateway.get('/mine/:blocks?', mine)
}

function digits(given: string, parameter: string, digitsMax: number): string {
  if (/^\d+$/.test(given) && given.length <= digitsMax) return given
  throw invalid(parameter, given, `a whole number of at most ${digitsMax} digits`)
}

function invalid(parameter: string, given: string, allowed: string): HttpError {
  return new HttpError({ code: 'HTTP_PARAMETER_INVALID', parameter, given: given.slice(0, 80), allowed })
}
