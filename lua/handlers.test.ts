import { describe, expect, test } from 'vitest'
import { createLibraryProcess, type Incoming, plain, testCode, testErrors } from './harness.ts'

/** A chunk's names of the handlers in order, without the built-in ones. */
const names = `local s = {} for _, h in ipairs(Handlers.list) do
  if not h.name:find("^_[ed]") then s[#s + 1] = h.name end end return table.concat(s, " ")`

const namesAfter = (code: string): string => `local nop = function() end ${code} ${names}`

describe('6.1 registration', () => {
  testCode([
    ['_version', 'return Handlers._version', '0.0.5'],
    [
      'the fields are there',
      'return type(Handlers.list) .. type(Handlers.coroutines) .. Handlers.onceNonce .. type(Handlers.utils)',
      'tabletable0table',
    ],
    ['add appends and returns the length', `local n = Handlers.add("a", "A", print) return n .. #Handlers.list`, '33'],
    [
      'add changes an entry in place',
      namesAfter(
        'Handlers.add("a", "A", nop) Handlers.add("b", "B", nop) Handlers.add("a", "C", nop) assert(Handlers.list[3].pattern == "C")',
      ),
      'a b',
    ],
    ['append returns nothing', 'return select("#", Handlers.append("a", "A", print))', 0],
    [
      'prepend puts first',
      namesAfter('Handlers.add("a", "A", nop) Handlers.prepend("b", "B", nop) assert(Handlers.list[1].name == "b")'),
      'b a',
    ],
    [
      'prepend changes an entry in place',
      namesAfter('Handlers.add("a", "A", nop) Handlers.add("b", "B", nop) Handlers.prepend("b", "C", nop)'),
      'a b',
    ],
    [
      'once puts first, with one run',
      namesAfter('Handlers.add("a", "A", nop) Handlers.once("b", "B", nop) assert(Handlers.list[1].maxRuns == 1)'),
      'b a',
    ],
    [
      'once without a name counts',
      namesAfter('Handlers.once("A", nop) Handlers.once("B", nop) assert(Handlers.onceNonce == 2)'),
      '_once_1 _once_0',
    ],
    [
      'before and after insert',
      namesAfter(
        'Handlers.add("m", "M", nop) Handlers.before("m").add("x", "X", nop) Handlers.after("m").add("y", "Y", nop)',
      ),
      'x m y',
    ],
    [
      'before and after do not look for doubles',
      namesAfter('Handlers.add("m", "M", nop) Handlers.before("m").add("m", "X", nop)'),
      'm m',
    ],
    [
      'before and after an absent one do nothing',
      namesAfter('Handlers.before("m").add("x", "X", nop) Handlers.after("m").add("y", "Y", nop)'),
      '',
    ],
    ['before takes maxRuns', 'Handlers.before("_eval").add("x", "X", print, 3) return Handlers.list[1].maxRuns', 3],
    [
      'remove removes the first of a name',
      namesAfter(
        'Handlers.add("m", "M", nop) Handlers.before("m").add("m", "X", nop) Handlers.remove("m") assert(Handlers.list[#Handlers.list].pattern == "M")',
      ),
      'm',
    ],
    ['remove of an absent one does nothing', namesAfter('Handlers.remove("m")'), ''],
    [
      'with two arguments the name is the Action',
      'Handlers.add("Ping", print) return Handlers.list[3].pattern',
      'Ping',
    ],
    [
      'append and prepend take two arguments too',
      'Handlers.append("A", print) Handlers.prepend("B", print) return Handlers.list[4].pattern .. Handlers.list[1].pattern',
      'AB',
    ],
    ['the handle is not checked', 'Handlers.add("a", "A", nil) return #Handlers.list', 3],
    [
      'an entry has name, pattern, handle and maxRuns',
      'Handlers.add("a", "A", print, 2) local h = Handlers.list[3] return h.name .. h.pattern .. type(h.handle) .. h.maxRuns',
      'aAfunction2',
    ],
    ['user code may add fields', 'Handlers.mine = 5 return Handlers.mine', 5],
  ])

  testErrors([
    ['remove wants a string', 'Handlers.remove(5)', 'name MUST be string'],
    ['before wants a string', 'Handlers.before(5)', 'Handler name MUST be a string'],
    ['after wants a string', 'Handlers.after(nil)', 'Handler name MUST be a string'],
    ['evaluate wants a message', 'Handlers.evaluate("x", {})', 'msg is not valid'],
    ['evaluate wants an environment', 'Handlers.evaluate({})', 'env is not valid'],
  ])

  test.each([
    'Handlers.add(5, "A", print)',
    'Handlers.add("a", 5, print)',
    'Handlers.add("a", nil, print)',
    'Handlers.prepend({}, print)',
    'Handlers.once(nil, print)',
  ])('wrong arguments are refused: %s', (code) => {
    expect(createLibraryProcess().evalError(code)).toMatch(
      /Invalid arguments given\. Expected: [\s\S]*name[\s\S]*pattern[\s\S]*handle[\s\S]*MaxRuns/,
    )
  })
})

