import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createNetwork } from '../../network/network.ts'
import { evaluate, spawnProcess, testWallet } from '../../network/test-items.ts'
import type { ProcessId } from '../../protocol/ids.ts'
import { createSqliteStore } from '../../store/sqlite/sqlite-store.ts'
import { runCli, startNode, temporaryDirectory } from '../cli.fixture.ts'

let directory: ReturnType<typeof temporaryDirectory>
let dataDir: string
beforeEach(() => {
  directory = temporaryDirectory()
  dataDir = join(directory.path, '.loom')
})
afterEach(() => directory.remove())

const wallet = testWallet('prune')

/** A process that has worked in several runs of a node: each left a snapshot of other pages. */
async function makeHistory(): Promise<{ readonly processId: ProcessId; readonly stateHash: string }> {
  let processId: ProcessId | undefined
  let stateHash = ''
  for (let run = 0; run < 3; run++) {
    const network = await createNetwork({ dataDirectory: dataDir })
    processId ??= await spawnProcess(network, wallet, 'Kept = {}')
    const work = `Kept[#Kept + 1] = string.rep("${run}", 2000000); for i = 1, 3000000 do Count = i end`
    for (let i = 0; i < 3; i++) await evaluate(network, wallet, processId, work)
    stateHash = await network.stateHash(processId)
    await network.close()
  }
  return { processId: processId as ProcessId, stateHash }
}

async function checkpoints(processId: ProcessId): Promise<readonly number[]> {
  const store = await createSqliteStore({ directory: dataDir })
  const nonces = (await store.listCheckpoints(processId)).map(({ nonce }) => nonce)
  await store.close()
  return nonces
}

async function stateAfterPruning(processId: ProcessId): Promise<string> {
  const network = await createNetwork({ dataDirectory: dataDir })
  const hash = await network.stateHash(processId)
  await network.close()
  return hash
}

test('drops all snapshots but the newest, gives the space back, and loses nothing', async () => {
  const { processId, stateHash } = await makeHistory()
  const before = await checkpoints(processId)
  expect(before.length).toBeGreaterThan(1)
  const sizeBytes = (): number => statSync(join(dataDir, 'pages.sqlite')).size
  const sizeBefore = sizeBytes()
  const run = await runCli(['prune', '--json'], { cwd: directory.path })
  expect(run).toMatchObject({ code: 0, stderr: '' })
  const report = JSON.parse(run.stdout) as { droppedCount: number; files: { name: string; afterBytes: number }[] }
  expect(report).toMatchObject({ processCount: 1, droppedCount: before.length - 1, keptCount: 1 })
  expect(await checkpoints(processId)).toEqual([Math.max(...before)])
  expect(sizeBytes()).toBeLessThan(sizeBefore)
  expect(report.files).toContainEqual(expect.objectContaining({ name: 'pages.sqlite', afterBytes: sizeBytes() }))
  expect(await stateAfterPruning(processId)).toBe(stateHash)
})

test('with --keep 0 the log alone gives the state', async () => {
  const { processId, stateHash } = await makeHistory()
  const run = await runCli(['prune', '--keep', '0'], { cwd: directory.path })
  expect(run.stdout).toMatch(/^Dropped \d+ snapshots of 1 processes, kept 0\.\nloom\.sqlite: .* MB before, .* MB now/)
  expect(await checkpoints(processId)).toEqual([])
  expect(await stateAfterPruning(processId)).toBe(stateHash)
})

test('leaves the directory of a running node alone, and one that is none', async () => {
  const node = await startNode([], { cwd: directory.path })
  const refused = await runCli(['prune'], { cwd: directory.path })
  expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('stop the node first') })
  await node.stop()
  const missing = await runCli(['prune', '--data-dir', 'nowhere'], { cwd: directory.path })
  expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('nowhere') })
  const wrong = await runCli(['prune', '--keep', '-1'], { cwd: directory.path })
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('whole number from 0') })
})
