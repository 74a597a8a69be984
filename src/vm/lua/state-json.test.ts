import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { joinPath, keyText, type PathKey, parseStatePath } from '../state-path.ts'
import type { Evaluation, Inspection, InspectionBounds, Vm } from '../types.ts'
import { evalMessage, evalModuleSource, testEngine, testEnvironment } from './test-module.ts'

const template = testEngine().createTemplate(evalModuleSource)
const wide: InspectionBounds = { entriesMax: 1_000_000, depthMax: 200, lengthMax: 16_000_000, scanMax: 1_000_000 }

function run(vm: Vm, code: string): Evaluation {
  const evaluation = vm.evaluate(evalMessage(`${code} return 1`))
  if (!evaluation.ok) throw new Error(String(evaluation.error))
  return evaluation
}

function vmWith(code: string): Vm {
  const vm = template.spawn(testEnvironment)
  run(vm, code)
  return vm
}

const inspect = (vm: Vm, path: string, bounds: Partial<InspectionBounds> = {}): Inspection =>
  vm.inspect(parseStatePath(path), { ...wide, ...bounds })

/** The JSON of `V` after some code. */
const jsonOf = (code: string, path = 'V'): string => inspect(vmWith(code), path).json

describe('every kind of value', () => {
  const cases: { name: string; code: string; json: string }[] = [
    { name: 'nil', code: '', json: 'null' },
    { name: 'booleans', code: 'V = { true, false }', json: '[true,false]' },
    {
      name: 'integers that JSON readers take as they are',
      code: 'V = { 0, -1, 9007199254740991, -9007199254740991 }',
      json: '[0,-1,9007199254740991,-9007199254740991]',
    },
    {
      name: 'larger integers',
      code: 'V = { 9007199254740992, math.mininteger }',
      json: '[{"$type":"integer","value":"9007199254740992"},{"$type":"integer","value":"-9223372036854775808"}]',
    },
    {
      name: 'floats, with their point',
      code: 'V = { 0.1, -2.5, 5.0, -0.0, 1e15, 1e21, 1e-7, 2^53, 5e-324, 1.7976931348623157e308 }',
      json: '[0.1,-2.5,5.0,-0.0,1000000000000000.0,1e+21,1e-7,9007199254740992.0,5e-324,1.7976931348623157e+308]',
    },
    {
      name: 'what is no number',
      code: 'V = { 1/0, -1/0, 0/0 }',
      json: '[{"$type":"float","value":"inf"},{"$type":"float","value":"-inf"},{"$type":"float","value":"nan"}]',
    },
    {
      name: 'text',
      code: 'V = { "", "a\\"\\\\\\n\\0é", ("x"):rep(50) }',
      json: `["","a\\"\\\\\\n\\u0000é","${'x'.repeat(50)}"]`,
    },
    { name: 'bytes that are no text', code: 'V = "\\xff\\0a"', json: '{"$type":"bytes","base64":"/wBh"}' },
    {
      name: 'functions of both kinds, coroutines and files',
      code: 'V = { function() return V end, print, string.gmatch("", ""), coroutine.create(print), io.stdout }',
      json: '[{"$type":"function"},{"$type":"function"},{"$type":"function"},{"$type":"thread"},{"$type":"userdata"}]',
    },
    { name: 'an empty table', code: 'V = {}', json: '[]' },
    { name: 'a table that is empty again', code: 'V = { a = 1, 2 } V.a, V[1] = nil, nil', json: '[]' },
    { name: 'a list', code: 'V = { 3, { 2 }, "1" }', json: '[3,[2],"1"]' },
    { name: 'a list that lies in the hash part', code: 'V = {} V[3] = 3 V[2] = 2 V[1] = 1', json: '[1,2,3]' },
    { name: 'a list with a hole', code: 'V = { 1, 2, 3 } V[2] = nil', json: '{"[1]":1,"[3]":3}' },
    { name: 'a list from 0', code: 'V = { [0] = 0, 1 }', json: '{"[0]":0,"[1]":1}' },
    {
      name: 'keys of every kind, in their order',
      code: 'V = { b = 1, a = 2, ["1"] = 3, [10] = 4, [9] = 5, [2.5] = 6, [-1] = 7, [true] = 8, [false] = 9, [print] = 10, [{}] = 11, [{1}] = 11, [math.huge] = 13 }',
      json: '{"[-1]":7,"[2.5]":6,"[9]":5,"[10]":4,"[inf]":13,"[false]":9,"[true]":8,"1":3,"a":2,"b":1,"[function]":10,"[table 2]":11,"[table]":11}',
    },
    {
      name: 'keys that would look like others',
      code: 'V = { ["[1]"] = 1, ["$more"] = 2, ["\\xff"] = 3, ["a.b"] = 4, [""] = 5, __proto__ = 6 }',
      json: '{"":5,"[\\"$more\\"]":2,"[\\"[1]\\"]":1,"[\\"\\\\xff\\"]":3,"__proto__":6,"a.b":4}',
    },
  ]
  test.each(cases)('$name', ({ code, json }) => {
    const written = jsonOf(code)
    expect(written).toBe(json)
    expect(() => JSON.parse(written)).not.toThrow()
  })

  test('a table that contains itself says which one it is', () => {
    const code = 'V = { a = { ["x.y"] = {} } } V.self = V V.a["x.y"][1] = V.a V.a.other = { V.a["x.y"] }'
    expect(jsonOf(code)).toBe('{"a":{"other":[[{"$ref":"V.a"}]],"x.y":[{"$ref":"V.a"}]},"self":{"$ref":"V"}}')
  })

  test('a table that is there twice is written twice', () => {
    expect(jsonOf('local shared = { 1 } V = { a = shared, b = shared }')).toBe('{"a":[1],"b":[1]}')
  })
})

