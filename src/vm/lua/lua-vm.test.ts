import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Evaluation, Vm } from '../types.ts'
import { vmLimits } from './lua-vm.ts'
import { evalMessage, evalModuleSource, testEngine, testEnvironment } from './test-module.ts'

const template = testEngine().createTemplate(evalModuleSource)
const spawn = (limits = {}): Vm => template.spawn(testEnvironment, limits)
const run = (vm: Vm, code: string): Evaluation => vm.evaluate(evalMessage(code))

function value(evaluation: Evaluation): unknown {
  if (!evaluation.ok) throw new Error(`failed: ${JSON.stringify(evaluation.error)}`)
  return evaluation.output.data
}

function errorOf(evaluation: Evaluation): string {
  if (evaluation.ok) throw new Error(`did not fail: ${JSON.stringify(evaluation.output.data)}`)
  return String(evaluation.error)
}

describe('language', () => {
  const cases: { name: string; code: string; expected: string }[] = [
    { name: 'is Lua 5.3', code: 'return _VERSION', expected: 'Lua 5.3' },
    { name: 'adds a numeric string as a float', code: 'return "10" + 5', expected: '15.0' },
    { name: 'has 64-bit integers', code: 'return math.maxinteger', expected: '9223372036854775807' },
    { name: 'has the 5.2 bit library', code: 'return bit32.band(12, 10)', expected: '8' },
    { name: 'has the 5.2 math functions', code: 'return math.pow(2, 10)', expected: '1024.0' },
    { name: 'prints floats with .14g', code: 'return 10^2', expected: '100.0' },
    { name: 'prints large floats', code: 'return 2^53', expected: '9.007199254741e+15' },
    {
      name: 'prints one NaN',
      code: 'return tostring(0/0) .. tostring(-(0/0)) .. tostring(math.huge-math.huge)',
      expected: 'nan-nannan',
    },
    {
      name: 'packs one NaN',
      code: 'return (string.pack(">d", math.sqrt(-1)):gsub(".", function(c) return ("%02x"):format(c:byte()) end))',
      expected: '7ff8000000000000',
    },
    {
      name: 'reports parser depth',
      code: `return (select(2, load("return " .. ("("):rep(300) .. "1" .. (")"):rep(300)))):match("C levels")`,
      expected: 'C levels',
    },
  ]
  test.each(cases)('$name', ({ code, expected }) => {
    expect(value(run(spawn(), code))).toBe(expected)
  })
})

describe('world (I8)', () => {
  const cases: { name: string; code: string; expected: string }[] = [
    { name: 'the clock stands still', code: 'return os.time() .. "|" .. os.clock()', expected: '10|0.0' },
    {
      name: 'dates are UTC in the C locale',
      code: 'return os.date("%c", 1700000000)',
      expected: 'Tue Nov 14 22:13:20 2023',
    },
    {
      name: 'mktime normalises',
      code: 'return os.date("%F", os.time({year=2023,month=14,day=-3,hour=12}))',
      expected: '2024-01-28',
    },
    {
      name: 'no file can be read',
      code: 'return select(2, io.open("/etc/passwd"))',
      expected: '/etc/passwd: No such file or directory',
    },
    { name: 'no file can be written', code: 'return tostring(io.open("x", "w"))', expected: 'nil' },
    {
      name: 'no file can be removed',
      code: 'return (select(2, os.remove("x")))',
      expected: 'x: No such file or directory',
    },
    { name: 'the environment is empty', code: 'return tostring(os.getenv("PATH"))', expected: 'nil' },
    { name: 'there is no shell', code: 'return tostring(os.execute())', expected: 'false' },
  ]
  test.each(cases)('$name', ({ code, expected }) => {
    expect(value(run(spawn(), code))).toBe(expected)
  })

  test('addresses and table order are the same in every instance', () => {
    const code = `local t = {} for i = 1, 50 do t["k" .. i] = i end
      local s = tostring(t) for k in pairs(t) do s = s .. k end return s`
    expect(value(run(spawn(), code))).toBe(value(run(spawn(), code)))
  })
})

