import { connect, createDataItemSigner, serializeCron } from '@permaweb/aoconnect'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createDataItem, parseDataItem } from '../../protocol/data-item.ts'
import type { ProcessId } from '../../protocol/ids.ts'
import { generateRsaJwk } from '../../protocol/rsa-key.fixture.ts'
import { createRsaSigner } from '../../protocol/signers.ts'
import type { Tag } from '../../protocol/types.ts'
import { createTestApp, processItem, silentLog, type TestApp, testSigner } from '../app.fixture.ts'
import { startHttpServer } from '../server.ts'

const startMs = Date.UTC(2025, 0, 1)
const cron: Tag[] = [
  { name: 'Cron-Interval', value: '10-seconds' },
  { name: 'Cron-Tag-Action', value: 'Tick' },
]
const code = `
  Count = 0
  Handlers.add("Tick", "Tick", function(msg)
    Count = Count + 1
    Send({ Target = msg.From, Action = "Ticked", Data = tostring(Count) })
  end)
`

let nowMs: number
let http: TestApp

beforeEach(async () => {
  nowMs = startMs
  http = await createTestApp({ now: () => nowMs, computeThreads: 1 })
})
afterEach(() => http.close())

async function spawn(tags: readonly Tag[] = cron): Promise<ProcessId> {
  const item = processItem(http.signer, http.network.info().moduleId, tags)
  expect((await http.post('/mu', item.bytes)).status).toBe(202)
  await http.send(item.id, [{ name: 'Action', value: 'Eval' }], code)
  return item.id as string as ProcessId
}

interface Connection {
  readonly pageInfo: { readonly hasNextPage: boolean }
  readonly edges: readonly {
    readonly cursor: string
    readonly node: { readonly Messages: readonly { Data: string }[] }
  }[]
}
interface Cursor {
  readonly timestamp: number
  readonly ordinate: string
  readonly cron: string | null
  readonly sort: string
}

const page = async (path: string): Promise<Connection> => (await http.getJson(path)) as Connection
const cursorsOf = ({ edges }: Connection): Cursor[] => edges.map(({ cursor }) => JSON.parse(atob(cursor)))
const dataOf = ({ edges }: Connection) => edges.map(({ node }) => node.Messages[0]?.Data)

async function received(address: string): Promise<string[]> {
  await http.network.idle()
  const { items } = await http.network.queryItems({ recipients: [address] }, { order: 'ASC', limit: 100 })
  return items.map(({ bytes }) => Buffer.from(parseDataItem(bytes).data).toString())
}

describe('GET /cu/cron/:process', () => {
  test('makes the ticks that are due, with cursors that clients can read', async () => {
    const processId = await spawn()
    nowMs = startMs + 25_000
    const ticks = await page(`/cu/cron/${processId}`)
    expect(ticks.pageInfo).toEqual({ hasNextPage: false })
    expect(dataOf(ticks)).toEqual(['1', '2'])
    expect(cursorsOf(ticks)).toEqual([
      { timestamp: startMs + 10_000, ordinate: '2', cron: '0-10-seconds', sort: 'ASC' },
      { timestamp: startMs + 20_000, ordinate: '3', cron: '0-10-seconds', sort: 'ASC' },
    ])
    // Nobody monitors the process.
    expect(await received(http.signer.address)).toEqual([])
  })

  test('page by page, from and to a cursor or a time', async () => {
    const processId = await spawn()
    nowMs = startMs + 60_000
    const seen: (string | undefined)[] = []
    for (let from = ''; ; ) {
      const { edges, pageInfo } = await page(`/cu/cron/${processId}?limit=4${from}`)
      seen.push(...edges.map(({ node }) => node.Messages[0]?.Data))
      from = `&from=${encodeURIComponent(edges.at(-1)?.cursor ?? '')}`
      if (!pageInfo.hasNextPage) break
    }
    expect(seen).toEqual(['1', '2', '3', '4', '5', '6'])
    const range = `from=${startMs + 20_000}&to=${startMs + 40_000}`
    expect(dataOf(await page(`/cu/cron/${processId}?${range}`))).toEqual(['3', '4'])
  })

  test('nothing for a process without crons; unknown processes and bounds are refused', async () => {
    const processId = await spawn([])
    nowMs = startMs + 60_000
    expect(await page(`/cu/cron/${processId}`)).toEqual({ pageInfo: { hasNextPage: false }, edges: [] })
    const unknown = await http.get(`/cu/cron/${'A'.repeat(43)}`)
    expect([unknown.status, await unknown.json()]).toEqual([
      404,
      expect.objectContaining({ code: 'NETWORK_PROCESS_UNKNOWN' }),
    ])
    const bad = await http.get(`/cu/cron/${processId}?from=x`)
    expect([bad.status, await bad.json()]).toEqual([400, expect.objectContaining({ code: 'HTTP_PARAMETER_INVALID' })])
  })

  test('ticks stand in the results and in the schedule, with their nonces', async () => {
    const processId = await spawn()
    nowMs = startMs + 10_000
    await page(`/cu/cron/${processId}`)
    const results = cursorsOf(await page(`/cu/results/${processId}`))
    expect(results.map(({ ordinate, cron: name }) => [ordinate, name])).toEqual([
      ['0', null],
      ['1', null],
      ['2', '0-10-seconds'],
    ])
    const schedule = (await http.getJson(`/su/${processId}`)) as { edges: { node: { assignment: { tags: Tag[] } } }[] }
    expect(schedule.edges).toHaveLength(3)
    expect(schedule.edges[2]?.node.assignment.tags).toContainEqual({ name: 'Cron-Tick', value: '0-10-seconds' })
  })
})