describe('6.2 default order', () => {
  test('_boot, _eval, _default, then what is added', () => {
    const setup =
      'Order = {} Handlers.add("own", "Own", print) for i, h in ipairs(Handlers.list) do Order[i] = h.name end'
    const library = createLibraryProcess({ setup })
    expect(library.eval('table.concat(Order, " ")')).toBe('_eval _default own')
  })

  test('_boot stands first while the process message is handled, and is used up', () => {
    const data = 'Order = "" for _, h in ipairs(Handlers.list) do Order = Order .. h.name .. " " end'
    const tags = [{ name: 'On-Boot', value: 'Data' }]
    const library = createLibraryProcess({ tags, first: { data } })
    expect(library.eval('Order')).toBe('_boot _eval _default ')
    expect(library.eval('Handlers.list[1].name .. #Handlers.list')).toBe('_eval2')
  })

  test('a broken added handler does not lock the owner out', () => {
    const library = createLibraryProcess({ setup: 'Handlers.add("bad", function() error("bad") end, print)' })
    expect(library.eval('1 + 1')).toBe('2')
    expect(library.fail({})).toMatch(/bad/)
  })

  test('a prepended handler runs before _eval', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.prepend("first", function() return true end, function() print("first") end)',
    })
    expect(library.eval('1 + 1')).toBe('first')
  })

  test('_default runs last wherever it stands', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("a", function() return "continue" end, function() print("a") end)',
    })
    expect(library.send({ from: 'someone' }).data).toMatch(/^a\n.*New Message/)
  })
})

describe('6.3 evaluation', () => {
  const twoHandlers = (verdict: string): string => `
    Handlers.add("first", function() return ${verdict} end, function() print("first") end)
    Handlers.add("second", function() return true end, function() print("second") end)`

  test.each<[verdict: string, printed: string]>([
    ['true', 'first'],
    ['"break"', 'first'],
    ['-1', 'first'],
    ['-0.5', 'first'],
    ['"continue"', 'first\nsecond'],
    ['1', 'first\nsecond'],
    ['42', 'first\nsecond'],
    ['false', 'second'],
    ['0', 'second'],
    ['0.0', 'second'],
    ['"skip"', 'second'],
    ['"anything"', 'second'],
  ])('a pattern that gives %s prints %j', (verdict, printed) => {
    expect(createLibraryProcess({ setup: twoHandlers(verdict) }).send({}).data).toBe(printed)
  })

  test.each(['nil', '{}', 'print', 'nil, true', ''])('20: a pattern that gives %s fails the message', (verdict) => {
    const error = createLibraryProcess({ setup: twoHandlers(verdict) }).fail({})
    expect(error).toContain('Pattern result is not valid, it MUST be string, number, or boolean')
  })

  test('21: the pipeline vector', () => {
    const library = createLibraryProcess({
      setup: `Handlers.add("one", function() return "continue" end, function() print("one") end)
        Handlers.add("two", function() return "continue" end, function() print("two") end)
        Handlers.add("three", function() return "skip" end, function() print("three") end)`,
    })
    const expected =
      'one\ntwo\n\u001b[90mNew Message From \u001b[32mFRE...RED\u001b[90m: \u001b[90mData = \u001b[34mping\u001b[0m'
    expect(library.send({ from: 'FRED', data: 'ping' }).data).toBe(expected)
  })

  test('20: what a handle returns does not count, and env is its second argument', () => {
    const library = createLibraryProcess({
      setup: `Handlers.add("a", function() return "continue" end, function(msg, env) print(env.Process.Id) return true end)
        Handlers.add("b", function() return true end, function() print("b") return false end)
        Handlers.add("c", function() return true end, function() print("c") end)`,
    })
    expect(library.send({}).data).toBe(`${'PROCESS'.padEnd(43, '-')}\nb`)
  })

  test('maxRuns counts runs', () => {
    const library = createLibraryProcess({ setup: 'Handlers.add("a", "A", function() print("a") end, 2)' })
    expect(library.send({ action: 'A' }).data).toBe('a')
    expect(library.eval('Handlers.list[3].maxRuns')).toBe('1')
    expect(library.send({ action: 'A' }).data).toBe('a')
    expect(library.send({ action: 'A' }).data).toContain('New Message')
    expect(library.eval('#Handlers.list')).toBe('2')
  })

  test('maxRuns "inf" is without end', () => {
    const library = createLibraryProcess({ setup: 'Handlers.add("a", "A", function() print("a") end, "inf")' })
    for (let run = 0; run < 5; run++) expect(library.send({ action: 'A' }).data).toBe('a')
  })

  test('a run that fails does not count', () => {
    const library = createLibraryProcess()
    const code = `Handlers.add("a", "A", function() error("x") end, 1)
      pcall(Handlers.evaluate, { Action = "A", Tags = {} }, ao.env) return Handlers.list[3].maxRuns`
    expect(library.eval(code)).toBe('1')
  })

  test('an error fails the message, with positions before it', () => {
    const library = createLibraryProcess({ setup: 'Handlers.add("a", "A", function() error("boom") end)' })
    expect(library.fail({ action: 'A' })).toMatch(/\[string "\.handlers"\]:\d+: \[string "aos"\]:1: boom$/)
  })
})

