import { Hono } from 'hono'
import type { Network } from '../../network/types.ts'

/** Loom's own API. */
export function createNodeApi(network: Network): Hono {
  const api = new Hono()
  api.get('/info', (c) => c.json(network.info()))
  return api
}
