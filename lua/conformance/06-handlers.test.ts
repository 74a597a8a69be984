import { describe, expect, test } from 'vitest'
import { createLibraryProcess, type Incoming, plain, processId, testCode, testErrors } from '../harness.ts'

/** A chunk's names of the handlers in order, without the built-in ones. */
const names = `local s = {} for _, h in ipairs(Handlers.list) do
  if not h.name:find("^_[ed]") then s[#s + 1] = h.name end end return table.concat(s, " ")`

const namesAfter = (code: string): string => `local nop = function() end ${code} ${names}`

const always = 'function() return "continue" end'

describe('6.0 Handlers', () => {
  testCode([
    ['6.0.1 _version', 'return Handlers._version', '0.0.5'],
    [
      '6.0.2 the fields list, coroutines, onceNonce and utils are there',
      'return type(Handlers.list) .. type(Handlers.coroutines) .. Handlers.onceNonce .. type(Handlers.utils)',
      'tabletable0table',
    ],
    [
      '6.0.3 an entry has name, pattern, handle and maxRuns',
      'Handlers.add("a", "A", print, 2) local h = Handlers.list[3] return h.name .. h.pattern .. type(h.handle) .. h.maxRuns',
      'aAfunction2',
    ],
    [
      '6.0.3 the handle of an entry is a function, also where a table was given',
      'Handlers.add("a", "A", { Ping = print }) return type(Handlers.list[3].handle)',
      'function',
    ],
    ['6.0.4 user code may add fields', 'Handlers.mine = 5 return Handlers.mine', 5],
  ])
})

