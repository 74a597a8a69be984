import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HttpServer } from '../../http/server.ts'
import type { Network } from '../../network/types.ts'
import { errorCode } from '../../protocol/loom-error.ts'
import { openDevelopmentWallets } from '../development-wallets.ts'
import { CliError } from '../errors.ts'
import { createLogger } from '../logger.ts'
import { print, printError } from '../output.ts'
import { bannerLines } from './banner.ts'
import type { StartOptions } from './options.ts'

/** Runs a node until a signal ends it. */
export async function start(options: StartOptions): Promise<void> {
  const { port, host, data, memory, logLevel, strict } = options
  const log = createLogger(logLevel)
  const dataDirectory = memory ? undefined : data
  const { createNetwork } = await import('../../network/network.ts')
  const starting = createNetwork({
    ...{ dataDirectory, mode: strict ? 'strict' : 'development', log },
    checkStore: options.check ? 'always' : 'after-crash',
    ...{ chainDepthMax: options.chainDepth, chainEntriesMax: options.chainMessages },
  })
  // Loaded while the network waits for its threads. A rejection of `starting` is handled where it is awaited.
  const [network, { startHttpServer }] = await Promise.all([starting, import('../../http/server.ts')])
  // Clients sign with wallets from files, so a node in memory has them in a folder that goes away with it.
  const temporary = memory ? mkdtempSync(join(tmpdir(), 'loom-')) : undefined
  try {
    const wallets = openDevelopmentWallets(temporary ?? data)
    const fundedAddresses = new Set(wallets.map(({ address }) => address as string))
    const server = await startHttpServer({ network, host, port, log, fundedAddresses }).catch((error: unknown) => {
      throw portError(error, host, port)
    })
    // Before anyone reads that the node is ready, and stops it.
    closeOnSignals(server, network, () => removeTemporary(temporary))
    // A node whose disk is full still answers.
    await network.publishLocation(`${options.publicUrl ?? server.url}/su`).catch((error: unknown) => {
      log.warn({ error: String(error) }, 'location of the scheduler not published')
    })
    // Since the process began, the start of Node itself included.
    const readyMs = performance.now()
    print(...bannerLines({ url: server.url, info: network.info(), wallets, dataDirectory, readyMs }))
  } catch (error) {
    await network.close()
    removeTemporary(temporary)
    throw error
  }
}

/** The first signal lets everything in flight finish; a second one does not wait. */
function closeOnSignals(server: HttpServer, network: Network, cleanUp: () => void): void {
  let closing = false
  const onSignal = (signal: NodeJS.Signals): void => {
    if (closing) {
      cleanUp()
      process.exit(1)
    }
    closing = true
    printError(`\n  ${signal}: finishing what is in flight. Again to stop at once.`)
    close().catch((error: unknown) => {
      printError(`error: the node did not close cleanly: ${error instanceof Error ? error.stack : String(error)}`)
      process.exit(1)
    })
  }
  async function close(): Promise<void> {
    await server.close()
    await network.close()
    cleanUp()
    process.exit(0)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
}

function removeTemporary(directory: string | undefined): void {
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true })
}

function portError(error: unknown, host: string, port: number): unknown {
  const code = errorCode(error)
  if (code === 'EADDRINUSE') return new CliError({ code: 'CLI_PORT_TAKEN', host, port }, { cause: error })
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new CliError({ code: 'CLI_PORT_UNUSABLE', host, port, reason: code }, { cause: error })
  }
  return error
}
