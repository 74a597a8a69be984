import { describe, expect, test } from 'vitest'
import AoLoader, * as loader from './loader.ts'
import { environment, evalMessage, message, owner, processId, processMessage, tagList } from './messages.fixture.ts'
import type { AoHandle, AoLoaderOptions, AoResult } from './types.ts'

/** A handle whose process has had its own message. */
async function start(options?: AoLoaderOptions): Promise<{ handle: AoHandle; memory: unknown }> {
  const handle = await AoLoader(null, options)
  const { Memory } = await handle(null, processMessage, environment)
  return { handle, memory: Memory }
}

const evaluate = (handle: AoHandle, memory: unknown, code: string): Promise<AoResult> =>
  handle(memory, evalMessage(code), environment)

/** What code prints in a state, which stays as it is. */
async function read(handle: AoHandle, memory: unknown, code: string): Promise<unknown> {
  const { Error: problem, Output } = await evaluate(handle, memory, code)
  expect(problem).toBeUndefined()
  return Output.data
}

async function memoryAfter(handle: AoHandle, memory: unknown, ...steps: readonly string[]): Promise<unknown> {
  let last = memory
  for (const code of steps) {
    const { Error: problem, Memory } = await evaluate(handle, last, code)
    expect(problem).toBeUndefined()
    last = Memory
  }
  return last
}

function withoutMemory({ Memory: _, ...rest }: AoResult): object {
  return rest
}

test('the module exports the function under the names that import and require look for', () => {
  expect(Object.keys(loader).sort()).toEqual(['LoaderError', 'default', 'module.exports'])
  expect(loader['module.exports']).toBe(AoLoader)
})

describe('1.1 the entry point', () => {
  test('a process module that code puts in place answers from the next message on', async () => {
    const { handle, memory } = await start()
    const replace = `package.loaded[".process"] = { handle = function(msg, env)
      return { Output = msg.Data .. env.Process.Id, Patches = { { op = "add" } } }
    end }`
    const { Memory, Output } = await evaluate(handle, memory, replace)
    expect(Output.data).toBe('')
    const answer = await handle(Memory, message({}, { Data: 'own ' }), environment)
    expect(answer).toMatchObject({ Output: `own ${processId}`, Patches: [{ op: 'add' }], Messages: undefined })
  })

  test.each(['nil', '"text"', '7'])('an answer of %s is a result without fields', async (answer) => {
    const { handle } = await start()
    await evaluate(handle, null, `package.loaded[".process"] = { handle = function() return ${answer} end }`)
    expect(withoutMemory(await handle(null, message(), environment))).toEqual({
      Patches: [],
      GasUsed: expect.any(Number),
    })
  })

  test('a global of the name handle is not in the way', async () => {
    const { handle } = await start()
    await evaluate(handle, null, 'handle = function() return "mine" end')
    expect(await read(handle, null, 'return handle()')).toBe('mine')
  })
})

