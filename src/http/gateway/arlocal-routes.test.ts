import { afterEach, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../app.fixture.ts'

const address = `${'M'.repeat(42)}A`

let http: TestApp
afterEach(() => http.close())

test('GET /mint adds to a balance', async () => {
  http = await createTestApp()
  expect(await (await http.get(`/mint/${address}/5`)).text()).toBe('5')
  expect(await (await http.get(`/mint/${address}/1000000000000000000000`)).status).toBe(400)
  expect(await (await http.get(`/mint/${address}/100000000000000000000`)).text()).toBe('100000000000000000005')
  expect(await (await http.get(`/wallet/${address}/balance`)).text()).toBe('100000000000000000005')
  expect(await http.getJson(`/account/balance/${address}`)).toEqual({ balance: '100000000000000000005' })
  expect((await http.get(`/mint/${address}/-1`)).status).toBe(400)
  expect((await http.get('/mint/x/1')).status).toBe(400)
})

test('GET /mine goes to the next blocks', async () => {
  http = await createTestApp({ now: () => 1_700_000_000_000 })
  const { blockHeight } = http.network.info()
  expect(await http.getJson('/mine')).toMatchObject({ network: 'loom', height: blockHeight + 1 })
  expect(await http.getJson('/mine/10')).toMatchObject({ height: blockHeight + 11 })
  expect(await http.getJson('/info')).toMatchObject({ height: blockHeight + 11 })
  for (const count of ['x', '-1', '10001', '1e3']) expect((await http.get(`/mine/${count}`)).status).toBe(400)
})

test.each([`/mint/${address}/5`, '/mine'])('%s is for development', async (path) => {
  http = await createTestApp({ mode: 'strict' })
  const response = await http.get(path)
  expect(response.status).toBe(403)
  expect(await response.json()).toMatchObject({ code: 'NETWORK_DEVELOPMENT_ONLY' })
})
