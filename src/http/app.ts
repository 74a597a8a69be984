import { type Context, Hono } from 'hono'
import type { Logger, Network } from '../network/types.ts'
import { HttpError } from './errors.ts'
import { createGateway } from './gateway/gateway.ts'
import { createCu } from './legacy/cu.ts'
import { addMetricsRoutes } from './legacy/metrics.ts'
import { createMu } from './legacy/mu.ts'
import { createSu } from './legacy/su.ts'
import { createEventRoutes } from './node/events.ts'
import { createExportRoutes } from './node/export-routes.ts'
import { createNodeApi } from './node/node-api.ts'
import { publicError } from './status.ts'

export interface AppDependencies {
  readonly network: Network
  readonly log: Logger
  /** Addresses that have a balance at the gateway: the development wallets. */
  readonly fundedAddresses?: ReadonlySet<string> | undefined
  /** When it aborts, streams that have no end of their own end: the server closes. */
  readonly closing?: AbortSignal | undefined
}

/** Of every answer, so that pages from anywhere may read it. Nothing here depends on who the browser's user is. */
export const corsHeaders = {
  'access-control-allow-origin': '*',
  // By name what clients look for (wire protocol 15), because to some browsers `*` is a name as well.
  'access-control-expose-headers': 'process, slot, id, *',
} as const

/** Everything on one port: units under their prefixes, the gateway at the root. Answers without a socket too. */
export function createApp({ network, log, fundedAddresses = new Set(), closing }: AppDependencies): Hono {
  const app = new Hono({ getPath })

  app.use(async (c, next) => {
    if (c.req.method === 'OPTIONS') return preflight(c)
    await next()
    // After the handlers, so that errors and unknown paths have them as well.
    for (const [name, value] of Object.entries(corsHeaders)) c.res.headers.set(name, value)
    log.debug({ method: c.req.method, path: c.req.path, status: c.res.status }, 'request answered')
    return
  })

  addMetricsRoutes(app, network)
  app.route('/mu', createMu(network))
  app.route('/su', createSu(network))
  app.route('/cu', createCu(network))
  app.route('/api', createNodeApi(network))
  app.route('/api', createExportRoutes(network))
  app.route('/api', createEventRoutes({ network, log, closing }))
  app.route('/', createGateway({ network, fundedAddresses }))

  app.notFound((c) => refuse(c, new HttpError({ code: 'HTTP_ROUTE_UNKNOWN', method: c.req.method, path: c.req.path })))
  app.onError((error, c) => {
    const { status } = publicError(error)
    if (status === 500) log.error({ err: error, method: c.req.method, path: c.req.path }, 'request failed')
    return refuse(c, error)
  })
  return app
}

function refuse(c: Context, error: Error): Response {
  const { status, body } = publicError(error)
  return c.json(body, status)
}

/** Browsers call units directly, from any page. */
function preflight(c: Context): Response {
  const headers: Record<string, string> = {
    ...corsHeaders,
    'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
    'access-control-allow-headers': c.req.header('access-control-request-headers') ?? '*',
    'access-control-max-age': '86400',
  }
  if (c.req.header('access-control-request-private-network') !== undefined) {
    headers['access-control-allow-private-network'] = 'true'
  }
  return c.body(null, 204, headers)
}

/**
 * Path of the URL, with one slash where there are several and none at its end: base URLs are configured with and
 * without a slash, and clients only append to them.
 */
function getPath(request: Request): string {
  const { url } = request
  const start = url.indexOf('/', url.indexOf('://') + 3)
  const query = url.indexOf('?', start)
  const path = query === -1 ? url.slice(start) : url.slice(start, query)
  const single = path.includes('//') ? path.replace(/\/{2,}/g, '/') : path
  return single.length > 1 && single.endsWith('/') ? single.slice(0, -1) : single
}
