import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAssignment } from '../../protocol/assignment.ts'
import { createDataItem } from '../../protocol/data-item.ts'
import type { ItemId, ProcessId } from '../../protocol/ids.ts'
import { createTestApp, messageItem, processItem, type TestApp, testSigner } from '../app.fixture.ts'

let http: TestApp
let processId: ProcessId
beforeAll(async () => {
  http = await createTestApp()
  processId = await http.spawn()
})
afterAll(() => http.close())

test('GET / says what it is', async () => {
  const response = await http.get('/mu')
  expect(await response.text()).toBe('ao messenger unit')
})

describe('POST / with a data item', () => {
  test('a message is accepted, and is in the log by then', async () => {
    const item = messageItem(http.signer, { target: processId })
    const response = await http.post('/mu', item.bytes)
    expect(response.status).toBe(202)
    expect(await response.json()).toEqual({ message: 'Processing DataItem', id: item.id })
    expect(await http.network.entry(processId, item.id)).toMatchObject({ itemId: item.id })
  })

  test('a process is accepted', async () => {
    const item = processItem(http.signer, http.network.info().moduleId)
    const response = await http.post('/mu/', item.bytes)
    expect(response.status).toBe(202)
    expect(await response.json()).toEqual({ message: 'Processing DataItem', id: item.id })
    expect(await http.network.hasProcess(item.id as string as ProcessId)).toBe(true)
  })

  test.each(['message', 'process'])('the same %s twice gets the same answer, and is there once', async (kind) => {
    const item =
      kind === 'message'
        ? messageItem(http.signer, { target: processId })
        : processItem(http.signer, http.network.info().moduleId)
    const target = (kind === 'message' ? processId : item.id) as ProcessId
    const first = await http.post('/mu', item.bytes)
    const before = await http.network.latestEntry(target)
    const second = await http.post('/mu', item.bytes)
    expect(second.status).toBe(202)
    expect(await second.text()).toBe(await first.text())
    expect(await http.network.latestEntry(target)).toEqual(before)
  })

  const refused: { name: string; body: () => Uint8Array; status: number; code: string; text?: string }[] = [
    { name: 'nothing', body: () => new Uint8Array(), status: 400, code: 'HTTP_BODY_MISSING' },
    {
      name: 'bytes that are no item',
      body: () => new Uint8Array(10),
      status: 400,
      code: 'PROTOCOL_SIGNATURE_TYPE_UNSUPPORTED',
      text: 'byte 0',
    },
    {
      name: 'an item that is cut off',
      body: () => messageItem(http.signer, { target: processId }).bytes.slice(0, 80),
      status: 400,
      code: 'PROTOCOL_ITEM_TRUNCATED',
      text: 'byte 66',
    },
    {
      name: 'an item that was changed after signing',
      body: () => {
        const bytes = messageItem(http.signer, { target: processId, data: 'pay 1' }).bytes.slice()
        bytes[bytes.length - 1] = 57
        return bytes
      },
      status: 400,
      code: 'PROTOCOL_SIGNATURE_INVALID',
    },
    {
      name: 'an item without Data-Protocol',
      body: () => createDataItem({ target: processId, tags: [{ name: 'Type', value: 'Message' }] }, http.signer).bytes,
      status: 400,
      code: 'SCHEDULER_TAG_INVALID',
      text: "Tag 'Data-Protocol'",
    },
    {
      name: 'a message to a process that is not here',
      body: () => messageItem(http.signer, { target: 'A'.repeat(43) }).bytes,
      status: 404,
      code: 'SCHEDULER_PROCESS_UNKNOWN',
    },
    {
      name: 'a process of a module that is not here',
      body: () => processItem(http.signer, 'A'.repeat(43)).bytes,
      status: 400,
      code: 'SCHEDULER_MODULE_UNKNOWN',
    },
  ]

  test.each(refused)('refused: $name', async ({ body, status, code, text = '' }) => {
    const before = await http.network.latestEntry(processId)
    const response = await http.post('/mu', body())
    expect(response.status).toBe(status)
    expect(await response.json()).toEqual({ error: expect.stringContaining(text), code })
    expect(await http.network.latestEntry(processId)).toEqual(before)
  })
})