describe('6.1 Registration', () => {
  testCode([
    [
      '6.1.1 add appends and returns the length',
      'local n = Handlers.add("a", "A", print) return n .. Handlers.list[#Handlers.list].name .. Handlers.add("b", "B", print)',
      '3a4',
    ],
    [
      '6.1.2 add changes an entry in place, and returns the length',
      namesAfter(
        `Handlers.add("a", "A", nop, 3) Handlers.add("b", "B", nop)
         assert(Handlers.add("a", "C", nop) == 4)
         assert(Handlers.list[3].pattern == "C" and Handlers.list[3].maxRuns == nil)`,
      ),
      'a b',
    ],
    [
      '6.1.3 append does the same, and returns nothing',
      namesAfter(
        `Handlers.add("a", "A", nop) assert(select("#", Handlers.append("b", "B", nop)) == 0)
         Handlers.append("a", "C", nop) assert(Handlers.list[3].pattern == "C")`,
      ),
      'a b',
    ],
    [
      '6.1.4 prepend puts first',
      namesAfter('Handlers.add("a", "A", nop) Handlers.prepend("b", "B", nop) assert(Handlers.list[1].name == "b")'),
      'b a',
    ],
    [
      '6.1.4 prepend changes an entry in place',
      namesAfter('Handlers.add("a", "A", nop) Handlers.add("b", "B", nop) Handlers.prepend("b", "C", nop)'),
      'a b',
    ],
    [
      '6.1.5 once puts first, with one run',
      namesAfter('Handlers.add("a", "A", nop) Handlers.once("b", "B", nop) assert(Handlers.list[1].maxRuns == 1)'),
      'b a',
    ],
    [
      '6.1.6 once without a name counts from 0',
      namesAfter('Handlers.once("A", nop) Handlers.once("B", nop) assert(Handlers.onceNonce == 2)'),
      '_once_1 _once_0',
    ],
    [
      '6.1.7 before inserts in front of a name',
      namesAfter('Handlers.add("m", "M", nop) Handlers.before("m").add("x", "X", nop)'),
      'x m',
    ],
    [
      '6.1.8 after inserts behind a name',
      namesAfter('Handlers.add("m", "M", nop) Handlers.add("n", "N", nop) Handlers.after("m").add("y", "Y", nop)'),
      'm y n',
    ],
    [
      '6.1.7 before takes maxRuns',
      'Handlers.before("_eval").add("x", "X", print, 3) return Handlers.list[1].maxRuns',
      3,
    ],
    [
      '6.1.7 before does not look for doubles, and does nothing where the name is absent',
      namesAfter(
        'Handlers.add("m", "M", nop) Handlers.before("m").add("m", "X", nop) Handlers.before("n").add("x", "X", nop)',
      ),
      'm m',
    ],
    [
      '6.1.8 after takes maxRuns',
      'Handlers.after("_default").add("x", "X", print, 3) return Handlers.list[3].maxRuns',
      3,
    ],
    [
      '6.1.8 after does not look for doubles, and does nothing where the name is absent',
      namesAfter(
        'Handlers.add("m", "M", nop) Handlers.after("m").add("m", "X", nop) Handlers.after("n").add("y", "Y", nop)',
      ),
      'm m',
    ],
    [
      '6.1.9 remove removes the first of a name',
      namesAfter(
        'Handlers.add("m", "M", nop) Handlers.before("m").add("m", "X", nop) Handlers.remove("m") assert(Handlers.list[#Handlers.list].pattern == "M")',
      ),
      'm',
    ],
    ['6.1.9 remove of an absent one does nothing', namesAfter('Handlers.add("a", "A", nop) Handlers.remove("m")'), 'a'],
    ['6.1.11 receive waits', 'return type(Handlers.receive)', 'function'],
    [
      '6.1.12 generateResolver makes a function of a table',
      'Handlers.generateResolver({ A = function(m) print("ran " .. m.Action) end })({ Action = "A", Tags = {} })',
      'ran A',
    ],
    [
      '6.1.12 generateResolver takes a function',
      'Handlers.generateResolver(function(m) print(m.Action) end)({ Action = "A" })',
      'A',
    ],
    [
      '6.1.13 evaluate runs the handlers over a message',
      'Handlers.add("a", "A", function(m) print("ran " .. m.Data) end) Handlers.evaluate({ Action = "A", Data = "d", Tags = {} }, {})',
      'ran d',
    ],
    [
      '6.1.16 with two arguments the name is the Action to match: add, append, prepend',
      `Handlers.add("A", print) Handlers.append("B", print) Handlers.prepend("C", print)
        return Handlers.list[4].pattern .. Handlers.list[5].pattern .. Handlers.list[1].pattern`,
      'ABC',
    ],
    [
      '6.1.19 the handle is not checked',
      'Handlers.add("a", "A", nil) Handlers.add("b", "B", 5) return #Handlers.list',
      4,
    ],
  ])

  testErrors([
    ['6.1.10 remove wants a string', 'Handlers.remove(5)', 'name MUST be string'],
    ['6.1.14 evaluate wants a message', 'Handlers.evaluate("x", {})', 'msg is not valid'],
    ['6.1.15 evaluate wants an environment', 'Handlers.evaluate({})', 'env is not valid'],
    ['6.1.20 before wants a string', 'Handlers.before(5)', 'Handler name MUST be a string'],
    ['6.1.20 after wants a string', 'Handlers.after(nil)', 'Handler name MUST be a string'],
  ])

  test('6.1.19 a handle that is none fails when it is to run', () => {
    const library = createLibraryProcess({ setup: 'Handlers.add("a", "A", 5) Handlers.add("b", "B", nil)' })
    expect(library.fail({ action: 'A' })).toMatch(/attempt to call a number value/)
    expect(library.fail({ action: 'B' })).toMatch(/attempt to call a nil value/)
  })

  test('6.1.16 with two arguments the Action is compared as it stands', () => {
    const library = createLibraryProcess({ setup: 'Handlers.add("Ping", function() print("pong") end)' })
    expect(library.send({ action: 'Ping' }).data).toBe('pong')
    expect(library.send({ action: 'ping' }).data).toContain('New Message')
  })

  test.each([
    'Handlers.add(5, "A", print)',
    'Handlers.append(nil, "A", print)',
    'Handlers.prepend({}, print)',
    'Handlers.before("_eval").add(5, "A", print)',
    'Handlers.once(true, "A", print)',
  ])('6.1.17 the name must be a string: %s', (code) => {
    expect(createLibraryProcess().evalError(code)).toMatch(
      /Invalid arguments given\. Expected: [\s\S]*name[\s\S]*pattern[\s\S]*handle[\s\S]*MaxRuns/,
    )
  })

  test.each([
    'Handlers.add("a", 5, print)',
    'Handlers.add("a", nil, print)',
    'Handlers.add("a")',
    'Handlers.after("_eval").add("a", true, print)',
    'Handlers.once(nil, print)',
  ])('6.1.18 the pattern must be a string, table or function: %s', (code) => {
    expect(createLibraryProcess().evalError(code)).toMatch(
      /Invalid arguments given\. Expected: [\s\S]*name[\s\S]*pattern[\s\S]*handle[\s\S]*MaxRuns/,
    )
  })
})

