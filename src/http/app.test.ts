import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Network } from '../network/types.ts'
import { StoreError } from '../store/errors.ts'
import { createTestApp, silentLog, type TestApp } from './app.fixture.ts'
import { createApp } from './app.ts'
import { httpLimits } from './limits.ts'

let http: TestApp
let processId: string
beforeAll(async () => {
  http = await createTestApp()
  processId = await http.spawn()
})
afterAll(() => http.close())

const unknownId = 'A'.repeat(43)

describe('every answer', () => {
  const requests: { name: string; method?: string; path: () => string; status: number }[] = [
    { name: 'messenger', path: () => '/mu', status: 200 },
    { name: 'scheduler', path: () => '/su', status: 200 },
    { name: 'compute', path: () => '/cu', status: 200 },
    { name: 'gateway', path: () => '/info', status: 200 },
    { name: "Loom's own API", path: () => '/api/info', status: 200 },
    { name: 'a result', path: () => `/cu/result/${processId}?process-id=${processId}`, status: 200 },
    { name: 'the bytes of an item', path: () => `/${processId}`, status: 200 },
    { name: 'a refused item', method: 'POST', path: () => '/mu', status: 400 },
    { name: 'an unknown message', path: () => `/cu/result/${unknownId}?process-id=${processId}`, status: 404 },
    { name: 'an unknown path', path: () => '/nothing/here', status: 404 },
    {
      name: 'what is not supported',
      method: 'POST',
      path: () => `/mu?process-id=${unknownId}&assign=${unknownId}&base-layer`,
      status: 501,
    },
  ]

  test.each(requests)('has CORS headers: $name', async ({ method = 'GET', path, status }) => {
    const response = await http.app.request(path(), { method })
    expect(response.status).toBe(status)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('access-control-expose-headers')).toBe('process, slot, id, *')
  })

  test.each(requests.filter(({ status }) => status >= 400))('says what is wrong, as JSON: $name', async (request) => {
    const response = await http.app.request(request.path(), { method: request.method ?? 'GET' })
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    expect(await response.json()).toEqual({
      error: expect.any(String),
      code: expect.stringMatching(/^[A-Z]+_[A-Z_]+$/),
    })
  })
})

test('a preflight allows what the browser asks for', async () => {
  const response = await http.app.request('/mu/monitor/x', {
    method: 'OPTIONS',
    headers: {
      'access-control-request-method': 'DELETE',
      'access-control-request-headers': 'content-type, x-max-age',
      'access-control-request-private-network': 'true',
    },
  })
  expect(response.status).toBe(204)
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  expect(response.headers.get('access-control-allow-methods')).toContain('DELETE')
  expect(response.headers.get('access-control-allow-headers')).toBe('content-type, x-max-age')
  expect(response.headers.get('access-control-allow-private-network')).toBe('true')
})

test.each(['/su', '/su/', '//su//', '/su?x=1', '/su/?x=1'])('a base URL may end in a slash: %s', async (path) => {
  const response = await http.app.request(`http://localhost${path}`)
  expect(response.status).toBe(200)
  expect(await response.json()).toHaveProperty('address', http.network.info().address)
})

test('GET /api/info is the description of the node', async () => {
  const info = http.network.info()
  expect(await http.getJson('/api/info')).toEqual({ ...info, timestampMs: expect.any(Number) })
})

describe('a body above the limit is refused', () => {
  const tooLarge = { code: 'HTTP_BODY_TOO_LARGE', error: expect.stringContaining(String(httpLimits.bodyBytesMax)) }

  test('by its declared length, unread', async () => {
    const response = await http.post('/mu', 'short', {
      headers: { 'content-length': String(httpLimits.bodyBytesMax + 1) },
    })
    expect(response.status).toBe(413)
    expect(await response.json()).toEqual(tooLarge)
  })

  test('when it grows, if no length is declared', async () => {
    let sentBytes = 0
    const chunk = new Uint8Array(1 << 20)
    const endless = new ReadableStream({
      pull(controller) {
        sentBytes += chunk.length
        controller.enqueue(chunk)
      },
    })
    const init: RequestInit & { duplex: 'half' } = { method: 'POST', body: endless, duplex: 'half' }
    const response = await http.app.request('/mu', init)
    expect(response.status).toBe(413)
    expect(await response.json()).toEqual(tooLarge)
    expect(sentBytes).toBeLessThan(httpLimits.bodyBytesMax + 3 * chunk.length)
  })
})

describe('errors of the inside', () => {
  function appThatThrows(error: unknown) {
    const logged: object[] = []
    const info = (): never => {
      throw error
    }
    const network = { ...http.network, info, onEvent: () => () => {} } as Network
    const log = { ...silentLog, error: (values: object) => logged.push(values) }
    return { app: createApp({ network, log }), logged }
  }

  test('an unknown one tells the client nothing, and the log everything', async () => {
    const secret = new Error('/home/someone/.loom/node-key.json is broken')
    const { app, logged } = appThatThrows(secret)
    const response = await app.request('/api/info')
    expect(response.status).toBe(500)
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({ code: 'INTERNAL' })
    expect(text).not.toContain('node-key')
    expect(logged).toEqual([expect.objectContaining({ err: secret, path: '/api/info' })])
  })

  test('one that is our fault keeps its code, not its text', async () => {
    const locked = new StoreError({ code: 'STORE_LOCKED', path: '/home/someone', pid: 7 })
    const response = await appThatThrows(locked).app.request('/api/info')
    expect(response.status).toBe(500)
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({ code: 'STORE_LOCKED' })
    expect(text).not.toContain('/home/someone')
  })

  test('one that crossed a thread is known by its code', async () => {
    const { app, logged } = appThatThrows(Object.assign(new Error('Later.'), { code: 'STORE_BUSY' }))
    const response = await app.request('/api/info')
    expect(response.status).toBe(503)
    expect(await response.json()).toEqual({ error: 'Later.', code: 'STORE_BUSY' })
    expect(logged).toEqual([])
  })
})
