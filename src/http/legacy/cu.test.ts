import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ItemId, ProcessId } from '../../protocol/ids.ts'
import { createTestApp, type TestApp } from '../app.fixture.ts'

interface ResultJson {
  readonly Messages: { readonly Data: string; readonly Tags: { name: string; value: string }[] }[]
  readonly Output: { readonly data: string } | string
  readonly Error?: string
}
interface PageJson {
  readonly pageInfo: { readonly hasNextPage: boolean }
  readonly edges: readonly { readonly node: ResultJson; readonly cursor: string }[]
}

let http: TestApp
let processId: ProcessId
let nowMs = 1_700_000_000_000
const ids: string[] = []
/** Nonce 0 is the process, 1 the code, then these; the third of them fails. */
const actions = ['Ping', 'Ping', 'Fail', 'Ping', 'Ping']

const code = `
  Handlers.add('Ping', 'Ping', function(msg) Send({ Target = msg.From, Data = 'pong ' .. tostring(msg.Data) }) end)
  Handlers.add('Fail', 'Fail', function(msg) error('as asked') end)
  Handlers.add('Who', 'Who', function(msg) Send({ Target = msg.From, Data = msg.From .. '|' .. msg.Owner .. '|' .. msg.Id .. '|' .. tostring(msg.Timestamp) .. '|' .. msg.Data }) end)
  Count = 0
  Handlers.add('Count', 'Count', function(msg) Count = Count + 1 print(Count) end)
`

beforeAll(async () => {
  http = await createTestApp({ now: () => nowMs++ })
  processId = await http.spawn(code)
  for (const action of actions) ids.push(await http.send(processId, [{ name: 'Action', value: action }], 'x'))
  // Evaluated in order, so with the last one all are there.
  await result(ids.at(-1) ?? '')
})
afterAll(() => http.close())

const result = async (id: string): Promise<ResultJson> =>
  (await http.getJson(`/cu/result/${id}?process-id=${processId}`)) as ResultJson
const results = async (query: string): Promise<PageJson> =>
  (await http.getJson(`/cu/results/${processId}?${query}`)) as PageJson
const decode = (cursor: string): { ordinate: string } => JSON.parse(atob(cursor))
const ordinates = ({ edges }: PageJson): string[] => edges.map(({ cursor }) => decode(cursor).ordinate)

test('GET / has the time as a number', async () => {
  expect(await http.getJson('/cu')).toEqual({ address: http.network.info().address, timestamp: expect.any(Number) })
})

describe('GET /result/:id', () => {
  test('is the result, found by message, by assignment, and by process', async () => {
    const byMessage = await result(ids[0] ?? '')
    expect(byMessage.Messages[0]?.Data).toBe('pong x')
    const entry = await http.network.entry(processId, ids[0] as ItemId)
    expect(await result(entry?.assignmentId ?? '')).toEqual(byMessage)
    expect(await result(processId)).toHaveProperty('Output')
  })

  test('waits for a message that has just been accepted', async () => {
    const id = await http.send(processId, [{ name: 'Action', value: 'Ping' }], 'at once')
    expect((await result(id)).Messages[0]?.Data).toBe('pong at once')
  })

  test('a message that failed has an Error, and status 200', async () => {
    const response = await http.get(`/cu/result/${ids[2]}?process-id=${processId}`)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      Messages: [],
      Spawns: [],
      Assignments: [],
      Error: expect.stringContaining('as asked'),
    })
  })

  test.each([
    {
      name: 'an unknown message',
      path: () => `/cu/result/${'A'.repeat(43)}?process-id=${processId}`,
      status: 404,
      code: 'NETWORK_MESSAGE_UNKNOWN',
    },
    {
      name: 'an unknown process',
      path: () => `/cu/result/${ids[0]}?process-id=${'A'.repeat(43)}`,
      status: 404,
      code: 'NETWORK_PROCESS_UNKNOWN',
    },
    { name: 'no process', path: () => `/cu/result/${ids[0]}`, status: 400, code: 'HTTP_PARAMETER_INVALID' },
    { name: 'no id', path: () => `/cu/result/x?process-id=${processId}`, status: 400, code: 'PROTOCOL_ID_INVALID' },
    {
      name: 'results of an unknown process',
      path: () => `/cu/results/${'A'.repeat(43)}`,
      status: 404,
      code: 'NETWORK_PROCESS_UNKNOWN',
    },
    { name: 'an unknown path', path: () => '/cu/nothing', status: 404, code: 'HTTP_ROUTE_UNKNOWN' },
  ])('$status as JSON: $name', async ({ path, status, code: expected }) => {
    const response = await http.get(path())
    expect(response.status).toBe(status)
    expect(await response.json()).toEqual({ error: expect.any(String), code: expected })
  })
})

