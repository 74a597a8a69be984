import { mkdtempSync, rmSync } from 'node:fs'
import { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { ComputeError } from '../../compute/errors.ts'
import type { Network, NetworkOptions } from '../../network/types.ts'
import type { ProcessId } from '../../protocol/ids.ts'
import { VmError } from '../../vm/errors.ts'
import { createTestApp, silentLog, type TestApp } from '../app.fixture.ts'
import { httpLimits } from '../limits.ts'
import { startHttpServer } from '../server.ts'
import { EventReader, type SeenEvent } from './events.fixture.ts'
import { createEventRoutes } from './events.ts'

let app: TestApp
let processId: ProcessId
const dataDirectory = mkdtempSync(join(tmpdir(), 'loom-events-'))

const code = `Count = 0 Name = "none"
Handlers.add("Add", "Add", function() Count = Count + 1 end)
Handlers.add("Fail", "Fail", function() error("as asked") end)
Handlers.add("Rename", "Rename", function(msg) Name = msg.Data end)`

async function begin(options: NetworkOptions = {}): Promise<void> {
  app = await createTestApp({ computeThreads: 1, ...options })
  processId = await app.spawn(code)
  await app.network.idle()
}

async function open(query = '', headers: Record<string, string> = {}): Promise<EventReader> {
  const response = await app.get(`/api/processes/${processId}/events?${query}`, { headers })
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8'])
  const reader = new EventReader(response)
  const first = await reader.next()
  expect(['ready', 'reverted']).toContain(first?.type)
  return reader
}

const act = (action: string, data?: string): Promise<string> =>
  app.send(processId, [{ name: 'Action', value: action }], data)

/** A stream of a network of which the present state is what the function says. */
async function openWith(stateAt: Network['stateAt'], query: string): Promise<EventReader> {
  const names = ['hasProcess', 'entries', 'latestEntry', 'results', 'onEvent'] as const
  const methods = names.map((name) => [name, app.network[name].bind(app.network)])
  const network = { ...Object.fromEntries(methods), stateAt } as Network
  const routes = createEventRoutes({ network, log: silentLog })
  const reader = new EventReader(await routes.request(`/processes/${processId}/events?${query}`))
  await reader.next()
  return reader
}

/** `message 3`, `result 3`, `state Count=2`: what came, in order. */
const brief = ({ type, data }: SeenEvent): string =>
  type === 'state' ? `state ${data.path}=${JSON.stringify(data.value)}` : `${type} ${data.nonce}`

describe('a stream', () => {
  beforeEach(() => begin())
  afterEach(async () => {
    await app.close()
    rmSync(dataDirectory, { recursive: true, force: true })
  })

  test('a message, its result and what it made of the state come in this order', async () => {
    const reader = await open('path=Count')
    expect((await reader.take(1)).map(brief)).toEqual(['state Count=0'])
    const id = await act('Add')
    const [message, result, state] = await reader.take(3)
    expect(message).toMatchObject({
      type: 'message',
      data: {
        ...{ nonce: 2, messageId: id, kind: 'message', action: 'Add', data: ' ', dataBytes: 1 },
        ...{ from: app.signer.address, owner: app.signer.address },
        tags: expect.arrayContaining([{ name: 'Action', value: 'Add' }]),
      },
    })
    const { Messages } = (await app.getJson(`/cu/result/${id}?process-id=${processId}`)) as { Messages: unknown[] }
    expect(result).toMatchObject({
      type: 'result',
      data: { nonce: 2, messageId: id, failed: false, result: { Messages } },
    })
    expect(state).toMatchObject({ type: 'state', data: { path: 'Count', nonce: 2, isComplete: true, value: 1 } })
    await reader.cancel()
  })

  test('a result that failed is an event, and changes no state', async () => {
    const reader = await open('path=Count')
    await reader.take(1)
    await act('Fail')
    await act('Add')
    const seen = await reader.until(({ type, data }) => type === 'state' && data.value === 1)
    expect(seen.filter(({ type }) => type === 'result').map(({ data }) => data.failed)).toEqual([true, false])
    expect(seen.filter(({ type }) => type === 'state')).toHaveLength(1)
    await reader.cancel()
  })

  test('types choose what comes', async () => {
    const messages = await open('types=message')
    const states = await open('types=state&path=Name&path=Count')
    expect((await states.take(2)).map(brief)).toEqual(['state Name="none"', 'state Count=0'])
    await act('Add')
    await act('Rename', 'new')
    expect((await messages.take(2)).map(brief)).toEqual(['message 2', 'message 3'])
    expect((await states.take(2)).map(brief).sort()).toEqual(['state Count=1', 'state Name="new"'])
    await Promise.all([messages.cancel(), states.cancel()])
  })

  test('events of other processes do not come', async () => {
    const reader = await open('types=message')
    const other = await app.spawn()
    await app.send(other)
    await act('Add')
    expect((await reader.take(1)).map(brief)).toEqual(['message 2'])
    await reader.cancel()
  })

  describe('from where it left off', () => {
    const total = 40

    test('over any number of breaks nothing is skipped or doubled, and types stay in the order of nonces', async () => {
      // Large ones, so that messages are read in shorter batches than their results.
      for (let i = 2; i < total; i++) await act(i % 7 === 0 ? 'Fail' : 'Add', i % 3 === 0 ? 'x'.repeat(40_000) : ' ')
      await app.network.idle()
      const all = Array.from({ length: total }, (_, nonce) => nonce)
      const breaks = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 })
      const types = fc.constantFrom('message', 'result', 'message,result')
      await fc.assert(
        fc.asyncProperty(breaks, types, fc.boolean(), async (counts, chosen, byHeader) => {
          const seen: SeenEvent[] = []
          const wanted = total * chosen.split(',').length
          for (let after = '-1', i = 0; seen.length < wanted; i++) {
            const reader =
              byHeader && i > 0
                ? await open(`types=${chosen}&after=-1`, { 'last-event-id': after })
                : await open(`types=${chosen}&after=${after}`)
            const count = Math.min(counts[i % counts.length] ?? 1, wanted - seen.length)
            const events = await reader.take(count)
            seen.push(...events)
            after = events.at(-1)?.id ?? after
            await reader.cancel()
          }
          for (const type of chosen.split(',')) {
            expect(seen.filter((event) => event.type === type).map(({ data }) => data.nonce)).toEqual(all)
          }
          const order = seen.map(({ type, data }) => Number(data.nonce) * 2 + (type === 'result' ? 1 : 0))
          if (chosen === 'message,result') {
            for (const nonce of all) expect(order.indexOf(nonce * 2)).toBeLessThan(order.indexOf(nonce * 2 + 1))
          }
        }),
        { seed: 7, numRuns: 25 },
      )
    })

    test('who begins with the past gets the value of the present after all that made it', async () => {
      for (let i = 2; i < total; i++) await act('Add')
      await app.network.idle()
      const reader = await open('path=Count&after=-1')
      const seen = await reader.until(({ type }) => type === 'state')
      expect(seen.filter(({ type }) => type === 'result')).toHaveLength(total)
      expect(seen.at(-1)?.data).toMatchObject({ nonce: total - 1, value: total - 2 })
      await reader.cancel()
    })

    test('a value that is the same is not sent again, one that changed meanwhile is', async () => {
      const query = 'types=state&path=Name&path=Count'
      const reader = await open(query)
      await reader.take(2)
      await reader.cancel()
      await act('Add')
      await app.network.idle()
      const again = await open(query, { 'last-event-id': reader.lastEventId })
      expect((await again.take(1)).map(brief)).toEqual(['state Count=1'])
      await act('Rename', 'later')
      expect((await again.take(1)).map(brief)).toEqual(['state Name="later"'])
      await again.cancel()
    })

    test('the first event has a position, so that a break before the second loses nothing', async () => {
      const reader = await open('')
      await reader.cancel()
      await act('Add')
      const again = await open('', { 'last-event-id': reader.lastEventId })
      expect((await again.take(2)).map(brief)).toEqual(['message 2', 'result 2'])
      await again.cancel()
    })

    test('a restart of the node does not matter', async () => {
      await app.close()
      await begin({ dataDirectory })
      const query = 'path=Count'
      const before = await open(query)
      await act('Add')
      await before.until(({ type, data }) => type === 'state' && data.value === 1)
      await act('Add')
      await app.network.idle()
      await app.close()

      app = await createTestApp({ dataDirectory, computeThreads: 1 })
      const again = await open(query, { 'last-event-id': before.lastEventId })
      expect((await again.take(3)).map(brief)).toEqual(['message 3', 'result 3', 'state Count=2'])
      await act('Add')
      expect((await again.take(3)).map(brief)).toEqual(['message 4', 'result 4', 'state Count=3'])
      await again.cancel()
    })

    test.each([
      ['a position with another mark', 'm1.AAAAAAAA,r1.AAAAAAAA'],
      ['a position beyond the log', '1000'],
    ])('%s is of a log that is gone: the client is told, and goes on from now', async (_name, after) => {
      const response = await app.get(`/api/processes/${processId}/events?after=${after}`)
      const reader = new EventReader(response)
      expect(await reader.next()).toMatchObject({ type: 'reverted', data: { snapshot: null, messageNonce: 1 } })
      await act('Add')
      expect((await reader.take(2)).map(brief)).toEqual(['message 2', 'result 2'])
      await reader.cancel()
    })
  })

  test('when the network goes back, streams say so and follow the new log', async () => {
    const reader = await open('path=Count')
    await reader.take(1)
    const snapshot = await app.network.snapshot()
    await act('Add')
    await reader.take(3)
    const idOfGoneLog = reader.lastEventId
    await app.network.revert(snapshot)
    const [reverted, state] = await reader.take(2)
    expect(reverted).toMatchObject({ type: 'reverted', data: { snapshot, messageNonce: 1, resultNonce: 1 } })
    expect(state).toMatchObject({ type: 'state', data: { nonce: 1, value: 0 } })
    await act('Rename', 'x')
    expect((await reader.take(2)).map(brief)).toEqual(['message 2', 'result 2'])
    await reader.cancel()

    // It has as many messages as the log that is gone, and is another.
    const response = await app.get(`/api/processes/${processId}/events?path=Count&after=${idOfGoneLog}`)
    const resumed = new EventReader(response)
    expect(await resumed.next()).toMatchObject({ type: 'reverted', data: { messageNonce: 2 } })
    await resumed.cancel()
  })

  test('a value waits for the events of what made it, when it is known before these are', async () => {
    const stateAt: Network['stateAt'] = async () => ({ nonce: 3, json: '2', isComplete: true })
    const reader = await openWith(stateAt, 'types=result,state&path=Count')
    await act('Add')
    await act('Add')
    expect((await reader.take(3)).map(brief)).toEqual(['result 2', 'result 3', 'state Count=2'])
    await reader.cancel()
  })

  test('a large message, result or value leaves out what makes it large', async () => {
    const text = 'x'.repeat(httpLimits.eventCharactersMax + 1)
    const reader = await open('path=Name')
    await reader.take(1)
    await act('Rename', text)
    const [message, , state] = await reader.take(3)
    expect(message?.data).toMatchObject({ data: null, dataBytes: text.length })
    expect(state?.data).toMatchObject({ value: null, valueBytes: text.length + 2 })
    await act('Eval', `return string.rep("x", ${text.length})`)
    const [, result] = await reader.take(2)
    expect(result?.data).toMatchObject({ result: null, failed: false })
    expect(result?.data.resultBytes).toBeGreaterThan(text.length)
    await reader.cancel()
  })

  test('a value that cannot be read is an event with the reason; what passes is waited for', async () => {
    const failures = [
      new ComputeError({ code: 'COMPUTE_CLOSED' }),
      new VmError({ code: 'VM_STATE_TOO_LARGE', path: 'Count', limit: '1 entry' }),
    ]
    const stateAt: Network['stateAt'] = async (...request) => {
      const failure = failures.shift()
      if (failure !== undefined) throw failure
      return app.network.stateAt(...request)
    }
    const reader = await openWith(stateAt, 'types=state&path=Count')
    const [problem] = await reader.take(1)
    expect(problem?.data).toEqual({ path: 'Count', error: expect.any(String), code: 'VM_STATE_TOO_LARGE' })
    await act('Add')
    expect((await reader.take(1)).map(brief)).toEqual(['state Count=1'])
    await reader.cancel()
  })

  describe('a stream that waits', () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    })
    afterEach(() => {
      vi.useRealTimers()
    })

    test('sends a sign of life with the position it has', async () => {
      const reader = await open('types=result')
      const { lastEventId } = reader
      const comment = reader.comment()
      await new Promise((resolve) => setImmediate(resolve))
      vi.advanceTimersByTime(httpLimits.eventHeartbeatMs)
      await comment
      expect(reader.lastEventId).toBe(lastEventId)
      await reader.cancel()
    })

    test('costs nothing any more when it was cancelled', async () => {
      const reader = await open('types=result')
      expect(vi.getTimerCount()).toBe(1)
      await reader.cancel()
      expect(vi.getTimerCount()).toBe(0)
    })
  })

  test('nothing is read for a client before it has taken what was read', async () => {
    const reads = vi.spyOn(app.network, 'entries')
    const response = await app.get(`/api/processes/${processId}/events?types=message`)
    const reader = response.body?.getReader()
    await reader?.read()
    const before = reads.mock.calls.length
    for (let i = 0; i < 20; i++) await act('Add')
    await app.network.idle()
    expect(reads.mock.calls.length).toBe(before)
    const text = new TextDecoder().decode((await reader?.read())?.value)
    expect(text.match(/^event: message$/gm)).toHaveLength(16)
    await reader?.cancel()
    reads.mockRestore()
  })

  test('a client that takes nothing is cut off', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    let cuts = 0
    const env = { outgoing: { destroy: () => cuts++ } }
    const response = await app.app.request(`/api/processes/${processId}/events?after=-1`, {}, env)
    const reader = response.body?.getReader()
    await reader?.read()
    for (let i = 0; i < httpLimits.eventStalledHeartbeats - 1; i++) vi.advanceTimersByTime(httpLimits.eventHeartbeatMs)
    expect(cuts).toBe(0)
    vi.advanceTimersByTime(httpLimits.eventHeartbeatMs)
    expect(cuts).toBe(1)
    await reader?.cancel()
    vi.useRealTimers()
  })

  describe('over a socket', () => {
    test('all streams end when the server closes, and none holds it up', async () => {
      const server = await startHttpServer({ network: app.network, host: '127.0.0.1', port: 0, log: silentLog })
      const url = `${server.url}/api/processes/${processId}/events?types=message`
      const readers = await Promise.all(
        Array.from({ length: 5 }, async () => {
          const response = await fetch(url, { headers: { origin: 'https://page.example' } })
          expect(response.headers.get('access-control-allow-origin')).toBe('*')
          const reader = new EventReader(response)
          await reader.next()
          return reader
        }),
      )
      await act('Add')
      for (const reader of readers) expect((await reader.take(1)).map(brief)).toEqual(['message 2'])
      const cutOff = vi.spyOn(Server.prototype, 'closeAllConnections')
      const closed = server.close()
      for (const reader of readers) expect(await reader.next()).toBeUndefined()
      await closed
      expect(cutOff).not.toHaveBeenCalled()
      cutOff.mockRestore()
    })

    test('a client that goes away makes room', async () => {
      const server = await startHttpServer({ network: app.network, host: '127.0.0.1', port: 0, log: silentLog })
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
      const reader = new EventReader(await fetch(`${server.url}/api/processes/${processId}/events`))
      await reader.next()
      expect(vi.getTimerCount()).toBe(1)
      await reader.cancel()
      await vi.waitFor(() => expect(vi.getTimerCount()).toBe(0))
      vi.useRealTimers()
      await server.close()
    })
  })
})