describe('6.2 Default order', () => {
  test('6.2.1 it is _boot until it is consumed, _eval, _default', () => {
    const data = 'Order = "" for _, h in ipairs(Handlers.list) do Order = Order .. h.name .. " " end'
    const tags = [{ name: 'On-Boot', value: 'Data' }]
    const library = createLibraryProcess({ tags, first: { data } })
    expect(library.eval('Order')).toBe('_boot _eval _default ')
    expect(library.eval('Handlers.list[1].name .. #Handlers.list')).toBe('_eval2')
  })

  test('6.2.2 what user code adds comes after those', () => {
    const setup =
      'Order = {} Handlers.add("own", "Own", print) for i, h in ipairs(Handlers.list) do Order[i] = h.name end'
    const library = createLibraryProcess({ setup })
    expect(library.eval('table.concat(Order, " ")')).toBe('_eval _default own')
  })

  test('6.2.3 a broken added handler does not lock the owner out', () => {
    const library = createLibraryProcess({ setup: 'Handlers.add("bad", function() error("bad") end, print)' })
    expect(library.eval('1 + 1')).toBe('2')
    expect(library.fail({})).toMatch(/bad/)
  })

  test('6.2.4 a prepended handler runs before _eval', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.prepend("first", function() return true end, function() print("first") end)',
    })
    expect(library.eval('1 + 1')).toBe('first')
  })

  test('6.2.4 a prepended handler whose pattern fails shuts the owner out', () => {
    const library = createLibraryProcess({ setup: 'Handlers.prepend("bad", function() error("bad") end, print)' })
    expect(library.evalError('1 + 1')).toMatch(/bad$/)
  })

  test('6.2.5 _default does not run in its place', () => {
    const setup = 'Handlers.add("a", function() return true end, function() print("a") end)'
    expect(createLibraryProcess({ setup }).send({}).data).toBe('a')
  })

  test('6.2.5 _default runs last wherever it stands', () => {
    const library = createLibraryProcess({
      setup: `Handlers.add("a", ${always}, function() print("a") end)
        for i, h in ipairs(Handlers.list) do if h.name == "_default" then
          table.insert(Handlers.list, 1, table.remove(Handlers.list, i)) end end`,
    })
    expect(library.send({ from: 'someone' }).data).toMatch(/^a\n.*New Message/)
    expect(library.eval('Handlers.list[1].name')).toBe('_default')
  })
})

