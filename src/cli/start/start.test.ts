import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RunningNode, runCli, startNode, temporaryDirectory } from '../cli.fixture.ts'

let directory: ReturnType<typeof temporaryDirectory>
let nodes: RunningNode[] = []
beforeEach(() => {
  directory = temporaryDirectory()
})
afterEach(async () => {
  await Promise.all(nodes.map((node) => node.stop('SIGKILL')))
  nodes = []
  directory.remove()
})

async function start(...args: readonly string[]): Promise<RunningNode> {
  const node = await startNode(args, { cwd: directory.path })
  nodes.push(node)
  return node
}

const getJson = async (url: string): Promise<Record<string, unknown>> =>
  (await (await fetch(url)).json()) as Record<string, unknown>

test('says what is where, and all of it answers', async () => {
  const node = await start()
  const info = await getJson(`${node.url}/api/info`)
  for (const unit of ['mu', 'su', 'cu']) {
    expect(node.banner).toContain(`${node.url}/${unit}`)
    expect((await fetch(`${node.url}/${unit}`)).status).toBe(200)
  }
  expect(node.banner).toContain(String(info.address))
  expect(node.banner).toContain(String(info.moduleId))
  expect(node.banner).toMatch(/ready after \d+ ms/)
  expect(node.banner).toContain(`env --url ${node.url}`)
  expect((await fetch(`${node.url}/info`)).status).toBe(200)
  expect(node.stderr()).toBe('')
})

test('the wallets are where the banner says, worthless, and funded', async () => {
  const node = await start()
  expect(node.banner).toContain('worthless')
  const found = [...node.banner.matchAll(/^ +([A-Za-z0-9_-]{43}) +(\S+wallet-\d\.json)$/gm)]
  expect(found.map(([, , path]) => path)).toEqual([1, 2, 3].map((i) => `.loom/wallets/wallet-${i}.json`))
  for (const [, address, path = ''] of found) {
    expect(statSync(join(directory.path, path)).mode & 0o777).toBe(0o600)
    const balance = await fetch(`${node.url}/wallet/${address}/balance`)
    expect(await balance.text()).toBe('1000000000000000')
  }
})

test('--check finds damage that a start after an end in order does not look for', async () => {
  const first = await start()
  expect((await first.stop('SIGINT')).code).toBe(0)
  const database = new DatabaseSync(join(directory.path, '.loom', 'loom.sqlite'))
  database.exec('UPDATE outbox_counts SET dead = dead + 1')
  database.close()
  const unaware = await start()
  expect((await unaware.stop('SIGINT')).code).toBe(0)
  const refused = await runCli(['start', '--port', '0', '--check'], { cwd: directory.path })
  expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('.loom') })
})

test('a restart on the same directory is the same node', async () => {
  const data = join(directory.path, 'there')
  const first = await start('--data', data)
  const before = await getJson(`${first.url}/api/info`)
  const spawned = await runCli(['spawn', '--json', '--url', first.url, '--data-dir', data])
  const { processId } = JSON.parse(spawned.stdout) as { processId: string }
  expect((await first.stop('SIGINT')).code).toBe(0)

  const second = await start('--data', data)
  expect(await getJson(`${second.url}/api/info`)).toMatchObject({ address: before.address, moduleId: before.moduleId })
  const evaluated = await runCli(['eval', processId, 'return ao.id', '--url', second.url, '--data-dir', data])
  expect(evaluated).toMatchObject({ code: 0, stdout: expect.stringContaining(processId) })
  const wallets = (banner: string): string[] => [...banner.matchAll(/[A-Za-z0-9_-]{43}(?= +\S+wallet)/g)].map(String)
  expect(wallets(second.banner)).toEqual(wallets(first.banner))
})

test('--memory leaves nothing behind', async () => {
  const node = await start('--memory')
  const wallet = /\S+wallet-1\.json/.exec(node.banner)?.[0] ?? ''
  expect(existsSync(wallet)).toBe(true)
  const spawned = await runCli(['spawn', '--url', node.url, '--wallet', wallet])
  expect(spawned.code).toBe(0)
  expect((await node.stop('SIGTERM')).code).toBe(0)
  expect(existsSync(wallet)).toBe(false)
  expect(readdirSync(directory.path)).toEqual([])
})

