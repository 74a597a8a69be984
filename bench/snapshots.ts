import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNetwork } from '../src/network/network.ts'
import { evaluate, messageItem, spawnProcess, testWallet } from '../src/network/test-items.ts'
import type { Network } from '../src/network/types.ts'
import type { ProcessId } from '../src/protocol/ids.ts'
import { createLuaEngine } from '../src/vm/lua/lua-vm.ts'
import { hashPages } from '../src/vm/lua/memory-image.ts'
import { evalModuleSource } from '../src/vm/lua/test-module.ts'
import type { VmMessage } from '../src/vm/types.ts'
import { timeInFreshNode } from './fresh-node.ts'
import { against, figure, line, median, section } from './report.ts'

const histories = [1_000, 10_000, 100_000]
const coldStarts = 11
const batch = 500

/**
 * Cold starts: a program of its own with a node that opens a data directory, and the first result of a process with a history.
 *
 * Measures: from the message's submission to its result, the node being ready. Does not measure: the node's own start.
 */
export async function benchColdStart(): Promise<void> {
  section(
    'Cold start to the first result',
    `one process, token transfers, from SQLite, ${coldStarts} starts each, medians; snapshots beside the log`,
  )
  const dataDirectory = mkdtempSync(join(tmpdir(), 'loom-bench-'))
  const wallet = testWallet('bench')
  let network = await createNetwork({ dataDirectory })
  const code = readFileSync(new URL('fixtures/token.lua', import.meta.url), 'utf8')
  const processId = await spawnProcess(network, wallet, code)
  await evaluate(network, wallet, processId, `Balances["${wallet.address}"] = 1000000000`)
  let written = 0
  for (const count of histories) {
    written = await writeTransfers(network, processId, written, count)
    await network.close()
    const times: number[] = []
    for (let start = 0; start < coldStarts; start++) {
      times.push(await timeInFreshNode({ dataDirectory, processId, deed: { kind: 'message' } }))
    }
    const sizes = ['loom.sqlite', 'pages.sqlite'].map((name) => statSync(join(dataDirectory, name)).size / 2 ** 20)
    const [log = 0, pages = 0] = sizes
    line(
      `after ${count.toLocaleString('en-US')} messages`,
      figure(median(times), 'ms'),
      `${against(median(times), 50, 'at most', 'ms')}; log ${figure(log, 'MiB')}, snapshots ${figure(pages, 'MiB')}`,
    )
    network = await createNetwork({ dataDirectory })
  }
  await network.close()
  rmSync(dataDirectory, { recursive: true })
}

async function writeTransfers(network: Network, processId: ProcessId, from: number, to: number): Promise<number> {
  const wallet = testWallet('bench')
  let written = from
  while (written < to) {
    const items = Array.from({ length: Math.min(batch, to - written) }, () => {
      written += 1
      const recipient = `addr_${1 + (written % 1_000)}_`.padEnd(43, '0')
      return messageItem(wallet, processId, { Action: 'Transfer', Recipient: recipient, Quantity: '1' })
    })
    await Promise.all(items.map(({ bytes }) => network.submit(bytes)))
    await network.idle()
  }
  return written
}

const rounds = 7
const processId = 'P'.repeat(43)
const identity = { id: processId, owner: 'O'.repeat(43), tags: [] }

function evalMessage(data: string): VmMessage {
  return {
    ...{ id: 'I'.repeat(43), target: processId, from: identity.owner, owner: identity.owner, data, nonce: 1, epoch: 0 },
    ...{ timestampMs: 1, blockHeight: 1, cron: false, readOnly: false, tags: [] },
  }
}

/** What a snapshot costs the evaluation thread, against the state's size and the part of it that changed. */
export function benchSnapshots(): void {
  section('Snapshots', `copied and hashed, in the evaluation thread; ${rounds} rounds, medians`)
  for (const megabytes of [1, 10, 100]) {
    const template = createLuaEngine().createTemplate(evalModuleSource)
    const vm = template.spawn({ process: identity, module: identity })
    const fill = `T = {} for i = 1, ${megabytes} do T[i] = string.rep(string.char(65 + i % 26) .. i, 2^20 // (1 + #tostring(i))) end return #T`
    const filled = vm.evaluate(evalMessage(fill))
    if (!filled.ok) throw new Error(String(filled.error))
    const times: number[] = []
    let before = new Set<string>()
    let changed = 0
    for (let round = 0; round < rounds; round++) {
      vm.evaluate(evalMessage(`T[1 + ${round} % #T] = string.rep("x${round}", 32768) return 1`))
      const startedAt = performance.now()
      const { pages } = vm.snapshot()
      const hashes = hashPages(pages, template.pages)
      times.push(performance.now() - startedAt)
      const now = new Set([...hashes.values()].map((hash) => hash.toString('hex')))
      changed = [...now].filter((hash) => !before.has(hash)).length * 2_048
      before = now
    }
    line(
      `state of ${megabytes} MiB`,
      figure(median(times), 'ms'),
      `64 KiB written since the last one; ${figure(changed / 1_024, 'KiB')} of pages are new`,
    )
    vm.close()
  }
}