describe('1.2 the call', () => {
  test('a success has every field but Error', async () => {
    const { handle, memory } = await start()
    const code = `Send({ Target = "friend", Data = "hi" })
      Spawn("module", {})
      Assign({ Processes = { "p" }, Message = "m" })`
    const result = await evaluate(handle, memory, code)
    expect(Object.keys(result).sort()).toEqual(
      ['Memory', 'Error', 'Output', 'Messages', 'Spawns', 'Assignments', 'Patches', 'GasUsed'].sort(),
    )
    expect(result).toMatchObject({
      Error: undefined,
      Messages: [{ Target: 'friend', Data: 'hi', Anchor: '1'.padStart(32, '0') }],
      Spawns: [{ Tags: expect.arrayContaining([{ name: 'Module', value: 'module' }]) }],
      Assignments: [{ Processes: ['p'], Message: 'm' }],
      Patches: [],
    })
  })

  test('tags and data keep the types that the process gave them', async () => {
    const { handle, memory } = await start()
    const code =
      'Send({ Target = "t", Data = 5, Count = 7, Flag = true, device = "patch@1.0", cache = { k = { "v" } } })'
    const { Messages } = await evaluate(handle, memory, code)
    expect(Messages[0].Data).toBe(5)
    expect(Messages[0].Tags).toEqual(
      expect.arrayContaining([
        { name: 'Count', value: 7 },
        { name: 'Flag', value: true },
        { name: 'cache', value: { k: ['v'] } },
      ]),
    )
  })

  test('a failure has an Error and a Memory; the other fields are undefined', async () => {
    const { handle, memory } = await start()
    const result = await evaluate(handle, memory, 'error("boom")')
    expect(result.Error).toMatch(/\[string "aos"\]:1: boom/)
    expect(result.Memory).toBeDefined()
    expect(withoutMemory(result)).toEqual({ Error: result.Error, Patches: [], GasUsed: expect.any(Number) })
  })

  test('a snapshot may be used any number of times', async () => {
    const { handle, memory } = await start()
    const one = await memoryAfter(handle, memory, 'N = 1')
    for (let i = 0; i < 3; i++) expect(await read(handle, one, 'N = N + 1 return N')).toBe('2')
  })

  test('branches of a snapshot know nothing of each other, in whatever order they grow', async () => {
    const { handle, memory } = await start()
    const trunk = await memoryAfter(handle, memory, 'Log = "trunk"')
    const add = (name: string) => `Log = Log .. "-${name}"`
    const left = await memoryAfter(handle, trunk, add('left'), add('left'))
    const right = await memoryAfter(handle, trunk, add('right'))
    const leftmost = await memoryAfter(handle, left, add('more'))
    const logs = [trunk, left, right, leftmost].map((each) => read(handle, each, 'return Log'))
    expect(await Promise.all(logs)).toEqual(['trunk', 'trunk-left-left', 'trunk-right', 'trunk-left-left-more'])
  })

  test('a snapshot may be used in another handle, also of other limits, while its own goes on', async () => {
    const { handle, memory } = await start()
    const counted = await memoryAfter(handle, memory, 'N = 1', 'N = N + 1')
    await memoryAfter(handle, counted, 'N = 100')
    const others = [await AoLoader(), await AoLoader(null, { computeLimit: 5_000_000, memoryLimit: 2 ** 22 })]
    for (const other of others) expect(await read(other, counted, 'N = N + 1 return N')).toBe('3')
    expect(await read(handle, null, 'return N')).toBe('100')
  })

  test('null is a fresh process in each new handle', async () => {
    const { handle } = await start()
    await evaluate(handle, null, 'N = 1')
    const { handle: other } = await start()
    expect(await read(other, null, 'return tostring(N)')).toBe('nil')
  })

  test('null goes on from the call before, wherever that started, and however it ended', async () => {
    const { handle, memory } = await start()
    const one = await memoryAfter(handle, memory, 'N = 1')
    expect(await read(handle, null, 'return N')).toBe('1')
    await memoryAfter(handle, one, 'N = 10', 'N = N + 1')
    await evaluate(handle, one, 'N = N + 1')
    expect(await read(handle, null, 'return N')).toBe('2')
    await evaluate(handle, null, 'N = N + 1 error("boom")')
    expect(await read(handle, undefined, 'return N')).toBe('3')
    const broken = message({ 'Content-Type': 'application/json' }, { Data: 'no JSON', Timestamp: 5 })
    await expect(handle(null, broken, environment)).rejects.toBeTypeOf('string')
    expect(await read(handle, null, 'N = N + 1 return N')).toBe('4')
  })

  test('calls that are not waited for are evaluated in their order', async () => {
    const { handle } = await start()
    const results = await Promise.all(
      ['A = "a"', 'A = A .. "b"', 'return A'].map((code) => evaluate(handle, null, code)),
    )
    expect(results.at(-1)?.Output.data).toBe('ab')
  })

  test('inputs are taken by value: they are not written to, and may change after the call', async () => {
    const { handle, memory } = await start()
    const env = structuredClone(environment) as { Process: { Tags: unknown } }
    const given = message({ Action: 'Eval', lower_case: 'x' }, { Data: 'msg = nil ao.env.Process.Id = "changed"' })
    const [givenBefore, envBefore] = [structuredClone(given), structuredClone(env)]
    const pending = handle(memory, given, env)
    Object.assign(given, { Data: 'N = "late"' })
    env.Process.Tags = undefined
    const { Memory, Error: problem } = await pending
    expect(problem).toBeUndefined()
    expect(await read(handle, Memory, 'return tostring(N) .. ao.env.Process.Id')).toBe(`nil${processId}`)
    const [again, envAgain] = [structuredClone(givenBefore), structuredClone(envBefore)]
    await handle(memory, deepFreeze(again), deepFreeze(envAgain))
    expect([again, envAgain]).toEqual([givenBefore, envBefore])
  })

  test.each([
    { given: new Uint8Array(8), kind: 'Uint8Array' },
    { given: {}, kind: 'Object' },
    { given: 'text', kind: 'String' },
  ])('a value of the kind $kind is no memory', async ({ given, kind }) => {
    const { handle } = await start()
    const call = handle(given, processMessage, environment)
    await expect(call).rejects.toMatchObject({ code: 'LOADER_MEMORY_UNKNOWN', info: { given: kind } })
    await expect(call).rejects.toBeInstanceOf(loader.LoaderError)
  })
})