test.each([
  { args: [], expected: (url: string) => `${url}/su` },
  { args: ['--public-url', 'https://loom.example/node/'], expected: () => 'https://loom.example/node/su' },
])('its scheduler can be located, $args', async ({ args, expected }) => {
  const { url } = await start('--memory', ...args)
  const { address } = await getJson(`${url}/api/info`)
  const query = `{ transactions(owners: ["${address}"], tags: [{ name: "Type", values: ["Scheduler-Location"] }]) {
    edges { node { tags { name value } } }
  } }`
  const response = await fetch(`${url}/graphql`, { method: 'POST', body: JSON.stringify({ query }) })
  expect(JSON.stringify(await response.json())).toContain(`{"name":"Url","value":"${expected(url)}"}`)
})

test('--strict is strict', async () => {
  const node = await start('--memory', '--strict')
  expect(await getJson(`${node.url}/api/info`)).toMatchObject({ mode: 'strict' })
})

test('--log-level debug writes JSON lines to standard error, and no secrets', async () => {
  const node = await start('--log-level', 'debug')
  await fetch(`${node.url}/info`)
  const { stderr } = await node.stop()
  const lines = stderr.split('\n').filter((line) => line.startsWith('{'))
  expect(lines.map((line) => JSON.parse(line))).toContainEqual(
    expect.objectContaining({ level: 'debug', msg: 'request answered', path: '/info', status: 200 }),
  )
  const { seed } = JSON.parse(readFileSync(join(directory.path, '.loom', 'node-key.json'), 'utf8')) as { seed: string }
  expect(stderr).not.toContain(seed)
})

describe('what cannot start says why, and ends with 1', () => {
  test('the port is taken', async () => {
    const { port } = new URL((await start()).url)
    const data = join(directory.path, 'other')
    const { code, stdout, stderr } = await runCli(['start', '--port', port, '--data', data])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(`Port ${port} on 127.0.0.1 is taken`)
    expect(stderr).toContain('--port')
    expect(stderr).not.toContain('    at ')
  })

  test('the data directory is taken', async () => {
    const node = await start()
    const { code, stderr } = await runCli(['start', '--port', '0'], { cwd: directory.path })
    expect(code).toBe(1)
    expect(stderr).toMatch(new RegExp(`data directory .* is in use by process ${node.process.pid}`))
    expect(stderr).not.toContain('    at ')
  })

  test('the address is not of this machine', async () => {
    const { code, stderr } = await runCli(['start', '--memory', '--port', '0', '--host', '203.0.113.1'])
    expect(code).toBe(1)
    expect(stderr).toContain('203.0.113.1')
    expect(stderr).toContain('--host')
  })

  test.each([
    { args: ['--port', '65536'], text: '0 (any free port) to 65535' },
    { args: ['--port', 'x'], text: '0 (any free port) to 65535' },
    { args: ['--log-level', 'loud'], text: 'debug, info, warn, error, silent' },
    { args: ['--memory', '--data', 'x'], text: 'cannot be used with' },
    { args: ['--nothing'], text: '--nothing' },
  ])('$args', async ({ args, text }) => {
    const { code, stderr } = await runCli(['start', ...args], { cwd: directory.path })
    expect(code).toBe(1)
    expect(stderr).toContain(text)
    expect(readdirSync(directory.path)).toEqual([])
  })
})

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it cleanly, a second one at once', async (signal) => {
  const node = await start('--memory')
  const { port } = new URL(node.url)
  // A request that never ends, which a clean end waits for.
  const socket = connect(Number(port), '127.0.0.1').on('error', () => {})
  await new Promise<void>((resolve) => socket.on('connect', resolve))
  socket.write('POST /mu HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nsome')
  // The answer to another connection shows that the node has seen the first one.
  await fetch(`${node.url}/info`)
  const seen = new Promise<void>((resolve) => {
    node.process.stderr?.on('data', () => node.stderr().includes('finishing') && resolve())
  })
  node.process.kill(signal)
  await seen
  expect((await node.stop(signal)).code).toBe(1)
  socket.destroy()
})
