import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Finished, type RunningNode, runCli, startNode, temporaryDirectory } from '../cli.fixture.ts'

/** The commands around histories, each as the real program, on the directory of a real node. */

let directory: ReturnType<typeof temporaryDirectory>
let node: RunningNode | undefined
let processId: string
/** Made while the node was running. */
let live: { readonly exported: Finished; readonly certified: Finished; readonly locked: Finished }

const loom = (...args: readonly string[]): Promise<Finished> => runCli(args, { cwd: directory.path })
const path = (name: string): string => join(directory.path, name)

beforeAll(async () => {
  directory = temporaryDirectory()
  node = await startNode([], { cwd: directory.path })
  const url = ['--url', node.url]
  const code =
    'Count = 0 Handlers.add("Add", "Add", function(msg) Count = Count + 1 msg.reply({ Data = tostring(Count) }) end)'
  const spawned = await loom('spawn', '--json', ...url)
  processId = (JSON.parse(spawned.stdout) as { processId: string }).processId
  await loom('eval', processId, code, ...url)
  for (let i = 0; i < 3; i++) await loom('send', processId, '--action', 'Add', ...url)
  live = {
    exported: await loom('export', processId, '-o', 'live.loom', '--json', ...url),
    certified: await loom('certify', processId, '--at', '3', '-o', 'live.certificate', ...url),
    locked: await loom('replay', processId, '--verify'),
  }
  await node.stop()
  node = undefined
}, 120_000)
afterAll(async () => {
  await node?.stop('SIGKILL')
  directory.remove()
})

/** Takes a gas unit more for what an entry used. */
function falsifyResult(dataDirectory: string, nonce: number): void {
  const database = new DatabaseSync(path(join(dataDirectory, 'loom.sqlite')))
  expect(database.prepare('UPDATE results SET gas_used = gas_used + 1 WHERE nonce = ?').run(nonce).changes).toBe(1)
  database.close()
}

describe('of a node that is running', () => {
  test('export and certify go over HTTP', () => {
    expect(live.exported).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(live.exported.stdout)).toMatchObject({ file: 'live.loom', processId, lastNonce: 4 })
    expect(live.certified).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('after nonce 3') })
  })

  test('replay says what to do', () => {
    expect(live.locked).toMatchObject({ code: 1, stdout: '' })
    expect(live.locked.stderr).toMatch(/^error: A node \(process \d+\) has \.loom open[\s\S]*loom[\s\S]* verify --log/)
    expect(live.locked.stderr).not.toContain('    at ')
  })
})

describe('of a node that is not running', () => {
  test('export gives the same bytes, from the directory', async () => {
    expect(await loom('export', processId)).toMatchObject({ code: 0, stderr: '' })
    expect(readFileSync(path(`${processId}.loom`))).toEqual(readFileSync(path('live.loom')))
    await loom('export', processId, '--to', '2', '-o', 'short.loom')
    expect(readFileSync(path('short.loom')).length).toBeLessThan(readFileSync(path('live.loom')).length)
  })

  test('replay gives the state, and with --verify compares', async () => {
    const state = /^state +([0-9a-f]{64})$/m
    const plain = await loom('replay', processId)
    const verified = await loom('replay', processId, '--verify')
    expect([plain.code, verified.code]).toEqual([0, 0])
    expect(state.exec(plain.stdout)?.[1]).toBe(state.exec(verified.stdout)?.[1])
    expect(verified.stdout).toContain('the same   log from nonce 0; 5 results, 0 of them with Error; outbox')
    const part = await loom(
      'replay',
      processId,
      '--verify',
      '--from',
      '3',
      '--to',
      '3',
      '--trust-checkpoints',
      '--json',
    )
    expect(JSON.parse(part.stdout)).toMatchObject({ ok: true, comparedCount: 1, lastNonce: 3 })
  })

  test('replay ends with 1 at the first difference and names it', async () => {
    await loom('import', 'live.loom', '--data-dir', 'false')
    falsifyResult('false', 4)
    falsifyResult('false', 2)
    const people = await loom('replay', processId, '--verify', '--data-dir', 'false')
    expect(people).toMatchObject({ code: 1, stdout: '' })
    expect(people.stderr).toMatch(/differs at nonce 2, and not before it:\n {2}gas: expected \d+, got \d+\n$/)
    const script = await loom('replay', processId, '--verify', '--data-dir', 'false', '--json')
    expect(script).toMatchObject({ code: 1, stderr: '' })
    expect(JSON.parse(script.stdout)).toMatchObject({ ok: false, processId, nonce: 2, differences: [{ what: 'gas' }] })
    expect((await loom('certify', processId, '--data-dir', 'false')).code).toBe(1)
  })
})