describe('a request is refused', () => {
  beforeAll(() => begin())
  afterAll(() => app.close())

  test.each([
    ['an unknown process', 'A'.repeat(43), '', 404, 'NETWORK_PROCESS_UNKNOWN'],
    ['what is no process', 'abc', '', 400, 'PROTOCOL_ID_INVALID'],
    ['an unknown type', undefined, 'types=message,block', 400, 'HTTP_PARAMETER_INVALID'],
    ['states without paths', undefined, 'types=state', 400, 'HTTP_PARAMETER_INVALID'],
    ['paths without states', undefined, 'types=message&path=Count', 400, 'HTTP_PARAMETER_INVALID'],
    ['what is no path', undefined, 'path=Count[', 400, 'VM_PATH_INVALID'],
    [
      'too many paths',
      undefined,
      Array.from({ length: 17 }, (_, i) => `path=P${i}`).join('&'),
      400,
      'HTTP_PARAMETER_INVALID',
    ],
    ['what is no position', undefined, 'after=yesterday', 400, 'HTTP_PARAMETER_INVALID'],
    [
      'a position of other types',
      undefined,
      'types=message&after=m1.AAAAAAAA,r1.AAAAAAAA',
      400,
      'HTTP_PARAMETER_INVALID',
    ],
    ['a nonce below all', undefined, 'after=-2', 400, 'HTTP_PARAMETER_INVALID'],
  ])('%s', async (_name, id, query, status, code) => {
    const response = await app.get(`/api/processes/${id ?? processId}/events?${query}`)
    expect([response.status, await response.json()]).toEqual([status, expect.objectContaining({ code })])
  })

  test('so many streams at once, and no more; asking for the head takes no place', async () => {
    const streamsMax = httpLimits.eventStreamsMax
    const readers: EventReader[] = []
    await app.get(`/api/processes/${processId}/events`, { method: 'HEAD' })
    for (let i = 0; i < streamsMax; i++) readers.push(await open('types=message'))
    const refused = await app.get(`/api/processes/${processId}/events`)
    expect([refused.status, await refused.json()]).toEqual([
      503,
      expect.objectContaining({ code: 'HTTP_EVENT_STREAMS_FULL' }),
    ])
    await act('Add')
    for (const reader of readers) expect((await reader.take(1)).map(brief)).toEqual(['message 2'])
    await readers[0]?.cancel()
    await (await open()).cancel()
    for (const reader of readers) await reader.cancel()
  })
})