describe('6.3 Evaluation', () => {
  const twoHandlers = (verdict: string): string => `
    Handlers.add("first", function() return ${verdict} end, function() print("first") end)
    Handlers.add("second", function() return true end, function() print("second") end)`

  test.each<[title: string, verdict: string, printed: string]>([
    ['6.3.1 runs the handle and stops', 'true', 'first'],
    ['6.3.1 runs the handle and stops', '"break"', 'first'],
    ['6.3.1 runs the handle and stops', '-1', 'first'],
    ['6.3.1 runs the handle and stops', '-0.5', 'first'],
    ['6.3.2 runs the handle and goes on', '"continue"', 'first\nsecond'],
    ['6.3.2 runs the handle and goes on', '1', 'first\nsecond'],
    ['6.3.2 runs the handle and goes on', '42', 'first\nsecond'],
    ['6.3.2 runs the handle and goes on', '0.5', 'first\nsecond'],
    ['6.3.3 goes on without the handle', 'false', 'second'],
    ['6.3.3 goes on without the handle', '0', 'second'],
    ['6.3.3 goes on without the handle', '0.0', 'second'],
    ['6.3.3 goes on without the handle', '"skip"', 'second'],
    ['6.3.3 goes on without the handle', '"anything"', 'second'],
    ['6.3.3 goes on without the handle', '""', 'second'],
  ])('%s where the pattern gives %s', (_title, verdict, printed) => {
    expect(createLibraryProcess({ setup: twoHandlers(verdict) }).send({}).data).toBe(printed)
  })

  test.each(['nil', '{}', 'print', 'nil, true', ''])(
    '6.3.4, 20.1 another result of the pattern fails the message: %s',
    (verdict) => {
      const error = createLibraryProcess({ setup: twoHandlers(verdict) }).fail({})
      expect(error).toMatch(/Pattern result is not valid, it MUST be string, number, or boolean$/)
    },
  )

  test('6.3.5 _default runs if no entry stopped, also after "continue" handlers', () => {
    const library = createLibraryProcess({ setup: `Handlers.add("a", ${always}, function() print("a") end)` })
    expect(library.send({ from: 'someone' }).data).toMatch(/^a\n.*New Message/)
  })

  test('6.3.6, 20.2 what a handle returns does not count', () => {
    const library = createLibraryProcess({
      setup: `Handlers.add("a", ${always}, function() print("a") return true end)
        Handlers.add("b", function() return true end, function() print("b") return false, "continue" end)
        Handlers.add("c", function() return true end, function() print("c") end)`,
    })
    expect(library.send({}).data).toBe('a\nb')
  })

  test('6.3.7, 20.16 a handle gets the message, and the environment as second argument', () => {
    const setup =
      'Handlers.add("a", "A", function(msg, env, ...) print(msg.Action .. env.Process.Id .. select("#", ...)) end)'
    expect(createLibraryProcess({ setup }).send({ action: 'A' }).data).toBe(`A${processId}0`)
  })

  test('6.3.8 without maxRuns, or with "inf", runs are without end', () => {
    const library = createLibraryProcess({
      setup: `Handlers.add("a", "A", function() print("a") end, "inf") Handlers.add("b", "B", function() print("b") end)`,
    })
    for (let run = 0; run < 5; run++) {
      expect([library.send({ action: 'A' }).data, library.send({ action: 'B' }).data]).toEqual(['a', 'b'])
    }
  })

  test('6.3.9 maxRuns counts down, and the entry goes at 0', () => {
    const library = createLibraryProcess({ setup: 'Handlers.add("a", "A", function() print("a") end, 2)' })
    expect(library.send({ action: 'A' }).data).toBe('a')
    expect(library.eval('Handlers.list[3].maxRuns')).toBe('1')
    expect(library.send({ action: 'A' }).data).toBe('a')
    expect(library.send({ action: 'A' }).data).toContain('New Message')
    expect(library.eval('#Handlers.list')).toBe('2')
  })

  test('6.3.10 a run that fails does not count', () => {
    const library = createLibraryProcess()
    const code = `Handlers.add("a", "A", function() error("x") end, 1)
      pcall(Handlers.evaluate, { Action = "A", Tags = {} }, ao.env) return Handlers.list[3].maxRuns`
    expect(library.eval(code)).toBe('1')
  })

  test('6.3.11 an error of a handle fails the message, with positions before it', () => {
    const library = createLibraryProcess({ setup: 'Handlers.add("a", "A", function() error("boom") end)' })
    expect(library.fail({ action: 'A' })).toMatch(/\[string "\.handlers"\]:\d+: \[string "aos"\]:1: boom$/)
  })

  const run = (setup: string, message: Incoming = {}) =>
    plain(createLibraryProcess({ setup }).send({ from: 'someone', ...message }).data).replace(/\n?New Message.*$/, '')
  const three = (first: string): string => `
    Handlers.add("a", ${always}, function() print("a") ${first} end)
    Handlers.add("b", ${always}, function() print("b") end)
    Handlers.add("c", ${always}, function() print("c") end)`

  describe('6.3.12, 20.18 no entry is skipped or repeated in one pass', () => {
    test.each([
      ['removing itself skips nothing', 'Handlers.remove("a")', 'a b c'],
      ['removing one to come leaves it out', 'Handlers.remove("b")', 'a c'],
      ['removing itself and the next skips no other', 'Handlers.remove("a") Handlers.remove("b")', 'a c'],
      ['removing the next and itself skips no other', 'Handlers.remove("b") Handlers.remove("a")', 'a c'],
      ['removing all', 'Handlers.remove("a") Handlers.remove("b") Handlers.remove("c")', 'a'],
      [
        'inserting before itself repeats nothing',
        `Handlers.prepend("new", ${always}, function() print("new") end)`,
        'a b c',
      ],
      [
        'inserting just before itself repeats nothing',
        `Handlers.before("a").add("new", ${always}, function() print("new") end)`,
        'a b c',
      ],
      [
        'a once-handler put in front is for the next message',
        `Handlers.once(${always}, function() print("new") end)`,
        'a b c',
      ],
      [
        'one put in just behind takes part',
        `Handlers.after("a").add("new", ${always}, function() print("new") end)`,
        'a new b c',
      ],
      [
        'put in front, then removed itself',
        `Handlers.prepend("new", ${always}, function() print("new") end) Handlers.remove("a")`,
        'a b c',
      ],
      [
        'table.remove by user code',
        'for i, h in ipairs(Handlers.list) do if h.name == "a" then table.remove(Handlers.list, i) end end',
        'a b c',
      ],
      ['table.remove of a later one by user code', 'table.remove(Handlers.list, 4)', 'a c'],
      [
        'table.insert by user code',
        `table.insert(Handlers.list, 1, { name = "new", pattern = ${always}, handle = print })`,
        'a b c',
      ],
    ])('%s', (_title, first, expected) => {
      expect(run(three(first)).split('\n').join(' ')).toBe(expected)
    })

    test('the last one puts one in front and removes itself: nothing is repeated', () => {
      const setup = `Handlers.add("a", ${always}, function() print("a") end) Handlers.add("b", ${always}, function()
        print("b") Handlers.prepend("new", ${always}, function() print("new") end) Handlers.remove("b") end)`
      expect(run(setup)).toBe('a\nb')
    })

    test('one in the middle that user code takes out repeats and skips nothing', () => {
      const setup = `Handlers.add("a", ${always}, function() print("a") end) Handlers.add("b", ${always}, function()
        print("b") table.remove(Handlers.list, 4) end) Handlers.add("c", ${always}, function() print("c") end)`
      expect(run(setup)).toBe('a\nb\nc')
    })

    test('a handle with one run that continues skips nothing', () => {
      const setup = `Handlers.add("a", ${always}, function() print("a") end, 1) Handlers.add("b", ${always}, function() print("b") end)`
      expect(run(setup)).toBe('a\nb')
    })

    test('a pattern that changes the list skips and repeats nothing', () => {
      const setup = `Handlers.add("a", function() Handlers.remove("a") return 0 end, print)
        Handlers.add("b", ${always}, function() print("b") end) Handlers.add("c", ${always}, function() print("c") end)`
      expect(run(setup)).toBe('b\nc')
    })

    test('a "continue" handler that asks with onReply runs once', () => {
      const setup = `Handlers.add("a", function(m) return m.Action == "Go" and "continue" end, function(m)
        print("a") ao.send({ Target = "x" }).onReply(print) end)`
      expect(run(setup, { action: 'Go' })).toBe('a')
    })
  })

  test('6.3.13 entries appended during the pass take part in it', () => {
    expect(run(three(`Handlers.append("new", ${always}, function() print("new") end)`))).toBe('a\nb\nc\nnew')
  })
})

