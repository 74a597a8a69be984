import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../app.fixture.ts'

let http: TestApp
let processId: string
let messageId: string
beforeAll(async () => {
  http = await createTestApp()
  processId = await http.spawn(`
    Balances, Price, List = { ["a.b"] = 5 }, 2.0, {}
    for i = 1, 2000 do List[i] = i end
    Handlers.add("Add", "Add", function(msg) Balances["a.b"] = Balances["a.b"] + 1 end)`)
  await http.send(processId, [{ name: 'Action', value: 'Nothing' }])
  messageId = await http.send(processId, [{ name: 'Action', value: 'Add' }])
  await http.network.idle()
})
afterAll(() => http.close())

/** Without `processId`, as text: numbers keep their points. */
async function ask(route: string, query: Record<string, string> = {}): Promise<string> {
  const response = await http.get(`/api/processes/${processId}/${route}?${new URLSearchParams(query)}`)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/json')
  const text = await response.text()
  expect(JSON.parse(text)).toMatchObject({ processId })
  return text.replace(`"processId":"${processId}",`, '')
}

const path = 'Balances["a.b"]'
const quotedPath = JSON.stringify(path)

test('GET …/state gives a value, of now or of then', async () => {
  expect(await ask('state', { path })).toBe(`{"path":${quotedPath},"nonce":3,"isComplete":true,"value":6}`)
  expect(await ask('state', { path, at: '2' })).toBe(`{"path":${quotedPath},"nonce":2,"isComplete":true,"value":5}`)
  expect(await ask('state', { path: 'Price', at: '1' })).toContain('"value":2.0}')
  expect(await ask('state', { at: '-1' })).toBe('{"path":"","nonce":-1,"isComplete":true,"value":[]}')
})

test('GET …/state gives so many entries of a table', async () => {
  const count = async (query: Record<string, string>): Promise<number> => {
    const { value, isComplete } = JSON.parse(await ask('state', { path: 'List', ...query })) as {
      value: unknown[]
      isComplete: boolean
    }
    expect(isComplete).toBe(value.length === 2_000)
    return value.length
  }
  // With the one that says how many there are more.
  expect(await count({})).toBe(1_001)
  expect(await count({ limit: '3' })).toBe(4)
  expect(await count({ limit: '1000000' })).toBe(2_000)
})

test('GET …/diff gives a tree', async () => {
  const leaf = '{"kind":"changed","before":5,"after":6}'
  expect(await ask('diff', { from: '2', to: '3', path })).toBe(
    `{"path":${quotedPath},"from":2,"to":3,"change":${leaf}}`,
  )
  expect(await ask('diff', { from: '2', to: '3', path: 'Balances' })).toContain(
    `"change":{"kind":"inside","entries":{"a.b":${leaf}}}}`,
  )
  expect(await ask('diff', { from: '3', to: '2', path })).toContain('{"kind":"changed","before":6,"after":5}')
  expect(await ask('diff', { from: '-1', to: '1', path: 'Price' })).toContain('"change":{"kind":"added","after":2.0}}')
  expect(await ask('diff', { from: '1', to: '-1', path: 'Price' })).toContain(
    '"change":{"kind":"removed","before":2.0}}',
  )
  expect(await ask('diff', { from: '2', to: '2' })).toContain('"change":null}')
})

test('GET …/last-change names the message', async () => {
  expect(JSON.parse(await ask('last-change', { path }))).toEqual({
    ...{ path, isFound: true, nonce: 3, messageId, from: http.signer.address, action: 'Add' },
    ...{ timestampMs: expect.any(Number), before: 5, after: 6 },
  })
  expect(await ask('last-change', { path, at: '2' })).toMatch(/"nonce":1,.*"action":"Eval",.*"before":null,"after":5}$/)
  expect(await ask('last-change', { path: 'Nothing' })).toBe('{"path":"Nothing","isFound":false,"sinceNonce":-1}')
})

describe('a request is refused', () => {
  test.each([
    ['state?at=4', 404, 'COMPUTE_NONCE_UNKNOWN'],
    ['state?at=-2', 400, 'HTTP_PARAMETER_INVALID'],
    ['state?at=x', 400, 'HTTP_PARAMETER_INVALID'],
    ['state?limit=0', 400, 'HTTP_PARAMETER_INVALID'],
    ['state?path=a[', 400, 'VM_PATH_INVALID'],
    ['diff?from=1', 400, 'HTTP_PARAMETER_INVALID'],
    ['diff?to=1', 400, 'HTTP_PARAMETER_INVALID'],
    ['diff?from=1&to=99', 404, 'COMPUTE_NONCE_UNKNOWN'],
    ['last-change?path=a..b', 400, 'VM_PATH_INVALID'],
    ['last-change?at=99', 404, 'COMPUTE_NONCE_UNKNOWN'],
  ])('%s', async (request, status, code) => {
    const response = await http.get(`/api/processes/${processId}/${request}`)
    expect({ status: response.status, body: await response.json() }).toMatchObject({ status, body: { code } })
  })

  test.each(['state', 'diff?from=0&to=0', 'last-change'])('of a process that is not here: %s', async (request) => {
    const response = await http.get(`/api/processes/${'A'.repeat(43)}/${request}`)
    expect({ status: response.status, body: await response.json() }).toMatchObject({
      status: 404,
      body: { code: 'NETWORK_PROCESS_UNKNOWN' },
    })
    expect((await http.get(`/api/processes/short/${request}`)).status).toBe(400)
  })
})