describe('1.3 the result object', () => {
  test('Output of an Eval has a test text and does not ask to be printed', async () => {
    const { handle, memory } = await start()
    const { Output } = await evaluate(handle, memory, 'print("one") return 2')
    expect(Output).toEqual({ data: 'one\n2', prompt: expect.any(String), test: expect.stringContaining('"one"') })
  })

  test('Output of other messages asks to be printed and has no test text', async () => {
    const { handle, memory } = await start()
    const { Output } = await handle(memory, message({}, { Data: 'ping' }), environment)
    expect(Output).toEqual({ data: expect.stringContaining('ping'), prompt: expect.any(String), print: true })
  })

  test('what was sent before a failure is not returned', async () => {
    const { handle, memory } = await start()
    const { Messages } = await evaluate(handle, memory, 'Send({ Target = "t" }) error("boom")')
    expect(Messages).toBeUndefined()
  })

  test('Error may be another JSON value', async () => {
    const { handle, memory } = await start()
    const { Error: problem } = await evaluate(handle, memory, 'ao.outbox.Error = { code = 7 }')
    expect(problem).toEqual({ code: 7 })
  })
})

describe('1.4 the state', () => {
  test('closures, upvalues, modules, handlers and waiting coroutines are in a snapshot', async () => {
    const { handle, memory } = await start()
    const waiting = await memoryAfter(
      handle,
      memory,
      `local count = 0
      Next = function() count = count + 1 return count end
      Next()
      package.loaded.mine = { value = "module" }
      Handlers.add("Ping", "Ping", function(msg) msg.reply({ Data = "pong " .. Next() }) end)`,
      'Heard = Receive({ Action = "Answer" }).Data .. Next() print(Heard)',
    )
    const answer = (data: string) => message({ Action: 'Answer' }, { From: 'friend', Owner: 'friend', Data: data })
    const { handle: other } = await start()
    for (const [each, data] of [
      [handle, 'first'],
      [other, 'second'],
    ] as const) {
      const { Memory, Output } = await each(waiting, answer(data), environment)
      expect(Output.data).toBe(`${data}2`)
      const { Messages } = await each(Memory, message({ Action: 'Ping' }), environment)
      expect(Messages[0].Data).toBe('pong 3')
      expect(await read(each, Memory, 'return Heard .. require("mine").value')).toBe(`${data}2module`)
    }
  })

  test('after an error the old memory goes on as if nothing had been, the returned one with all of it', async () => {
    const { handle, memory } = await start()
    const old = await memoryAfter(handle, memory, 'N = 1')
    const failed = await evaluate(handle, old, 'N = 2 Send({ Target = "t" }) error("boom")')
    const state = 'return N .. " " .. ao.reference .. " " .. #Errors'
    expect(await read(handle, failed.Memory, state)).toBe('2 1 1')
    expect(await read(handle, old, state)).toBe('1 0 0')
    expect(await read(handle, failed.Memory, state)).toBe('2 1 1')
  })
})

