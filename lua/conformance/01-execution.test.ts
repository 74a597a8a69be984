import { describe, expect, test } from 'vitest'
import { createLibraryProcess, type Incoming, type JsonObject, processId, testCode, testErrors } from '../harness.ts'

const foreign: JsonObject = {
  Id: 'i',
  Owner: 'o',
  From: 'o',
  Target: processId,
  Timestamp: 1,
  'Block-Height': 1,
  Data: 'd',
  Tags: [{ name: 'some_tag', value: 'v' }],
}
const addForAll = (body: string): string =>
  `Handlers.add("all", function(m) return m.Id == "i" end, function(m) ${body} end)`

describe('1.1 Module entry point', () => {
  test('1.1.1 handle takes a message and an environment as JSON and gives JSON', () => {
    const library = createLibraryProcess({
      setup: addForAll('Seen = m["Some-Root"] .. m["Some-Tag"] m.reply({ Data = "r", N = 5 })'),
    })
    const { ok, response } = library.handle({ ...foreign, some_root: 'r' })
    expect(library.eval('Seen')).toBe('rv')
    expect({ ok, response }).toMatchObject({ ok: true, response: { Messages: [{ Target: 'o', Data: 'r' }] } })
  })

  test('1.1.2 ok is true with the result object', () => {
    const { ok, response } = createLibraryProcess().handle(foreign)
    expect(ok).toBe(true)
    expect(Object.keys(response).sort()).toEqual(['Assignments', 'Messages', 'Output', 'Spawns'])
  })

  test('1.1.2 ok is true also where the result is an Error', () => {
    const library = createLibraryProcess({ setup: addForAll('ao.outbox.Error = "refused"') })
    expect(library.handle(foreign)).toEqual({ ok: true, response: { Error: 'refused' } })
  })

  test('1.1.3 ok is false with a text where something fails outside the handlers', () => {
    const { Tags: _, ...withoutTags } = foreign
    const { ok, response } = createLibraryProcess().handle(withoutTags)
    expect(ok).toBe(false)
    expect(response).toMatch(/attempt to get length of a nil value/)
  })

  test('1.1.4 the engine records such a text as the Error of the result', () => {
    const tags = { 'Content-Type': 'application/json' }
    expect(createLibraryProcess().fail({ tags, data: '{' })).toMatch(/ at line 1 col \d+$/)
  })

  testCode([['1.1.5 handle is a global that user code sees', 'return type(handle)', 'function']])

  test('1.1.6 a process module put in place of the own one counts from the next message on', () => {
    const library = createLibraryProcess()
    const code = `package.loaded[".process"] = { _version = "9", handle = function(msg)
      return { Output = { data = "new " .. msg.Data }, Messages = {} } end } return "still the own one"`
    expect(library.eval(code)).toBe('still the own one')
    expect(library.eval('1 + 1')).toBe('new 1 + 1')
  })

  test('1.1.6 a replaced function handle of the process module counts from the next message on', () => {
    const library = createLibraryProcess()
    library.eval(`local process = require(".process") local own = process.handle
      process.handle = function(msg, env)
        assert(env.Process.Tags[1].name == "Module" and msg.Tags[1].name == "Action" and msg.TagArray == nil)
        local result = own(msg, env)
        if result.Output then result.Output.data = "wrapped " .. result.Output.data end
        return result
      end
      return "same message"`)
    expect(library.eval('1 + 1')).toBe('wrapped 2')
    expect(library.evalError('nil, "refused"')).toBe('refused')
    expect(library.send({ action: 'Eval', data: 'ao.send({ Target = "t", Data = "d" }) return "x"' })).toMatchObject({
      data: 'wrapped x',
      print: false,
      messages: [{ target: 't', data: 'd' }],
    })
  })

  test('the output of a replaced handle may lack print', () => {
    const library = createLibraryProcess({ setup: 'Handlers.add("quiet", "Quiet", function() end)' })
    const before = library.send({ action: 'Quiet' })
    expect(before).toMatchObject({ data: '', print: true })
    library.eval('require(".process").handle = function() return { Output = { data = "", prompt = Prompt() } } end')
    expect(library.send({ action: 'Quiet' })).toMatchObject({ data: '', prompt: before.prompt, print: false })
  })
})

