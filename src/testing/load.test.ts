import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isLibraryModule } from '../project/library-modules.ts'
import { temporaryProject } from '../project/project.fixture.ts'
import { readLibraryFiles } from '../vm/lua/library-bundle.ts'
import { createTestNetwork } from './test-network.ts'
import type { TestNetwork, TestProcess, TestResult } from './types.ts'

/** What a bundled project does in a real process. */

type Files = Readonly<Record<string, string>>

let loom: TestNetwork
let shared: TestProcess
beforeAll(async () => {
  loom = await createTestNetwork()
  shared = await loom.spawn()
})
afterAll(() => loom.close())

/** Loads `main.lua` of a project into a process that other cases use too. */
function load(files: Files, process: TestProcess = shared): Promise<TestResult> {
  return process.load(join(temporaryProject(files), 'main.lua'))
}

/** What the process says against a project. */
async function errorOf(files: Files): Promise<string> {
  const problem = await load(files).then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(problem).toMatchObject({ code: 'TESTING_EVAL_FAILED' })
  return (problem as { info: { error: string } }).info.error
}

describe('load', () => {
  test('gives what the main file returns', async () => {
    expect((await load({ 'main.lua': 'return 6 * 7' })).output).toBe('42')
    expect((await load({ 'main.lua': 'local a = require("a") return a', 'a.lua': 'return "from a"' })).output).toBe(
      'from a',
    )
  })

  test('takes a file that is an expression for its value, as Eval does', async () => {
    expect((await load({ 'main.lua': '1 + 1' })).output).toBe('2')
    expect((await load({ 'main.lua': 'require("a") .. "!"', 'a.lua': 'return "from a"' })).output).toBe('from a!')
  })

  test('takes a URL, and a path from the working directory', async () => {
    const directory = temporaryProject({ 'main.lua': 'return "here"' })
    expect((await shared.load(pathToFileURL(join(directory, 'main.lua')))).output).toBe('here')
    await expect(shared.load('src/testing/nothing.lua')).rejects.toMatchObject({ code: 'PROJECT_FILE_UNREADABLE' })
  })

  test('runs a module once, when it is first required, by whatever names', async () => {
    const { output } = await load({
      'main.lua': `Runs = 0
        local before = Runs
        local a, again, other = require("lib.a"), require("lib/a"), require("./lib.a")
        return table.concat({ before, Runs, tostring(a == again and a == other) }, " ")`,
      'lib/a.lua': 'Runs = Runs + 1 return {}',
      'lib/unused.lua': 'Runs = 100',
    })
    expect(output).toBe('0 1 true')
  })

  test('leaves the modules for code that requires them later', async () => {
    await load({ 'main.lua': 'function later() return require("late") end', 'late.lua': 'return "was late"' })
    expect(await shared.state('later() .. require("late")')).toEqual('was latewas late')
  })

  test('leaves the modules of the process to the process', async () => {
    const process = await loom.spawn({ code: 'package.loaded["mine"] = { name = "from before" }' })
    const main = 'return require("mine").name .. require("json").encode({ 1 }) .. tostring(require(".utils") ~= nil)'
    expect((await load({ 'main.lua': main }, process)).output).toBe('from before[1]true')
  })

  test('takes effect again, modules too, and globals stay', async () => {
    const process = await loom.spawn()
    const main = 'Count = (Count or 0) + 1 return require("a") .. Count'
    expect((await load({ 'main.lua': main, 'a.lua': 'return "old"' }, process)).output).toBe('old1')
    expect((await load({ 'main.lua': main, 'a.lua': 'return "new"' }, process)).output).toBe('new2')
  })
})

describe('errors name file and line', () => {
  test('when a file does not compile, and nothing has run', async () => {
    const files = { 'main.lua': 'Touched = true\nrequire("lib.a")', 'lib/a.lua': 'local a\n\nlocal = 1' }
    expect(await errorOf(files)).toMatch(/^lib\/a\.lua:3: <name> expected near '='/)
    expect(await errorOf({ 'main.lua': 'local a = 1\nthis is not Lua' })).toMatch(
      /^main\.lua:2: syntax error near 'is'/,
    )
    expect(await shared.state('Touched')).toBeUndefined()
  })

  test('when a file fails while it is loaded', async () => {
    const files = { 'main.lua': 'require("lib.a")', 'lib/a.lua': '\nlocal t = nil\nreturn t.x' }
    expect(await errorOf(files)).toContain("lib/a.lua:3: attempt to index a nil value (local 't')")
    expect(await errorOf({ 'main.lua': '\n\nerror("main")' })).toContain('main.lua:3: main')
  })

  test('when a handler fails later', async () => {
    const process = await loom.spawn()
    const files = {
      'main.lua': 'local a = require("lib.a")\nHandlers.add("Go", "Go", function(msg) a.go() end)',
      'lib/a.lua': 'local a = {}\nfunction a.go()\n  error("gone")\nend\nreturn a',
    }
    await load(files, process)
    const { error } = await process.send({ action: 'Go' })
    expect(error).toContain('lib/a.lua:3: gone')
    // The trace shows who called it.
    expect(error).toContain('main.lua:2:')
  })

  test('of a module that nobody has', async () => {
    expect(await errorOf({ 'main.lua': '\nrequire("nowhere")' })).toContain("main.lua:2: module 'nowhere' not found")
  })

  test.each([
    ['a line end first', '\n\nerror("x")', 3],
    ['Windows line ends', 'local a = 1\r\n\r\nerror("x")\r\n', 3],
    ['old line ends', '\rlocal a = 1\rerror("x")', 3],
    ['a byte order mark', '\ufeff\nerror("x")', 2],
    ['a first line for the shell', '#!/usr/bin/env lua\nerror("x")', 2],
    ['both', '\ufeff#!/usr/bin/env lua\r\nerror("x")', 2],
  ])('in a file with %s', async (_title, source, line) => {
    expect(await errorOf({ 'main.lua': source })).toContain(`main.lua:${line}: x`)
    expect(await errorOf({ 'main.lua': 'require("a")', 'a.lua': source })).toContain(`a.lua:${line}: x`)
  })

  test('with the end of a path that is longer than Lua shows', async () => {
    const name = `${'long/'.repeat(20)}a`
    const shown = await errorOf({ 'main.lua': `require("${name}")`, [`${name}.lua`]: 'error("x")' })
    expect(shown).toMatch(/\.\.\.[long/]+long\/a\.lua:1: x/)
  })
})

