import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Finished, type RunningNode, runCli, startNode, temporaryDirectory } from '../cli.fixture.ts'

/** The commands of docs/time-travel.md, each as the real program. */

let directory: ReturnType<typeof temporaryDirectory>
let node: RunningNode
let processId: string
let messageId: string
beforeAll(async () => {
  directory = temporaryDirectory()
  node = await startNode([], { cwd: directory.path })
  processId = (JSON.parse((await run('spawn', '--json')).stdout) as { processId: string }).processId
  await run('eval', processId, 'Balances, Price = { ["a.b"] = 5 }, 2.0')
  const sent = await run('eval', processId, 'Balances["a.b"] = 6 Balances.c = "7" Price = nil', '--json')
  messageId = (JSON.parse(sent.stdout) as { messageId: string }).messageId
})
afterAll(async () => {
  await node.stop('SIGKILL')
  directory.remove()
})

const run = (...args: readonly string[]): Promise<Finished> =>
  runCli([...args, '--url', node.url], { cwd: directory.path })

async function loom(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

test('state prints a value, of now or of then', async () => {
  expect(await loom('state', processId, 'Balances')).toBe('{ ["a.b"] = 6, c = "7" }\n')
  expect(await loom('state', processId, 'Balances["a.b"]', '--at', '1')).toBe('5\n')
  expect(await loom('state', processId, 'Price', '--at', '1')).toBe('2.0\n')
  expect(await loom('state', processId, 'Price')).toBe('nil\n')
  expect(await loom('state', processId)).toMatch(/^Balances = \{ \["a\.b"\] = 6, c = "7" \}\nName = "aos"\nOwner = "/)
  const json = await loom('state', processId, 'Price', '--at', '1', '--json')
  expect(json).toContain('"value": 2.0')
  expect(JSON.parse(json)).toEqual({ processId, path: 'Price', nonce: 1, isComplete: true, value: 2 })
})

test('state says when something is left out', async () => {
  const { code, stdout, stderr } = await run('state', processId, 'Balances', '--limit', '1')
  expect({ code, stdout }).toEqual({ code: 0, stdout: '{ ["a.b"] = 6, <1 more> }\n' })
  expect(stderr).toContain('--limit')
})

test('diff prints what is different, a line for each value', async () => {
  expect(await loom('diff', processId, '1', '2')).toBe('~ Balances["a.b"]  5 → 6\n+ Balances.c  "7"\n- Price  2.0\n')
  expect(await loom('diff', processId, '1', '2', '--path', 'Balances.c')).toBe('+ Balances.c  "7"\n')
  expect(await loom('diff', processId, '2', '2')).toBe('Nothing is different.\n')
  expect(JSON.parse(await loom('diff', processId, '1', '2', '--path', 'Price', '--json'))).toMatchObject({
    change: { kind: 'removed', before: 2 },
  })
})

test('blame names the message', async () => {
  const lines = (await loom('blame', processId, 'Balances["a.b"]')).split('\n')
  expect(lines).toEqual([
    expect.stringMatching(/^nonce 2 {2}\d{4}-\d\d-\d\dT/),
    `message ${messageId}`,
    expect.stringMatching(/^from \S{43} {2}Action="Eval"$/),
    '~ Balances["a.b"]  5 → 6',
    '',
  ])
  expect(await loom('blame', processId, 'Balances["a.b"]', '--at', '1')).toContain('+ Balances["a.b"]  5\n')
  expect(await loom('blame', processId, 'Nothing')).toBe('Nothing was never changed by a message.\n')
  expect(JSON.parse(await loom('blame', processId, 'Price', '--json'))).toMatchObject({
    nonce: 2,
    messageId,
    before: 2,
  })
})

describe('what cannot be', () => {
  test.each([
    { args: ['state', '', 'a..b'], text: 'cannot be read at character 3' },
    { args: ['state', '', '--at', '9'], text: 'give 0 to 2' },
    { args: ['state', '', '--at', 'x'], text: 'Give a nonce' },
    { args: ['state', '', '--limit', '0'], text: 'Give a whole number from 1' },
    { args: ['diff', '', '1', '9'], text: 'give 0 to 2' },
    { args: ['diff', '', '1'], text: "missing required argument 'to'" },
    { args: ['blame', ''], text: "missing required argument 'path'" },
    { args: ['blame', 'short', 'x'], text: '"short" is not an id' },
    { args: ['state', 'A'.repeat(43)], text: 'is not on this node' },
  ])('$args', async ({ args, text }) => {
    const { code, stdout, stderr } = await run(...args.map((argument) => argument || processId))
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(text)
  })
})

test.each(['state', 'diff', 'blame'])('%s --help has examples', async (command) => {
  const { code, stdout } = await runCli([command, '--help'])
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringContaining(`Examples:\n  loom ${command} <process>`),
  })
})
