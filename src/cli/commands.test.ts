import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateRsaJwk } from '../protocol/rsa-key.fixture.ts'
import { type Finished, type RunningNode, runCli, startNode, temporaryDirectory } from './cli.fixture.ts'

/** The commands that people use without a script, each as the real program. */

let directory: ReturnType<typeof temporaryDirectory>
let node: RunningNode
let processId: string
beforeAll(async () => {
  directory = temporaryDirectory()
  node = await startNode([], { cwd: directory.path })
  writeFileSync(join(directory.path, 'code.lua'), code)
  const { stdout } = await loom('spawn', '--name', 'tester', '--load', 'code.lua', '--json')
  processId = (JSON.parse(stdout) as { processId: string }).processId
})
afterAll(async () => {
  await node.stop('SIGKILL')
  directory.remove()
})

const code = `
  Count = 0
  Handlers.add('Count', 'Count', function(msg) Count = Count + tonumber(msg.By or '1') msg.reply({ Data = tostring(Count) }) end)
  Handlers.add('Fail', 'Fail', function(msg) error('as asked') end)
  Handlers.add('Data', 'Data', function(msg) print(#msg.Data .. ' bytes: ' .. msg.Data) end)
  return 'loaded'
`

const loom = (...args: readonly string[]): Promise<Finished> =>
  runCli([...args, '--url', node.url], { cwd: directory.path })

test('spawn prints the process, and what the code returned', async () => {
  const {
    code: ended,
    stdout,
    stderr,
  } = await loom('spawn', '--name', 'shop', '--tag', 'App=a=b', '--load', 'code.lua')
  expect({ ended, stderr }).toEqual({ ended: 0, stderr: '' })
  const id = /^process ([A-Za-z0-9_-]{43})$/m.exec(stdout)?.[1]
  expect(stdout).toContain('loaded code.lua')
  const response = await fetch(`${node.url}/${id}`)
  expect(response.headers.get('name')).toBe('shop')
  expect(response.headers.get('app')).toBe('a=b')
  expect(response.headers.get('authority')).toBe(response.headers.get('scheduler'))
})

test('send prints what the process answered', async () => {
  const { code: ended, stdout } = await loom('send', processId, '--action', 'Count', '--tag', 'By=5')
  expect(ended).toBe(0)
  expect(stdout).toMatch(/^message [A-Za-z0-9_-]{43}$/m)
  expect(stdout).toContain('1 message sent')
  expect(stdout).toMatch(/^ +5$/m)
})

test('data may be text or a file', async () => {
  expect((await loom('send', processId, '--action', 'Data', '--data', 'some text')).stdout).toContain(
    '9 bytes: some text',
  )
  writeFileSync(join(directory.path, 'data.txt'), 'from a file')
  expect((await loom('send', processId, '--action', 'Data', '--data', '@data.txt')).stdout).toContain(
    '11 bytes: from a file',
  )
  expect(await loom('send', processId, '--data', '@missing')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('missing cannot be read'),
  })
})

test('eval prints what the code returns and prints', async () => {
  expect(await loom('eval', processId, 'return 6 * 7')).toEqual({ code: 0, stdout: '42\n', stderr: '' })
  writeFileSync(join(directory.path, 'hello.lua'), 'print("hello")')
  expect((await loom('eval', processId, '@hello.lua')).stdout).toContain('hello')
})

describe('code from files', () => {
  /** A folder with a project of two files. */
  function writeProject(name: string, main: string, module: string): void {
    mkdirSync(join(directory.path, name, 'lib'), { recursive: true })
    writeFileSync(join(directory.path, name, 'main.lua'), main)
    writeFileSync(join(directory.path, name, 'lib/part.lua'), module)
  }

  test('takes with it the files that are required', async () => {
    writeProject('two', 'return require("lib.part") .. " " .. require("json").encode({ 1 })', 'return "from the part"')
    expect(await loom('eval', processId, '@two/main.lua')).toEqual({
      code: 0,
      stdout: 'from the part [1]\n',
      stderr: '',
    })
    const spawned = await loom('spawn', '--load', 'two/main.lua')
    expect(spawned).toMatchObject({ code: 0, stderr: '' })
    expect(spawned.stdout).toMatch(/loaded two\/main\.lua, with lib\/part\.lua\nfrom the part \[1\]\n$/)
  })

  test('warns of what only the process can have', async () => {
    writeProject('open', '\nrequire("lib.part")', 'pcall(function() require("else.where") end) return 1')
    const { code: ended, stderr } = await loom('eval', processId, '@open/main.lua')
    expect(ended).toBe(0)
    expect(stderr).toBe(
      'warning: lib/part.lua:1 requires "else.where", which is neither a file here nor in the process library.\n',
    )
  })

  test('fails with the name of the file and the line', async () => {
    writeProject('failing', 'require("lib.part")', '\nerror("as asked")')
    const evaluated = await loom('eval', processId, '@failing/main.lua')
    expect(evaluated).toMatchObject({ code: 1, stderr: expect.stringContaining('lib/part.lua:2: as asked') })
    writeProject('broken', 'require("lib.part")', '\n\nlocal = 1')
    const broken = await loom('spawn', '--load', 'broken/main.lua', '--load', 'two/main.lua')
    expect(broken).toMatchObject({ code: 1, stdout: expect.not.stringContaining('loaded') })
    expect(broken.stderr).toMatch(
      /^broken\/main\.lua, with lib\/part\.lua cannot be loaded\.\nThe message failed:\nlib\/part\.lua:3: <name> expected near '='/,
    )
  })

  test('is read before there is a process', async () => {
    const { code: ended, stdout, stderr } = await loom('spawn', '--load', 'missing.lua')
    expect({ ended, stdout }).toEqual({ ended: 1, stdout: '' })
    expect(stderr).toContain('The file missing.lua cannot be read')
  })
})

