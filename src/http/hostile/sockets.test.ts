import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Logger } from '../../network/types.ts'
import { createTestApp, messageItem, type TestApp } from '../app.fixture.ts'
import { httpLimits } from '../limits.ts'
import { type HttpServer, startHttpServer } from '../server.ts'

// What no client sends that means well, byte by byte. It is answered with a reason, and the server goes on.

let api: TestApp
let server: HttpServer
let slowServer: HttpServer
const logged: unknown[] = []
const record = (values: object, text: string): void => {
  logged.push({ text, values })
}
const log: Logger = { debug() {}, info: record, warn: record, error: record }

beforeAll(async () => {
  api = await createTestApp({ computeThreads: 1, log })
  const options = { network: api.network, host: '127.0.0.1', port: 0, log }
  server = await startHttpServer(options)
  const timeouts = { headersTimeoutMs: 100, requestTimeoutMs: 200, timeoutCheckMs: 20 }
  slowServer = await startHttpServer({ ...options, timeouts })
})
afterAll(async () => {
  await Promise.all([server.close(), slowServer.close()])
  await api.close()
})

interface RawAnswer {
  readonly status: number
  readonly headers: string
  readonly body: string
}

interface Connection {
  readonly socket: Socket
  /** All answers until the server ends the connection. */
  readonly answers: Promise<RawAnswer[]>
}

async function open({ port }: HttpServer): Promise<Connection> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  socket.on('error', () => {})
  const answers = new Promise<RawAnswer[]>((resolve) => socket.on('close', () => resolve(parseAnswers(text))))
  await new Promise((resolve) => socket.on('connect', resolve))
  return { socket, answers }
}

function parseAnswers(text: string): RawAnswer[] {
  return text
    .split(/(?=HTTP\/1\.1 \d{3} )/)
    .filter((part) => part !== '')
    .map((part) => {
      const [headers = '', ...body] = part.split('\r\n\r\n')
      return { status: Number(headers.slice(9, 12)), headers: headers.toLowerCase(), body: body.join('\r\n\r\n') }
    })
}

/** Sends bytes, and says that no more will come. */
async function send(text: string, to: HttpServer = server): Promise<RawAnswer[]> {
  const { socket, answers } = await open(to)
  socket.end(Buffer.from(text, 'latin1'))
  return answers
}

function expectRefusal(answer: RawAnswer | undefined, status: number, code: string): void {
  expect(answer?.status).toBe(status)
  expect(answer?.headers).toContain('access-control-allow-origin: *')
  expect(JSON.parse(answer?.body ?? '')).toEqual({ error: expect.any(String), code })
}

const head = 'host: node\r\n'

