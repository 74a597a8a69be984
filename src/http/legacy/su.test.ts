import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDataItem } from '../../protocol/data-item.ts'
import type { ProcessId } from '../../protocol/ids.ts'
import { createTestApp, messageItem, type TestApp } from '../app.fixture.ts'

interface NodeJson {
  readonly message: { readonly id: string; readonly signature: string } | null
  readonly assignment: { readonly id: string; readonly tags: { name: string; value: string }[] }
}
interface PageJson {
  readonly page_info: { readonly has_next_page: boolean }
  readonly edges: readonly { readonly node: NodeJson; readonly cursor: string }[]
}

let http: TestApp
let processId: ProcessId
const messageIds: string[] = []
/** Each question takes a millisecond, so that timestamps differ and are known. */
let nowMs = 1_700_000_000_000

beforeAll(async () => {
  http = await createTestApp({ now: () => nowMs++ })
  processId = await http.spawn()
  for (let i = 0; i < 5; i++) messageIds.push(await http.send(processId, [], `text ${i}`))
})
afterAll(() => http.close())

const tag = (node: NodeJson, name: string): string | undefined =>
  node.assignment.tags.find((found) => found.name === name)?.value
const nonces = ({ edges }: PageJson): (string | undefined)[] => edges.map(({ node }) => tag(node, 'Nonce'))
const page = async (query: string): Promise<PageJson> => (await http.getJson(`/su/${processId}${query}`)) as PageJson

test('GET / and /timestamp have the time as text', async () => {
  const { address } = http.network.info()
  for (const path of ['/su', `/su/?process-id=${processId}`]) {
    expect(await http.getJson(path)).toEqual({ address, timestamp: expect.stringMatching(/^17\d{11}$/) })
  }
  expect(await http.getJson('/su/timestamp')).toEqual({
    timestamp: expect.stringMatching(/^17\d{11}$/),
    block_height: String(http.network.info().blockHeight).padStart(12, '0'),
  })
})

test('GET /health is empty', async () => {
  const response = await http.get('/su/health')
  expect(response.status).toBe(200)
  expect(await response.text()).toBe('')
})

describe('POST /', () => {
  test('schedules an item, with the time as a number', async () => {
    const other = await http.spawn()
    const item = messageItem(http.signer, { target: other })
    const response = await http.post('/su', item.bytes)
    expect(response.status).toBe(200)
    const { timestampMs } = (await http.network.entry(other, item.id)) ?? { timestampMs: undefined }
    expect(await response.json()).toEqual({ timestamp: timestampMs, id: item.id })
  })

  test('schedules an assignment, whose node has no message', async () => {
    const other = await http.spawn()
    const response = await http.post(`/su?process-id=${other}&assign=${messageIds[0]}`)
    const { id } = (await response.json()) as { id: string }
    const node = (await http.getJson(`/su/${id}?process-id=${other}`)) as NodeJson
    expect(node.message).toBeNull()
    expect(node.assignment.id).toBe(id)
    expect(tag(node, 'Message')).toBe(messageIds[0])
  })

  test('refuses an empty body', async () => {
    const response = await http.post('/su', new Uint8Array())
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'HTTP_BODY_MISSING' })
  })
})

describe('GET /:id of a message', () => {
  test('answers its node, by message id and by assignment id', async () => {
    const entry = await http.network.entry(processId, messageIds[1] as never)
    const byMessage = (await http.getJson(`/su/${messageIds[1]}?process-id=${processId}`)) as NodeJson
    expect(byMessage).toEqual({
      message: {
        id: messageIds[1],
        owner: { address: http.signer.address, key: Buffer.from(http.signer.owner).toString('base64url') },
        data: 'text 1',
        tags: expect.arrayContaining([{ name: 'Data-Protocol', value: 'ao' }]),
        signature: expect.any(String),
        anchor: null,
        target: processId,
      },
      assignment: {
        id: entry?.assignmentId,
        owner: { address: http.network.info().address, key: http.network.info().publicKey },
        tags: expect.arrayContaining([
          { name: 'Process', value: processId },
          { name: 'Nonce', value: '2' },
          { name: 'Message', value: messageIds[1] },
          { name: 'Timestamp', value: String(entry?.timestampMs) },
          { name: 'Block-Height', value: expect.stringMatching(/^\d{12}$/) },
        ]),
        signature: expect.any(String),
        anchor: null,
        target: '',
      },
    })
    const signature = Buffer.from(byMessage.message?.signature ?? '', 'base64url')
    // The id of an item is the hash of its signature, so the signature is that of this item.
    expect(createHash('sha256').update(signature).digest('base64url')).toBe(messageIds[1])
    expect(await http.getJson(`/su/${entry?.assignmentId}?process-id=${processId}`)).toEqual(byMessage)
  })

  test('anchor: text where it is text, else null; base64url on demand', async () => {
    const text = 'an anchor of thirty-two bytes ...'.slice(0, 32)
    const bytes = new Uint8Array(32).fill(255)
    const cases = [
      { anchor: text, shown: text, encoded: Buffer.from(text).toString('base64url') },
      { anchor: bytes, shown: null, encoded: Buffer.from(bytes).toString('base64url') },
    ]
    const other = await http.spawn()
    for (const { anchor, shown, encoded } of cases) {
      const item = messageItem(http.signer, { target: other, anchor })
      await http.post('/mu', item.bytes)
      const path = `/su/${item.id}?process-id=${other}`
      expect(await http.getJson(path)).toHaveProperty('message.anchor', shown)
      expect(await http.getJson(`${path}&show-anchor`)).toHaveProperty('message.anchor', encoded)
    }
  })

  test('data that is not UTF-8 is null', async () => {
    const other = await http.spawn()
    const item = messageItem(http.signer, { target: other, data: new Uint8Array([0xff, 0xfe]) as never })
    await http.post('/mu', item.bytes)
    expect(await http.getJson(`/su/${item.id}?process-id=${other}`)).toHaveProperty('message.data', null)
  })

  test.each([
    {
      name: 'an unknown id',
      path: () => `/su/${'A'.repeat(43)}?process-id=${processId}`,
      code: 'HTTP_SCHEDULE_UNKNOWN',
    },
    { name: 'a message without its process', path: () => `/su/${messageIds[0]}`, code: 'HTTP_SCHEDULE_UNKNOWN' },
    { name: 'no id at all', path: () => '/su/short', code: 'PROTOCOL_ID_INVALID' },
    {
      name: 'a process-id that is no id',
      path: () => `/su/${messageIds[0]}?process-id=x`,
      code: 'PROTOCOL_ID_INVALID',
    },
    {
      name: 'a process that is not here',
      path: () => `/su/processes/${'A'.repeat(43)}`,
      code: 'HTTP_SCHEDULE_UNKNOWN',
    },
    { name: 'its newest entry', path: () => `/su/${'A'.repeat(43)}/latest`, code: 'HTTP_SCHEDULE_UNKNOWN' },
  ])('400: $name', async ({ path, code }) => {
    const response = await http.get(path())
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code })
  })
})

