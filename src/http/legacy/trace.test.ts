import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ItemId, ProcessId } from '../../protocol/ids.ts'
import { createTestApp, type TestApp } from '../app.fixture.ts'

/** `GET /mu?debug`. Wire protocol 5.4. */

interface TracePage {
  readonly pageInfo: { readonly hasNextPage: boolean }
  readonly edges: readonly { readonly node: { readonly nonce: number }; readonly cursor: string }[]
}

let http: TestApp
let processId: ProcessId
let messageId: string

beforeAll(async () => {
  http = await createTestApp()
  processId = await http.spawn(
    `Handlers.add('Loop', 'Loop', function(msg) Send({ Target = ao.id, Action = 'Again' }) end)`,
  )
  messageId = await http.send(processId, [{ name: 'Action', value: 'Loop' }])
  await http.network.idle()
  for (let i = 0; i < 20; i++) await http.send(processId)
})
afterAll(() => http.close())

const traces = async (query: string): Promise<TracePage> =>
  (await http.getJson(`/mu?debug&process=${processId}${query}`)) as TracePage
const nonces = ({ edges }: TracePage): number[] => edges.map(({ node }) => node.nonce)

test('a message that a process sent names who sent it, and what began it', async () => {
  const entry = await http.network.entries(processId, 3, 3, 1)
  const { itemId, assignmentId, timestampMs } = entry[0] ?? {}
  for (const query of [`&message=${itemId}`, `&spawn=${itemId}`, `&assign=${assignmentId}`]) {
    expect(await traces(query)).toEqual({
      pageInfo: { hasNextPage: false },
      edges: [
        {
          cursor: itemId,
          node: {
            ...{ id: itemId, assignmentId, processId, nonce: 3, kind: 'message', timestampMs },
            ...{ owner: http.network.info().address, action: 'Again', fromProcess: processId, pushedFor: messageId },
            ...{ sentBy: { processId, nonce: 2, index: 0 }, chain: { processId, nonce: 2, depth: 1 } },
          },
        },
      ],
    })
  }
})

test('a message from outside was sent by nobody here', async () => {
  const [edge] = (await traces(`&message=${messageId}`)).edges
  const entry = await http.network.entry(processId, messageId as ItemId)
  expect(edge?.node).toMatchObject({
    ...{ id: messageId, nonce: 2, owner: http.signer.address, action: 'Loop', timestampMs: entry?.timestampMs },
    ...{ fromProcess: null, pushedFor: null, sentBy: null, chain: { processId, nonce: 2, depth: 0 } },
  })
})

test('pages are newest first', async () => {
  const all = Array.from({ length: 24 }, (_, i) => 23 - i)
  expect(nonces(await traces(''))).toEqual(all.slice(0, 10))
  expect(await traces('&page-size=24')).toMatchObject({ pageInfo: { hasNextPage: false } })
  expect(nonces(await traces('&page-size=24'))).toEqual(all)
  expect(nonces(await traces('&page-size=23'))).toEqual(all.slice(0, 23))
  expect(await traces('&page-size=23')).toMatchObject({ pageInfo: { hasNextPage: true } })
  expect(nonces(await traces('&page-size=23&page=2'))).toEqual([0])
  expect(await traces('&page=3&page-size=10')).toMatchObject({ pageInfo: { hasNextPage: false } })
  expect(await traces('&page=4')).toEqual({ pageInfo: { hasNextPage: false }, edges: [] })
  expect(await traces(`&message=${'A'.repeat(43)}`)).toEqual({ pageInfo: { hasNextPage: false }, edges: [] })
})

test.each([
  { query: () => '', status: 400, code: 'PROTOCOL_ID_INVALID', text: 'process' },
  { query: () => `&process=${'A'.repeat(43)}`, status: 404, code: 'NETWORK_PROCESS_UNKNOWN', text: '' },
  {
    query: () => `&process=${processId}&message=${messageId}&spawn=${messageId}`,
    ...{ status: 422, code: 'HTTP_TRACE_FILTERS', text: 'message and spawn' },
  },
  {
    query: () => `&process=${processId}&wallet=${'A'.repeat(43)}`,
    ...{ status: 501, code: 'HTTP_NOT_SUPPORTED', text: 'wallet' },
  },
  {
    query: () => `&process=${processId}&page=0`,
    ...{ status: 400, code: 'HTTP_PARAMETER_INVALID', text: 'page' },
  },
])('$status $code', async ({ query, status, code, text }) => {
  const response = await http.get(`/mu?debug${query()}`)
  expect(response.status).toBe(status)
  expect(await response.json()).toEqual({ error: expect.stringContaining(text), code })
})