describe('6.3, 20: the list changes while it is walked', () => {
  const all = 'function() return "continue" end'
  const run = (setup: string, message: Incoming = {}) =>
    plain(createLibraryProcess({ setup }).send({ from: 'someone', ...message }).data).replace(/\n?New Message.*$/, '')
  const three = (first: string): string => `
    Handlers.add("a", ${all}, function() print("a") ${first} end)
    Handlers.add("b", ${all}, function() print("b") end)
    Handlers.add("c", ${all}, function() print("c") end)`

  test.each([
    ['removing itself skips nothing', 'Handlers.remove("a")', 'a b c'],
    ['removing one to come leaves it out', 'Handlers.remove("b")', 'a c'],
    ['removing itself and the next skips no other', 'Handlers.remove("a") Handlers.remove("b")', 'a c'],
    ['removing the next and itself skips no other', 'Handlers.remove("b") Handlers.remove("a")', 'a c'],
    ['removing all', 'Handlers.remove("a") Handlers.remove("b") Handlers.remove("c")', 'a'],
    [
      'inserting before itself repeats nothing',
      `Handlers.prepend("new", ${all}, function() print("new") end)`,
      'a b c',
    ],
    [
      'inserting just before itself repeats nothing',
      `Handlers.before("a").add("new", ${all}, function() print("new") end)`,
      'a b c',
    ],
    [
      'a once-handler put in front is for the next message',
      `Handlers.once(${all}, function() print("new") end)`,
      'a b c',
    ],
    [
      'one put in just behind takes part',
      `Handlers.after("a").add("new", ${all}, function() print("new") end)`,
      'a new b c',
    ],
    ['one appended takes part', `Handlers.append("new", ${all}, function() print("new") end)`, 'a b c new'],
    [
      'put in front, then removed itself',
      `Handlers.prepend("new", ${all}, function() print("new") end) Handlers.remove("a")`,
      'a b c',
    ],
    [
      'table.remove by user code',
      'for i, h in ipairs(Handlers.list) do if h.name == "a" then table.remove(Handlers.list, i) end end',
      'a b c',
    ],
    [
      'table.insert by user code',
      `table.insert(Handlers.list, 1, { name = "new", pattern = ${all}, handle = print })`,
      'a b c',
    ],
  ])('%s', (_title, first, expected) => {
    expect(run(three(first)).split('\n').join(' ')).toBe(expected)
  })

  test('the last one puts one in front and removes itself: nothing is repeated', () => {
    const setup = `Handlers.add("a", ${all}, function() print("a") end) Handlers.add("b", ${all}, function()
      print("b") Handlers.prepend("new", ${all}, function() print("new") end) Handlers.remove("b") end)`
    expect(run(setup)).toBe('a\nb')
  })

  test('a handle with one run that continues skips nothing', () => {
    const setup = `Handlers.add("a", ${all}, function() print("a") end, 1) Handlers.add("b", ${all}, function() print("b") end)`
    expect(run(setup)).toBe('a\nb')
  })

  test('a pattern that changes the list skips and repeats nothing', () => {
    const setup = `Handlers.add("a", function() Handlers.remove("a") return 0 end, print)
      Handlers.add("b", ${all}, function() print("b") end) Handlers.add("c", ${all}, function() print("c") end)`
    expect(run(setup)).toBe('b\nc')
  })

  test('8.4: a Receive in a "continue" handler is not run again when it goes on', () => {
    const library = createLibraryProcess({
      setup: `Handlers.add("a", function(m) return m.Action == "Go" and "continue" end, function() print("before") Receive("Reply") print("after") end)
        Handlers.add("b", ${all}, function(m) print("b " .. m.Action) end)`,
    })
    expect(library.send({ action: 'Go' }).data).toBe('before')
    expect(
      String(library.send({ action: 'Reply', from: 'x' }).data)
        .split('\n')
        .slice(0, 2),
    ).toEqual(['after', 'b Go'])
  })
})