describe('blueprints', () => {
  test('are listed and shown', async () => {
    const { stdout } = await runCli(['blueprint', 'list'])
    expect(stdout).toMatch(/^chatroom +A chat room: .*\.$/m)
    expect(JSON.parse((await runCli(['blueprint', 'list', '--json'])).stdout)).toContainEqual({
      name: 'chatroom',
      summary: expect.stringMatching(/^A chat room: .*\.$/),
    })
    const file = readFileSync(new URL('../../lua/blueprints/chatroom.lua', import.meta.url), 'utf8')
    expect((await runCli(['blueprint', 'show', 'chatroom'])).stdout).toBe(file)
  })

  test('are loaded in the order of the command line, files between them', async () => {
    for (const name of ['first', 'last']) {
      const text = `Order = Order or {} Order[#Order + 1] = "${name}, Members is a " .. type(Members)`
      writeFileSync(join(directory.path, `${name}.lua`), text)
    }
    const args = ['--load', 'first.lua', '--blueprint', 'chatroom', '--load', 'last.lua', '--json']
    const { code: ended, stdout } = await loom('spawn', ...args)
    const spawned = JSON.parse(stdout) as { processId: string; loaded: { messageId: string; result: object }[] }
    expect({ ended, count: spawned.loaded.length }).toEqual({ ended: 0, count: 3 })
    const order = await loom('eval', spawned.processId, 'return table.concat(Order, "; ")')
    expect(order.stdout).toBe('first, Members is a nil; last, Members is a table\n')
  })

  test('are loaded into a process that is there', async () => {
    const { processId: id } = JSON.parse((await loom('spawn', '--json')).stdout) as { processId: string }
    expect(await loom('eval', id, '--blueprint', 'chatroom')).toMatchObject({ code: 0, stderr: '' })
    expect((await loom('send', id, '--action', 'Register')).stdout).toContain('1 message sent')
  })

  test.each([
    { args: ['spawn', '--blueprint', 'chat-room'] },
    { args: ['eval', 'A'.repeat(43), '--blueprint', 'chat-room'] },
    { args: ['blueprint', 'show', '../library/main'] },
  ])('$args: an unknown name lists those that there are', async ({ args }) => {
    const { code: ended, stdout, stderr } = await runCli(args, { cwd: directory.path })
    expect({ ended, stdout }).toEqual({ ended: 1, stdout: '' })
    expect(stderr).toMatch(/^error: There is no blueprint "\S+"\. There are: .*chatroom.*\.\n$/)
  })

  test.each([{ args: [] }, { args: ['return 1', '--blueprint', 'chatroom'] }])(
    'eval takes code or a blueprint: $args',
    async ({ args }) => {
      const { code: ended, stdout, stderr } = await loom('eval', processId, ...args)
      expect({ ended, stdout }).toEqual({ ended: 1, stdout: '' })
      expect(stderr).toContain('error: give Lua code, or @ and the path of a file, or --blueprint <name>')
    },
  )
})

test('result prints the result of a message again', async () => {
  const sent = JSON.parse((await loom('send', processId, '--action', 'Count', '--json')).stdout) as {
    messageId: string
    result: object
  }
  const { stdout } = await loom('result', processId, sent.messageId, '--json')
  expect(JSON.parse(stdout)).toEqual({ messageId: sent.messageId, processId, result: sent.result })
  expect((await loom('result', processId, processId)).code).toBe(0)
})

