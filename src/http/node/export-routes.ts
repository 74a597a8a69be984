import { Hono } from 'hono'
import { encodeHistory } from '../../archive/export-format.ts'
import { begin } from '../../archive/history.ts'
import { type HistorySource, readHistory } from '../../archive/history-source.ts'
import type { Network } from '../../network/types.ts'
import { HttpError } from '../errors.ts'
import { httpLimits } from '../limits.ts'
import { pathProcessId, queryInteger } from '../request.ts'

/** `GET /processes/<process>/export`: its history as a file, streamed, up to entry `to` or to the latest. docs/proof.md. */
export function createExportRoutes(network: Network): Hono {
  const routes = new Hono()
  const source = networkSource(network)
  let underWay = 0

  async function* counted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    underWay += 1
    try {
      yield* chunks
    } finally {
      underWay -= 1
    }
  }

  routes.get('/processes/:process/export', async (c) => {
    const countMax = httpLimits.exportsMax
    if (underWay >= countMax) throw new HttpError({ code: 'HTTP_EXPORTS_FULL', countMax })
    const processId = pathProcessId(c, 'process')
    const to = queryInteger(c, 'to', 0)
    const history = await begin(readHistory(source, { processId, to }))
    // Read as fast as the client takes it. When it fails midway the connection is cut, and the file lacks its seal.
    return c.body(streamOf(counted(encodeHistory(history))), 200, {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${processId}.loom"`,
    })
  })

  return routes
}

/** Takes nothing before it is asked for. */
function streamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(controller) {
        const { value, done } = await chunks.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await chunks.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}

/** Waits for the results of entries that are being evaluated. */
function networkSource(network: Network): HistorySource {
  return {
    async counts(processId) {
      const entries = ((await network.latestEntry(processId))?.nonce ?? -1) + 1
      return { entries, evaluated: entries }
    },
    readLog: (processId, from, to, limit) => network.entries(processId, from, to, limit),
    readResults: (entries) => Promise.all(entries.map(({ processId, itemId }) => network.result(processId, itemId))),
    getItem: async (id) => (await network.item(id))?.bytes,
  }
}