describe('6.4 resolver tables', () => {
  const setup = `Handlers.add("a", function() return true end, {
    Ping = function(msg) print("ping " .. msg.Data) end,
    [{ Kind = "x" }] = function() print("table") end,
    [function(msg) return msg.Data == "fn" end] = function() print("function") end })`

  test.each<[message: Incoming, printed: string]>([
    [{ action: 'Ping', data: 'd' }, 'ping d'],
    [{ tags: { Kind: 'X' } }, 'table'],
    [{ data: 'fn' }, 'function'],
    [{ action: 'None' }, ''],
  ])('%j prints %j, and counts as handled', (message, printed) => {
    expect(createLibraryProcess({ setup }).send(message).data).toBe(printed)
  })

  testCode([
    [
      'generateResolver makes a function of a table',
      'Handlers.generateResolver({ A = function(m) print("ran " .. m.Action) end })({ Action = "A", Tags = {} })',
      'ran A',
    ],
    [
      'generateResolver takes a function',
      'Handlers.generateResolver(function(m) print(m.Action) end)({ Action = "A" })',
      'A',
    ],
  ])
})

describe('6.5 Handlers.utils', () => {
  testCode([
    ['_version', 'return Handlers.utils._version', '0.0.2'],
    ['it is the module', 'return tostring(Handlers.utils == require(".handlers-utils"))', 'true'],
    [
      'hasMatchingTag',
      'local p = Handlers.utils.hasMatchingTag("A", "x") return tostring(p({ Tags = { A = "x" } })) .. tostring(p({ Tags = { A = "X" } })) .. tostring(p({ Tags = {} }))',
      'truefalsefalse',
    ],
    [
      'hasMatchingTagOf',
      'local p = Handlers.utils.hasMatchingTagOf("A", { "x", "y" }) return tostring(p({ Tags = { A = "y" } })) .. tostring(p({ Tags = { A = "z" } }))',
      'true0',
    ],
    [
      'hasMatchingData',
      'local p = Handlers.utils.hasMatchingData("x") return tostring(p({ Data = "x" })) .. tostring(p({ Data = "y" }))',
      'truefalse',
    ],
    [
      'continue runs on',
      'local p = Handlers.utils.continue({ Action = "A" }) return tostring(p({ Action = "a", Tags = {} })) .. tostring(p({ Action = "b", Tags = {} }))',
      '1false',
    ],
    [
      'continue keeps 0, false and skip',
      'local c = Handlers.utils.continue local f = function(v) return tostring(c(function() return v end)({})) end return f(0) .. f(false) .. f("skip") .. f("break") .. f(-1)',
      '0falseskip11',
    ],
  ])

  testErrors([
    [
      'hasMatchingTag checks',
      'Handlers.utils.hasMatchingTag("A")',
      'invalid arguments: (name : string, value : string)',
    ],
    [
      'hasMatchingTagOf checks',
      'Handlers.utils.hasMatchingTagOf("A", "x")',
      'invalid arguments: (name : string, values : string[])',
    ],
    ['hasMatchingData checks', 'Handlers.utils.hasMatchingData({})', 'invalid arguments: (value : string)'],
    ['reply checks', 'Handlers.utils.reply(5)', 'invalid arguments: (input : table or string)'],
  ])

  test('reply answers with text', () => {
    const library = createLibraryProcess({ setup: 'Handlers.add("p", "P", Handlers.utils.reply("pong"))' })
    expect(library.send({ action: 'P', from: 'asker' }).messages).toMatchObject([{ target: 'asker', data: 'pong' }])
  })

  test('20: reply with a table does not stick to the first sender', () => {
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

describe('7 matching', () => {
  const message = `{ Action = "Transfer", From = "Alice", Nonce = 3, Cron = true, Quantity = "100", Data = { 1 },
    Tags = { Action = "Transfer", Quantity = "100", Type = "Message", ["Data-Protocol"] = "ao", Nextprocess = "p" } }`

  const matches: [spec: string, expected: string][] = [
    ['"Transfer"', 'true'],
    ['"transfer"', 'false'],
    ['function(m) return m.Quantity end', '100'],
    ['function() end', 'nil'],
    ['5', 'false'],
    ['nil', 'false'],
    ['{}', 'true'],
    ['{ Action = "Transfer" }', 'true'],
    ['{ Action = "transfer" }', 'true'],
    ['{ action = "Transfer" }', 'false'],
    ['{ Action = "Transfer", Quantity = "100" }', 'true'],
    ['{ Action = "Transfer", Quantity = "5" }', 'false'],
    ['{ Missing = "_" }', 'false'],
    ['{ Quantity = "_" }', 'true'],
    ['{ ["Data-Protocol"] = "ao" }', 'true'],
    ['{ Type = "message" }', 'true'],
    ['{ Quantity = "%d+" }', 'true'],
    ['{ Quantity = "^%d$" }', 'false'],
    ['{ Quantity = "0+" }', 'true'],
    ['{ Action = "^TRANS" }', 'true'],
    ['{ Action = "r-f" }', 'false'],
    ['{ Nonce = "3" }', 'true'],
    ['{ Nonce = 3 }', 'false'],
    ['{ Cron = true }', 'false'],
    ['{ Cron = "_" }', 'true'],
    ['{ From = { "Bob", "Alice" } }', 'true'],
    ['{ From = { any = "Bob" } }', 'false'],
    ['{ Quantity = function(v) return tonumber(v) == 100 end }', 'true'],
    ['{ Quantity = function(v, m) return m.From == "Alice" end }', 'true'],
    ['{ Quantity = function() return nil end }', 'false'],
    ['{ NextProcess = "p" }', 'true'],
  ]
  testCode(
    matches.map(
      ([spec, expected]) =>
        [
          `${spec} gives ${expected}`,
          `local verdict = Utils.matchesSpec(${message}, ${spec}) return tostring(verdict)`,
          expected,
        ] as const,
    ),
  )

  testCode([
    [
      '20: classes keep their case',
      'local m = { Data = "abc", Tags = {} } return tostring(Utils.matchesSpec(m, { Data = "^%D+$" })) .. tostring(Utils.matchesSpec(m, { Data = "^%d+$" })) .. tostring(Utils.matchesSpec({ Data = "12", Tags = {} }, { Data = "^%D+$" }))',
      'truefalsefalse',
    ],
    [
      '20: literal letters of a pattern are folded',
      'return tostring(Utils.matchesSpec({ Data = "xHELLO%", Tags = {} }, { Data = "Hello%%" })) .. tostring(Utils.matchesSpec({ Data = "q", Tags = {} }, { Data = "[A-Z]" }))',
      'truetrue',
    ],
    [
      '20: a text pattern against a table or boolean is no match',
      'return tostring(Utils.matchesSpec({ Data = {}, Cron = true, Tags = {} }, { Data = "x" })) .. tostring(Utils.matchesSpec({ Cron = true, Tags = {} }, { Cron = "true" }))',
      'falsefalse',
    ],
    [
      '20: a function pattern is called once for each different value',
      'local n = 0 local f = function() n = n + 1 return false end Utils.matchesSpec({ A = "1", Tags = { A = "1" } }, { A = f }) Utils.matchesSpec({ A = "1", Tags = { A = "2" } }, { A = f }) Utils.matchesSpec({ Tags = { A = "2" } }, { A = f }) return n',
      4,
    ],
    [
      'a tag alone can satisfy a key',
      'return tostring(Utils.matchesSpec({ A = "1", Tags = { A = "2" } }, { A = "2" }))',
      'true',
    ],
    [
      '20: no tag stands in for From, Owner, Target, Id or Data',
      'local s = "" for _, key in ipairs({ "From", "Owner", "Target", "Id", "Data" }) do s = s .. tostring(Utils.matchesSpec({ [key] = "real", Tags = { [key] = "x" } }, { [key] = "x" })) end return s',
      'falsefalsefalsefalsefalse',
    ],
    [
      'matchesPattern',
      'return tostring(Utils.matchesPattern("A", "a", {})) .. tostring(Utils.matchesPattern(nil, "a", {})) .. tostring(Utils.matchesPattern("_", nil, {})) .. tostring(Utils.matchesPattern(5, 5, {}))',
      'truefalsetruefalse',
    ],
  ])

  test('handlers match by Action, table and function', () => {
    const library = createLibraryProcess({
      setup: `Handlers.add("a", "A", function() print("by action") end)
        Handlers.add("b", { Kind = "k" }, function() print("by table") end)
        Handlers.add("c", function(m) return m.Data == "c" end, function() print("by function") end)`,
    })
    expect(library.send({ action: 'A' }).data).toBe('by action')
    expect(library.send({ action: 'B', tags: { kind: 'K' } }).data).toBe('by table')
    expect(library.send({ data: 'c' }).data).toBe('by function')
  })
})