describe('a path', () => {
  const code = `
    Balances = { ["-x_9"] = "5" }
    State = { users = { ["a.b"] = { name = "Ann" } }, [true] = 1, [2.5] = 2, [-3] = 3, ["\\xff"] = 4, list = { "one", "two" } }
    State[math.huge] = 5 State[("long"):rep(20)] = 6
    Text = "text"`
  const cases: readonly (readonly [path: string, json: string])[] = [
    ['Balances.-x_9', '"5"'],
    ['State.users["a.b"].name', '"Ann"'],
    ['State[true]', '1'],
    ['State[false]', 'null'],
    ['State[2.5]', '2'],
    ['State[-3]', '3'],
    ['State["\\xff"]', '4'],
    ['State[inf]', '5'],
    [`State.${'long'.repeat(20)}`, '6'],
    ['State.list[2]', '"two"'],
    ['State.list[3]', 'null'],
    ['State.list.2', 'null'],
    ['Nothing', 'null'],
    ['Nothing.at.all', 'null'],
    ['Text.length', 'null'],
    ['Text', '"text"'],
    ['_G.Text', '"text"'],
  ]
  test.each(cases)('%s', (path, json) => {
    expect(inspect(vmWith(code), path)).toEqual({ json, isComplete: true })
  })

  test('the empty one gives the globals that the module does not have', () => {
    expect(jsonOf('A = 1 B = { _G } function print() end string = {}', '')).toBe('{"A":1,"B":[{"$ref":""}]}')
    expect(jsonOf('', '')).toBe('[]')
  })

  test('_G gives all of them', () => {
    expect(Object.keys(JSON.parse(jsonOf('A = 1', '_G')) as object)).toEqual(
      expect.arrayContaining(['A', 'print', 'string']),
    )
  })
})

describe('nothing of the process runs', () => {
  const traps = `
    Ran = {}
    local function trap(name) return function() Ran[#Ran + 1] = name end end
    local meta = {}
    for _, name in ipairs({ "index", "newindex", "pairs", "len", "eq", "lt", "le", "tostring", "name", "call", "metatable", "concat", "gc" }) do
      meta["__" .. name] = trap(name)
    end
    V = setmetatable({ inner = setmetatable({ 1 }, meta) }, meta)
    debug.setmetatable(nil, meta) debug.setmetatable(0, meta) debug.setmetatable(true, meta)
    getmetatable("").__index = trap("string")
    setmetatable(_G, meta)
    debug.sethook(trap("hook"), "crl", 1)
    debug.sethook(debug.getregistry()[1], trap("hook"), "crl", 1)`

  test('whatever metatables, hooks and finalizers there are', () => {
    const vm = template.spawn(testEnvironment)
    vm.evaluate(evalMessage(`${traps} rawset(_G, "Ran", {}) return "set"`))
    const before = vm.stateHash()
    const ran = inspect(vm, 'Ran').json
    expect(inspect(vm, 'V')).toEqual({ json: '{"inner":[1]}', isComplete: true })
    expect(inspect(vm, 'V.nothing.here').json).toBe('null')
    expect(inspect(vm, 'Ran').json).toBe(ran)
    expect(vm.stateHash()).toBe(before)
  })

  test('the process goes on as if nobody had looked', () => {
    const steps = fc.array(fc.tuple(fc.nat(50), fc.boolean()), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(steps, (moves) => {
        const [watched, other] = [template.spawn(testEnvironment), template.spawn(testEnvironment)]
        for (const [size, fails] of moves) {
          const code = `T = T or {} for i = 1, ${size} do T[#T + 1] = { i } end ${fails ? 'error("no")' : ''} return #T`
          expect(watched.evaluate(evalMessage(code))).toEqual(other.evaluate(evalMessage(code)))
          inspect(watched, '')
        }
        expect(watched.stateHash()).toBe(other.stateHash())
        watched.close()
        other.close()
      }),
      { seed: 9, numRuns: 20 },
    )
  })
})

