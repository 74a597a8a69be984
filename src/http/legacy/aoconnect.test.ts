import { connect, createDataItemSigner, serializeCron } from '@permaweb/aoconnect'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAssignment } from '../../protocol/assignment.ts'
import { parseDataItem } from '../../protocol/data-item.ts'
import type { ItemId, ProcessId } from '../../protocol/ids.ts'
import { generateRsaJwk } from '../../protocol/rsa-key.fixture.ts'
import { createRsaSigner } from '../../protocol/signers.ts'
import type { Tag } from '../../protocol/types.ts'
import { createTestApp, silentLog, type TestApp } from '../app.fixture.ts'
import { type HttpServer, startHttpServer } from '../server.ts'

/** The real client, unmodified, over a socket. Every function of its legacy mode but those that look for a router. */

const jwk = generateRsaJwk()
const signer = createDataItemSigner(jwk)
const { address } = createRsaSigner(jwk)

/** What the client's functions take and give; its own types are narrower than it is. */
interface LegacyClient {
  spawn(args: {
    module: string
    scheduler: string
    tags?: readonly Tag[]
    data?: string
    signer: unknown
  }): Promise<string>
  message(args: MessageArguments): Promise<string>
  signMessage(args: MessageArguments): Promise<{ id: string }>
  sendSignedMessage(signed: { id: string }): Promise<string>
  result(args: { process: string; message: string }): Promise<Result>
  results(args: { process: string; from?: string; sort?: string; limit?: number }): Promise<{
    edges: { cursor: string; node: Result }[]
  }>
  dryrun(args: { process: string; tags: readonly Tag[]; data: string }): Promise<Result>
  assign(args: { process: string; message: string; exclude?: string[]; baseLayer?: boolean }): Promise<string>
  monitor(args: { process: string; signer: unknown }): Promise<string>
  unmonitor(args: { process: string; signer: unknown }): Promise<string>
}
interface MessageArguments {
  readonly process: string
  readonly tags?: readonly Tag[]
  readonly data?: string
  readonly anchor?: string
  readonly signer: unknown
}
interface Result {
  readonly Messages: { readonly Target: string; readonly Data: string; readonly Tags: readonly Tag[] }[]
  readonly Spawns: unknown[]
  readonly Assignments: unknown[]
  readonly Output: { readonly data: string }
  readonly Error?: string
}

let http: TestApp
let server: HttpServer
let ao: LegacyClient
let processId: string

function connectTo(url: string): LegacyClient {
  const options = { MODE: 'legacy', GATEWAY_URL: url, MU_URL: `${url}/mu`, CU_URL: `${url}/cu`, noLog: true } as const
  return connect(options) as unknown as LegacyClient
}

beforeAll(async () => {
  http = await createTestApp()
  server = await startHttpServer({ network: http.network, host: '127.0.0.1', port: 0, log: silentLog })
  ao = connectTo(server.url)
  processId = await ao.spawn({
    module: http.network.info().moduleId,
    scheduler: http.network.info().address,
    signer,
    tags: [{ name: 'Authority', value: http.network.info().address }],
  })
  await evaluate(`
    Count = 0
    Handlers.add('Count', 'Count', function(msg) Count = Count + 1 msg.reply({ Data = tostring(Count) }) end)
    Handlers.add('Echo', 'Echo', function(msg) msg.reply({ Data = msg.Data, Size = #msg.Data }) end)
    ao.addAssignable(function(msg) return true end)
  `)
})
afterAll(async () => {
  await server.close()
  await http.close()
})

const action = (value: string) => [{ name: 'Action', value }]

async function evaluate(code: string) {
  const message = await ao.message({ process: processId, tags: action('Eval'), data: code, signer })
  return ao.result({ process: processId, message })
}

describe('spawn', () => {
  test('the process is there, owned by the wallet', async () => {
    expect((await evaluate('return Owner')).Output.data).toBe(address)
  })

  test.each(['ISShJH1ij-hPPt9St5UFFr_8Ys3Kj5cyg7zrMGt7H9s', 'MODULE_TX_ID'])(
    'of the well-known module %s',
    async (module) => {
      const id = await ao.spawn({ module, scheduler: 'SCHEDULER_ADDRESS', signer, data: 'text' })
      expect(await http.network.hasProcess(id as ProcessId)).toBe(true)
      expect((await ao.result({ process: id, message: id })).Error).toBeUndefined()
    },
  )

  test('of a module that is not here fails in the client', async () => {
    await expect(ao.spawn({ module: 'A'.repeat(43), scheduler: 'x', signer })).rejects.toThrow()
  })

  test('with cron tags', async () => {
    const tags = serializeCron({ interval: '5-minutes', tags: action('Tick') })
    const id = await ao.spawn({ module: 'MODULE_TX_ID', scheduler: 'x', signer, tags })
    const item = await http.network.item(id as ItemId)
    expect(item?.tags).toEqual(expect.arrayContaining([...tags]))
  })
})

