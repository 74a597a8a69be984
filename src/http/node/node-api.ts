import { Hono } from 'hono'
import type { Network } from '../../network/types.ts'
import { createDevelopmentApi } from './development.ts'
import { createChainApi, createOutboxApi } from './outbox.ts'
import { createTimeTravelApi } from './time-travel.ts'

/** Loom's own API. */
export function createNodeApi(network: Network): Hono {
  const api = new Hono()
  api.get('/info', (c) => c.json(network.info()))
  api.route('/development', createDevelopmentApi(network))
  api.route('/outbox', createOutboxApi(network))
  api.route('/chains', createChainApi(network))
  api.route('/processes', createTimeTravelApi(network))
  return api
}
