import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ProcessId } from '../protocol/ids.ts'
import { createNetwork } from './network.ts'
import { evaluate, send, spawnProcess, testWallet } from './test-items.ts'
import type { Logger, Network, NetworkOptions } from './types.ts'

const alice = testWallet('alice')
const heavy = 'local s = 0 for i = 1, 2000000 do s = s + i end'
/** Global state, a closure and a suspended coroutine: all of it must come back. */
const code = `
  Count = Count or 0
  local hidden = 0
  Handlers.add("Add", "Add", function(msg) Count = Count + 1 hidden = hidden + 2 msg.reply({ Data = Count .. "/" .. hidden }) end)
  Handlers.add("Wait", "Wait", function() Heard = Receive({ Action = "Wake" }).Data end)
`

let directory: string
let warnings: string[]
let network: Network
let processId: ProcessId

const log: Logger = {
  debug() {},
  info() {},
  warn: (_values, text) => warnings.push(text),
  error: (_values, text) => warnings.push(text),
}

async function open(options: NetworkOptions = {}): Promise<void> {
  network = await createNetwork({ dataDirectory: directory, log, ...options })
}

async function reopen(): Promise<void> {
  await network.close()
  await open()
}

/** Changes what is in the second file of the store, while nobody has it open. */
async function damagePages(sql: string): Promise<void> {
  await network.close()
  const database = new DatabaseSync(join(directory, 'pages.sqlite'))
  database.exec(sql)
  database.close()
  await open()
}

const add = async (): Promise<unknown> => (await send(network, alice, processId, { Action: 'Add' })).Messages[0]?.Data

beforeEach(async () => {
  warnings = []
  directory = mkdtempSync(join(tmpdir(), 'loom-snapshots-'))
  await open()
  processId = await spawnProcess(network, alice, code)
  for (let i = 0; i < 3; i++) await add()
  await send(network, alice, processId, { Action: 'Wait' })
  // Enough work that a snapshot is worth its while.
  await evaluate(network, alice, processId, heavy)
})
afterEach(async () => {
  await network.close()
  rmSync(directory, { recursive: true })
})

/** The state hash of the same log without any snapshot. */
async function hashFromLog(): Promise<string> {
  await network.close()
  const copy = `${directory}-copy`
  cpSync(directory, copy, { recursive: true })
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(copy, `pages.sqlite${suffix}`), { force: true })
  const other = await createNetwork({ dataDirectory: copy })
  const hash = await other.stateHash(processId)
  await other.close()
  rmSync(copy, { recursive: true })
  await open()
  return hash
}

describe('a process that comes back from a snapshot', () => {
  test('is in the state that its log gives, with closures and waiting coroutines', async () => {
    const before = await network.stateHash(processId)
    await reopen()
    expect(await network.stateHash(processId)).toBe(before)
    expect(await add()).toBe('4/8')
    await send(network, alice, processId, { Action: 'Wake' }, 'awake')
    expect(await evaluate(network, alice, processId, 'Heard')).toBe('awake')
    const after = await network.stateHash(processId)
    expect(await hashFromLog()).toBe(after)
  })

  test('evaluates what came after the snapshot', async () => {
    await reopen()
    for (let i = 4; i < 7; i++) await add()
    const before = await network.stateHash(processId)
    await reopen()
    expect(await network.stateHash(processId)).toBe(before)
    expect(await add()).toBe('7/14')
  })

  test.each([
    [
      'a page is gone',
      'DELETE FROM pages WHERE rowid IN (SELECT rowid FROM pages ORDER BY length(bytes) DESC LIMIT 1)',
    ],
    ['all pages are gone', 'DELETE FROM pages'],
    ['pages are damaged', 'UPDATE pages SET bytes = zeroblob(length(bytes))'],
  ])('falls back to the log when %s', async (_what, sql) => {
    const before = await network.stateHash(processId)
    await damagePages(sql)
    expect(await network.stateHash(processId)).toBe(before)
    expect(warnings).toContain('snapshot not used')
    expect(await add()).toBe('4/8')
  })
})

test('processes beyond the memory for hot ones are freed, and come back as they were', async () => {
  await network.close()
  await open({ hotMemoryBytes: 8 * 1_024 * 1_024 })
  const processes = [processId]
  for (let i = 0; i < 6; i++) processes.push(await spawnProcess(network, alice, `${code} Count = ${i}`))
  for (let round = 1; round <= 3; round++) {
    for (const [i, id] of processes.entries()) {
      const start = i === 0 ? 3 : i - 1
      const { Messages } = await send(network, alice, id, { Action: 'Add' })
      expect(Messages[0]?.Data).toBe(`${start + round}/${(i === 0 ? 6 : 0) + 2 * round}`)
    }
  }
  expect(warnings).toEqual([])
})
