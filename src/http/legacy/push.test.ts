import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ItemId, ProcessId } from '../../protocol/ids.ts'
import { createTestApp, messageItem, type TestApp } from '../app.fixture.ts'

/** `POST /push/<id>/<number>`. Wire protocol 5.5. */

let http: TestApp
let processId: ProcessId
let messageId: string
/** A process that does not exist when it is sent to. */
const unknown = 'A'.repeat(43)

beforeAll(async () => {
  http = await createTestApp()
  processId = await http.spawn(`Handlers.add('Two', 'Two', function(msg)
    Send({ Target = msg.From, Data = 'arrives' })
    Assign({ Processes = { '${unknown}' }, Message = msg.Id })
  end)`)
  messageId = await http.send(processId, [{ name: 'Action', value: 'Two' }])
  await http.network.idle()
})
afterAll(() => http.close())

const push = (path: string): Promise<Response> => http.post(`/mu/push/${path}`)

/** What is dead, with how often its delivery was said to be impossible since this test began. */
async function attempts(work: () => Promise<unknown>): Promise<string[]> {
  const seen: string[] = []
  const unsubscribe = http.network.onEvent((event) => {
    if (event.type === 'undeliverable' || event.type === 'delivered') seen.push(`${event.type} ${event.target}`)
  })
  await work()
  await http.network.idle()
  unsubscribe()
  return seen
}

test('sends an output that could not be delivered again', async () => {
  const entry = await http.network.entry(processId, messageId as ItemId)
  for (const id of [messageId, entry?.assignmentId]) {
    let response: Response | undefined
    const seen = await attempts(async () => {
      response = await push(`${id}/1?process-id=${processId}`)
    })
    expect(response?.status).toBe(202)
    expect(await response?.json()).toEqual({ message: 'Processing Message Result', id })
    expect(seen).toEqual([`undeliverable ${unknown}`])
  }
})

test('does not deliver a second time what has arrived', async () => {
  let status: number | undefined
  const seen = await attempts(async () => {
    status = (await push(`${messageId}/0?process-id=${processId}`)).status
  })
  expect([status, seen]).toEqual([202, []])
})

test('waits for a message that has just been accepted', async () => {
  const item = messageItem(http.signer, { target: processId, tags: [{ name: 'Action', value: 'Two' }] })
  await http.post('/mu', item.bytes)
  expect((await push(`${item.id}/1?process-id=${processId}`)).status).toBe(202)
})

test.each([
  {
    path: () => `${messageId}/x?process-id=${processId}`,
    status: 400,
    body: { error: "'number' parameter must be a valid number", code: 'HTTP_OUTPUT_NUMBER_INVALID' },
  },
  {
    path: () => `${messageId}/2?process-id=${processId}`,
    status: 404,
    body: { error: expect.stringContaining('it sent 2, so give 0 to 1'), code: 'HTTP_OUTPUT_UNKNOWN' },
  },
  {
    path: () => `${processId}/0?process-id=${processId}`,
    status: 404,
    body: { error: expect.stringMatching(/it sent 0\.$/), code: 'HTTP_OUTPUT_UNKNOWN' },
  },
  {
    path: () => `${unknown}/0?process-id=${processId}`,
    status: 404,
    body: { error: expect.stringContaining(unknown), code: 'NETWORK_MESSAGE_UNKNOWN' },
  },
  {
    path: () => `${messageId}/0`,
    status: 400,
    body: { error: expect.stringContaining('process-id'), code: 'HTTP_PARAMETER_INVALID' },
  },
  {
    path: () => `${messageId}/0?process-id=${processId}&custom-cu=https%3A%2F%2Fcu.example`,
    status: 501,
    body: { error: expect.stringContaining('custom-cu'), code: 'HTTP_NOT_SUPPORTED' },
  },
])('$status: $body.code', async ({ path, status, body }) => {
  const response = await push(path())
  expect(response.status).toBe(status)
  expect(await response.json()).toEqual(body)
})
