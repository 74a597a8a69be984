import { type Context, Hono } from 'hono'
import { NetworkError } from '../../network/errors.ts'
import type { Network } from '../../network/types.ts'
import type { ProcessId } from '../../protocol/ids.ts'
import type { LogEntry } from '../../store/types.ts'
import { HttpError } from '../errors.ts'
import { httpLimits } from '../limits.ts'
import { pathProcessId, queryInteger } from '../request.ts'

/** Sent at once. */
const chunkBytes = 64 * 1_024

/** `GET /state/<process>[?to=<ms>]`: the memory of a process, as it is or as it was (wire protocol 7.1). */
export function createStateRoute(network: Network): Hono {
  const routes = new Hono()
  let underWay = 0

  routes.get('/state/:process', async (c) => {
    const countMax = httpLimits.memoryDumpsMax
    if (underWay >= countMax) throw new HttpError({ code: 'HTTP_MEMORY_DUMPS_FULL', countMax })
    underWay += 1
    let release = (): void => {
      underWay -= 1
      release = () => {}
    }
    try {
      const entry = await lastEntry(c, network, pathProcessId(c, 'process'))
      const memory = new Uint8Array(await network.memoryAt(entry.processId, entry.nonce))
      // Of an answer to HEAD nobody reads the body.
      const body = c.req.method === 'HEAD' ? null : streamOf(memory, () => release())
      if (body === null) release()
      return new Response(body, {
        headers: {
          'content-type': 'application/octet-stream',
          'content-length': String(memory.length),
          'last-timestamp': String(entry.timestampMs),
          'last-ordinate': String(entry.nonce),
          'last-block-height': String(entry.blockHeight),
        },
      })
    } catch (error) {
      release()
      throw error
    }
  })

  return routes
}

/** The newest entry, or the last one at or before the time `to`. */
async function lastEntry(c: Context, network: Network, processId: ProcessId): Promise<LogEntry> {
  const toMs = queryInteger(c, 'to', 0)
  const latest = await network.latestEntry(processId)
  if (latest === undefined) throw new NetworkError({ code: 'NETWORK_PROCESS_UNKNOWN', processId })
  if (toMs === undefined || latest.timestampMs <= toMs) return latest
  const [next] = await network.entriesByTime(processId, toMs, Number.MAX_SAFE_INTEGER, 1)
  const nonce = (next?.nonce ?? 0) - 1
  const [entry] = await network.entries(processId, nonce, nonce, 1)
  if (entry !== undefined) return entry
  const allowed = `a time from that of its spawn, ${next?.timestampMs}`
  throw new HttpError({ code: 'HTTP_PARAMETER_INVALID', parameter: 'to', given: String(toMs), allowed })
}

/** @param onEnd - Called when all is read, or nobody reads on; perhaps twice. */
function streamOf(memory: Uint8Array, onEnd: () => void): ReadableStream<Uint8Array<ArrayBuffer>> {
  let offset = 0
  return new ReadableStream(
    {
      pull(controller) {
        // A copy: sockets take no shared memory.
        controller.enqueue(memory.slice(offset, offset + chunkBytes))
        offset += chunkBytes
        if (offset < memory.length) return
        controller.close()
        onEnd()
      },
      cancel: onEnd,
    },
    { highWaterMark: 0 },
  )
}
