import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { ProcessId } from '../../protocol/ids.ts'
import type { LogEntry } from '../../store/types.ts'
import { createTestApp, silentLog, type TestApp } from '../app.fixture.ts'
import { httpLimits } from '../limits.ts'
import { startHttpServer } from '../server.ts'

let http: TestApp
let processId: ProcessId
let entries: readonly LogEntry[]
let nowMs = 1_700_000_000_000

beforeAll(async () => {
  http = await createTestApp({ now: () => nowMs++ })
  processId = await http.spawn("Word = 'first of all'")
  await http.send(processId, [{ name: 'Action', value: 'Eval' }], "Word = 'second' .. ' thoughts'")
  entries = await http.network.entries(processId, 0, 10, 10)
})
afterAll(() => http.close())

const dump = async (query: string): Promise<Response> => http.get(`/cu/state/${processId}${query}`)
const sha = (bytes: ArrayBuffer): string => createHash('sha256').update(new Uint8Array(bytes)).digest('hex')
const placeOf = ({ headers }: Response): unknown => ({
  type: headers.get('content-type'),
  ordinate: headers.get('last-ordinate'),
  timestamp: headers.get('last-timestamp'),
  blockHeight: headers.get('last-block-height'),
})
const placeAt = (nonce: number): unknown => ({
  type: 'application/octet-stream',
  ordinate: String(nonce),
  timestamp: String(entries[nonce]?.timestampMs),
  blockHeight: String(entries[nonce]?.blockHeight),
})

describe('GET /state/:process', () => {
  test('is the memory of the process, and says of which moment', async () => {
    const response = await dump('')
    expect(response.status).toBe(200)
    expect(placeOf(response)).toEqual(placeAt(2))
    const memory = Buffer.from(await response.arrayBuffer())
    expect(memory.length).toBe(Number(response.headers.get('content-length')))
    // Whole pages of WebAssembly memory, with what the process wrote into it.
    expect(memory.length % 65_536).toBe(0)
    expect(memory.includes('second thoughts')).toBe(true)
    expect(sha(memory.buffer)).toBe(sha(await (await dump('')).arrayBuffer()))
  })

  test('to: as it was then', async () => {
    const at = (nonce: number): number => entries[nonce]?.timestampMs ?? 0
    for (const [query, nonce] of [
      [`?to=${at(1)}`, 1],
      [`?to=${at(2) - 1}`, 1],
      [`?to=${at(0)}`, 0],
      [`?to=${at(2) + 1_000_000}`, 2],
      ['?to=undefined', 2],
    ] as const) {
      const response = await dump(query)
      expect(placeOf(response)).toEqual(placeAt(nonce))
      const memory = Buffer.from(await response.arrayBuffer())
      expect(memory.includes('second thoughts')).toBe(nonce === 2)
      expect(memory.includes('first of all')).toBe(nonce > 0)
    }
  })

  test.each([
    { path: () => `/cu/state/${'A'.repeat(43)}`, status: 404, code: 'NETWORK_PROCESS_UNKNOWN' },
    { path: () => '/cu/state/x', status: 400, code: 'PROTOCOL_ID_INVALID' },
    { path: () => `/cu/state/${processId}?to=yesterday`, status: 400, code: 'HTTP_PARAMETER_INVALID' },
    {
      path: () => `/cu/state/${processId}?to=${(entries[0]?.timestampMs ?? 0) - 1}`,
      status: 400,
      code: 'HTTP_PARAMETER_INVALID',
    },
  ])('$status $code', async ({ path, status, code }) => {
    for (let i = 0; i <= httpLimits.memoryDumpsMax; i++) {
      const response = await http.get(path())
      expect(response.status).toBe(status)
      expect(await response.json()).toEqual({ error: expect.any(String), code })
    }
  })

  test('HEAD has the headers alone, and takes no place', async () => {
    for (let i = 0; i <= httpLimits.memoryDumpsMax; i++) {
      const response = await http.get(`/cu/state/${processId}`, { method: 'HEAD' })
      expect(response.status).toBe(200)
      expect(placeOf(response)).toEqual(placeAt(2))
      expect(await response.text()).toBe('')
    }
  })

  test('as many at a time as allowed; one that is read or given up makes room', async () => {
    const open = await Promise.all(Array.from({ length: httpLimits.memoryDumpsMax }, () => dump('')))
    const refused = await dump('')
    expect(refused.status).toBe(503)
    expect(await refused.json()).toEqual({ error: expect.any(String), code: 'HTTP_MEMORY_DUMPS_FULL' })

    await open[0]?.arrayBuffer()
    const read = await dump('')
    expect(read.status).toBe(200)
    expect((await dump('')).status).toBe(503)
    await read.body?.cancel()
    await open[1]?.body?.cancel()
    const both = await Promise.all([dump(''), dump('')])
    expect(both.map(({ status }) => status)).toEqual([200, 200])
    for (const { body } of both) await body?.cancel()
  })

  test('over a socket it is the same', async () => {
    const server = await startHttpServer({ network: http.network, host: '127.0.0.1', port: 0, log: silentLog })
    try {
      const response = await fetch(`${server.url}/cu/state/${processId}`)
      expect(placeOf(response)).toEqual(placeAt(2))
      expect(sha(await response.arrayBuffer())).toBe(sha(await (await dump('')).arrayBuffer()))
      for (let i = 0; i < httpLimits.memoryDumpsMax; i++) {
        await (await fetch(`${server.url}/cu/state/${processId}`)).body?.cancel()
      }
      // It is noticed soon that the clients are gone.
      await vi.waitFor(async () => {
        const next = await dump('')
        await next.body?.cancel()
        expect(next.status).toBe(200)
      })
    } finally {
      await server.close()
    }
  })
})