describe('1.3 Result object', () => {
  test('1.3.1, 20.10 a success has Output, Messages, Spawns and Assignments', () => {
    const send =
      'm.reply({ Data = "r" }) ao.spawn("m", {}) ao.assign({ Processes = { "p" }, Message = "x" }) print("p")'
    const { response } = createLibraryProcess({ setup: addForAll(send) }).handle(foreign)
    expect(response).toMatchObject({
      Output: { data: 'p', prompt: expect.stringContaining('aos-2.0.4') },
      Messages: [{ Target: 'o' }],
      Spawns: [{ Data: 'NODATA' }],
      Assignments: [{ Processes: ['p'], Message: 'x' }],
    })
  })

  test('1.3.1 the lists of a success may be empty', () => {
    const { response } = createLibraryProcess({ setup: addForAll('') }).handle(foreign)
    expect(response).toMatchObject({ Output: { data: '' }, Messages: [], Spawns: [], Assignments: [] })
  })

  test('1.3.2, 20.10 a failure has Error and no other key', () => {
    const library = createLibraryProcess({ setup: addForAll('error("boom")') })
    const { ok, response } = library.handle(foreign)
    expect([ok, Object.keys(response)]).toEqual([true, ['Error']])
  })

  test('1.3.2 Error may be another JSON value than a text', () => {
    const library = createLibraryProcess({ setup: addForAll('ao.outbox.Error = { code = 5 }') })
    expect(library.handle(foreign).response).toEqual({ Error: { code: 5 } })
  })

  test('1.3.3 what was sent before a failure is not returned', () => {
    const sends = 'ao.send({ Target = "t" }) ao.spawn("m", {}) error("boom")'
    const library = createLibraryProcess({
      setup: `${addForAll(sends)} Handlers.add("bad", "Bad", function() ${sends} end)`,
    })
    expect(Object.keys(library.handle(foreign).response)).toEqual(['Error'])
    library.fail({ action: 'Bad' })
    expect(library.send({ action: 'Eval', data: 'nil' })).toMatchObject({ messages: [], spawns: [] })
  })

  test.each<[title: string, message: Incoming]>([
    ['that a handler took', { action: 'Own' }],
    ['that no handler took', { from: 'someone' }],
    ['that is not trusted', { from: 'someone', owner: 'messenger' }],
    ['that is an assignment', { target: 'elsewhere' }],
  ])('1.3.4 print is true for a message %s', (_title, message) => {
    const library = createLibraryProcess({ setup: 'Handlers.add("own", "Own", print)' })
    expect(library.send(message).print).toBe(true)
  })

  test('1.3.4 print is true for the process message', () => {
    expect(createLibraryProcess({ first: false }).send({ id: processId, tags: { Module: 'm' } }).print).toBe(true)
  })

  test.each([
    ["the owner's", {}],
    ["someone else's", { from: 'stranger' }],
  ])('1.3.4 print is absent for %s Eval that reached the handlers', (_title, message) => {
    expect(createLibraryProcess().send({ action: 'Eval', data: '1', ...message }).print).toBe(false)
    const eval_ = { ...foreign, Tags: [{ name: 'Action', value: 'Eval' }] }
    const { response } = createLibraryProcess().handle(eval_)
    expect(response).toHaveProperty('Output.data')
    expect(response).not.toHaveProperty('Output.print')
  })

  test.each([
    ['not trusted', { owner: 'messenger' }],
    ['an assignment', { target: 'elsewhere' }],
  ])('1.3.5 print is true for an Eval that was turned away: %s', (_title, message) => {
    const answer = createLibraryProcess().send({ action: 'Eval', data: '1', ...message })
    expect(answer).toMatchObject({ print: true, test: undefined })
  })

  test('1.3.6 test is the Dump of the printed lines of an Eval', () => {
    const answer = createLibraryProcess().send({ action: 'Eval', data: 'print("a") return "b"' })
    expect(answer).toMatchObject({ data: 'a\nb', test: '{\n    [1] = "a",\n    [2] = "b"\n}' })
  })

  test('1.3.6 test is absent for other messages', () => {
    expect(createLibraryProcess().send({ from: 'someone', data: 'd' }).test).toBeUndefined()
  })
})

