import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blockByHeight } from '../../network/blocks.ts'
import { createDataItem } from '../../protocol/data-item.ts'
import type { ProcessId } from '../../protocol/ids.ts'
import type { DataItem, DataItemDraft } from '../../protocol/types.ts'
import { createTestApp, processItem, type TestApp } from '../app.fixture.ts'

const funded = `${'F'.repeat(42)}A`

let http: TestApp
beforeAll(async () => {
  http = await createTestApp({ fundedAddresses: new Set([funded]) })
})
afterAll(() => http.close())

async function upload(draft: DataItemDraft): Promise<DataItem> {
  const item = createDataItem(draft, http.signer)
  expect((await http.post('/tx', item.bytes)).status).toBe(200)
  return item
}

describe('what a gateway says of itself', () => {
  test.each(['/info', '/'])('GET %s', async (path) => {
    const { blockHeight } = http.network.info()
    expect(await http.getJson(path)).toEqual({
      network: 'loom',
      version: expect.any(Number),
      release: expect.any(Number),
      height: blockHeight,
      current: blockByHeight(blockHeight).id,
      blocks: blockHeight + 1,
      peers: 0,
      queue_length: 0,
      node_state_latency: 0,
    })
  })

  test('GET /tx_anchor is an id', async () => {
    expect(await (await http.get('/tx_anchor')).text()).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })

  test.each([
    { path: '/price/0', winston: '0' },
    { path: '/price/1', winston: '65596' },
    { path: '/price/1000', winston: '65595508' },
    { path: `/price/1000/${funded}`, winston: '65595508' },
    { path: '/price/999999999999999999', winston: '65595507999999999934404' },
  ])('GET $path', async ({ path, winston }) => {
    expect(await (await http.get(path)).text()).toBe(winston)
  })

  test.each(['/price/x', '/price/-1', '/price/1e3', `/price/${'9'.repeat(19)}`])('GET %s is refused', async (path) => {
    const response = await http.get(path)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'HTTP_PARAMETER_INVALID' })
  })

  test('GET /wallet/:address', async () => {
    expect(await (await http.get(`/wallet/${funded}/balance`)).text()).toBe('1000000000000000')
    expect(await (await http.get(`/wallet/${'A'.repeat(43)}/balance`)).text()).toBe('0')
    expect(await (await http.get(`/wallet/${funded}/last_tx`)).text()).toBe('')
    expect((await http.get('/wallet/x/balance')).status).toBe(400)
  })
})

describe('blocks', () => {
  const json = (path: string): Promise<unknown> => http.getJson(path)

  test('by height, by id, and the current one', async () => {
    const { blockHeight } = http.network.info()
    const { id, timestampMs, previousId } = blockByHeight(blockHeight)
    const current = await json('/block/current')
    expect(current).toMatchObject({
      indep_hash: id,
      previous_block: previousId,
      height: blockHeight,
      timestamp: Math.floor(timestampMs / 1_000),
      txs: [],
    })
    expect(await json(`/block/hash/${id}`)).toEqual(current)
    expect(await json(`/block/height/${blockHeight}`)).toEqual(current)
    expect(await json(`/block/height/${blockHeight - 1}`)).toMatchObject({ indep_hash: previousId })
    expect(await json('/block/height/0')).toMatchObject({ height: 0 })
    expect(await (await http.get('/height')).text()).toBe(String(blockHeight))
    expect(await json('/peers')).toEqual([])
  })

  test.each(['height/x', 'height/-1', 'height/999999999', `hash/${'A'.repeat(43)}`, 'hash/x'])(
    '%s: 404',
    async (path) => {
      const response = await http.get(`/block/${path}`)
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ code: 'HTTP_BLOCK_UNKNOWN' })
    },
  )
})

describe('GET /:id', () => {
  const bytes = new Uint8Array([0, 1, 2, 250, 255])

  test.each(['/', '/raw/'])('%s:id is the data, with its type', async (prefix) => {
    const item = await upload({ data: bytes, tags: [{ name: 'Content-Type', value: 'image/x-test' }] })
    const response = await http.get(`${prefix}${item.id}`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('image/x-test')
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes)
  })

  test('HEAD has the headers alone', async () => {
    const item = await upload({ data: bytes, tags: [{ name: 'Head', value: 'yes' }] })
    for (const path of [`/${item.id}`, `/raw/${item.id}`]) {
      const response = await http.get(path, { method: 'HEAD' })
      expect(response.status).toBe(200)
      expect(response.headers.get('content-length')).toBe('5')
      expect(response.headers.get('content-type')).toBe('application/octet-stream')
      expect(response.headers.get('head')).toBe('yes')
      expect(await response.text()).toBe('')
    }
  })

  test('a process shows its tags as headers, at once', async () => {
    const item = processItem(http.signer, http.network.info().moduleId, [{ name: 'Name', value: 'a name' }])
    await http.post('/mu', item.bytes)
    const { headers } = await http.get(`/${item.id}`)
    expect(headers.get('type')).toBe('Process')
    expect(headers.get('data-protocol')).toBe('ao')
    expect(headers.get('scheduler')).toBe('test-scheduler')
    expect(headers.get('name')).toBe('a name')
  })

  test('a tag cannot set a header that means something', async () => {
    const tags = [
      { name: 'Set-Cookie', value: 'a=b' },
      { name: 'Content-Length', value: '1' },
      { name: 'Access-Control-Allow-Origin', value: 'https://evil.example' },
      { name: 'Location', value: '/' },
      { name: 'Line', value: 'a\r\nSet-Cookie: a=b' },
      { name: 'Bad Name', value: 'x' },
      { name: 'Umlaut', value: 'ä' },
      { name: 'Fine', value: 'first' },
      { name: 'fine', value: 'second' },
      { name: 'Content-Type', value: 'text/plain\r\nSet-Cookie: a=b' },
    ]
    const item = await upload({ data: 'text', tags })
    const response = await http.get(`/${item.id}`)
    expect(Object.fromEntries(response.headers)).toEqual({
      fine: 'first',
      'content-type': 'application/octet-stream',
      'content-length': '4',
      'x-content-type-options': 'nosniff',
      'accept-ranges': 'bytes',
      etag: `"${item.id}"`,
      'access-control-allow-origin': '*',
      'access-control-expose-headers': expect.stringContaining('slot'),
    })
  })

  test('404 for what is not here', async () => {
    for (const path of [`/${'A'.repeat(43)}`, `/raw/${'A'.repeat(43)}`, `/tx/${'A'.repeat(43)}`]) {
      const response = await http.get(path)
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ code: 'HTTP_ITEM_UNKNOWN' })
    }
  })
})

