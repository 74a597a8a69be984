import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { type AppDependencies, createApp } from './app.ts'
import { httpLimits } from './limits.ts'

export interface HttpServerOptions extends AppDependencies {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
}

export interface HttpServer {
  /** Where clients on this machine find it, without a slash at the end. */
  readonly url: string
  readonly port: number
  /** Takes no more requests, waits a moment for the answers that are owed, then cuts what is left. Idempotent. */
  close(): Promise<void>
}

/** @throws {Error} of the platform with `code` `EADDRINUSE`, `EACCES`, … when the port cannot be had. */
export async function startHttpServer({ host, port, ...dependencies }: HttpServerOptions): Promise<HttpServer> {
  const app = createApp(dependencies)
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: {
      maxHeaderSize: httpLimits.headerBytesMax,
      headersTimeout: httpLimits.headersTimeoutMs,
      requestTimeout: httpLimits.requestTimeoutMs,
      keepAliveTimeout: httpLimits.keepAliveTimeoutMs,
    },
  })
  server.maxConnections = httpLimits.connectionsMax

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const address = server.address() as AddressInfo
  server.on('error', (error) => dependencies.log.error({ err: error }, 'http server failed'))

  let closing: Promise<void> | undefined
  return {
    url: `http://${clientHost(address)}:${address.port}`,
    port: address.port,
    close() {
      closing ??= closeServer(server)
      return closing
    },
  }
}

async function closeServer(server: ReturnType<typeof createAdaptorServer>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  if (!('closeAllConnections' in server)) return closed
  server.closeIdleConnections()
  const cut = setTimeout(() => server.closeAllConnections(), httpLimits.closeGraceMs)
  await closed
  clearTimeout(cut)
}

/** A server on all addresses is reached by the loopback one. */
function clientHost({ address, family }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return '127.0.0.1'
  return family === 'IPv6' ? `[${address}]` : address
}