describe('1.4 State persistence', () => {
  const counters = `Count = 0
    local hidden = 0
    function Next() hidden = hidden + 1 return hidden end
    package.loaded["mine"] = { value = 7 }
    Handlers.add("count", "Count", function() Count = Count + 1 print(Count .. "/" .. Next() .. "/" .. require("mine").value) end)`

  test('1.4.1 globals, upvalues, modules and handlers stay from message to message', () => {
    const library = createLibraryProcess({ setup: counters })
    expect([library.send({ action: 'Count' }).data, library.send({ action: 'Count' }).data]).toEqual(['1/1/7', '2/2/7'])
  })

  test('1.4.2 suspended coroutines stay, with their locals', () => {
    const library = createLibraryProcess()
    library.eval(
      'local kept = "kept" Worker = coroutine.create(function() while true do coroutine.yield(kept) end end)',
    )
    library.eval('Receive("Go") print("received")')
    for (let round = 0; round < 3; round++) {
      expect(library.eval('select(2, coroutine.resume(Worker))')).toBe('kept')
    }
    expect(library.send({ action: 'Go' }).data).toBe('received')
  })

  test('1.4.3 a snapshot holds all of it, suspended coroutines too', () => {
    const library = createLibraryProcess({ setup: counters })
    library.send({ action: 'Count' })
    library.eval('local kept = "kept" Receive("Go") print(kept)')
    library.restart()
    expect(library.send({ action: 'Count' }).data).toBe('2/2/7')
    expect(library.send({ action: 'Go' }).data).toBe('kept')
  })

  const failures: [title: string, message: Incoming][] = [
    ['a runtime error', { action: 'Bad' }],
    ['an error of the outbox', { action: 'Refuse' }],
    ['a failure outside the handlers', { tags: { 'Content-Type': 'application/json' }, data: '{' }],
    ['an Eval that fails', { action: 'Eval', data: 'X = 2 Count = 99 ao.send({ Target = "t" }) error("stop")' }],
  ]
  test.each(failures)('1.4.4 after %s the next message starts from before it', (_title, failing) => {
    const library = createLibraryProcess({
      setup: `X = 1 ${counters} Handlers.prepend("note", function() return "continue" end, function() X = X + 1 end)
        Handlers.add("bad", "Bad", function() Next() error("x") end)
        Handlers.add("refuse", "Refuse", function() Next() ao.outbox.Error = "no" end)`,
    })
    library.send({ action: 'Count' })
    library.fail(failing)
    library.fail(failing)
    expect(library.send({ action: 'Count' }).data).toBe('2/2/7')
    expect(library.eval('X')).toBe('4')
  })

  test('1.4.5 neither globals nor references nor entries of Errors remain of a failed message', () => {
    const library = createLibraryProcess({ setup: 'X = 1' })
    library.evalError('X = 2 ao.send({ Target = "t" }) error("stop")')
    expect(library.eval('X .. ao.reference .. #Errors')).toBe('100')
  })

  test('1.4.6 who calls handle gets the memory after the error, with its entry of Errors', () => {
    const library = createLibraryProcess()
    const failing = { ...foreign, Data: 'X = 2 error("inner")', Tags: [{ name: 'Action', value: 'Eval' }] }
    const { response } = library.handle({ ...failing, From: 'OWNER'.padEnd(43, '-'), Owner: 'OWNER'.padEnd(43, '-') })
    expect(response).toMatchObject({ Error: expect.stringMatching(/inner$/) })
    expect(library.eval('X .. #Errors .. Errors[1]:match("inner$")')).toBe('21inner')
  })
})

