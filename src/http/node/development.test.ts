import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTestApp, type TestApp } from '../app.fixture.ts'

let api: TestApp
beforeEach(async () => {
  api = await createTestApp()
})
afterEach(() => api.close())

async function develop(what: string, body: object = {}): Promise<{ status: number; answer: Record<string, unknown> }> {
  const response = await api.post(`/api/development/${what}`, JSON.stringify(body))
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> }
}

const countCode = 'Count = 0 Handlers.add("Add", "Add", function(msg) Count = Count + 1 Last = msg.From end)'

async function evaluate(processId: string, code: string): Promise<unknown> {
  const id = await api.send(processId, [{ name: 'Action', value: 'Eval' }], code)
  const result = (await api.getJson(`/cu/result/${id}?process-id=${processId}`)) as { Output: { data: string } }
  return result.Output.data
}

test('a network goes back over HTTP', async () => {
  const processId = await api.spawn(countCode)
  const { answer } = await develop('snapshot')
  await api.send(processId, [{ name: 'Action', value: 'Add' }])
  const later = await api.spawn()
  expect(await develop('revert', answer)).toMatchObject({ status: 200, answer })
  expect(await evaluate(processId, 'Count')).toBe('0')
  expect((await api.get(`/su/processes/${later}`)).status).toBe(400)
})

test('anyone can be acted as', async () => {
  const processId = await api.spawn(countCode)
  const from = 'x'.repeat(42).concat('A')
  const tags = [{ name: 'Action', value: 'Add' }]
  const sent = await develop('submit-as', { from, target: processId, tags })
  expect(sent).toMatchObject({ status: 200, answer: { processId, kind: 'message', nonce: 2 } })
  expect(await evaluate(processId, 'Last')).toBe(from)
})

test('the time of the network moves', async () => {
  const before = Number(((await api.getJson('/su/timestamp')) as { timestamp: string }).timestamp)
  await develop('clock', { byMs: 3_600_000 })
  const after = Number(((await api.getJson('/su/timestamp')) as { timestamp: string }).timestamp)
  expect(after - before).toBeGreaterThanOrEqual(3_600_000)
  expect(await develop('clock', { toMs: after + 5_000_000 })).toMatchObject({
    answer: { timestampMs: after + 5_000_000 },
  })
})

test('an upgrade is rehearsed', async () => {
  const processId = await api.spawn(countCode)
  await api.send(processId, [{ name: 'Action', value: 'Add' }])
  const code = 'Handlers.add("Add", "Add", function(msg) Count = Count + 2 end)'
  const { status, answer } = await develop('rehearse', { processId, code, last: 1 })
  const state = [{ path: 'Count', before: '1', after: '2' }]
  expect({ status, answer }).toMatchObject({
    status: 200,
    answer: { differing: 1, messages: [{ nonce: 2, action: 'Add' }] },
  })
  expect((answer.messages as { state: object[] }[])[0]?.state).toContainEqual(state[0])
  expect(await evaluate(processId, 'Count')).toBe('1')
})

describe('a request is refused', () => {
  test.each([
    ['revert', { snapshot: '7' }, 404, 'NETWORK_SNAPSHOT_UNKNOWN'],
    ['revert', {}, 400, 'HTTP_BODY_INVALID'],
    ['clock', { byMs: '1' }, 400, 'HTTP_BODY_INVALID'],
    ['rehearse', { processId: 'x'.repeat(42).concat('A'), code: '' }, 404, 'NETWORK_PROCESS_UNKNOWN'],
    ['rehearse', { processId: 'x'.repeat(42).concat('A'), code: '', last: 1_001 }, 400, 'STORE_LIMIT_INVALID'],
    ['clock', { byMs: -1 }, 400, 'NETWORK_TIME_INVALID'],
    ['submit-as', { from: 'me' }, 400, 'PROTOCOL_ADDRESS_INVALID'],
    ['submit-as', { from: 'x'.repeat(42).concat('A') }, 400, 'SCHEDULER_TARGET_MISSING'],
  ])('%s %j', async (what, body, status, code) => {
    expect(await develop(what, body)).toMatchObject({ status, answer: { code } })
  })

  test('always in strict mode', async () => {
    await api.close()
    api = await createTestApp({ mode: 'strict' })
    const requests: [string, object][] = [
      ['snapshot', {}],
      ['revert', { snapshot: '1' }],
      ['clock', { byMs: 1 }],
      ['rehearse', { processId: 'x'.repeat(42).concat('A'), code: '' }],
      ['submit-as', { from: 'x'.repeat(42).concat('A') }],
    ]
    for (const [what, body] of requests) {
      expect(await develop(what, body)).toMatchObject({ status: 403, answer: { code: 'NETWORK_DEVELOPMENT_ONLY' } })
    }
  })
})