describe('message and result', () => {
  test('an answer', async () => {
    const message = await ao.message({ process: processId, tags: action('Echo'), data: 'hällo', signer })
    const { Messages, Spawns, Assignments, Error: error } = await ao.result({ process: processId, message })
    expect(error).toBeUndefined()
    expect([Spawns, Assignments]).toEqual([[], []])
    expect(Messages).toHaveLength(1)
    expect(Messages[0]).toMatchObject({ Target: address, Data: 'hällo', Anchor: expect.any(String) })
    expect(Messages[0]?.Tags).toContainEqual({ name: 'Size', value: expect.anything() })
  })

  test('an error', async () => {
    expect((await evaluate('error("as asked")')).Error).toContain('as asked')
  })

  test('an anchor arrives', async () => {
    const anchor = '0123456789abcdef0123456789abcdef'
    const message = await ao.message({ process: processId, signer, anchor, data: 'x' })
    const entry = await http.network.entry(processId as ProcessId, message as ItemId)
    expect(Buffer.from(parseDataItem(entry?.item ?? new Uint8Array()).anchor ?? '').toString()).toBe(anchor)
  })

  test('to a process that is not here: the status and the text of the messenger', async () => {
    await expect(ao.message({ process: 'A'.repeat(43), signer })).rejects.toThrow(/^404: .*SCHEDULER_PROCESS_UNKNOWN/)
  })

  test('the result of an unknown message is the error, as JSON', async () => {
    expect(await ao.result({ process: processId, message: 'A'.repeat(43) })).toEqual({
      error: expect.any(String),
      code: 'NETWORK_MESSAGE_UNKNOWN',
    })
  })

  test('many at once: each has its result, counted in the order of the log', async () => {
    const sent = await Promise.all(
      Array.from({ length: 12 }, () => ao.message({ process: processId, tags: action('Count'), signer })),
    )
    const counted = await Promise.all(
      sent.map(async (message) => {
        const entry = await http.network.entry(processId as ProcessId, message as ItemId)
        const { Messages } = await ao.result({ process: processId, message })
        return { nonce: entry?.nonce ?? -1, count: Number(Messages[0]?.Data) }
      }),
    )
    counted.sort((a, b) => a.nonce - b.nonce)
    expect(counted.map(({ count }) => count)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1))
  })
})

test('signMessage and sendSignedMessage, twice', async () => {
  const signed = await ao.signMessage({ process: processId, tags: action('Echo'), data: 'signed before', signer })
  const id = await ao.sendSignedMessage(signed)
  expect(id).toBe(signed.id)
  expect((await ao.result({ process: processId, message: id })).Messages[0]?.Data).toBe('signed before')
  expect(await ao.sendSignedMessage(signed)).toBe(id)
})

test('results: pages that lead on', async () => {
  const newest = await ao.results({ process: processId, sort: 'DESC', limit: 1 })
  expect(newest.edges).toHaveLength(1)
  const message = await ao.message({ process: processId, tags: action('Echo'), data: 'next', signer })
  await ao.result({ process: processId, message })
  // The order of a cursor goes before the one that is asked for, so that a page leads on as it began.
  const { ordinate } = JSON.parse(atob(newest.edges[0]?.cursor ?? ''))
  const from = btoa(JSON.stringify({ timestamp: 0, ordinate, cron: null, sort: 'ASC' }))
  const after = await ao.results({ process: processId, from, limit: 5 })
  expect(after.edges.map(({ node }) => node.Messages[0]?.Data)).toEqual(['next'])
})

test('dryrun: an answer, and nothing changed', async () => {
  const ask = async (): Promise<string | undefined> => {
    const { Messages } = await ao.dryrun({ process: processId, tags: action('Count'), data: 'x' })
    return Messages[0]?.Data
  }
  const first = await ask()
  expect(first).toMatch(/^\d+$/)
  expect(await ask()).toBe(first)
})

test('assign: the id of the assignment, which has a result', async () => {
  const message = await ao.message({ process: processId, tags: action('Echo'), data: 'for all', signer })
  const other = await ao.spawn({ module: 'MODULE_TX_ID', scheduler: 'x', signer })
  const assignment = await ao.assign({ process: other, message, exclude: ['Anchor'] })
  const entry = await http.network.entry(other as ProcessId, assignment as ItemId)
  expect(entry).toMatchObject({ kind: 'assignment', itemId: message })
  expect(parseAssignment(entry?.assignment ?? new Uint8Array()).exclude).toEqual(['Anchor'])
  expect(await ao.result({ process: other, message: assignment })).toHaveProperty('Output')
  await expect(ao.assign({ process: other, message, baseLayer: true })).rejects.toThrow(/^501: /)
})

test('monitor and unmonitor', async () => {
  expect(await ao.monitor({ process: processId, signer })).toMatch(/^[A-Za-z0-9_-]{43}$/)
  expect(await ao.unmonitor({ process: processId, signer })).toMatch(/^[A-Za-z0-9_-]{43}$/)
})
