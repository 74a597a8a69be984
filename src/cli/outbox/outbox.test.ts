import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Finished, type RunningNode, runCli, startNode, temporaryDirectory } from '../cli.fixture.ts'

let directory: ReturnType<typeof temporaryDirectory>
let node: RunningNode
let processId: string

const loom = (...args: readonly string[]): Promise<Finished> =>
  runCli([...args, '--url', node.url], { cwd: directory.path })

beforeAll(async () => {
  directory = temporaryDirectory()
  node = await startNode(['--chain-depth', '4', '--chain-messages', 'none'], { cwd: directory.path })
  const { stdout } = await loom('spawn', '--json')
  processId = (JSON.parse(stdout) as { processId: string }).processId
})
afterAll(async () => {
  await node.stop('SIGKILL')
  directory.remove()
})

test('lists nothing while everything arrives', async () => {
  expect(await loom('outbox')).toEqual({ code: 0, stdout: 'Everything has arrived.\n', stderr: '' })
  expect((await loom('outbox', '--state', 'dead')).stdout).toBe('Nothing is dead.\n')
})

test('lists what is dead, sends it again, and lists it when it is dead again', async () => {
  await loom('eval', processId, 'Send({ Target = "no\\27[2Jwhere", Action = "Lost" })')
  await until(['outbox', '--state', 'dead'], / 1\.0 {2}dead/)
  const { code, stdout } = await loom('outbox', processId)
  expect(code).toBe(0)
  expect(stdout).toContain(`${processId} 1.0  dead  message to no[2Jwhere  Action=Lost\n`)
  expect(stdout).toMatch(/^ {2}sent \d+ s ago$/m)
  expect(stdout).toContain('is not an id')

  expect((await loom('outbox', 'retry', processId, '1.0')).stdout).toMatch(/^Sent again: 1\. /)
  await until(['outbox', '--state', 'dead'], / 1\.0 {2}dead/)
  expect((await loom('outbox', 'retry', processId, '1.0', '5.5')).stdout).toMatch(/^Sent again: 1 of 2: /)
  expect((await loom('outbox', 'retry', processId, '5.5')).stdout).toMatch(/^Nothing was dead/)
  await until(['outbox', '--state', 'dead'], / 1\.0 {2}dead/)
  const retried = await loom('outbox', 'retry', processId, '--all', '--json')
  expect(JSON.parse(retried.stdout)).toEqual({ processId, count: 1 })
  await until(['outbox', '--state', 'dead'], / 1\.0 {2}dead/)
  const listed = await loom('outbox', '--json', '--limit', '1')
  expect(JSON.parse(listed.stdout)).toMatchObject({
    entries: [{ processId, entry: '1.0', action: 'Lost' }],
    next: null,
  })
})

test('a chain that stopped goes on, as its reason says', async () => {
  const code =
    'Count = 0 Handlers.add("Go", "Go", function() Count = Count + 1 Send({ Target = ao.id, Action = "Go" }) end)'
  await loom('eval', processId, code)
  await loom('send', processId, '--action', 'Go')
  const retry = await until(['outbox', processId, '--state', 'dead'], /loom (outbox retry \S+ [\d.]+)\./)
  await until(['eval', processId, 'Count'], /5/)
  expect(await loom(...retry.split(' '))).toMatchObject({ code: 0, stderr: '' })
  await until(['eval', processId, 'Count'], /9/)
})

/** Repeats a command until its output has what is looked for: chains go on after the command that began them. */
async function until(args: readonly string[], pattern: RegExp): Promise<string> {
  for (;;) {
    const { stdout } = await loom(...args)
    const found = pattern.exec(stdout)
    if (found !== null) return found[1] ?? ''
  }
}

test.each([
  [['outbox', 'retry', 'PROCESS'], /name some, or --all/],
  [['outbox', 'retry', 'PROCESS', '1'], /nonce.*index/],
  [['outbox', 'elsewhere'], /not an id/],
  [['outbox', '--limit', '0'], /from 1 to 1000/],
  [['start', '--chain-depth', '0'], /from 1, or none/],
])('%j says what is wrong', async (args, problem) => {
  const { code, stderr } = await loom(...args.map((arg) => (arg === 'PROCESS' ? processId : arg)))
  expect(code).toBe(1)
  expect(stderr).toMatch(problem)
})
