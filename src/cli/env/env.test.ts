import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Finished, type RunningNode, runCli, runProgram, startNode, temporaryDirectory } from '../cli.fixture.ts'
import { envLines } from './handler.ts'

/** `loom env`, evaluated by a real shell, and what client programs then do. */

const repository = fileURLToPath(new URL('../../..', import.meta.url))
const aoconnect = import.meta.resolve('@permaweb/aoconnect')

let directory: ReturnType<typeof temporaryDirectory>
let node: RunningNode
let info: { address: string; moduleId: string }
let exports: string

beforeAll(async () => {
  directory = temporaryDirectory()
  node = await startNode([], { cwd: directory.path })
  info = (await (await fetch(`${node.url}/api/info`)).json()) as typeof info
  const { code, stdout } = await runCli(['env', '--url', `${node.url}/`])
  expect(code).toBe(0)
  exports = stdout
})
afterAll(async () => {
  await node.stop('SIGKILL')
  directory.remove()
})

/** Evaluates the printed lines in a shell, then runs a program there. */
function inShell(lines: string, command: string, env: NodeJS.ProcessEnv = process.env): Promise<Finished> {
  return runProgram('sh', ['-c', `${lines}\n${command}`], { cwd: directory.path, env })
}

/** Runs a script as a client of the node, under the printed environment, with this Node. */
async function runClient(script: string): Promise<unknown> {
  const file = join(directory.path, 'client.mjs')
  writeFileSync(file, script)
  const { code, stdout, stderr } = await inShell(exports, `'${process.execPath}' '${file}'`)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}

test('the variables name the node and its parts', async () => {
  const names = [
    'GATEWAY_URL',
    'GRAPHQL_URL',
    'MU_URL',
    'CU_URL',
    'SU_URL',
    'AO_URL',
    'SCHEDULER',
    'AUTHORITY',
    'AOS_MODULE',
  ]
  const { stdout } = await inShell(exports, names.map((name) => `printf '%s\\n' "$${name}"`).join('\n'))
  const { url } = node
  expect(stdout.trim().split('\n')).toEqual([
    ...[url, `${url}/graphql`, `${url}/mu`, `${url}/cu`, `${url}/su`, url],
    ...[info.address, info.address, info.moduleId],
  ])
})

test('MODULE is left alone: aoconnect would take it over what the code says', () => {
  expect(exports).not.toMatch(/^export MODULE=/m)
})

test('NODE_OPTIONS keeps what was there, and may be set twice', async () => {
  const env = { ...process.env, NODE_OPTIONS: '--stack-trace-limit=7' }
  const script = `'${process.execPath}' -p 'Error.stackTraceLimit + " " + /publicFetch/.test(fetch)'`
  expect(await inShell(`${exports}\n${exports}`, script, env)).toMatchObject({ code: 0, stdout: '7 true\n' })
})

test('values are safe to evaluate', async () => {
  const url = "http://127.0.0.1/a'b$(touch pwned)`id`;x"
  const { stdout, stderr } = await inShell(envLines(url, info).join('\n'), `printf '%s' "$AO_URL"; ls pwned`)
  expect(stdout).toBe(url)
  expect(stderr).toMatch(/pwned/)
})

