import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeHistory } from '../../archive/export-format.ts'
import type { HistoryPart } from '../../archive/history.ts'
import type { ProcessId } from '../../protocol/ids.ts'
import { createTestApp, type TestApp } from '../app.fixture.ts'
import { httpLimits } from '../limits.ts'
import { startHttpServer } from '../server.ts'

let app: TestApp
let processId: ProcessId
beforeAll(async () => {
  app = await createTestApp({ computeThreads: 1 })
  processId = await app.spawn('Handlers.add("Fail", "Fail", function() error("as asked") end)')
  await app.send(processId, [{ name: 'Action', value: 'Fail' }])
})
afterAll(() => app.close())

const path = (id: string, query = ''): string => `/api/processes/${id}/export${query}`

async function partsOf(bytes: Uint8Array): Promise<HistoryPart[]> {
  const parts: HistoryPart[] = []
  const chunks = (async function* () {
    yield bytes
  })()
  for await (const part of decodeHistory(chunks)) parts.push(part)
  return parts
}

async function exported(query?: string): Promise<HistoryPart[]> {
  const response = await app.get(path(processId, query))
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/octet-stream')
  expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${processId}.loom"`)
  return partsOf(new Uint8Array(await response.arrayBuffer()))
}

describe('GET /api/processes/<process>/export', () => {
  test('is the history, with the results of entries that were just accepted', async () => {
    // Not waited for: its evaluation may be under way.
    await app.send(processId, [{ name: 'Action', value: 'Eval' }], 'for i = 1, 100000 do end return "late"')
    const [start, ...batches] = await exported()
    const latest = await app.network.latestEntry(processId)
    expect(start).toMatchObject({
      type: 'log',
      summary: { processId, lastNonce: latest?.nonce, scheduler: app.network.info().address },
    })
    const entries = batches.flatMap((part) => (part.type === 'entries' ? part.entries : []))
    const log = await app.network.entries(processId, 0, 100, 100)
    expect(entries.map(({ item }) => Buffer.from(item))).toEqual(log.map(({ item }) => Buffer.from(item)))
    expect(entries.map(({ result }) => result?.failed)).toEqual([false, false, true, false])
    expect(entries.at(-1)?.result?.json).toContain('late')
  })

  test('ends where it is told to', async () => {
    const [start] = await exported('?to=1')
    expect(start).toMatchObject({ summary: { lastNonce: 1 } })
  })

  test.each([
    ['an unknown process', 'A'.repeat(43), '', 404, 'ARCHIVE_PROCESS_UNKNOWN'],
    ['what is no process', 'abc', '', 400, 'PROTOCOL_ID_INVALID'],
    ['a nonce that is not there', undefined, '?to=1000', 400, 'ARCHIVE_NONCE_INVALID'],
    ['what is no nonce', undefined, '?to=x', 400, 'HTTP_PARAMETER_INVALID'],
  ])('refuses %s', async (_name, id, query, status, code) => {
    const response = await app.get(path(id ?? processId, query))
    expect([response.status, await response.json()]).toEqual([status, expect.objectContaining({ code })])
  })

  test('so many at once, and no more; one that is broken off makes room', async () => {
    const readers: ReadableStreamDefaultReader<Uint8Array>[] = []
    for (let i = 0; i < httpLimits.exportsMax; i++) {
      const { body } = await app.get(path(processId))
      const reader = (body as ReadableStream<Uint8Array>).getReader()
      await reader.read()
      readers.push(reader)
    }
    const refused = await app.get(path(processId))
    expect([refused.status, await refused.json()]).toEqual([
      503,
      expect.objectContaining({ code: 'HTTP_EXPORTS_FULL' }),
    ])
    await readers[0]?.cancel()
    expect((await exported()).length).toBeGreaterThan(0)
    for (const reader of readers.slice(1)) await reader.cancel()
  })

  test('asking for the head takes no place', async () => {
    for (let i = 0; i <= httpLimits.exportsMax; i++) {
      expect((await app.get(path(processId), { method: 'HEAD' })).status).toBe(200)
    }
  })

  test('over a socket it comes whole', async () => {
    const log = { debug() {}, info() {}, warn() {}, error() {} }
    const server = await startHttpServer({ network: app.network, host: '127.0.0.1', port: 0, log })
    const response = await fetch(`${server.url}${path(processId)}`)
    const parts = await partsOf(new Uint8Array(await response.arrayBuffer()))
    expect(parts[0]).toMatchObject({ type: 'log', summary: { processId } })
    await server.close()
  })
})
