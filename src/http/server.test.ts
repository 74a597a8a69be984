import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApp, messageItem, silentLog, type TestApp } from './app.fixture.ts'
import { httpLimits } from './limits.ts'
import { type HttpServer, startHttpServer } from './server.ts'

let http: TestApp
let server: HttpServer
beforeAll(async () => {
  http = await createTestApp()
  server = await startHttpServer({ network: http.network, host: '127.0.0.1', port: 0, log: silentLog })
})
afterAll(async () => {
  await server.close()
  await http.close()
})

test('answers on a free port of its own', async () => {
  expect(server.url).toBe(`http://127.0.0.1:${server.port}`)
  const response = await fetch(`${server.url}/info`)
  expect(response.status).toBe(200)
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
})

test('a server on all addresses is reached by the loopback one', async () => {
  const open = await startHttpServer({ network: http.network, host: '0.0.0.0', port: 0, log: silentLog })
  expect(open.url).toBe(`http://127.0.0.1:${open.port}`)
  await open.close()
})

test('a port that is taken is an error', async () => {
  const options = { network: http.network, host: '127.0.0.1', port: server.port, log: silentLog }
  await expect(startHttpServer(options)).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

describe('over a socket', () => {
  test('a signed item goes in, and its result comes out', async () => {
    const processId = await http.spawn('return 1')
    const tags = [{ name: 'Action', value: 'Eval' }]
    const item = messageItem(http.signer, { target: processId, tags, data: 'return 6 * 7' })
    const sent = await fetch(`${server.url}/mu`, { method: 'POST', body: new Uint8Array(item.bytes) })
    expect(sent.status).toBe(202)
    const result = await fetch(`${server.url}/cu/result/${item.id}?process-id=${processId}`)
    expect(await result.json()).toMatchObject({ Output: { data: '42' } })
  })

  test('HEAD has the length of the data', async () => {
    const { moduleId } = http.network.info()
    const data = await (await fetch(`${server.url}/raw/${moduleId}`)).arrayBuffer()
    const response = await fetch(`${server.url}/raw/${moduleId}`, { method: 'HEAD' })
    expect(response.headers.get('content-length')).toBe(String(data.byteLength))
  })

  test('a body of unknown length is cut off at the limit, and the server lives on', async () => {
    let chunks = 0
    const body = new ReadableStream({
      pull(controller) {
        chunks += 1
        if (chunks * 2 ** 20 > 2 * httpLimits.bodyBytesMax) return controller.close()
        controller.enqueue(new Uint8Array(2 ** 20))
      },
    })
    const init: RequestInit & { duplex: 'half' } = { method: 'POST', body, duplex: 'half' }
    const answer = await fetch(`${server.url}/mu`, init).then(
      ({ status }) => status,
      // The server may close while the client still sends, which the client sees as a failure.
      () => 413,
    )
    expect(answer).toBe(413)
    expect((await fetch(`${server.url}/info`)).status).toBe(200)
  })
})

test('closing cuts off a client that never finishes, and may be asked for twice', async () => {
  const closing = await startHttpServer({ network: http.network, host: '127.0.0.1', port: 0, log: silentLog })
  const socket = connect(closing.port, '127.0.0.1')
  const ended = new Promise((resolve) => socket.on('close', resolve))
  socket.on('error', () => {})
  await new Promise((resolve) => socket.on('connect', resolve))
  socket.write('POST /mu HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nsome')
  await Promise.all([closing.close(), closing.close()])
  await ended
  await expect(fetch(`${closing.url}/info`)).rejects.toThrow()
})
