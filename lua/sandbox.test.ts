import { describe, expect, test } from 'vitest'
import { createLibraryProcess, testCode, testErrors } from './harness.ts'

describe('1.5 language', () => {
  testCode([
    ['the version is Lua 5.3', 'return _VERSION', 'Lua 5.3'],
    ['arithmetic on numeric strings gives floats', 'return "10" + 5', '15.0'],
    ['numbers concatenate', 'return 10 .. 5', '105'],
    [
      'floats print with %.14g and keep .0',
      'return tostring(10^2) .. " " .. tostring(2^53)',
      '100.0 9.007199254741e+15',
    ],
    [
      'math keeps its deprecated functions',
      'local n = 0 for name in ("atan2 cosh sinh tanh pow frexp ldexp log10"):gmatch("%S+") do if math[name] then n = n + 1 end end return n',
      8,
    ],
    [
      'bit32 is a global',
      'local n = 0 for name in ("arshift band bnot bor btest bxor extract lrotate lshift replace rrotate rshift"):gmatch("%S+") do if bit32[name] then n = n + 1 end end return n',
      12,
    ],
    [
      'there is no unpack, loadstring or arg',
      'return tostring(unpack) .. tostring(loadstring) .. tostring(arg)',
      'nilnilnil',
    ],
    ['load takes binary chunks', 'return load(string.dump(function() return 7 end))()', 7],
    ['debug is there', 'return type(debug.traceback)', 'function'],
    ['utf8 is there', 'return utf8.char(228)', 'ä'],
  ])
})

describe('1.5 io and os without a host', () => {
  testCode([
    [
      'a missing file opens as nil and a message',
      'local f, why = io.open("x.txt") return tostring(f) .. " " .. why',
      'nil x.txt: No such file or directory',
    ],
    [
      'files cannot be written',
      'local f, why = io.open("/x", "w") return tostring(f) .. " " .. why',
      'nil /x: Permission denied',
    ],
    ['reading gives nil', 'return tostring(io.read("a")) .. tostring(io.stdin:read())', 'nilnil'],
    [
      'writing is swallowed',
      'io.write("a", "b") io.stdout:write("c"):write("d") io.stderr:write("e") return "still here"',
      'still here',
    ],
    [
      'os.execute is not implemented',
      'local ok, why = os.execute("ls") return tostring(ok) .. " " .. why',
      'nil not implemented',
    ],
    ['os.getenv gives nil', 'return tostring(os.getenv("HOME"))', 'nil'],
    ['os.clock stands still', 'local a = os.clock() for i = 1, 1e5 do end return tostring(a == os.clock())', 'true'],
    ['the default date is fixed', 'return os.date()', 'Thu Jan 01 00:00:10 1970'],
    ['os.date formats a time in seconds', 'return os.date("!%Y-%m-%d %H:%M:%S", 1700000000)', '2023-11-14 22:13:20'],
    [
      'os.date gives a table',
      'local t = os.date("*t", 951782400) return t.year .. "/" .. t.month .. "/" .. t.day .. " " .. t.yday .. " " .. t.wday',
      '2000/2/29 60 3',
    ],
    ['os.date before 1970', 'return os.date("%A %d %B %Y", -86400)', 'Wednesday 31 December 1969'],
    [
      'os.date knows ISO weeks',
      'return os.date("%G-W%V-%u", 1609459200) .. " " .. os.date("%G-W%V", 1230768000) .. " " .. os.date("%G-W%V", 1230508800)',
      '2020-W53-5 2009-W01 2009-W01',
    ],
    ['os.date knows weeks of the year', 'return os.date("%j %U %W %I %p %y %C", 1700000000)', '318 46 46 10 PM 23 20'],
    [
      'loadfile finds no file',
      'local f, why = loadfile("x.lua") return tostring(f) .. " " .. why',
      'nil cannot open x.lua',
    ],
    ['io.type tells files from other values', 'return tostring(io.type(io.stdout)) .. tostring(io.type(5))', 'filenil'],
  ])
  testErrors([
    ['io.popen raises', 'io.popen("ls")', "'popen' not supported"],
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

describe('user code cannot break the library', () => {
  // Each breaks something, and the process must go on: print, send, match, prompt and encode.
  test.each([
    'table = nil string = nil math = nil',
    'string.pack = nil string.unpack = nil string.format = nil string.gsub = nil',
    'table.concat = nil table.insert = nil table.unpack = nil',
    'print = nil type = nil pairs = nil ipairs = nil next = nil tostring = nil',
    'setmetatable = nil rawget = nil rawset = nil error = nil pcall = nil xpcall = nil',
    'coroutine = nil debug = nil os = nil io = nil package = nil',
    'coroutine.yield = nil coroutine.resume = nil',
    'Handlers.evaluate = nil Handlers.coroutines = nil',
    'Handlers.add = nil Handlers.once = nil Handlers.append = nil',
    'Prompt = nil Inbox = nil Errors = nil HANDLER_PRINT_LOGS = nil',
    'ao.id = nil ao.env = nil ao.outbox = {} ao.authorities = nil ao.isTrusted = nil ao.isAssignable = nil',
    'ao.env.Process = nil',
    'Utils = nil json = nil Colors = nil Dump = nil',
    'json.encode = nil json.decode = nil Utils.matchesSpec = nil Utils.normalize = nil',
    'for key in pairs(package.loaded) do package.loaded[key] = nil end',
    'string.format = function() return "wrong" end tostring = function() return "wrong" end',
    'Handlers.list = {}',
    'Handlers.list = nil',
    '_G = nil',
  ])('%s', (damage) => {
    const library = createLibraryProcess()
    library.eval(`local ao, print, Handlers = ao, print, Handlers
      local send, add, utils = ao.send, Handlers.add, Handlers.utils
      add("ping", { Action = "Ping" }, function(msg)
        print("pong")
        send({ Target = msg.From, Action = "Pong", Count = 3, Tags = { { name = "a", value = "b" } } })
      end)`)
    library.eval(damage)
    expect(library.eval('1 + 1')).toBe('2')
    const wiped = damage.startsWith('Handlers.list')
    const answer = library.send({ action: 'Ping', from: 'someone' })
    expect(answer.prompt).toContain('aos-2.0.4')
    expect(answer.messages.map(({ tag }) => tag)).toMatchObject(wiped ? [] : [{ Action: 'Pong', Count: 3, a: 'b' }])
    if (!wiped) expect(answer.data).toBe('pong')
  })

  test('a broken Prompt fails its own message, and so is never kept', () => {
    const library = createLibraryProcess()
    expect(library.evalError('function Prompt() error("no prompt") end')).toMatch(/no prompt/)
    expect(library.eval('1 + 1')).toBe('2')
  })
})

describe('1.6 determinism', () => {
  test('two processes with the same messages say the same, addresses and order of pairs included', () => {
    const code =
      'local t = {} for i = 1, 50 do t["key" .. i] = {} end local s = "" for k, v in pairs(t) do s = s .. k .. tostring(v) end return s'
    expect(createLibraryProcess().eval(code)).toBe(createLibraryProcess().eval(code))
  })
})