describe('on another machine', () => {
  test('verify proves the certificate and says what it does not prove', async () => {
    const { code, stdout, stderr } = await loom('verify', 'live.certificate', '--log', 'live.loom')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^The certificate holds\. Node [A-Za-z0-9_-]{43} signed it/)
    expect(stdout).toMatch(/\nProven\n {2}- [\s\S]+\nNot proven\n {2}- /)
    const json = JSON.parse((await loom('verify', 'live.certificate', '--log', 'live.loom', '--json')).stdout)
    expect(json).toMatchObject({ ok: true, processId, nonce: 3, certificate: { process: processId, nonce: 3 } })
    expect(await loom('verify', '--log', 'live.loom')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('The export is sound.'),
    })
  })

  test('verify ends with 1 when certificate or export were changed', async () => {
    for (const name of ['live.certificate', 'live.loom']) {
      const bytes = readFileSync(path(name))
      bytes[bytes.length - 40] = (bytes.at(-40) ?? 0) ^ 1
      writeFileSync(path(`changed-${name}`), bytes)
    }
    for (const args of [
      ['changed-live.certificate', '--log', 'live.loom'],
      ['live.certificate', '--log', 'changed-live.loom'],
      ['live.certificate', '--log', 'short.loom'],
    ]) {
      const { code, stdout, stderr } = await loom('verify', ...args)
      expect({ args, code, stdout }).toEqual({ args, code: 1, stdout: '' })
      expect(stderr).toMatch(/^error: /)
      expect(stderr).not.toContain('    at ')
    }
  })

  test('import brings the process, to read, and once', async () => {
    const first = await loom('import', 'live.loom', '--data-dir', 'other')
    expect(first).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('5 entries and 5 results are new'),
    })
    expect(first.stdout).toMatch(/To read: its scheduler is \S{43}, and this node is \S{43}/)
    const again = await loom('import', 'live.loom', '--data-dir', 'other', '--json')
    expect(JSON.parse(again.stdout)).toMatchObject({ entryCount: 0, resultCount: 0, readOnly: true })
    const replayed = await loom('replay', processId, '--verify', '--data-dir', 'other')
    expect(replayed).toMatchObject({ code: 0, stdout: expect.stringContaining('not compared: outbox') })
    const other = await startNode(['--data', 'other'], { cwd: directory.path })
    try {
      const locked = await loom('import', 'live.loom', '--data-dir', 'other')
      expect(locked).toMatchObject({ code: 1, stderr: expect.stringContaining('Stop the node. Then import again.') })
      const dryrun = await loom('dryrun', processId, '--action', 'Add', '--url', other.url)
      expect(dryrun).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ +4$/m) })
      const exported = await loom('export', processId, '-o', 'back.loom', '--url', other.url)
      expect(exported.code).toBe(0)
      expect(readFileSync(path('back.loom'))).toEqual(readFileSync(path('live.loom')))
    } finally {
      await other.stop()
    }
  })
})

describe('what cannot be done says why', () => {
  test.each([
    { args: ['export', 'abc'], text: 'is not an id' },
    { args: ['export', 'A'.repeat(43)], text: 'is not here' },
    { args: ['export', 'A'.repeat(43), '--data-dir', 'nowhere'], text: 'There is no data of a node in nowhere' },
    { args: ['export', 'A'.repeat(43), '--url', 'http://127.0.0.1:1'], text: 'No node answers at http://127.0.0.1:1' },
    { args: ['replay', 'A'.repeat(43), '--data-dir', 'nowhere'], text: 'There is no data of a node in nowhere' },
    { args: ['replay', 'A'.repeat(43), '--from', 'x'], text: 'Give a nonce' },
    { args: ['certify', 'A'.repeat(43), '--data-dir', 'nowhere'], text: 'There is no data of a node in nowhere' },
    { args: ['import', 'nothing.loom'], text: 'nothing.loom cannot be read' },
    { args: ['import', 'live.certificate', '--data-dir', 'fresh'], text: 'not a whole and unchanged export' },
    { args: ['verify', 'live.loom', '--log', 'live.loom'], text: 'not a certificate that can be trusted' },
    { args: ['verify', 'live.certificate'], text: '--log' },
  ])('$args', async ({ args, text }) => {
    const { code, stdout, stderr } = await loom(...args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(text)
    expect(stderr).not.toContain('    at ')
    expect(existsSync(path('nowhere'))).toBe(false)
  })

  test('and leaves no part of a file', async () => {
    const { code, stderr } = await loom('export', processId, '-o', 'missing/there.loom')
    expect({ code, ends: stderr.includes('cannot be written') }).toEqual({ code: 1, ends: true })
    await loom('export', 'A'.repeat(43), '-o', 'none.loom')
    expect(readdirSync(directory.path).filter((name) => name.includes('none') || name.endsWith('.partial'))).toEqual([])
  })
})