describe('modules that require each other', () => {
  test('are fine inside functions', async () => {
    const { output } = await load({
      'main.lua': 'return require("even")(10)',
      'even.lua': 'return function(n) return n == 0 or require("odd")(n - 1) end',
      'odd.lua': 'local even = require("even") return function(n) return n ~= 0 and even(n - 1) end',
    })
    expect(output).toBe('true')
  })

  test.each([
    [
      'while they are loaded',
      { 'a.lua': '\nlocal b = require("b") return {}', 'b.lua': '\n\nlocal a = require("a") return {}' },
    ],
    ['in their last word', { 'a.lua': '\nreturn require("b")', 'b.lua': '\n\nreturn require("a")' }],
    ['by another name', { 'a.lua': 'local b = require("b")', 'b.lua': '\n\nlocal a = require("./a")' }],
  ])('%s are told where', async (_title, files) => {
    const error = await errorOf({ 'main.lua': 'require("a")', ...files })
    expect(error).toMatch(
      /(b\.lua:3: )?a cycle: a\.lua is still being loaded; require it inside the function that uses it/,
    )
    if (!files['b.lua'].includes('./a')) expect(error).toContain('b.lua:3: a cycle')
  })

  test('can be loaded after a failure was caught', async () => {
    const { output } = await load({
      'main.lua':
        'Ready = false local ok = pcall(require, "a") Ready = true return require("a") .. tostring(ok) or require("a")',
      'a.lua': 'if not Ready then error("not yet") end return "now "',
    })
    expect(output).toBe('now false')
  })
})

describe('text arrives as it is', () => {
  test.each([
    ['long brackets', 'return [[a]] .. [=[b]=] .. [==[c]==]', 'abc'],
    ['a comment with brackets', '--[[ ]=] ]]\nreturn "x" --]=]', 'x'],
    ['an index that closes', 'local t, i = { 5 }, { 1 } return t[i[1]]', '5'],
    ['the start of a closing bracket at its end', 'local t = { x = 1 } return "]=]" --]', ']=]'],
    ['quotes and backslashes', String.raw`return "\"\\" .. '\''`, `"\\'`],
    ['text outside ASCII', 'return "ä€😀"', 'ä€😀'],
    ['a zero', 'return #"\u0000\u0000"', '2'],
  ])('%s', async (_title, source, expected) => {
    expect((await load({ 'main.lua': source })).output).toBe(expected)
    expect((await load({ 'main.lua': 'return require("a")', 'a.lua': source })).output).toBe(expected)
  })

  test('also the names of files', async () => {
    const name = 'a "quoted" näme'
    expect(await errorOf({ 'main.lua': `require('${name}')`, [`${name}.lua`]: 'error("x")' })).toContain(
      `${name}.lua:1: x`,
    )
  })
})

describe('spawn', () => {
  test('loads blueprints in their order, then the file, then the code', async () => {
    const file = join(temporaryProject({ 'main.lua': 'Order = { type(Members), Handlers.list[1].name }' }), 'main.lua')
    const process = await loom.spawn({ blueprints: ['chatroom'], file, code: 'table.insert(Order, "code")' })
    expect(await process.state('Order')).toEqual(['table', expect.any(String), 'code'])
    await expect(loom.spawn({ blueprints: ['nothing'] })).rejects.toMatchObject({ code: 'PROJECT_BLUEPRINT_UNKNOWN' })
  })
})

test('the bundler knows the modules of the process library', async () => {
  const names = ['ao', ...readLibraryFiles().map(({ name }) => name.replace(/\.init$/, ''))]
  const found = (await shared.state(
    `(function() local found = {} for name in ("${names.join(' ')}"):gmatch("%S+") do
       if pcall(require, name) then found[#found + 1] = name end
     end return found end)()`,
  )) as string[]
  const expected = names.filter(isLibraryModule)
  expect(found.sort()).toEqual(expected.sort())
  expect(found).toContain('json')
})