test('a process of a module that is not run here is refused, and told which are', async () => {
  const tags = [
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Type', value: 'Module' },
    { name: 'Module-Format', value: 'wasm64-unknown-emscripten-draft_2024_02_15' },
  ]
  const module = createDataItem({ tags, data: 'binary' }, http.signer)
  expect((await http.post('/tx', module.bytes)).status).toBe(200)
  const process = processItem(http.signer, module.id)
  const response = await http.post('/mu', process.bytes)
  expect(response.status).toBe(422)
  expect(await response.json()).toEqual({
    code: 'SCHEDULER_MODULE_UNSUPPORTED',
    error: `Module ${module.id} has Module-Format "wasm64-unknown-emscripten-draft_2024_02_15", which this node does not run. It runs loom-lua-5.3: spawn with the built-in library that GET /api/info shows.`,
  })
  expect(await http.network.hasProcess(process.id as string as ProcessId)).toBe(false)
})

describe('POST / with an assignment', () => {
  test('assigns a message to another process, and answers the id of the assignment', async () => {
    const messageId = await http.send(processId)
    const other = await http.spawn()
    const response = await http.post(`/mu?process-id=${other}&assign=${messageId}&exclude=Data,Anchor`)
    expect(response.status).toBe(202)
    const { message, id } = (await response.json()) as { message: string; id: ItemId }
    expect(message).toBe('Processing Assignment')
    const entry = await http.network.entry(other, id)
    expect(entry).toMatchObject({ kind: 'assignment', itemId: messageId, assignmentId: id })
    expect(parseAssignment(entry?.assignment ?? new Uint8Array()).exclude).toEqual(['Data', 'Anchor'])
  })

  const refused = [
    {
      name: 'one parameter of the two',
      query: () => `process-id=${processId}`,
      status: 400,
      code: 'HTTP_ASSIGN_INCOMPLETE',
    },
    { name: 'the other one alone', query: () => `assign=${processId}`, status: 400, code: 'HTTP_ASSIGN_INCOMPLETE' },
    {
      name: 'an id that is none',
      query: () => `process-id=${processId}&assign=x`,
      status: 400,
      code: 'PROTOCOL_ID_INVALID',
    },
    {
      name: 'an item that is not here',
      query: () => `process-id=${processId}&assign=${'A'.repeat(43)}`,
      status: 404,
      code: 'SCHEDULER_ITEM_UNKNOWN',
    },
    {
      name: 'the base layer',
      query: () => `process-id=${processId}&assign=${processId}&base-layer`,
      status: 501,
      code: 'SCHEDULER_BASE_LAYER_UNSUPPORTED',
    },
  ]
  test.each(refused)('refused: $name', async ({ query, status, code }) => {
    const response = await http.post(`/mu?${query()}`)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ code })
  })
})

describe('/monitor', () => {
  const monitor = (method: string, body: Uint8Array): Promise<Response> =>
    http.post(`/mu/monitor/${processId}`, body, { method })
  const request = (number: number, target: string | undefined = processId): Uint8Array =>
    createDataItem({ target, data: ' ' }, testSigner(number)).bytes

  test.each([
    { method: 'POST', text: 'Monitoring process' },
    { method: 'DELETE', text: 'Process deleted' },
  ])('$method by the owner, again and again', async ({ method, text }) => {
    for (let i = 0; i < 2; i++) {
      const response = await monitor(method, request(1))
      expect(response.status).toBe(200)
      expect(await response.text()).toBe(text)
    }
  })

  const tampered = (): Uint8Array => {
    const bytes = request(1).slice()
    bytes[10] = (bytes[10] ?? 0) ^ 1
    return bytes
  }
  test.each([
    { name: 'nothing', body: () => new Uint8Array(), status: 400, code: 'HTTP_BODY_MISSING' },
    { name: 'a bad signature', body: tampered, status: 400, code: 'PROTOCOL_SIGNATURE_INVALID' },
    { name: 'another target', body: () => request(1, 'A'.repeat(43)), status: 400, code: 'HTTP_MONITOR_TARGET' },
    { name: 'someone who is not the owner', body: () => request(2), status: 403, code: 'HTTP_MONITOR_FORBIDDEN' },
  ])('refused: $name', async ({ body, status, code }) => {
    for (const method of ['POST', 'DELETE']) {
      const response = await monitor(method, body())
      expect(response.status).toBe(status)
      expect(await response.json()).toMatchObject({ code })
    }
  })

  test('refused: an item that is not a process', async () => {
    const messageId = await http.send(processId)
    const response = await http.post(`/mu/monitor/${messageId}`, request(1, messageId))
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ code: 'HTTP_ITEM_UNKNOWN' })
  })
})