describe('what is no request', () => {
  test.each([
    ['garbage', '\x16\x03\x01\x02\x00\x01garbage\r\n\r\n', 400, 'HTTP_REQUEST_MALFORMED'],
    ['a version that is not there', `GET / HTTP/9.9\r\n${head}\r\n`, 400, 'HTTP_REQUEST_MALFORMED'],
    ['a NUL in the path', `GET /\0 HTTP/1.1\r\n${head}\r\n`, 400, 'HTTP_REQUEST_MALFORMED'],
    ['a NUL in a header', `GET / HTTP/1.1\r\n${head}x: \0\r\n\r\n`, 400, 'HTTP_REQUEST_MALFORMED'],
    ['a header without a name', `GET / HTTP/1.1\r\n${head}: x\r\n\r\n`, 400, 'HTTP_REQUEST_MALFORMED'],
    [
      'a length and chunks',
      `POST /mu HTTP/1.1\r\n${head}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      ...([400, 'HTTP_REQUEST_MALFORMED'] as const),
    ],
    ['a length that is none', `POST /mu HTTP/1.1\r\n${head}content-length: -1\r\n\r\n`, 400, 'HTTP_REQUEST_MALFORMED'],
    [
      'two lengths',
      `POST /mu HTTP/1.1\r\n${head}content-length: 1\r\ncontent-length: 2\r\n\r\nab`,
      400,
      'HTTP_REQUEST_MALFORMED',
    ],
    [
      'a chunk without a size',
      `POST /mu HTTP/1.1\r\n${head}transfer-encoding: chunked\r\n\r\nzz\r\n`,
      ...([400, 'HTTP_REQUEST_MALFORMED'] as const),
    ],
    ['a host that is none', 'GET / HTTP/1.1\r\nhost: a b\r\n\r\n', 400, 'HTTP_REQUEST_MALFORMED'],
    ['a path that is none', `GET * HTTP/1.1\r\n${head}\r\n`, 400, 'HTTP_REQUEST_MALFORMED'],
    [
      'too many headers',
      `GET / HTTP/1.1\r\n${head}${'x: y\r\n'.repeat(httpLimits.headerBytesMax / 4)}\r\n`,
      ...([431, 'HTTP_HEADERS_TOO_LARGE'] as const),
    ],
    [
      'too long a path',
      `GET /${'x'.repeat(httpLimits.headerBytesMax)} HTTP/1.1\r\n${head}\r\n`,
      431,
      'HTTP_HEADERS_TOO_LARGE',
    ],
    [
      'too large a length',
      `POST /mu HTTP/1.1\r\n${head}content-length: ${httpLimits.bodyBytesMax + 1}\r\n\r\n`,
      ...([413, 'HTTP_BODY_TOO_LARGE'] as const),
    ],
  ])('%s', async (_name, text, status, code) => {
    const [answer, ...more] = await send(text)
    expectRefusal(answer, status, code)
    expect(more).toEqual([])
  })

  test('a request without a host is refused by the parser', async () => {
    expect((await send('GET /info HTTP/1.1\r\n\r\n'))[0]?.status).toBe(400)
  })

  test('what comes after a good request does not spoil its answer', async () => {
    const { socket, answers } = await open(server)
    socket.write(`GET /info HTTP/1.1\r\n${head}\r\n`)
    await new Promise((resolve) => socket.once('data', resolve))
    socket.write('garbage\r\n\r\n')
    const [good, bad] = await answers
    expect([good?.status, JSON.parse(good?.body ?? '')]).toEqual([200, expect.objectContaining({ network: 'loom' })])
    expectRefusal(bad, 400, 'HTTP_REQUEST_MALFORMED')
  })

  test('garbage in the middle of an answer cuts the connection, and nothing is put into the answer', async () => {
    const processId = await api.spawn()
    const { socket, answers } = await open(server)
    socket.write(`GET /api/processes/${processId}/events HTTP/1.1\r\n${head}\r\n`)
    await new Promise((resolve) => socket.once('data', resolve))
    socket.write('garbage\r\n\r\n')
    const all = await answers
    expect(all.map(({ status }) => status)).toEqual([200])
  })
})

describe('half a request', () => {
  const item = (): Buffer => Buffer.from(messageItem(api.signer, { target: 'A'.repeat(43), data: 'secret' }).bytes)

  test.each([
    ['with a length', (body: string) => `content-length: ${body.length * 2}\r\n\r\n${body}`],
    ['in chunks', (body: string) => `transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n`],
  ])('that breaks off is no fault of the node: %s', async (_name, rest) => {
    const { socket, answers } = await open(server)
    socket.write(Buffer.from(`POST /mu HTTP/1.1\r\n${head}${rest(item().toString('latin1'))}`, 'latin1'))
    await new Promise((resolve) => setImmediate(resolve))
    socket.destroy()
    await answers
    // Whatever it made the node do is done when the next is answered.
    expect((await send(`GET /info HTTP/1.1\r\n${head}connection: close\r\n\r\n`))[0]?.status).toBe(200)
  })

  test.each([
    ['headers', `GET /info HTTP/1.1\r\n${head}`],
    ['body', `POST /mu HTTP/1.1\r\n${head}content-length: 100\r\n\r\nsecret`],
    ['chunks', `POST /mu HTTP/1.1\r\n${head}transfer-encoding: chunked\r\n\r\n6\r\nsecret\r\n`],
  ])('that never goes on is cut off in time: %s', async (_name, text) => {
    const { socket, answers } = await open(slowServer)
    socket.write(text)
    expectRefusal((await answers)[0], 408, 'HTTP_REQUEST_TIMEOUT')
  })

  test('that goes on byte by byte is cut off in time', async () => {
    const { socket, answers } = await open(slowServer)
    socket.write(`POST /mu HTTP/1.1\r\n${head}content-length: 100000\r\n\r\n`)
    const drip = setInterval(() => socket.write('x'), 10)
    expectRefusal((await answers)[0], 408, 'HTTP_REQUEST_TIMEOUT')
    clearInterval(drip)
  })
})

test('a body without end takes no more memory than the limit', async () => {
  const { socket, answers } = await open(server)
  const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(2 ** 20), Buffer.from('\r\n')])
  socket.write(`POST /mu HTTP/1.1\r\n${head}transfer-encoding: chunked\r\n\r\n`)
  let sentBytes = 0
  const pump = (): void => {
    while (socket.writable && sentBytes < 40 * httpLimits.bodyBytesMax) {
      sentBytes += chunk.length
      if (!socket.write(chunk)) return
    }
  }
  socket.on('drain', pump)
  pump()
  const all = await answers
  // The reset of the connection may overtake the answer.
  if (all.length > 0) expectRefusal(all[0], 413, 'HTTP_BODY_TOO_LARGE')
  expect(sentBytes).toBeLessThan(40 * httpLimits.bodyBytesMax)
})

test('methods and forms that are legal and of no use are refused', async () => {
  const close = `${head}connection: close\r\n\r\n`
  expectRefusal((await send(`TRACE /info HTTP/1.1\r\n${close}`))[0], 404, 'HTTP_ROUTE_UNKNOWN')
  expect((await send(`GET http://other/info HTTP/1.1\r\n${close}`))[0]?.status).toBe(200)
  expect(await send(`CONNECT other:443 HTTP/1.1\r\n${close}`)).toEqual([])
  const upgrade = `GET /info HTTP/1.1\r\nupgrade: websocket\r\nconnection: upgrade, close\r\n${head}\r\n`
  expect((await send(upgrade))[0]?.status).toBe(200)
})

test('none of it is in the log', () => {
  expect(logged).toEqual([])
})