describe('6.4 Resolver tables', () => {
  const setup = `Handlers.add("a", function() return true end, {
    Ping = function(msg) print("ping " .. msg.Data) end,
    [{ Kind = "x" }] = function() print("table") end,
    [function(msg) return msg.Data == "fn" end] = function() print("function") end })`

  test.each<[title: string, message: Incoming, printed: string]>([
    ['6.4.1 a key may be an Action', { action: 'Ping', data: 'd' }, 'ping d'],
    ['6.4.1 a key may be a table', { tags: { Kind: 'X' } }, 'table'],
    ['6.4.1 a key may be a function', { data: 'fn' }, 'function'],
    ['6.4.3 no match is nothing, and the handler counts as having run', { action: 'None' }, ''],
  ])('%s', (_title, message, printed) => {
    expect(createLibraryProcess({ setup }).send(message).data).toBe(printed)
  })

  test.each([
    ['1', 'ran'],
    ['"continue"', 'ran'],
    ['0', ''],
    ['"skip"', ''],
    ['false', ''],
    ['nil', ''],
  ])('6.4.1 a function as key that gives %s prints %j', (verdict, printed) => {
    const key = `[function() return ${verdict} end] = function() print("ran") end`
    const library = createLibraryProcess({ setup: `Handlers.add("a", "A", { ${key} })` })
    expect(library.send({ action: 'A' }).data).toBe(printed)
  })

  test('6.4.2 one of the matching keys runs', () => {
    const both = `Handlers.add("a", "A", { A = function() print("ran") end, [{ Action = "A" }] = function() print("ran") end })`
    expect(createLibraryProcess({ setup: both }).send({ action: 'A' }).data).toBe('ran')
  })

  test('6.4.3 a run without a match counts for maxRuns', () => {
    const library = createLibraryProcess({ setup: 'Handlers.add("a", "A", { B = print }, 1)' })
    expect(library.send({ action: 'A' }).data).toBe('')
    expect(library.eval('#Handlers.list')).toBe('2')
  })
})