describe('GET /results/:process', () => {
  test('has those that succeeded, in order, with cursors that clients can read', async () => {
    const page = await results('limit=6')
    expect(page.pageInfo).toEqual({ hasNextPage: true })
    expect(ordinates(page)).toEqual(['0', '1', '2', '3', '5', '6'])
    expect(page.edges[2]?.node.Messages[0]?.Data).toBe('pong x')
    const entry = await http.network.entry(processId, ids[0] as ItemId)
    expect(decode(page.edges[2]?.cursor ?? '')).toEqual({
      timestamp: entry?.timestampMs,
      ordinate: '2',
      cron: null,
      sort: 'ASC',
    })
  })

  test('newest first on demand', async () => {
    const page = await results('sort=DESC&limit=2')
    expect(ordinates(page)).toEqual(['7', '6'])
    expect(page.pageInfo.hasNextPage).toBe(true)
  })

  test('cursors lead on, and bring their order with them', async () => {
    for (const { sort, expected } of [
      { sort: 'ASC', expected: ['0', '1', '2', '3', '5', '6', '7'] },
      { sort: 'DESC', expected: ['7', '6', '5', '3', '2', '1', '0'] },
    ]) {
      const seen: string[] = []
      let page = await results(`sort=${sort}&limit=3`)
      for (;;) {
        seen.push(...ordinates(page))
        if (!page.pageInfo.hasNextPage) break
        page = await results(`limit=3&from=${encodeURIComponent(page.edges.at(-1)?.cursor ?? '')}`)
      }
      expect(seen).toEqual(expected)
    }
  })

  test('from is exclusive and to inclusive, as cursors and as times', async () => {
    const cursor = (nonce: number, sort: string): string =>
      encodeURIComponent(btoa(JSON.stringify({ timestamp: 0, ordinate: String(nonce), cron: null, sort })))
    expect(ordinates(await results(`from=${cursor(1, 'ASC')}&to=${cursor(5, 'ASC')}`))).toEqual(['2', '3', '5'])
    expect(ordinates(await results(`from=${cursor(6, 'DESC')}&to=${cursor(2, 'DESC')}`))).toEqual(['5', '3', '2'])

    const entries = await http.network.entries(processId, 0, 10, 100)
    const time = (nonce: number): number => entries[nonce]?.timestampMs ?? 0
    expect(ordinates(await results(`from=${time(1)}&to=${time(5)}`))).toEqual(['2', '3', '5'])
    expect(ordinates(await results(`from=${time(6)}&to=${time(2)}&sort=DESC`))).toEqual(['5', '3', '2'])
    expect(ordinates(await results(`from=${time(1) - 1}`))[0]).toBe('1')
    expect(ordinates(await results(`from=${time(7)}`))).toEqual([])
    expect(ordinates(await results(`to=${time(0) - 1}`))).toEqual([])
    expect(ordinates(await results(`from=${time(0)}&sort=DESC`))).toEqual([])
    expect(ordinates(await results(`to=${time(7) + 1}&sort=DESC`))).toEqual([])
    expect(ordinates(await results(`to=${time(7) + 1}&limit=100`))).toHaveLength(7)
    expect(ordinates(await results(`from=${time(7) + 1}&sort=DESC`))).toHaveLength(7)
  })

  test.each(['sort=UP', 'limit=0', 'limit=many', 'from=%7B', 'to=e30%3D'])('refused: %s', async (query) => {
    const response = await http.get(`/cu/results/${processId}?${query}`)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'HTTP_PARAMETER_INVALID' })
  })
})