describe('failed messages are undone (I4)', () => {
  const failures: { name: string; code: string; error: RegExp }[] = [
    { name: 'an error', code: 'error("boom")', error: /data:1: boom/ },
    { name: 'an error without text', code: 'error()', error: /error without text|nil/ },
    { name: 'an endless loop', code: 'while true do end', error: /Out of gas/ },
    { name: 'an endless loop that catches errors', code: 'while true do pcall(error) end', error: /Out of gas/ },
    {
      name: 'a pattern that explodes',
      code: 'return string.find(("a"):rep(40), ("a*"):rep(20) .. "b")',
      error: /Out of gas/,
    },
    {
      name: 'copying without end',
      code: 'local s = ("x"):rep(2^20) while true do local _ = s .. "y" end',
      error: /Out of gas/,
    },
    { name: 'too much memory', code: 'local s = "x" while true do s = s .. s end', error: /not enough memory/ },
    { name: 'exit', code: 'os.exit(3)', error: /exit\(3\)/ },
    { name: 'too deep a recursion', code: 'local function f() return 1 + f() end return f()', error: /stack overflow/ },
    {
      name: 'too deep a chain of C calls',
      code: 'local function f(s) return (s:gsub("a", f)) end return f("a")',
      error: /C stack overflow/,
    },
    { name: 'writing on the channel', code: 'io.write("noise") return 1', error: /malformed/ },
  ]
  test.each(failures)('$name', ({ code, error }) => {
    const vm = spawn({ gasPerMessage: 1_500_000_000 })
    run(vm, 'N = 1 return N')
    run(vm, 'N = N + 1 return N')
    const before = vm.stateHash()
    // Two more messages, so that the undo has to replay.
    run(vm, 'T = {} for i = 1, 100 do T[i] = {} end return N')
    run(vm, 'T = nil N = N + 1 return N')
    expect(errorOf(run(vm, `N = 100 Junk = ("x"):rep(1000) ${code}`))).toMatch(error)
    expect(value(run(vm, 'return N .. tostring(Junk)'))).toBe('3nil')
    expect(vm.stateHash()).not.toBe(before)
  })

  test('the state after a failure is bit for bit the state before', () => {
    const failed = spawn()
    const spared = spawn()
    for (const vm of [failed, spared]) run(vm, 'T = {} for i = 1, 1000 do T[i] = tostring(i) end return #T')
    expect(run(failed, 'for i = 1, 5000 do T[i] = {i} end error("boom")').ok).toBe(false)
    expect(failed.stateHash()).toBe(spared.stateHash())
    for (const vm of [failed, spared]) run(vm, 'T[1] = nil collectgarbage() return #T')
    expect(failed.stateHash()).toBe(spared.stateHash())
  })

  test('memory that grew in a failed message is given back', () => {
    const vm = spawn()
    const before = vm.stateHash()
    expect(run(vm, 'Big = {} for i = 1, 400000 do Big[i] = {} end error("boom")').ok).toBe(false)
    expect(vm.stateHash()).toBe(before)
    expect(value(run(vm, 'return tostring(Big)'))).toBe('nil')
  })
})

describe('limits', () => {
  test('gas is the same to the unit on every run, and whatever happened before', () => {
    const code = 'local t = {} for i = 1, 2000 do t[i] = tostring(i * 1.5) end return #table.concat(t)'
    const first = run(spawn(), code)
    const vm = spawn()
    run(vm, 'error("boom")')
    vm.dryRun(evalMessage('return 1'))
    expect(run(vm, code)).toStrictEqual(first)
    expect(first.gasUsed).toBeGreaterThan(100_000)
  })

  test('a process has the memory limit it was given', () => {
    const code = 'local s = ("x"):rep(40 * 2^20) return #s'
    expect(value(run(spawn(), code))).toBe('41943040')
    expect(errorOf(run(spawn({ memoryBytes: 32 * 2 ** 20 }), code))).toMatch(/not enough memory/)
  })

  test('an answer may not be larger than its limit', () => {
    const code = `return ("x"):rep(${vmLimits.outputBytes + 1})`
    expect(errorOf(run(spawn(), code))).toMatch(/larger than/)
  })

  test('a module that is no module is rejected with its reason', () => {
    const rejected = (source: string) => () => testEngine().createTemplate(source)
    expect(rejected('return 1')).toThrow(expect.objectContaining({ code: 'VM_MODULE_REJECTED' }))
    expect(rejected('syntax error here')).toThrow(/syntax error/)
    expect(rejected('error("no")')).toThrow(/no/)
    expect(rejected('\x1bLua')).toThrow(/binary/)
  })
})