describe('6.5 Handlers.utils', () => {
  testCode([
    ['6.5.1 _version', 'return Handlers.utils._version', '0.0.2'],
    ['6.5.1 it is the module', 'return tostring(Handlers.utils == require(".handlers-utils"))', 'true'],
    [
      '6.5.2 hasMatchingTag compares a tag, case-sensitive',
      'local p = Handlers.utils.hasMatchingTag("A", "x") return tostring(p({ Tags = { A = "x" } })) .. tostring(p({ Tags = { A = "X" } })) .. tostring(p({ Tags = {} }))',
      'truefalsefalse',
    ],
    [
      '6.5.4 hasMatchingTagOf gives true for any of the values, else 0',
      'local p = Handlers.utils.hasMatchingTagOf("A", { "x", "y" }) return tostring(p({ Tags = { A = "y" } })) .. tostring(p({ Tags = { A = "z" } }))',
      'true0',
    ],
    [
      '6.5.6 hasMatchingData compares the data',
      'local p = Handlers.utils.hasMatchingData("x") return tostring(p({ Data = "x" })) .. tostring(p({ Data = "y" }))',
      'truefalse',
    ],
    [
      '6.5.10 continue gives 1 where its pattern matches',
      'local c = Handlers.utils.continue local p = c({ Action = "A" }) return tostring(p({ Action = "a", Tags = {} })) .. c("A")({ Action = "A" }) .. c(function() return true end)({}) .. c(function() return "break" end)({}) .. c(function() return -1 end)({})',
      '11111',
    ],
    [
      '6.5.11 continue gives false, 0, nil and "skip" themselves',
      'local c = Handlers.utils.continue local f = function(v) return tostring(c(function() return v end)({})) end return f(0) .. f(false) .. f(nil) .. f("skip") .. tostring(c({ Action = "B" })({ Action = "A", Tags = {} }))',
      '0falsenilskipfalse',
    ],
  ])

  testErrors([
    [
      '6.5.3 hasMatchingTag checks the name',
      'Handlers.utils.hasMatchingTag(1, "A")',
      'invalid arguments: (name : string, value : string)',
    ],
    [
      '6.5.3 hasMatchingTag checks the value',
      'Handlers.utils.hasMatchingTag("A")',
      'invalid arguments: (name : string, value : string)',
    ],
    [
      '6.5.5 hasMatchingTagOf checks the name',
      'Handlers.utils.hasMatchingTagOf(1, {})',
      'invalid arguments: (name : string, values : string[])',
    ],
    [
      '6.5.5 hasMatchingTagOf checks the values',
      'Handlers.utils.hasMatchingTagOf("A", "x")',
      'invalid arguments: (name : string, values : string[])',
    ],
    ['6.5.7 hasMatchingData checks', 'Handlers.utils.hasMatchingData({})', 'invalid arguments: (value : string)'],
    ['6.5.9 reply checks', 'Handlers.utils.reply(5)', 'invalid arguments: (input : table or string)'],
  ])

  test('6.5.8 reply answers with a text', () => {
    const library = createLibraryProcess({ setup: 'Handlers.add("p", "P", Handlers.utils.reply("pong"))' })
    expect(library.send({ action: 'P', from: 'asker' }).messages).toMatchObject([{ target: 'asker', data: 'pong' }])
  })

  test('6.5.8, 20.17 reply with a table does not stick to the first sender', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("p", "P", Handlers.utils.reply({ Data = "pong", Action = "Pong" }))',
    })
    const targets = ['one', 'two'].map(
      (from) => library.send({ action: 'P', from, tags: { Reference: from } }).messages[0],
    )
    expect(targets).toMatchObject([
      { target: 'one', tag: { 'X-Reference': 'one', Action: 'Pong' } },
      { target: 'two', tag: { 'X-Reference': 'two', Action: 'Pong' } },
    ])
  })
})