describe('1.5 Language', () => {
  const present = (library: string, names: string): string =>
    `local missing = {} for name in ("${names}"):gmatch("%S+") do
      if type(${library}[name]) ~= "function" then missing[#missing + 1] = name end end
      return "missing: " .. table.concat(missing, " ")`

  testCode([
    ['1.5.1 it is Lua 5.3', 'return _VERSION', 'Lua 5.3'],
    [
      '1.5.1 integers have 64 bits and wrap, floats are IEEE doubles',
      'return math.maxinteger + 1 == math.mininteger and 2^53 + 1 == 2^53 and 7 // 2 .. " " .. 7 / 2 .. " " .. (5 ~ 3)',
      '3 3.5 6',
    ],
    [
      '1.5.2 it is compiled with the compatibility of 5.2: ipairs heeds __ipairs',
      `local t = setmetatable({}, { __ipairs = function() return function(_, i) if i < 2 then return i + 1 end end, nil, 0 end })
        local n = 0 for _ in ipairs(t) do n = n + 1 end return n`,
      2,
    ],
    ['1.5.3 arithmetic on numeric strings gives floats', 'return "10" + 5', '15.0'],
    ['1.5.3 numbers concatenate', 'return 10 .. 5', '105'],
    [
      '1.5.4 math keeps its deprecated functions',
      present('math', 'atan2 cosh sinh tanh pow frexp ldexp log10'),
      'missing: ',
    ],
    [
      '1.5.4 the deprecated functions calculate',
      'return math.pow(2, 3) .. " " .. math.log10(100) .. " " .. math.ldexp(0.5, 4)',
      '8.0 2.0 8.0',
    ],
    [
      '1.5.5 bit32 is a global with its twelve functions',
      present('bit32', 'arshift band bnot bor btest bxor extract lrotate lshift replace rrotate rshift'),
      'missing: ',
    ],
    [
      '1.5.5 bit32 calculates with 32 bits',
      'return bit32.bnot(0) .. " " .. bit32.rshift(-1, 28) .. " " .. bit32.lrotate(0x80000001, 1)',
      '4294967295 15 3',
    ],
    [
      '1.5.6 floats print with %.14g and keep .0',
      'return tostring(10^2) .. " " .. tostring(2^53) .. " " .. 0.1 .. " " .. 1e15 .. " " .. 2^63',
      '100.0 9.007199254741e+15 0.1 1e+15 9.2233720368548e+18',
    ],
  ])

  test.each([
    [
      '_G',
      'assert collectgarbage error getmetatable ipairs load next pairs pcall print rawequal rawget rawlen rawset require select setmetatable tonumber tostring type xpcall',
    ],
    ['coroutine', 'create isyieldable resume running status wrap yield'],
    [
      'debug',
      'debug gethook getinfo getlocal getmetatable getregistry getupvalue getuservalue sethook setlocal setmetatable setupvalue setuservalue traceback upvalueid upvaluejoin',
    ],
    ['io', 'close flush input lines open output popen read tmpfile type write'],
    [
      'math',
      'abs acos asin atan ceil cos deg exp floor fmod log max min modf rad random randomseed sin sqrt tan tointeger type ult',
    ],
    ['os', 'clock date difftime execute exit getenv remove rename setlocale time tmpname'],
    ['package', 'loadlib searchpath'],
    ['string', 'byte char dump find format gmatch gsub len lower match pack packsize rep reverse sub unpack upper'],
    ['table', 'concat insert move pack remove sort unpack'],
    ['utf8', 'char codes codepoint len offset'],
  ])('1.5.7 the library %s is there', (library, names) => {
    expect(createLibraryProcess().eval(present(library, names))).toBe('missing: ')
  })

  testCode([
    [
      '1.5.8 there is no unpack, loadstring or arg',
      'return tostring(unpack) .. tostring(loadstring) .. tostring(arg)',
      'nilnilnil',
    ],
    ['1.5.9 load takes text', 'return load("return ...")(7)', 7],
    ['1.5.9 load takes binary chunks', 'return load(string.dump(function(x) return x + 7 end))(1)', 8],
    [
      '1.5.9 a dumped function gets its upvalues anew',
      'local n = 5 local f = load(string.dump(function() n = (n or 0) + 1 return n end), "c", "b") debug.setupvalue(f, 1, 40) return f() .. n',
      '415',
    ],
    [
      '1.5.9 the mode decides between text and binary',
      'return select(2, load(string.dump(print and function() end), "c", "t")) .. "; " .. select(2, load("return 1", "c", "b"))',
      "attempt to load a binary chunk (mode is 't'); attempt to load a text chunk (mode is 'b')",
    ],
    [
      '1.5.9 a binary chunk that is cut off is refused',
      String.raw`return select(2, load(string.dump(function() end):sub(1, 50), "=c")) .. "; " .. select(2, load("\27Lua", "=c"))`,
      /^c: truncated precompiled chunk; c: (truncated|.*version mismatch)/,
    ],
  ])

  test('1.5.9 damaged bytecode does what it does in its own message alone, and the same everywhere', () => {
    const limits = { gasPerMessage: 20_000_000 }
    const processes = [createLibraryProcess({ limits }), createLibraryProcess({ limits })]
    const damaged = (at: number, byte: number): Incoming => ({
      action: 'Eval',
      data: `local function f(a, b) local t = { a, b, x = 5 } for i = 1, 3 do t.x = t.x + i end
          return a .. b .. t.x .. #t, function() return t end end
        local code = string.dump(f, true)
        local at = 34 + ${at} % (#code - 34)
        local damaged = load(code:sub(1, at - 1) .. string.char(${byte}) .. code:sub(at + 1), "c", "b")
        return tostring(damaged and select(2, pcall(damaged, 1, 2)))`,
    })
    const seen = new Set<string>()
    for (let round = 0; round < 150; round++) {
      const [first, second] = processes.map((library) => library.dryRun(damaged(round * 31, (round * 89) % 256)))
      expect(second).toEqual(first)
      seen.add(JSON.stringify(first))
    }
    expect(seen.size).toBeGreaterThan(5)
    for (const library of processes) expect(library.eval('1 + 1')).toBe('2')
  })

  testCode([
    [
      '1.5.10 a missing file opens as nil and a message',
      'local f, why = io.open("x.txt") return tostring(f) .. " " .. why',
      'nil x.txt: No such file or directory',
    ],
    [
      '1.5.11 files cannot be written',
      'local s = "" for _, mode in ipairs({ "w", "a", "r+", "wb", "a+" }) do s = s .. tostring(io.open("/x", mode)) end return s .. " " .. select(2, io.open("/x", "w"))',
      'nilnilnilnilnil /x: Permission denied',
    ],
    [
      '1.5.12 os.execute is not implemented',
      'local ok, why = os.execute("ls") return tostring(ok) .. " " .. why',
      'nil not implemented',
    ],
  ])
  testErrors([['1.5.13 io.popen raises', 'io.popen("ls")', "'popen' not supported"]])
  testCode([
    ['1.5.14 os.getenv gives nil', 'return tostring(os.getenv("HOME")) .. tostring(os.getenv("PATH"))', 'nilnil'],
    [
      '1.5.15 /data is a directory',
      'local f = assert(io.open("/data")) local text, why = f:read("a") return tostring(text) .. " " .. why',
      'nil Is a directory',
    ],
    ['1.5.15 /data cannot be written over', 'return select(2, io.open("/data", "w"))', '/data: Is a directory'],
    [
      '1.5.15 /data is empty',
      'return select(2, io.open("/data/anything"))',
      '/data/anything: No such file or directory',
    ],
    [
      '1.5.16 os.clock stands still',
      'local a = os.clock() for i = 1, 1e5 do end return tostring(a == os.clock()) .. math.type(a)',
      'truefloat',
    ],
    ['1.5.16 the default date is fixed', 'return os.date()', 'Thu Jan 01 00:00:10 1970'],
    [
      '1.5.17 os.date formats a time in seconds',
      'return os.date("!%Y-%m-%d %H:%M:%S", 1700000000)',
      '2023-11-14 22:13:20',
    ],
    [
      '1.5.17 os.date gives a table',
      'local t = os.date("*t", 951782400) return t.year .. "/" .. t.month .. "/" .. t.day .. " " .. t.yday .. " " .. t.wday',
      '2000/2/29 60 3',
    ],
    ['1.5.17 os.date before 1970', 'return os.date("%A %d %B %Y", -86400)', 'Wednesday 31 December 1969'],
    [
      '1.5.17 os.date knows ISO weeks',
      'return os.date("%G-W%V-%u", 1609459200) .. " " .. os.date("%G-W%V", 1230768000) .. " " .. os.date("%G-W%V", 1230508800)',
      '2020-W53-5 2009-W01 2009-W01',
    ],
    [
      '1.5.17 os.date knows weeks of the year',
      'return os.date("%j %U %W %I %p %y %C", 1700000000)',
      '318 46 46 10 PM 23 20',
    ],
  ])
})