describe('an unmodified client of aoconnect', () => {
  const wallet = `JSON.parse(readFileSync('.loom/wallets/wallet-1.json', 'utf8'))`

  test('connect() without arguments: every call of it', async () => {
    const answers = await runClient(`
      import { readFileSync } from 'node:fs'
      import { connect, createDataItemSigner } from '${aoconnect}'
      const ao = connect()
      const signer = createDataItemSigner(${wallet})
      const process = await ao.spawn({ module: 'MODULE_TX_ID', scheduler: 'SCHEDULER_ADDRESS', signer })
      const sent = await ao.message({
        process, signer, tags: [{ name: 'Action', value: 'Eval' }], data: 'return 6 * 7',
        returnAssignmentSlot: true, returnMessageId: true,
      })
      const { Output } = await ao.result({ process, message: sent.id })
      const dry = await ao.dryrun({ process, data: 'x' })
      const slot = await ao.getLastSlot({ processId: process })
      const found = await ao.getMessageById({ processId: process, messageId: sent.id })
      const page = await ao.getMessages({ processId: process, from: '0', to: String(Date.now() + 60_000) })
      console.log(JSON.stringify({
        process, sent, answer: Output.data, slot, dry: Object.keys(dry).sort(),
        found: found.message.id, edges: page.edges.map(({ node }) => node.message.id),
      }))
    `)
    const { process, sent } = answers as { process: string; sent: { id: string } }
    expect(answers).toEqual({
      process: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      sent: { id: expect.any(String), slot: '1' },
      answer: '42',
      slot: '1',
      dry: expect.arrayContaining(['Messages', 'Output']),
      found: sent.id,
      edges: [process, sent.id],
    })
    expect((await fetch(`${node.url}/${process}`)).status).toBe(200)
  })

  test('functions imported by name', async () => {
    const answers = await runClient(`
      import { readFileSync } from 'node:fs'
      import { createDataItemSigner, message, result, spawn } from '${aoconnect}'
      const signer = createDataItemSigner(${wallet})
      const tags = [{ name: 'Authority', value: process.env.AUTHORITY }]
      const id = await spawn({ module: process.env.AOS_MODULE, scheduler: process.env.SCHEDULER, signer, tags })
      const sent = await message({ process: id, signer, tags: [{ name: 'Action', value: 'Eval' }], data: 'return ao.id' })
      console.log(JSON.stringify({ id, answer: (await result({ process: id, message: sent })).Output.data }))
    `)
    const { id } = answers as { id: string }
    expect(answers).toEqual({ id: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/), answer: id })
  })
})

describe('the redirected fetch', () => {
  let other: Server
  let otherUrl: string
  beforeAll(async () => {
    other = createServer((request, response) => {
      request.pipe(response.setHeader('x-path', request.url ?? ''))
    })
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', () => resolve()))
    otherUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  })
  afterAll(() => other.close())

  test('maps the four public hosts, given as text, URL or Request', async () => {
    const answers = await runClient(`
      const text = async (input, init) => (await fetch(input, init)).text()
      console.log(JSON.stringify([
        await text('https://mu.ao-testnet.xyz'),
        await text(new URL('https://mu.ao-testnet.xyz/')),
        JSON.parse(await text(new Request('https://su-router.ao-testnet.xyz?process-id=x'))).address,
        JSON.parse(await text('https://cu.ao-testnet.xyz')).address,
        JSON.parse(await text('http://arweave.net/info')).network,
        JSON.parse(await text(new Request('https://arweave.net/graphql', {
          method: 'POST', body: JSON.stringify({ query: '{ __typename }' }),
        }))).data,
      ]))
    `)
    expect(answers).toEqual([
      'ao messenger unit',
      'ao messenger unit',
      info.address,
      info.address,
      'loom',
      { __typename: 'Query' },
    ])
  })

  test('leaves every other URL alone', async () => {
    const answers = await runClient(`
      const response = await fetch('${otherUrl}/a?b=c', { method: 'POST', body: 'kept' })
      const refused = await fetch('not a url').catch(({ name }) => name)
      // A port that fetch refuses by itself, so that nothing leaves this machine.
      const closed = []
      for (const host of ['mu.ao-testnet.xyz.invalid', 'arweave.net.invalid', 'arweave.net:1']) {
        closed.push(await fetch('https://' + host).then(() => 'answered', () => 'failed'))
      }
      console.log(JSON.stringify([response.headers.get('x-path'), await response.text(), refused, closed]))
    `)
    expect(answers).toEqual(['/a?b=c', 'kept', 'TypeError', ['failed', 'failed', 'failed']])
  })

  test('is not there without LOOM_URL', async () => {
    const script = `console.log(String(fetch).includes('publicFetch'))`
    const run = (lines: string): Promise<Finished> => inShell(lines, `'${process.execPath}' -e "${script}"`)
    expect((await run(exports)).stdout).toBe('true\n')
    expect((await run(`${exports}\nunset LOOM_URL`)).stdout).toBe('false\n')
  })
})

test('what answers there but is no node is named', async () => {
  const server = createServer((_request, response) => response.end('hello'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { code, stdout, stderr } = await runCli([
    'env',
    '--url',
    `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  ])
  server.close()
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain('is not a Loom node')
})

test('the preload is plain JavaScript that lies beside the handler', () => {
  expect(exports).toContain(`--import=file://${repository}src/cli/env/redirect-public-hosts.mjs`)
})