describe('dry runs (I5)', () => {
  test('leave no trace', () => {
    const vm = spawn()
    run(vm, 'N = 1 return N')
    const before = vm.stateHash()
    expect(value(vm.dryRun(evalMessage('N = 2 return N')))).toBe('2')
    expect(vm.dryRun(evalMessage('error("boom")')).ok).toBe(false)
    expect(vm.stateHash()).toBe(before)
    expect(value(run(vm, 'return N'))).toBe('1')
  })
})

describe('snapshots', () => {
  test('hold suspended coroutines and closures', () => {
    const vm = spawn()
    run(
      vm,
      `local count = 0
      C = coroutine.create(function(a) while true do count = count + a; a = coroutine.yield(count) end end)
      return select(2, coroutine.resume(C, 5))`,
    )
    const snapshot = vm.snapshot()
    run(vm, 'return select(2, coroutine.resume(C, 100))')
    const restored = template.restore(snapshot)
    expect(value(run(restored, 'return select(2, coroutine.resume(C, 1))'))).toBe('6')
    expect(value(run(template.restore(snapshot), 'return select(2, coroutine.resume(C, 2))'))).toBe('7')
  })

  test('of a process that grew restore into a new instance', () => {
    const vm = spawn()
    run(vm, 'T = {} for i = 1, 300000 do T[i] = {i} end return #T')
    const restored = template.restore(vm.snapshot())
    expect(restored.stateHash()).toBe(vm.stateHash())
    expect(value(run(restored, 'return T[300000][1]'))).toBe('300000')
  })
})

/** Steps of a history that touch what states are made of: tables, strings, closures, coroutines, errors, collections. */
const step = fc.oneof(
  fc.nat(500).map((n) => `for i = 1, ${n} do T[#T + 1] = { i, tostring(i) } end return #T`),
  fc.nat(200).map((n) => `for i = 1, math.min(${n}, #T) do T[#T] = nil end return #T`),
  fc.string().map((s) => `S = S .. ${JSON.stringify(s).replace(/\\u/g, '\\\\u')} return #S`),
  fc.nat(1000).map((n) => `T = {} S = "" for i = 1, ${n} do T["k" .. i] = i end return ${n}`),
  fc.constant('C = coroutine.wrap(function() for i = 1, 1e9 do coroutine.yield(i) end end) return C()'),
  fc.constant('return C and C() or 0'),
  fc.constant('T = { S, T } error("boom")'),
  fc.constant('collectgarbage() return collectgarbage("count")'),
  fc.constant('local s = {} for k, v in pairs(T) do s[#s + 1] = tostring(k) .. tostring(v) end return table.concat(s)'),
)
const disturbance = fc.constantFrom('none', 'none', 'snapshot', 'restore', 'dry-run', 'fail', 'hash')

describe('determinism (I2)', () => {
  test('the same log gives the same results, gas and state, whatever is done in between', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(step, disturbance), { minLength: 1, maxLength: 25 }), (history) => {
        const plain = spawn()
        let disturbed = spawn()
        const log = ['T, S = {}, "" return 0', ...history.map(([code]) => code)]
        for (const [i, code] of log.entries()) {
          const expected = plain.evaluate(evalMessage(code, i))
          switch (history[i - 1]?.[1]) {
            case 'snapshot':
              disturbed.snapshot()
              break
            case 'restore':
              disturbed = template.restore(disturbed.snapshot())
              break
            case 'dry-run':
              disturbed.dryRun(evalMessage('T = nil S = nil return 1', i))
              break
            case 'fail':
              disturbed.evaluate(evalMessage('T = nil local t = {} for i = 1, 1000 do t[i] = {} end error("boom")', i))
              break
            case 'hash':
              disturbed.stateHash()
              break
            default:
          }
          expect(disturbed.evaluate(evalMessage(code, i))).toStrictEqual(expected)
        }
        expect(disturbed.stateHash()).toBe(plain.stateHash())
        plain.close()
        disturbed.close()
      }),
      { numRuns: 60 },
    )
  })
})