describe('bounds', () => {
  test('a table shows its first entries, and how many there are more', () => {
    const vm = vmWith('V = { list = {}, map = {} } for i = 1, 5000 do V.list[i] = i V.map["k" .. i] = i end')
    expect(inspect(vm, 'V.list', { entriesMax: 3 })).toEqual({ json: '[1,2,3,{"$more":4997}]', isComplete: false })
    expect(inspect(vm, 'V.map', { entriesMax: 3 })).toEqual({
      json: '{"k1":1,"k10":10,"k100":100,"$more":4997}',
      isComplete: false,
    })
    expect(inspect(vm, 'V.list', { entriesMax: 5_000 }).isComplete).toBe(true)
  })

  test('a table too deep shows how much is in it', () => {
    const vm = vmWith('V = {} local t = V for i = 1, 300 do t.next = {} t.empty = {} t = t.next end')
    expect(inspect(vm, 'V', { depthMax: 2 })).toEqual({
      json: '{"empty":[],"next":{"empty":[],"next":{"$more":2}}}',
      isComplete: false,
    })
    const { json, isComplete } = inspect(vm, 'V')
    expect(isComplete).toBe(false)
    expect(json.match(/"next"/g)).toHaveLength(200)
  })

  test('a long text is cut between characters', () => {
    const vm = vmWith('V = ("é"):rep(1000)')
    const { json, isComplete } = inspect(vm, 'V', { lengthMax: 125 })
    expect(isComplete).toBe(false)
    expect(JSON.parse(json)).toEqual({ $type: 'string', start: 'é'.repeat(50), $more: 1_900 })
  })

  test.each([
    { name: 'many tables', code: 'V = {} for i = 1, 20000 do V[i] = { i } end' },
    { name: 'long texts', code: 'V = {} for i = 1, 300 do V[i] = ("x"):rep(1000) end' },
    { name: 'tables that double', code: 'V = {} for i = 1, 100 do V = { V, V } end' },
    { name: 'a list of lists in depth', code: 'V = {} for i = 1, 150 do V = { V, i, V } end' },
  ])('the whole text has a length: $name', ({ code }) => {
    const { json, isComplete } = inspect(vmWith(code), 'V', { lengthMax: 10_000 })
    expect(isComplete).toBe(false)
    expect(json.length).toBeLessThan(15_000)
    expect(json.length).toBeGreaterThan(9_000)
    expect(() => JSON.parse(json)).not.toThrow()
  })
})

describe('keys that the module made for itself', () => {
  const source = evalModuleSource.replace(
    'return function()',
    'local private = {} function Tag(t) t[private] = 1 return t end return function()',
  )
  const own = testEngine().createTemplate(source)

  test('are left out; those of the user are not', () => {
    const vm = own.spawn(testEnvironment)
    run(vm, 'V = Tag({ a = 1, [{}] = 2 }) L = Tag({ 1, 2 })')
    expect(inspect(vm, 'V').json).toBe('{"a":1,"[table]":2}')
    expect(inspect(vm, 'L').json).toBe('[1,2]')
  })
})

test('a state that would take too long to look through is refused, with the place', () => {
  const vm = vmWith('local t = {} for i = 1, 1000 do t[i] = i end V = { a = { t, t, t } }')
  expect(inspect(vm, 'V', { scanMax: 3_004 }).isComplete).toBe(true)
  const info = { code: 'VM_STATE_TOO_LARGE', path: 'V.a[3]', limit: '3003 entries' }
  expect(() => inspect(vm, 'V', { scanMax: 3_003, entriesMax: 10 })).toThrow(expect.objectContaining({ info }))
})

