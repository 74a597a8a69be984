import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDataItem } from '../../protocol/data-item.ts'
import { createTestApp, type TestApp } from '../app.fixture.ts'

const text = '0123456789'

let http: TestApp
let path: string
let etag: string
beforeAll(async () => {
  http = await createTestApp()
  const { id, bytes } = createDataItem({ data: text, tags: [{ name: 'Name', value: 'n' }] }, http.signer)
  await http.post('/tx', bytes)
  path = `/${id}`
  etag = `"${id}"`
})
afterAll(() => http.close())

const get = (headers: Record<string, string>, method = 'GET'): Promise<Response> => http.get(path, { method, headers })

describe('Range', () => {
  test.each([
    { range: 'bytes=2-5', body: '2345', contentRange: 'bytes 2-5/10' },
    { range: 'bytes=7-', body: '789', contentRange: 'bytes 7-9/10' },
    { range: 'bytes=-2', body: '89', contentRange: 'bytes 8-9/10' },
  ])('$range', async ({ range, body, contentRange }) => {
    const response = await get({ range })
    expect(response.status).toBe(206)
    expect(response.headers.get('content-range')).toBe(contentRange)
    expect(response.headers.get('content-length')).toBe(String(body.length))
    expect(response.headers.get('name')).toBe('n')
    expect(await response.text()).toBe(body)
  })

  test('that begins after the end: 416 with the size', async () => {
    const response = await get({ range: 'bytes=10-' })
    expect(response.status).toBe(416)
    expect(response.headers.get('content-range')).toBe('bytes */10')
    expect(await response.json()).toMatchObject({ code: 'HTTP_RANGE_UNSATISFIABLE' })
  })

  test.each(['bytes=0-1,3-4', 'bytes=5-2', 'lines=1-2'])('%s: the whole', async (range) => {
    const response = await get({ range })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe(text)
  })

  test('of HEAD means nothing', async () => {
    const response = await get({ range: 'bytes=2-5' }, 'HEAD')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-length')).toBe('10')
    expect(response.headers.get('accept-ranges')).toBe('bytes')
  })

  test('counts only for the version that If-Range names', async () => {
    expect((await get({ range: 'bytes=2-5', 'if-range': etag })).status).toBe(206)
    expect((await get({ range: 'bytes=2-5', 'if-range': '"other"' })).status).toBe(200)
  })
})

describe('ETag', () => {
  test('is the id', async () => {
    expect((await get({})).headers.get('etag')).toBe(etag)
  })

  test.each([
    { name: 'the same', given: () => etag },
    { name: 'the same, weak', given: () => `W/${etag}` },
    { name: 'one of several', given: () => `"a", ${etag}` },
    { name: 'any', given: () => '*' },
  ])('If-None-Match of $name: 304 without a body', async ({ given }) => {
    for (const method of ['GET', 'HEAD']) {
      const response = await get({ 'if-none-match': given(), range: 'bytes=50-' }, method)
      expect(response.status).toBe(304)
      expect(response.headers.get('etag')).toBe(etag)
      expect(await response.text()).toBe('')
    }
  })

  test('If-None-Match of another: the data', async () => {
    expect(await (await get({ 'if-none-match': '"other"' })).text()).toBe(text)
  })
})
