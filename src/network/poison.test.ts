import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createDataItem } from '../protocol/data-item.ts'
import type { ProcessId } from '../protocol/ids.ts'
import { createNetwork } from './network.ts'
import { evaluate, messageItem, processItem, send, spawnProcess, testWallet } from './test-items.ts'
import type { Logger, Network } from './types.ts'

/** Messages that do their process, or the node, harm: each is a result, and nothing else (I4). */

const alice = testWallet('alice')

let warnings: object[]
const log: Logger = {
  debug() {},
  info() {},
  warn: (values, text) => warnings.push({ ...values, text }),
  error: (values, text) => warnings.push({ ...values, text }),
}
let network: Network
beforeAll(async () => {
  network = await createNetwork({ computeThreads: 1, log })
})
afterAll(() => network.close())
beforeEach(() => {
  warnings = []
})

/** A process with little gas and memory, so that it has used them up soon. */
async function spawnSmall(code = 'N = 1'): Promise<ProcessId> {
  const limits = { 'Compute-Limit': '1000000000', 'Memory-Limit': '24-mb' }
  const { processId } = await network.submit(processItem(alice, limits).bytes)
  await evaluate(network, alice, processId, code)
  return processId
}

const sendEval = (processId: ProcessId, code: string) => send(network, alice, processId, { Action: 'Eval' }, code)