describe('1.6 determinism', () => {
  const codes = [
    'T = {} for i = 1, 100 do T["k" .. i] = math.random(1000) end',
    'local s = "" for k, v in pairs(T) do s = s .. k .. v end print(s) return tostring(T)',
    'error(tostring({}))',
    'return math.random(1000) .. " " .. os.time() .. Receive({ Action = "Never" })',
  ]

  test('the same messages give the same results, to the unit of gas, whatever else a handle does', async () => {
    const runs = [await start(), await start()]
    const [plain = [], disturbed = []] = await Promise.all(
      runs.map(async ({ handle, memory }, run) => {
        const results: object[] = []
        let last = memory
        for (const code of codes) {
          if (run === 1) await evaluate(handle, memory, 'Junk = ("x"):rep(1000)')
          const result = await evaluate(handle, last, code)
          results.push(withoutMemory(result))
          last = result.Memory
        }
        return results
      }),
    )
    expect(disturbed).toEqual(plain)
    expect(plain.every((result) => (result as AoResult).GasUsed > 0)).toBe(true)
  })
})

describe('2.1 and 2.2 inputs', () => {
  test('fields reach the code with the types they have, and absent ones are nil', async () => {
    const { handle, memory } = await start()
    const show = `Handlers.add("show", "Show", function(msg)
      for _, name in ipairs({ "Block-Height", "Nonce", "Hash-Chain", "Cron", "Extra", "Data", "Signature" }) do
        local value = msg[name]
        print(name .. " " .. type(value) .. " " .. tostring(type(value) == "table" and value.deep or value))
      end
    end)`
    const showing = await memoryAfter(handle, memory, show)
    const fields = { Nonce: 7, 'hash-chain': 'chain', Cron: false, Extra: { deep: 1.5 }, Data: null }
    const { Output } = await handle(showing, message({ Action: 'Show' }, fields), environment)
    expect(Output.data.split('\n')).toEqual([
      ...['Block-Height string 999', 'Nonce number 7', 'Hash-Chain string chain', 'Cron boolean false'],
      ...['Extra table 1.5', 'Data nil nil', 'Signature nil nil'],
    ])
  })

  test('the environment may be wrapped, and its authorities are trusted', async () => {
    const { handle, memory } = await start()
    const wrapped = {
      env: { Process: { Id: processId, Owner: owner, Tags: tagList({ Authority: 'FOO,MESSENGER' }) }, Module: {} },
    }
    const pushed = message({}, { From: 'process', Owner: 'MESSENGER', Data: 'pushed' })
    expect((await handle(memory, pushed, wrapped)).Output.data).toContain('pushed')
    expect((await handle(memory, pushed, environment)).Output.data).toContain('Message is not trusted!')
  })
})

describe('15, class E: what fails outside the handlers rejects with a string, and the handle stays usable', () => {
  const seedField = (field: string) => `attempt to concatenate a nil value (field '${field}')`
  const without = (field: string) => ({ ...processMessage, [field]: undefined })

  test.each([
    { title: 'no tags', given: without('Tags'), text: 'a nil value' },
    { title: 'no block height in the first message', given: without('Block-Height'), text: seedField('Block-Height') },
    { title: 'no owner in the first message', given: without('Owner'), text: seedField('Owner') },
    { title: 'no id in the first message', given: without('Id'), text: seedField('Id') },
    { title: 'no module in the first message', given: without('Module'), text: seedField('Module') },
    {
      title: 'JSON data that is none',
      given: message({ 'Content-Type': 'application/json' }, { Data: '{' }),
      text: 'expected',
    },
    { title: 'no message', given: undefined, text: 'nil' },
  ])('$title', async ({ given, text }) => {
    const handle = await AoLoader()
    const call = handle(null, given as object, environment)
    await expect(call).rejects.toBeTypeOf('string')
    await expect(call).rejects.toContain(text)
    await handle(null, processMessage, environment)
    expect(await read(handle, null, 'return 6 * 7')).toBe('42')
  })

  test('no environment, and none with process tags', async () => {
    const handle = await AoLoader()
    for (const env of [undefined, {}, { Process: { Id: processId } }]) {
      await expect(handle(null, processMessage, env as object)).rejects.toBeTypeOf('string')
    }
  })

  test('a prompt that fails', async () => {
    const { handle, memory } = await start()
    const broken = handle(memory, evalMessage('Prompt = function() error("no prompt") end'), environment)
    await expect(broken).rejects.toMatch(/no prompt/)
    expect(await read(handle, memory, 'return 1')).toBe('1')
  })
})

