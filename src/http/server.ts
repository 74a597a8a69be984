import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener, RequestError } from '@hono/node-server'
import { errorCode } from '../protocol/loom-error.ts'
import { type AppDependencies, corsHeaders, createApp } from './app.ts'
import { HttpError } from './errors.ts'
import { httpLimits } from './limits.ts'
import { publicError } from './status.ts'

export interface HttpServerOptions extends Omit<AppDependencies, 'closing'> {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** In place of those in {@link httpLimits}. */
  readonly timeouts?: Partial<Timeouts> | undefined
}

type Timeouts = { readonly [name in 'headersTimeoutMs' | 'requestTimeoutMs' | 'timeoutCheckMs']: number }

export interface HttpServer {
  /** Where clients on this machine find it, without a slash at the end. */
  readonly url: string
  readonly port: number
  /** Takes no more requests, waits a moment for the answers that are owed, then cuts what is left. Idempotent. */
  close(): Promise<void>
}

/** @throws {Error} of the platform with `code` `EADDRINUSE`, `EACCES`, … when the port cannot be had. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host, port, timeouts, ...dependencies } = options
  const closing = new AbortController()
  const app = createApp({ ...dependencies, closing: closing.signal })
  const { headersTimeoutMs, requestTimeoutMs, timeoutCheckMs } = { ...httpLimits, ...timeouts }
  const server = createServer(
    {
      maxHeaderSize: httpLimits.headerBytesMax,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: timeoutCheckMs,
      keepAliveTimeout: httpLimits.keepAliveTimeoutMs,
    },
    // Before the app: a path or a host that is no URL.
    getRequestListener(app.fetch, { errorHandler: (error) => new Response(...refusalOf(requestError(error))) }),
  )
  server.maxConnections = httpLimits.connectionsMax
  refuseWhatIsNotHttp(server, requestTimeoutMs)

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const address = server.address() as AddressInfo
  server.on('error', (error) => dependencies.log.error({ err: error }, 'http server failed'))

  let closed: Promise<void> | undefined
  return {
    url: `http://${clientHost(address)}:${address.port}`,
    port: address.port,
    close() {
      closing.abort()
      closed ??= closeServer(server)
      return closed
    },
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

function isOpen({ request, response }: Exchange): boolean {
  return !request.complete || !response.writableFinished
}

/** Answers what the parser refuses, which no route gets to see. */
function refuseWhatIsNotHttp(server: Server, timeoutMs: number): void {
  const exchanges = new WeakMap<Duplex, Exchange[]>()
  server.on('request', (request, response) => {
    const open = exchanges.get(request.socket)?.filter(isOpen) ?? []
    exchanges.set(request.socket, [...open, { request, response }])
  })
  server.on('clientError', (error, socket) => {
    const open = exchanges.get(socket)?.filter(isOpen) ?? []
    const isAnswering = open.some(({ response }) => response.headersSent)
    // In the middle of an answer, after the answer to a request that goes on, or when nobody listens: nothing left to say.
    if (isAnswering || !socket.writable || errorCode(error) === 'ECONNRESET') {
      socket.destroy()
      return
    }
    const [body, { status, headers }] = refusalOf(parserError(error, timeoutMs))
    const all = { ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`, () => socket.destroy())
  })
}

function requestError(error: unknown): unknown {
  if (!(error instanceof RequestError)) return error
  return new HttpError({ code: 'HTTP_REQUEST_MALFORMED', problem: 'its path and host make no URL' })
}

function parserError(error: Error, timeoutMs: number): HttpError {
  const code = errorCode(error)
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new HttpError({ code: 'HTTP_REQUEST_TIMEOUT', timeoutMs })
  if (code !== 'HPE_HEADER_OVERFLOW') {
    return new HttpError({ code: 'HTTP_REQUEST_MALFORMED', problem: `the parser says ${code ?? 'nothing more'}` })
  }
  return new HttpError({ code: 'HTTP_HEADERS_TOO_LARGE', sizeBytesMax: httpLimits.headerBytesMax })
}

function refusalOf(error: unknown): [body: string, init: { status: number; headers: Record<string, string> }] {
  const { status, body } = publicError(error)
  return [JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...corsHeaders } }]
}

const idleCheckMs = 20

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  // A connection whose answer is sent is idle, and would stay open for the next request.
  const idle = setInterval(() => server.closeIdleConnections(), idleCheckMs)
  const cut = setTimeout(() => server.closeAllConnections(), httpLimits.closeGraceMs)
  await closed
  clearInterval(idle)
  clearTimeout(cut)
}

/** A server on all addresses is reached by the loopback one. */
function clientHost({ address, family }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return '127.0.0.1'
  return family === 'IPv6' ? `[${address}]` : address
}