/** Arguments of `error`, and what the result says. */
const raised: readonly (readonly [string, RegExp])[] = [
  ['nil', /nil/],
  ['42', /42/],
  ['0/0', /nan/],
  ['true', /true/],
  ['print', /function/],
  ['coroutine.create(print)', /thread/],
  ['io.stdout', /file/],
  ['{ code = 7 }', /code = 7/],
  ['Cyclic', /Circular/],
  ['setmetatable({}, { __tostring = function() error("inner") end })', /inner/],
  ['setmetatable({}, { __tostring = function() return {} end })', /__tostring/],
  ['setmetatable({}, { __index = function() error("index") end, __metatable = 1 })', /table|index|\{/],
  [String.raw`"\xff\xfe\0\xed\xa0\x80"`, /\ufffd/],
  [String.raw`("\1"):rep(1000000)`, new RegExp(String.fromCharCode(1))],
]

const failing: readonly (readonly [string, string, RegExp])[] = [
  ...raised.map(
    ([value, problem]) => [`error(${value})`, `Cyclic = {} Cyclic[1] = Cyclic error(${value})`, problem] as const,
  ),
  ['a loop without end', 'while true do end', /Out of gas/],
  ['a loop of errors', 'while true do pcall(error) end', /Out of gas/],
  ['a pattern without end', 'string.find(("a"):rep(100000), (".-"):rep(50) .. "b")', /Out of gas/],
  ['a loop in a hook', 'debug.sethook(function() while true do end end, "", 1)', /Out of gas/],
  [
    'a loop in a finaliser',
    'setmetatable({}, { __gc = function() while true do end end }) collectgarbage()',
    /Out of gas/,
  ],
  ['memory without end', 'local t = {} while true do t[#t + 1] = ("x"):rep(100000) .. #t end', /not enough memory/],
  ['a string that doubles', 'local s = "x" while true do s = s .. s end', /not enough memory/],
  ['calls without end', 'local function f() return 1 + f() end f()', /stack overflow|Out of gas|not enough memory/],
  ['C calls without end', 'local function f() ("x"):gsub("x", f) end f()', /stack overflow/],
  ['an error in a finaliser', 'setmetatable({}, { __gc = function() error("late") end }) collectgarbage()', /late/],
  ['an answer too large', 'Send({ Target = "x", Data = ("x"):rep(40 * 1024 * 1024) })', /memory|larger/],
  ['too many messages', 'for _ = 1, 10001 do Send({ Target = ao.id }) end', /at most 10000/],
  [
    'assignments to too many',
    'local p = {} for i = 1, 10001 do p[i] = ao.id end ao.assign({ Message = ao.id, Processes = p })',
    /at most 10000/,
  ],
  ['data that holds itself', 'Send({ Target = ao.id, Data = Cyclic })', /circular/],
  ['a tag that holds itself', 'Send({ Target = ao.id, X = Cyclic })', /circular/],
  [
    'data nested too deep',
    'local t = {} for _ = 1, 2000 do t = { t } end Send({ Target = ao.id, Data = t })',
    /nested too deep/,
  ],
  ['data that is no number', 'Send({ Target = ao.id, X = 0 / 0 })', /nan/],
  ['an outbox of numbers', 'ao.outbox.Messages = { 5 }', /number/],
  ['no outbox', 'ao.outbox = nil', /outbox/],
  ['an assignment that is a function', 'ao.outbox.Assignments = { print }', /function/],
  ['the end of the program', 'os.exit(1)', /os\.exit/],
  [
    'damaged byte code',
    damaged(
      [
        [88_859, 128],
        [68_935, 230],
        [33_451, 0],
        [40_317, 255],
      ],
      'pcall(f, 1, {}, "x") coroutine.wrap(f)(1)',
    ),
    /./,
  ],
]

/** A dumped function with bytes changed, as `f`, and then what is done with it. */
function damaged(edits: readonly (readonly [number, number])[], use: string): string {
  const changes = edits.map(
    ([at, byte]) =>
      `do local p = 33 + ${at} % (#d - 34) d = d:sub(1, p - 1) .. string.char(${byte}) .. d:sub(p + 1) end`,
  )
  return `local d = string.dump(function(...) local t = {} for k, v in pairs({a=1,b=2,c=3}) do t[#t+1] = k .. v end table.sort(t)
    return table.concat(t), select("#", ...), pcall(error, "x"), (...) end)
    ${changes.join('\n')} local f = load(d, "d", "b") ${use}`
}

describe('a message that fails is a result with Error and nothing else', () => {
  test.each(failing)('%s', async (_, code, problem) => {
    const processId = await spawnSmall('N = 1 Cyclic = {} Cyclic[1] = Cyclic')
    const before = await network.stateHash(processId)
    const result = await sendEval(processId, `N = 2 Send({ Target = ao.id, Action = "Never" }) ${code}`)
    const { Error: error, ...rest } = result
    expect(rest).toEqual({ Messages: [], Assignments: [], Spawns: [], Output: '', GasUsed: expect.any(Number) })
    expect(String(error)).toMatch(problem)
    await network.idle()
    expect(await network.stateHash(processId)).toBe(before)
    expect(await evaluate(network, alice, processId, 'N')).toBe('1')
    expect((await network.outbox({ processId, limit: 1 })).entries).toEqual([])
    expect(warnings).toEqual([])
  })
})

describe('a message that sends what cannot be sent has its result, and the process goes on', () => {
  const sending: readonly (readonly [string, string])[] = [
    ['a target that is a table', 'Send({ Target = { toString = 1, valueOf = 1 } })'],
    ['a target that is not text', String.raw`Send({ Target = "\xff\xfe" })`],
    ['a long target', 'Send({ Target = ("x"):rep(1000000) })'],
    ['an address of another chain', 'Send({ Target = "0x0000000000000000000000000000000000000001" })'],
    ['long tags', 'Send({ Target = ao.id, Big = ("x"):rep(5000) })'],
    ['many tags', 'local m = { Target = ao.id } for i = 1, 200 do m["T" .. i] = "x" end Send(m)'],
    ['an assignment to tables', 'ao.assign({ Message = ao.id, Processes = { { toString = 1, valueOf = 1 } } })'],
    ['an assignment of nothing', 'ao.outbox.Assignments = { { Message = 5, Processes = 6 } }'],
    [
      'an assignment that leaves out too much',
      'local e = {} for i = 1, 20000 do e[i] = "Data" end ao.assign({ Message = ao.id, Processes = { ao.id }, Exclude = e })',
    ],
    ['a spawn of no module', 'Spawn("nothing", { Data = " " })'],
    ['a spawn with tags of tables', 'ao.spawn("x", { Tags = { Module = { toString = 1 } } })'],
    ['a spawn without anything', 'ao.outbox.Spawns = { { Tags = { { name = {}, value = {} }, 5 } } }'],
  ]

  test.each(sending)('%s', async (_, code) => {
    const processId = await spawnProcess(network, alice, 'N = 1')
    const result = await sendEval(processId, `${code} N = 2`)
    expect(result.Error).toBeUndefined()
    await network.idle()
    expect(await evaluate(network, alice, processId, 'N')).toBe('2')
    const { entries } = await network.outbox({ processId, limit: 10 })
    expect(entries).toMatchObject([{ state: 'dead', reason: expect.stringMatching(/./) }])
    // One line, which does not repeat what the process wrote at length.
    expect(warnings).toMatchObject([{ text: 'outbox entries cannot be delivered', count: 1 }])
    expect(JSON.stringify(warnings).length).toBeLessThan(1_000)
  })

  test('bytes that are not UTF-8 in every place arrive, as far as they can', async () => {
    const target = await spawnProcess(
      network,
      alice,
      'Handlers.add("T", "T", function(msg) Got = #msg.Data .. msg.X end)',
    )
    const source = await spawnProcess(network, alice)
    const bytes = String.raw`"\xff\xc0\xed\xa0\x80\0"`
    const code = `Send({ Target = "${target}", Action = "T", Data = ${bytes}, X = ${bytes}, [${bytes}] = "x", Anchor = ${bytes} })`
    expect((await sendEval(source, code)).Error).toBeUndefined()
    await network.idle()
    expect(await evaluate(network, alice, target, 'Got')).toContain('6\ufffd')
    expect(warnings).toEqual([])
  })
})

test('byte code with any bytes changed harms nobody but its message', async () => {
  let seed = 1
  const below = (bound: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((seed / 2 ** 32) * bound)
  }
  const other = await spawnProcess(network, alice, 'N = 0')
  let [processId, failures] = [await spawnSmall(), 0]
  for (let i = 0; i < 150; i += 1) {
    const edits = Array.from({ length: 1 + below(4) }, () => [below(100_000), below(256)] as const)
    const result = await sendEval(processId, `N = 2 ${damaged(edits, 'pcall(f, 1, {}, "x") coroutine.wrap(f)(1)')}`)
    // One that went well may have left anything behind, as any code of its owner may.
    if (result.Error === undefined) processId = await spawnSmall()
    else failures += 1
    expect(await evaluate(network, alice, processId, 'N')).toBe('1')
  }
  expect(failures).toBeGreaterThan(30)
  expect(await evaluate(network, alice, other, 'N')).toBe('0')
  expect(warnings).toEqual([])
})

describe('a module that answers with garbage', () => {
  /** JSON as deep as that, as the only tag of a message. */
  const deep = `local text = ("["):rep(100000) .. ("]"):rep(100000)
    local message = string.pack("<Bs4Bs4Bs4I4s4Bs4", 1, "x", 0, "", 0, "", 1, "Deep", 5, text)
    return string.pack("<BBBs4Bs4s4I4", 0, 0, 0, "", 0, "", "", 1) .. message .. string.pack("<I4I4", 0, 0)`
  test.each([
    ['bytes of no meaning', String.raw`return "\7\7\7"`, /malformed/],
    ['nothing', 'return ""', /malformed/],
    ['a part', String.raw`return "\0\0"`, /malformed/],
    ['JSON nested very deep', deep, /nested too deep/],
  ])('%s: each message has Error as its result', async (_, code, problem) => {
    const tags = Object.entries({ 'Data-Protocol': 'ao', Type: 'Module', 'Module-Format': 'loom-lua-5.3' })
    const data = `local channel = ... local function answer() ${code} end
      return function() channel.send(channel.receive():byte() == 1 and "\\3" or answer()) end`
    const list = tags.map(([name, value]) => ({ name, value }))
    const module = await network.upload(createDataItem({ tags: list, data }, alice).bytes)
    const { processId } = await network.submit(processItem(alice, { Module: module.id }).bytes)
    for (let i = 0; i < 2; i += 1) expect(String((await sendEval(processId, '')).Error)).toMatch(problem)
    await network.idle()
    expect(warnings).toEqual([])
  })
})

describe('many heavy messages', () => {
  test('let other processes of the thread have their turn', async () => {
    const heavy = await spawnProcess(network, alice)
    const light = await spawnProcess(network, alice)
    const code = 'for i = 1, 10000000 do end error("heavy")'
    const order: string[] = []
    const finish = async (name: string, processId: ProcessId, text: string): Promise<void> => {
      await sendEval(processId, text)
      order.push(name)
    }
    const work = Array.from({ length: 40 }, () => finish('heavy', heavy, code))
    await Promise.all([...work, finish('light', light, 'return 1')])
    // It was the last that came, and all were there when the first began.
    expect(order.indexOf('light')).toBeLessThan(30)
    expect(order).toHaveLength(41)
  })

  test('with results that the store does not take in one call are committed in several', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'loom-large-'))
    const stored = await createNetwork({ computeThreads: 1, log, dataDirectory: directory })
    onTestFinished(async () => {
      await stored.close()
      rmSync(directory, { recursive: true })
    })
    const processId = await spawnProcess(stored, alice, 'Count = 0')
    // In JSON each byte has six characters: 12 MiB for each result, 2 MiB for each item.
    const code = `Count = Count + 1 Send({ Target = "${alice.address}", Data = ("\\1"):rep(2 * 1024 * 1024) })`
    const submissions = Array.from({ length: 20 }, () =>
      stored.submit(messageItem(alice, processId, { Action: 'Eval' }, code).bytes),
    )
    await Promise.all(submissions)
    await stored.idle()
    expect(await evaluate(stored, alice, processId, 'Count')).toBe('20')
    expect(warnings).toEqual([])
  })
})
