import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Finished, type RunningNode, runCli, startNode, temporaryDirectory } from '../cli.fixture.ts'

/** The commands of docs/fork-and-rollback.md, each as the real program. */

let directory: ReturnType<typeof temporaryDirectory>
let node: RunningNode
let wallets: string
beforeAll(async () => {
  directory = temporaryDirectory()
  node = await startNode(['--memory'], { cwd: directory.path })
  wallets = /(\/\S+)\/wallets/.exec(node.banner)?.[1] ?? directory.path
})
afterAll(async () => {
  await node.stop('SIGKILL')
  directory.remove()
})

const signing = new Set(['spawn', 'send', 'eval', 'fork'])

const run = (...args: readonly string[]): Promise<Finished> => {
  const wallet = signing.has(args[0] ?? '') ? ['--data-dir', wallets] : []
  return runCli([...args, ...wallet, '--url', node.url], { cwd: directory.path })
}

async function loom(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout.trim()
}

test('fork, snapshot, revert and clock', async () => {
  writeFileSync(join(directory.path, 'code.lua'), 'Count = 1')
  const spawned = await loom('spawn', '--load', 'code.lua', '--json')
  const { processId } = JSON.parse(spawned) as { processId: string }
  await loom('eval', processId, 'Count = 2')

  const snapshot = await loom('snapshot')
  const early = await loom('fork', processId, '--at', '1', '--name', 'early')
  expect(await loom('eval', early, `Name .. Count .. tostring(ao.id == "${early}")`)).toBe('early1true')
  expect(await loom('eval', await loom('fork', processId), 'Count')).toBe('2')
  const refused = await run('fork', processId, '--at', '9')
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('give 0 to 2')

  const rehearsed = await loom('rehearse', processId, 'Count = 10', '--last', '1')
  expect(rehearsed.split('\n')).toContain('  Count  1 → 10')
  expect(rehearsed).toContain('0 of 1 messages differ')
  expect((await run('rehearse', processId, 'error("no")')).code).toBe(1)
  expect(JSON.parse(await loom('rehearse', processId, 'return 1', '--json'))).toMatchObject({ differing: 0 })

  const before = Date.parse(await loom('clock'))
  const after = Date.parse(await loom('clock', 'advance', '1h'))
  expect(after - before).toBeGreaterThanOrEqual(3_600_000)
  expect(await loom('clock', 'set', '2100-01-01T00:00:00Z')).toBe('2100-01-01T00:00:00.000Z')

  expect(await loom('revert', snapshot)).toContain(`back at snapshot ${snapshot}`)
  expect(Date.parse(await loom('clock'))).toBeLessThan(after)
  expect((await run('eval', early, 'Count')).stderr).toContain('is not scheduled here')
  expect(await loom('eval', processId, 'Count')).toBe('2')
  expect((await run('revert', '99')).stderr).toContain('There is no snapshot 99')
})