describe('a memory that damaged byte code has written to', () => {
  const vm = vmWith('V = { 1 } T = {} for i = 1, 100 do T["key" .. i] = { tostring(i), i, 1.5 } end')
  const { marks, pages } = vm.snapshot()
  const heapPages = [...pages.keys()].filter((index) => index * 2_048 >= marks.low)

  function inspectDamaged(damage: (page: Uint8Array, index: number) => Uint8Array): Inspection | string {
    const damaged = new Map([...pages].map(([index, page]) => [index, damage(page, index)]))
    const other = template.restore({ marks, pages: damaged })
    try {
      return inspect(other, '', { lengthMax: 100_000 })
    } catch (error) {
      return String((error as { code?: unknown }).code)
    } finally {
      other.close()
    }
  }

  test('is refused when no globals are left', () => {
    for (const fill of [0x00, 0x41, 0xff]) {
      const isHeap = new Set(heapPages)
      const outcome = inspectDamaged((page, index) => (isHeap.has(index) ? page.map(() => fill) : page))
      expect(outcome).toBe('VM_STATE_UNREADABLE')
    }
  })

  test('gives something or is refused, wherever the damage is', () => {
    const outcomes = new Set<string>()
    const writes = fc.array(fc.tuple(fc.constantFrom(...heapPages), fc.nat(511), fc.nat(0xffff_ffff)), {
      minLength: 1,
      maxLength: 200,
    })
    fc.assert(
      fc.property(writes, (damages) => {
        const outcome = inspectDamaged((page, index) => {
          const copy = Buffer.from(page)
          for (const [wanted, word, value] of damages) if (wanted === index) copy.writeUInt32LE(value, word * 4)
          return copy
        })
        if (typeof outcome === 'string') expect(outcome).toMatch(/^VM_STATE_(UNREADABLE|TOO_LARGE)$/)
        else expect(() => JSON.parse(outcome.json)).not.toThrow()
        outcomes.add(typeof outcome)
      }),
      { seed: 13, numRuns: 200 },
    )
    expect(outcomes.size).toBe(2)
  })
})

/** Lua for a key or a scalar, and what it is here. */
interface Literal<T> {
  readonly lua: string
  readonly value: T
}

const luaBytes = (bytes: Uint8Array): string =>
  `"${[...bytes].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`
const luaInteger = (value: bigint): string => (value === -(2n ** 63n) ? 'math.mininteger' : String(value))

const key: fc.Arbitrary<Literal<PathKey>> = fc.oneof(
  { weight: 6, arbitrary: fc.nat(12).map((n) => ({ lua: String(n), value: BigInt(n) })) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom('a', 'b', 'name', 'x'.repeat(40), 'x'.repeat(41), 'y'.repeat(100))
      .map((text) => ({ lua: luaBytes(Buffer.from(text)), value: Buffer.from(text) })),
  },
  fc.uint8Array({ maxLength: 45 }).map((bytes) => ({ lua: luaBytes(bytes), value: Buffer.from(bytes) })),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ({ lua: luaInteger(value), value })),
  fc.boolean().map((value) => ({ lua: String(value), value })),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .filter((value) => !Number.isInteger(value))
    .map((value) => ({ lua: value.toString(), value })),
)

test('a table holds what was put into it last, whatever was taken out', () => {
  const move = fc.record({ key, value: fc.option(fc.nat(1_000)) })
  fc.assert(
    fc.property(fc.array(move, { maxLength: 60 }), fc.array(key, { maxLength: 10 }), (moves, others) => {
      const lines = moves.map(({ key: { lua }, value }) => `V[${lua}] = ${value ?? 'nil'}`)
      const vm = vmWith(`V = {} ${lines.join(' ')}`)
      const model = new Map<string, number>()
      for (const {
        key: { value: found },
        value,
      } of moves) {
        if (value === null) model.delete(keyText(found))
        else model.set(keyText(found), value)
      }
      const written = JSON.parse(inspect(vm, 'V').json) as object
      const entries = Object.entries(written).map(([text, value]) => [
        Array.isArray(written) ? `[${Number(text) + 1}]` : text,
        value,
      ])
      expect(new Map(entries as [string, number][])).toEqual(model)
      for (const { value: found } of [...moves.map((each) => each.key), ...others]) {
        const path = joinPath('V', keyText(found))
        expect(inspect(vm, path).json).toBe(String(model.get(keyText(found)) ?? null))
      }
      vm.close()
    }),
    { seed: 11, numRuns: 100 },
  )
})

test('equal values have equal texts, however they came about', () => {
  const pairs = fc.uniqueArray(fc.record({ key, value: fc.nat(9) }), {
    selector: (pair) => keyText(pair.key.value),
    maxLength: 30,
  })
  const shuffled = pairs.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
  )
  fc.assert(
    fc.property(shuffled, ([list, other]) => {
      const json = [list, other].map((each) =>
        jsonOf(`V = {} ${each.map(({ key: { lua }, value }) => `V[${lua}] = ${value}`).join(' ')}`),
      )
      expect(json[0]).toBe(json[1])
    }),
    { seed: 12, numRuns: 50 },
  )
})
