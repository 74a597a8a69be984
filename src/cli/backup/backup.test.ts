import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkLogs } from '../../../test/durability/log-checks.ts'
import { createNetwork } from '../../network/network.ts'
import { loadNodeKey } from '../../network/node-key.ts'
import { createDataItem } from '../../protocol/data-item.ts'
import type { ItemId, ProcessId } from '../../protocol/ids.ts'
import { createEd25519Signer } from '../../protocol/signers.ts'
import { createSqliteStore } from '../../store/sqlite/sqlite-store.ts'
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

const wallet = createEd25519Signer(new Uint8Array(32).fill(7))

async function post(
  url: string,
  type: 'Process' | 'Message',
  target: string | undefined,
  data: string,
): Promise<ItemId> {
  const values = { 'Data-Protocol': 'ao', Variant: 'ao.TN.1', Type: type, Action: 'Eval' }
  const own = type === 'Process' ? { Module: 'MODULE_TX_ID', Scheduler: 'SCHEDULER_ADDRESS' } : {}
  const tags = Object.entries({ ...values, ...own }).map(([name, value]) => ({ name, value }))
  const item = createDataItem({ target, tags, data }, wallet)
  const response = await fetch(`${url}/mu`, { method: 'POST', body: Buffer.from(item.bytes) })
  expect(response.status).toBe(202)
  return item.id
}

test('of a node under load: the copy has all that was acknowledged before, and a node goes on from it', async () => {
  const node = await start()
  const spawned = await post(node.url, 'Process', undefined, ' ')
  const processId = spawned as ProcessId
  const acknowledged: ItemId[] = []
  let stopped = false
  const send = async (): Promise<void> => {
    while (!stopped) {
      const code = `Count = (Count or 0) + 1; Send({ Target = ao.id, Data = "${acknowledged.length}" })`
      acknowledged.push(await post(node.url, 'Message', processId, code))
    }
  }
  const sending = Array.from({ length: 4 }, send)
  while (acknowledged.length < 100) await new Promise(setImmediate)
  const before = [...acknowledged]
  const done = await runCli(['backup', 'copy'], { cwd: directory.path })
  stopped = true
  await Promise.all(sending)
  expect(acknowledged.length).toBeGreaterThan(before.length)
  expect(done).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('Copied .loom to copy') })
  expect(done.stdout).toContain('start --data copy')
  await node.stop()

  const copy = join(directory.path, 'copy')
  expect(statSync(copy).mode & 0o777).toBe(0o700)
  expect(readdirSync(copy).sort()).toEqual(['loom.sqlite', 'node-key.json', 'pages.sqlite', 'wallets'])
  for (const file of ['node-key.json', 'wallets/wallet-1.json']) {
    expect(statSync(join(copy, file)).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(copy, file))).toEqual(readFileSync(join(directory.path, '.loom', file)))
  }

  // What was under way at that moment is taken up, as after a crash.
  const network = await createNetwork({ dataDirectory: copy })
  await network.idle()
  const stateHashes = new Map([[processId, await network.stateHash(processId)]])
  await network.close()
  const store = await createSqliteStore({ directory: copy, check: 'always' })
  for (const id of before) expect(await store.findNonce(processId, id)).toBeGreaterThan(0)
  const sent = new Set([spawned, ...acknowledged])
  const signerSeed = loadNodeKey(copy)
  const nothing = { entries: [], items: [], results: [] }
  const report = await checkLogs(store, { signerSeed, stateHashes, sent, acknowledged: nothing })
  await store.close()
  expect(report.violations).toEqual([])
  expect(report.deliveredCount).toBeGreaterThan(0)
}, 60_000)

test('of a node that does not run, also into the directory itself', async () => {
  const node = await start()
  const processId = await post(node.url, 'Process', undefined, ' ')
  await node.stop()
  const done = await runCli(['backup', '.loom/copy'], { cwd: directory.path })
  expect(done.code).toBe(0)
  const store = await createSqliteStore({ directory: join(directory.path, '.loom', 'copy'), check: 'always' })
  expect(await store.listProcesses({ limit: 9 })).toEqual([processId])
  await store.close()
})

test.each([
  { name: 'there is no data', args: ['copy', '--data-dir', 'nothing'], text: 'no data of a node in nothing' },
  { name: 'the target is taken', args: ['.'], text: 'is there already' },
  { name: 'no target is given', args: [], text: "missing required argument 'target'" },
])('says why not when $name', async ({ args, text }) => {
  const node = await start()
  await node.stop()
  const { code, stderr } = await runCli(['backup', ...args], { cwd: directory.path })
  expect(code).toBe(1)
  expect(stderr).toContain(text)
  expect(stderr).not.toContain('    at ')
  expect(existsSync(join(directory.path, 'copy'))).toBe(false)
})