test('monitor and unmonitor over HTTP say what is pushed', async () => {
  const processId = await spawn()
  const request = createDataItem({ target: processId, data: ' ' }, testSigner(1)).bytes
  for (const at of [10, 20]) {
    nowMs = startMs + at * 1_000
    expect((await http.post(`/mu/monitor/${processId}`, request)).status).toBe(200)
  }
  expect([...http.network.monitored()]).toEqual([processId])
  for (const at of [30, 40]) {
    nowMs = startMs + at * 1_000
    expect((await http.post(`/mu/monitor/${processId}`, request, { method: 'DELETE' })).status).toBe(200)
  }
  nowMs = startMs + 50_000
  expect(dataOf(await page(`/cu/cron/${processId}`))).toEqual(['1', '2', '3', '4', '5'])
  expect(await received(http.signer.address)).toEqual(['2', '3'])
})

test('a process with a bad cron is refused, with what is allowed', async () => {
  const item = processItem(http.signer, http.network.info().moduleId, [{ name: 'Cron-Interval', value: '5 minutes' }])
  const response = await http.post('/mu', item.bytes)
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({
    code: 'SCHEDULER_TAG_INVALID',
    error: expect.stringContaining('is "5 minutes"; give <number>-<unit>, 1 second or more'),
  })
})

test('aoconnect: serializeCron, monitor, results, unmonitor', async () => {
  const server = await startHttpServer({ network: http.network, host: '127.0.0.1', port: 0, log: silentLog })
  const { url } = server
  const ao = connect({
    MODE: 'legacy',
    GATEWAY_URL: url,
    MU_URL: `${url}/mu`,
    CU_URL: `${url}/cu`,
  } as never) as unknown as {
    spawn(given: object): Promise<string>
    message(given: object): Promise<string>
    monitor(given: object): Promise<string>
    unmonitor(given: object): Promise<string>
    results(given: object): Promise<Connection>
  }
  const jwk = generateRsaJwk()
  const signer = createDataItemSigner(jwk)
  const tags = serializeCron({ interval: '5-minutes', tags: [{ name: 'Action', value: 'Tick' }] })
  const process = await ao.spawn({ module: 'MODULE_TX_ID', scheduler: 'x', signer, tags })
  await ao.message({ process, signer, tags: [{ name: 'Action', value: 'Eval' }], data: code })
  expect(await ao.monitor({ process, signer })).toMatch(/^[\w-]{43}$/)
  nowMs += 600_000
  const { address } = createRsaSigner(jwk)
  expect(await received(address)).toEqual(['1', '2'])
  await ao.unmonitor({ process, signer })
  nowMs += 300_000
  await ao.message({ process, signer, tags: [{ name: 'Action', value: 'Any' }] })
  expect(await received(address)).toEqual(['1', '2'])
  const results = await ao.results({ process, sort: 'ASC', limit: 10 })
  const ticks = results.edges.filter(({ cursor }) => JSON.parse(atob(cursor)).cron === '0-5-minutes')
  expect(ticks.map(({ node }) => node.Messages[0]?.Data)).toEqual(['1', '2', '3'])
  await server.close()
})