test('dryrun answers, and changes nothing', async () => {
  const ask = (): Promise<Finished> => loom('dryrun', processId, '--action', 'Count', '--tag', 'By=100')
  const first = await ask()
  expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('1 message sent') })
  expect(await ask()).toEqual(first)
})

describe('a message that fails makes the command end with 1', () => {
  test.each([
    { args: ['send', '--action', 'Fail'] },
    { args: ['dryrun', '--action', 'Fail'] },
    { args: ['eval', 'error("as asked")'] },
  ])('$args', async ({ args: [command = '', ...rest] }) => {
    const people = await loom(command, processId, ...rest)
    expect(people.code).toBe(1)
    expect(people.stderr).toMatch(/^The message failed:\n\S[\s\S]*as asked/)
    const script = await loom(command, processId, ...rest, '--json')
    expect(script).toMatchObject({ code: 1, stderr: '' })
    expect((JSON.parse(script.stdout) as { result: { Error: string } }).result.Error).toContain('as asked')
  })
})

test('an id that begins with a dash is an id', async () => {
  const id = `-${'A'.repeat(42)}`
  const { code: ended, stderr } = await loom('send', id, '--action', 'x')
  expect(ended).toBe(1)
  expect(stderr).toContain(`Process ${id} is not scheduled here`)
  const evaluated = await loom('eval', id, 'return 1')
  expect(evaluated.stderr).toContain(`Process ${id} is not`)
})

describe('who signs', () => {
  test('--wallet names another wallet, which is another sender', async () => {
    const path = join(directory.path, 'mine.json')
    writeFileSync(path, JSON.stringify(generateRsaJwk()))
    const own = JSON.parse((await loom('spawn', '--wallet', path, '--json')).stdout) as { processId: string }
    expect((await loom('eval', own.processId, 'return 1', '--wallet', path)).stdout).toBe('1\n')
    // Eval is for the owner alone, and the first development wallet is not that.
    expect((await loom('eval', own.processId, 'return "mine"')).stdout).not.toContain('mine')
  })

  test.each([
    { name: 'no wallet anywhere', args: ['--data-dir', 'elsewhere'], text: 'no development wallet in elsewhere' },
    { name: 'no such file', args: ['--wallet', 'nobody.json'], text: 'nobody.json cannot be used' },
    { name: 'a file that is no wallet', args: ['--wallet', 'code.lua'], text: 'it is not JSON' },
  ])('$name', async ({ args, text }) => {
    const { code: ended, stderr } = await loom('send', processId, ...args)
    expect(ended).toBe(1)
    expect(stderr).toContain(text)
    expect(stderr).not.toContain('    at ')
  })
})

describe('what cannot be', () => {
  test.each([
    { name: 'an id that is none', args: ['send', 'short'], text: '"short" is not an id' },
    { name: 'a tag without a value', args: ['send', 'x', '--tag', 'Name'], text: 'Name=Value' },
    { name: 'a missing argument', args: ['eval'], text: "missing required argument 'process'" },
    { name: 'an unknown command', args: ['fly'], text: 'fly' },
    { name: 'a message that is not there', args: ['result', '', 'A'.repeat(43)], text: '404' },
  ])('$name', async ({ args, text }) => {
    const { code: ended, stderr } = await runCli(
      [...args.map((argument) => argument || processId), ...(args[0] === 'fly' ? [] : ['--url', node.url])],
      { cwd: directory.path },
    )
    expect(ended).toBe(1)
    expect(stderr).toContain(text)
  })

  test.each(['spawn', 'send', 'eval', 'result', 'dryrun', 'env'])(
    '%s without a node says how to start one',
    async (command) => {
      const args = { send: [processId], dryrun: [processId], eval: [processId, 'x'], result: [processId, processId] }[
        command
      ]
      const url = `http://127.0.0.1:${await closedPort()}`
      const { code: ended, stderr } = await runCli([command, ...(args ?? []), '--url', url], {
        cwd: directory.path,
      })
      expect(ended).toBe(1)
      expect(stderr).toContain(`No node answers at ${url} (ECONNREFUSED)`)
      expect(stderr).toContain('loom start')
    },
  )
})

test.each(['start', 'env', 'init', 'spawn', 'send', 'eval', 'result', 'dryrun', 'blueprint'])(
  '%s --help has examples',
  async (command) => {
    const { code: ended, stdout } = await runCli([command, '--help'])
    expect(ended).toBe(0)
    expect(stdout).toContain('Examples:')
    expect(stdout).toContain(`loom ${command}`)
  },
)

/** A port that was free a moment ago. */
function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