test('GET /tx/:id has the form of a transaction', async () => {
  const target = `${'T'.repeat(42)}A`
  const item = await upload({ target, anchor: 'b'.repeat(32), data: 'four', tags: [{ name: 'Näme', value: 'välue' }] })
  const base64Url = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64url')
  expect(await http.getJson(`/tx/${item.id}`)).toEqual({
    format: 2,
    id: item.id,
    last_tx: base64Url('b'.repeat(32)),
    owner: base64Url(http.signer.owner),
    tags: [{ name: base64Url('Näme'), value: base64Url('välue') }],
    target,
    quantity: '0',
    data: '',
    data_size: '4',
    data_root: '',
    reward: '0',
    signature: base64Url(item.signature),
  })
})

describe('GET /tx/:id/…', () => {
  let item: DataItem
  beforeAll(async () => {
    item = await upload({ data: 'field data', tags: [{ name: 'Content-Type', value: 'text/x-test' }] })
  })
  const get = (path: string): Promise<Response> => http.get(`/tx/${item.id}/${path}`)

  test('each field is that of the transaction', async () => {
    const json = (await http.getJson(`/tx/${item.id}`)) as Record<string, unknown>
    for (const [field, value] of Object.entries(json)) {
      if (field === 'data') continue
      const response = await get(field)
      expect(response.status).toBe(200)
      if (field === 'tags') expect(await response.json()).toEqual(value)
      else expect(await response.text()).toBe(String(value))
    }
  })

  test('data is base64url, and bytes with an extension', async () => {
    expect(await (await get('data')).text()).toBe(Buffer.from('field data').toString('base64url'))
    const file = await get('data.txt')
    expect(file.headers.get('content-type')).toBe('text/x-test')
    expect(await file.text()).toBe('field data')
  })

  test('status is that of the block it was stored in', async () => {
    const { blockHeight } = (await http.network.item(item.id)) ?? { blockHeight: -1 }
    expect(await (await get('status')).json()).toEqual({
      block_height: blockHeight,
      block_indep_hash: blockByHeight(blockHeight).id,
      number_of_confirmations: http.network.info().blockHeight - blockHeight + 1,
    })
  })

  test('a data item has no offset, an unknown field is refused', async () => {
    expect((await get('offset')).status).toBe(404)
    expect((await get('nothing')).status).toBe(400)
    expect(await (await get('constructor')).json()).toMatchObject({ code: 'HTTP_PARAMETER_INVALID' })
  })

  test.each(['', '/status', '/offset', '/data', '/data.txt', '/owner'])('%s of nothing is 404', async (path) => {
    expect((await http.get(`/tx/${'A'.repeat(43)}${path}`)).status).toBe(404)
  })
})

describe('uploads', () => {
  test.each(['/tx', '/tx/arweave', '/v1/tx', '/v1/tx/solana'])('POST %s', async (path) => {
    const item = createDataItem({ data: path }, http.signer)
    const response = await http.post(path, item.bytes, { headers: { 'content-type': 'application/octet-stream' } })
    expect(response.status).toBe(200)
    const { address: _address, publicKey, blockHeight } = http.network.info()
    expect(await response.json()).toEqual({
      id: item.id,
      timestamp: expect.any(Number),
      version: '1.0.0',
      public: publicKey,
      signature: '',
      deadlineHeight: blockHeight + 200,
      block: blockHeight,
      validatorSignatures: [],
      owner: http.signer.address,
      winc: '0',
      dataCaches: [],
      fastFinalityIndexes: [],
    })
    expect(await (await http.get(`/${item.id}`)).text()).toBe(path)
    const again = await http.post(path, item.bytes)
    expect(again.status).toBe(200)
    expect(await again.json()).toMatchObject({ id: item.id })
  })

  test('an uploaded message is stored, not scheduled', async () => {
    const processId = await http.spawn()
    const before = await http.network.latestEntry(processId)
    await upload({ target: processId, data: 'x', tags: [{ name: 'Type', value: 'Message' }] })
    expect(await http.network.latestEntry(processId as ProcessId)).toEqual(before)
  })

  test('a bad signature is refused, and nothing stored', async () => {
    const bytes = createDataItem({ data: 'pay 1' }, http.signer).bytes.slice()
    bytes[bytes.length - 1] = 57
    const response = await http.post('/tx', bytes)
    expect(response.status).toBe(400)
    const { code, error } = (await response.json()) as { code: string; error: string }
    expect(code).toBe('PROTOCOL_SIGNATURE_INVALID')
    const id = /[A-Za-z0-9_-]{43}/.exec(error)?.[0]
    expect((await http.get(`/${id}`)).status).toBe(404)
  })
})