describe('GET /:process is a page', () => {
  test('from the process itself on, ascending, with timestamps as cursors', async () => {
    const found = await page('')
    expect(found.page_info).toEqual({ has_next_page: false })
    expect(nonces(found)).toEqual(['0', '1', '2', '3', '4', '5'])
    expect(found.edges[0]?.node.message?.id).toBe(processId)
    expect(found.edges.map(({ cursor }) => cursor)).toEqual(found.edges.map(({ node }) => tag(node, 'Timestamp')))
  })

  test('by time: from is exclusive, to inclusive, cursors lead on', async () => {
    const all = await page(`?process-id=${processId}`)
    const time = (nonce: number): string | undefined => all.edges[nonce]?.cursor
    expect(nonces(await page(`?from=${time(1)}&to=${time(3)}`))).toEqual(['2', '3'])
    const first = await page('?limit=4')
    expect(nonces(first)).toEqual(['0', '1', '2', '3'])
    expect(first.page_info.has_next_page).toBe(true)
    const second = await page(`?limit=4&from=${first.edges.at(-1)?.cursor}`)
    expect(nonces(second)).toEqual(['4', '5'])
    expect(second.page_info.has_next_page).toBe(false)
  })

  test('by nonce: from is exclusive, to inclusive, cursors are nonces', async () => {
    expect(nonces(await page('?from-nonce=-1'))).toEqual(['0', '1', '2', '3', '4', '5'])
    expect(nonces(await page('?from-nonce=1&to-nonce=3'))).toEqual(['2', '3'])
    expect(nonces(await page('?to-nonce=1'))).toEqual(['0', '1'])
    const first = await page('?from-nonce=0&limit=2')
    expect(first.edges.map(({ cursor }) => cursor)).toEqual(['1', '2'])
    expect(first.page_info.has_next_page).toBe(true)
  })

  test('a full page that is the last one has no next page', async () => {
    expect(await page('?limit=6')).toHaveProperty('page_info.has_next_page', false)
    expect(await page('?limit=5')).toHaveProperty('page_info.has_next_page', true)
  })

  test('parameters that a client left undefined are absent', async () => {
    expect(nonces(await page('?from=undefined&to=undefined&limit=undefined'))).toHaveLength(6)
    expect(nonces(await page('?process-id=undefined'))).toHaveLength(6)
  })

  test.each(['limit=0', 'limit=x', 'from=-1', 'from-nonce=-2', 'to=1.5'])('refused: %s', async (query) => {
    const response = await http.get(`/su/${processId}?${query}`)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'HTTP_PARAMETER_INVALID' })
  })
})

test('GET /:process/latest is the newest entry', async () => {
  const node = (await http.getJson(`/su/${processId}/latest`)) as NodeJson
  expect(node.message?.id).toBe(messageIds.at(-1))
})

test('GET /processes/:process describes the process', async () => {
  const [entry] = await http.network.entries(processId, 0, 0, 1)
  expect(await http.getJson(`/su/processes/${processId}`)).toEqual({
    process_id: processId,
    block: String(entry?.blockHeight).padStart(12, '0'),
    owner: { address: http.signer.address, key: Buffer.from(http.signer.owner).toString('base64url') },
    tags: expect.arrayContaining([{ name: 'Type', value: 'Process' }]),
    timestamp: entry?.timestampMs,
    data: ' ',
    anchor: null,
    signature: expect.any(String),
    target: null,
  })
})

test('an item in the body is not looked at when the query is an assignment', async () => {
  const item = createDataItem({ data: 'x' }, http.signer)
  const response = await http.post('/su?assign=x', item.bytes)
  expect(await response.json()).toMatchObject({ code: 'HTTP_ASSIGN_INCOMPLETE' })
})