describe('POST /dry-run', () => {
  const dryRun = (body: unknown, query = `process-id=${processId}`): Promise<Response> =>
    http.post(`/cu/dry-run?${query}`, typeof body === 'string' ? body : JSON.stringify(body))
  const action = (value: string) => ({ Owner: '1234', Tags: [{ name: 'Action', value }] })

  test('answers, and changes nothing', async () => {
    const before = await http.network.latestEntry(processId)
    for (let i = 0; i < 2; i++) {
      const response = await dryRun({ ...action('Count'), Id: '1234', Target: processId, Data: '1234', Anchor: '0' })
      expect(response.status).toBe(200)
      expect(((await response.json()) as { Output: { data: string } }).Output.data).toContain('1')
    }
    expect(await http.network.latestEntry(processId)).toEqual(before)
  })

  test('the message is what the body says, and its sender From-Process or Owner', async () => {
    const who = async (body: object): Promise<string | undefined> => {
      const answer = (await (await dryRun(body)).json()) as ResultJson
      return answer.Messages[0]?.Data
    }
    expect(await who({ ...action('Who'), Id: 'me', Data: 'text', Timestamp: '17' })).toBe('1234|1234|me|17|text')
    const tags = [
      { name: 'Action', value: 'Who' },
      { name: 'From-Process', value: processId },
      { name: 'Owner', value: 'thief' },
    ]
    const authority = http.network.info().address
    expect(await who({ Owner: authority, Id: 'me', Tags: tags, Timestamp: 5, Data: { a: 1 } })).toBe(
      `${processId}|${authority}|me|5|{"a":1}`,
    )
  })

  test.each([
    { name: 'no JSON', body: '{', code: 'HTTP_BODY_INVALID', text: 'not JSON' },
    { name: 'no owner', body: { Tags: [] }, code: 'HTTP_BODY_INVALID', text: 'Owner' },
    {
      name: 'tags that are none',
      body: { Owner: 'x', Tags: [{ name: 'a' }] },
      code: 'HTTP_BODY_INVALID',
      text: 'Tags.0.value',
    },
    { name: 'a list', body: [], code: 'HTTP_BODY_INVALID', text: 'cannot be used' },
  ])('400: $name', async ({ body, code: expected, text }) => {
    const response = await dryRun(body)
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ code: expected, error: expect.stringContaining(text) })
  })

  test.each([
    { name: 'no process', query: '', status: 400, code: 'HTTP_PARAMETER_INVALID' },
    { name: 'an unknown process', query: `process-id=${'A'.repeat(43)}`, status: 404, code: 'NETWORK_PROCESS_UNKNOWN' },
  ])('$status: $name', async ({ query, status, code: expected }) => {
    const response = await dryRun(action('Ping'), query)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ code: expected })
  })

  describe('with to: against the state after a message', () => {
    const code = `
      Total = 1
      Handlers.add('Add', 'Add', function(msg) Total = Total + 1 end)
      Handlers.add('Total', 'Total', function(msg)
        Total = Total * 10
        print(Total .. ' at ' .. tostring(msg.Timestamp) .. ' in ' .. tostring(msg['Block-Height']))
      end)
    `
    let other: ProcessId
    const added: string[] = []
    const total = async (to: string): Promise<unknown> => {
      const response = await dryRun(action('Total'), `process-id=${other}${to}`)
      expect(response.status).toBe(200)
      return ((await response.json()) as { Output: { data: string } }).Output.data
    }
    beforeAll(async () => {
      other = await http.spawn(code)
      for (let i = 0; i < 3; i++) added.push(await http.send(other, [{ name: 'Action', value: 'Add' }]))
    })

    test('by its id and by that of its assignment, with the time and block of that message', async () => {
      for (const [i, id] of added.entries()) {
        const entry = await http.network.entry(other, id as ItemId)
        const expected = `${(i + 2) * 10} at ${entry?.timestampMs} in ${entry?.blockHeight}`
        expect(await total(`&to=${id}`)).toContain(expected)
        expect(await total(`&to=${entry?.assignmentId}`)).toContain(expected)
      }
    })

    test('and changes it as little as the latest one', async () => {
      for (let i = 0; i < 2; i++) expect(await total(`&to=${added[0]}`)).toContain('20 at')
      for (const query of ['', '&to=undefined']) expect(await total(query)).toContain('40 at')
    })

    test.each([
      { name: 'an unknown message', to: 'A'.repeat(43), status: 404, code: 'NETWORK_MESSAGE_UNKNOWN' },
      { name: 'no id', to: '17', status: 400, code: 'PROTOCOL_ID_INVALID' },
    ])('$status: $name', async ({ to, status, code: expected }) => {
      const response = await dryRun(action('Total'), `process-id=${other}&to=${to}`)
      expect(response.status).toBe(status)
      expect(await response.json()).toEqual({ error: expect.stringContaining(to), code: expected })
    })
  })
})
