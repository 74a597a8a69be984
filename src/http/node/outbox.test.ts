import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ProcessId } from '../../protocol/ids.ts'
import { createTestApp, type TestApp } from '../app.fixture.ts'

let api: TestApp
let source: ProcessId
let sent: string

beforeAll(async () => {
  api = await createTestApp({ computeThreads: 1 })
  source = await api.spawn()
  const code = 'for i = 1, 3 do Send({ Target = "nowhere" .. i, Action = "Lost" }) end'
  sent = await api.send(source, [{ name: 'Action', value: 'Eval' }], code)
  await api.network.idle()
})
afterAll(() => api.close())

interface OutboxJson {
  readonly entries: readonly { readonly entry: string; readonly target: string }[]
  readonly next: string | null
}

const outbox = async (path: string): Promise<OutboxJson> => (await api.getJson(`/api/outbox${path}`)) as OutboxJson

test('lists what cannot be delivered', async () => {
  const nonce = 1
  expect(await outbox('')).toEqual({
    timestampMs: expect.any(Number),
    entries: [1, 2, 3].map((i) => ({
      ...{ processId: source, entry: `${nonce}.${i - 1}`, state: 'dead', kind: 'message', target: `nowhere${i}` },
      ...{ action: 'Lost', itemId: '', tries: 0, messageId: sent, reason: expect.stringContaining('is not an id') },
      ...{ sentAtMs: expect.any(Number), dueAtMs: expect.any(Number) },
      chain: { processId: source, nonce, depth: 0 },
    })),
    hasNextPage: false,
    next: null,
  })
  expect((await outbox('?state=pending')).entries).toEqual([])
  expect((await outbox(`/${await api.spawn()}`)).entries).toEqual([])
})

test('goes on from page to page', async () => {
  const first = await outbox(`/${source}?limit=2`)
  expect(first.entries).toHaveLength(2)
  const second = await outbox(`/${source}?limit=2&after=${first.next}`)
  expect([...first.entries, ...second.entries]).toEqual((await outbox('')).entries)
  expect(second.next).toBeNull()
})

test('sends dead entries again', async () => {
  const retry = async (query: string) => (await api.post(`/api/outbox/retry?process-id=${source}&${query}`)).json()
  expect(await retry('entry=1.0&entry=1.2&entry=7.7')).toEqual({ count: 2 })
  await api.network.idle()
  expect(await retry('all')).toEqual({ count: 3 })
  await api.network.idle()
  expect((await outbox('?state=dead')).entries).toHaveLength(3)
})

test('says where a message stands in its chain', async () => {
  const other = await api.spawn()
  const code = `Send({ Target = "${other}" })`
  const id = await api.send(source, [{ name: 'Action', value: 'Eval' }], code)
  await api.network.idle()
  const root = { processId: source, nonce: 2, messageId: id }
  expect(await api.getJson(`/api/chains/${source}/${id}`)).toEqual({ root, depth: 0, entries: 2 })
  expect(await api.getJson(`/api/chains/${other}/1`)).toEqual({ root, depth: 1, entries: 2 })
})

describe('refuses', () => {
  test.each([
    ['GET', () => '/api/outbox?state=lost', 400, 'HTTP_PARAMETER_INVALID'],
    ['GET', () => '/api/outbox?limit=0', 400, 'HTTP_PARAMETER_INVALID'],
    ['GET', () => '/api/outbox?after=here', 400, 'HTTP_PARAMETER_INVALID'],
    ['GET', () => `/api/outbox?after=${source}:99.0`, 400, 'STORE_CURSOR_INVALID'],
    ['GET', () => '/api/outbox/missing', 400, 'PROTOCOL_ID_INVALID'],
    ['POST', () => `/api/outbox/retry?process-id=${source}`, 400, 'HTTP_PARAMETER_INVALID'],
    ['POST', () => '/api/outbox/retry?all', 400, 'HTTP_PARAMETER_INVALID'],
    ['POST', () => `/api/outbox/retry?process-id=${source}&entry=1`, 400, 'HTTP_PARAMETER_INVALID'],
    ['POST', () => `/api/outbox/retry?process-id=${'A'.repeat(43)}&all`, 404, 'NETWORK_PROCESS_UNKNOWN'],
    ['GET', () => `/api/chains/${source}/99`, 404, 'NETWORK_MESSAGE_UNKNOWN'],
    ['GET', () => `/api/chains/${'A'.repeat(43)}/0`, 404, 'NETWORK_PROCESS_UNKNOWN'],
    ['GET', () => `/api/chains/${source}/here`, 400, 'PROTOCOL_ID_INVALID'],
  ])('%s %s', async (method, path, status, code) => {
    const response = method === 'GET' ? await api.get(path()) : await api.post(path())
    expect({ status: response.status, body: await response.json() }).toMatchObject({ status, body: { code } })
  })
})