describe('io and os where the specification is silent', () => {
  testCode([
    ['reading gives nil', 'return tostring(io.read("a")) .. tostring(io.stdin:read())', 'nilnil'],
    [
      'writing is swallowed',
      'io.write("a", "b") io.stdout:write("c"):write("d") io.stderr:write("e") return "still here"',
      'still here',
    ],
    [
      'loadfile finds no file',
      'local f, why = loadfile("x.lua") return tostring(f) .. " " .. why',
      'nil cannot open x.lua',
    ],
    ['io.type tells files from other values', 'return tostring(io.type(io.stdout)) .. tostring(io.type(5))', 'filenil'],
    ['utf8 is there', 'return utf8.char(228)', 'ä'],
  ])
  testErrors([
    ['io.lines of a missing file raises', 'io.lines("x")', 'x: No such file or directory'],
    ['dofile raises', 'dofile("x.lua")', 'cannot open x.lua'],
    [
      'os.date refuses what it does not know',
      'os.date("%Q")',
      "bad argument #1 to 'date' (invalid conversion specifier '%Q')",
    ],
    [
      'os.date refuses a wrong modifier',
      'os.date("%Ed")',
      "bad argument #1 to 'date' (invalid conversion specifier '%Ed')",
    ],
    [
      'os.date refuses fractions',
      'os.date("%Y", 1.5)',
      "bad argument #2 to 'date' (number has no integer representation)",
    ],
    ['io.open refuses unknown modes', 'io.open("x", "z")', "bad argument #2 to 'open' (invalid mode)"],
  ])
})

describe('1.6 Determinism', () => {
  test('1.6.1 the same messages give the same results', () => {
    const run = (): unknown[] => {
      const library = createLibraryProcess({
        setup:
          'Handlers.add("r", "R", function(m) print(math.random() .. m.Id) m.reply({ a = 1, b = 2, c = 3, d = 4 }) end)',
      })
      return [library.send({ action: 'R' }), library.send({ action: 'R' }), library.send({ from: 'x' })]
    }
    expect(run()).toEqual(run())
  })

  test('1.6.2 the order of pairs is the same in every replica, and so are addresses', () => {
    const code =
      'local t = {} for i = 1, 50 do t["key" .. i] = {} end local s = "" for k, v in pairs(t) do s = s .. k .. tostring(v) end return s'
    expect(createLibraryProcess().eval(code)).toBe(createLibraryProcess().eval(code))
  })
})