describe('limits', () => {
  test('out of gas rejects with a string and leaves the state as it was', async () => {
    const { handle, memory } = await start({ computeLimit: 50_000_000 })
    const one = await memoryAfter(handle, memory, 'N = 1')
    await memoryAfter(handle, one, 'N = 3')
    const call = evaluate(handle, one, 'N = 2 while true do end')
    await expect(call).rejects.toBeTypeOf('string')
    await expect(call).rejects.toMatch(/^Out of gas/)
    expect(await read(handle, null, 'return N')).toBe('1')
    expect(await read(handle, one, 'return N')).toBe('1')
  })

  test('memory that does not suffice is an error of Lua, and the handle stays usable', async () => {
    const { handle, memory } = await start({ memoryLimit: 8 * 2 ** 20 })
    const { Error: problem, Memory } = await evaluate(
      handle,
      memory,
      'N = 2 local s = "x" while true do s = s .. s end',
    )
    expect(problem).toMatch(/not enough memory/)
    expect(await read(handle, Memory, 'return N')).toBe('2')
    expect(await read(handle, memory, 'return tostring(N)')).toBe('nil')
  })

  test.each([
    { options: { computeLimit: 2_000_000 }, gas: 'less' },
    { options: { computeLimit: '2e6' }, gas: 'less' },
    { options: { computeLimit: 9e12 }, gas: 'enough' },
    { options: { computeLimit: (9e12).toString() }, gas: 'enough' },
    { options: { computeLimit: 'plenty' }, gas: 'enough' },
    { options: { computeLimit: 0 }, gas: 'enough' },
    { options: {}, gas: 'enough' },
  ])('of gas: $options is $gas', async ({ options, gas }) => {
    const { handle } = await start(options)
    const call = evaluate(handle, null, 'for i = 1, 1e6 do end return "done"')
    if (gas === 'less') await expect(call).rejects.toMatch(/limit of 2000000 units/)
    else expect((await call).Output.data).toBe('done')
  })

  test.each([
    { memoryLimit: 16 * 2 ** 20, room: false },
    { memoryLimit: String(16 * 2 ** 20), room: false },
    { memoryLimit: undefined, room: true },
    { memoryLimit: '1-gb', room: true },
    { memoryLimit: 2 ** 40, room: true },
  ])('of memory: $memoryLimit has room for 20 MiB: $room', async ({ memoryLimit, room }) => {
    const { handle } = await start({ memoryLimit })
    const { Error: problem } = await evaluate(handle, null, 'S = ("x"):rep(20 * 2^20)')
    expect(problem === undefined).toBe(room)
  })

  test('options of other loaders are accepted', async () => {
    const options = {
      ...{ format: 'wasm64-unknown-emscripten-draft_2024_02_15', inputEncoding: 'JSON-1', outputEncoding: 'JSON-1' },
      ...{ memoryLimit: '524288000', computeLimit: 9e12, extensions: ['weave-drive'], spawn: {}, blockHeight: 1 },
    }
    const { handle } = await start(options)
    expect(await read(handle, null, 'return 1')).toBe('1')
  })
})

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) deepFreeze(member as object)
  }
  return Object.freeze(value)
}

describe('development mode', () => {
  test('is off by default, and explains errors and mistakes when it is asked for', async () => {
    const code = 'Send({ Target = "x", Quantity = 5 }) return State.x'
    const bare = await start()
    const explained = await start({ development: true })
    const [plain, helpful] = [
      await evaluate(bare.handle, bare.memory, code),
      await evaluate(explained.handle, explained.memory, code),
    ]
    expect(plain.Error).toMatch(/\(global 'State'\)$/)
    expect(helpful.Error).toContain('`State` is nil here.')
    const sent = await evaluate(explained.handle, explained.memory, 'Send({ Target = "x", Quantity = 5 })')
    expect(sent.Output.hints).toEqual([expect.stringContaining('Tag `Quantity` is a number')])
  })
})
