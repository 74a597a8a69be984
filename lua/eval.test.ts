import { describe, expect, test } from 'vitest'
import { color, createLibraryProcess, owner, plain, testCode } from './harness.ts'

const { red, green, blue, gray, reset } = color
const promptOf = (name: string, inboxCount: number): string =>
  `${green}${name}${gray}@${blue}aos-2.0.4${gray}[Inbox:${red}${inboxCount}${gray}]${reset}> `

describe('1.3 result object', () => {
  test('a message has data, prompt and print, and no test', () => {
    const answer = createLibraryProcess().send({ from: 'someone', data: 'd' })
    expect(answer).toMatchObject({ print: true, test: undefined, prompt: promptOf('aos', 2) })
  })

  test('an Eval has data, prompt and test, and no print', () => {
    const answer = createLibraryProcess().send({ action: 'Eval', data: 'print("a") return "b"' })
    expect(answer).toMatchObject({ data: 'a\nb', print: false, prompt: promptOf('aos', 1) })
    expect(answer.test).toBe('{\n    [1] = "a",\n    [2] = "b"\n}')
  })

  test('an Eval that is turned away has print', () => {
    const answer = createLibraryProcess().send({ action: 'Eval', data: '1', owner: 'messenger' })
    expect(answer).toMatchObject({ print: true, test: undefined })
  })

  test("someone else's Eval has no print", () => {
    const answer = createLibraryProcess().send({ action: 'Eval', data: '1', from: 'stranger' })
    expect(answer.data).toContain(`${gray}Action = ${blue}Eval`)
    expect(answer.print).toBe(false)
  })
})

describe('9.1 print', () => {
  testCode([
    ['text as it is', 'print("text")', 'text'],
    ['numbers in green', 'print(5)', `${green}5${reset}`],
    ['booleans in blue', 'print(true) print(false)', `${blue}true${reset}\n${blue}false${reset}`],
    ['nil in red', 'print(nil)', `${red}nil${reset}`],
    ['tables as stringify shows them', 'print({ 1, "x" })', `{ ${blue}1${reset}, ${green}"x"${reset} }`],
    ['the first argument alone', 'print("a", "b")', 'a'],
    ['it returns nil', 'return tostring((print("a")))', 'a\nnil'],
    ['20: functions as tostring shows them', 'print(print)', /^function: /],
    ['20: threads too', 'print(coroutine.create(print))', /^thread: /],
    ['lines are joined by newlines', 'for i = 1, 3 do print("l" .. i) end', 'l1\nl2\nl3'],
  ])

  test('assigning ao.outbox.Output changes nothing', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("a", "A", function() print("p") ao.outbox.Output = "x" end)',
    })
    expect(library.send({ action: 'A' }).data).toBe('p')
  })

  test('each message begins with an empty log', () => {
    const library = createLibraryProcess()
    library.eval('print("one")')
    expect(library.eval('print("two")')).toBe('two')
  })
})

describe('9.2 Prompt', () => {
  test('it shows name and inbox', () => {
    const library = createLibraryProcess({ tags: [{ name: 'Name', value: 'default' }] })
    expect(library.send({ from: 'someone' }).prompt).toBe(promptOf('default', 2))
    expect(library.send({ action: 'Eval', data: 'Name = "other"' }).prompt).toBe(promptOf('other', 2))
    expect(library.eval('Prompt()')).toBe(promptOf('other', 2))
  })

  test('user code may have its own, called for every result', () => {
    const library = createLibraryProcess({
      setup: 'Count = 0 function Prompt() Count = Count + 1 return "p" .. Count .. "> " end',
    })
    expect([library.send({}).prompt, library.send({}).prompt]).toEqual(['p2> ', 'p3> '])
  })
})

describe('10 Eval', () => {
  testCode([
    ['an expression', '1 + 1', '2'],
    ['statements', 'local x = 5 return x * 2', '10'],
    ['nil and false show nothing', 'nil', ''],
    ['20: false shows nothing', 'false', ''],
    ['true is shown without colour', 'true', 'true'],
    ['text is shown without quotes', '"text"', 'text'],
    ['tables are shown by stringify', '{ a = 1 }', `{\n   ${red}a${reset} = ${blue}1${reset}\n}`],
    ['functions are shown by tostring', 'print', /^function: /],
    ['it runs in the global environment', 'X = 5 return _G.X', 5],
    ['20: two values are no error', '1, 2', 1],
    ['20: gsub with its count is no error', 'string.gsub("abc", "b", "c")', 'acc'],
    ['20: nil and a number are no error', 'nil, 5', ''],
    ['a comment alone', '-- nothing', ''],
    ['after a value that is nil, print goes on', 'print("a")', 'a'],
  ])

  test('class C: nil and a text is that error', () => {
    expect(createLibraryProcess().evalError('nil, "refused"')).toBe('refused')
  })

  test('class A: a compile error is the message alone', () => {
    const error = createLibraryProcess().evalError('x = = 1')
    expect(error).toBe(`[string "aos"]:1: unexpected symbol near '='`)
  })

  test('class B: a runtime error comes after what was printed', () => {
    const error = createLibraryProcess().evalError('print("a") print("b") error("boom")')
    expect(error).toContain(`${red}error:\n${reset}`)
    expect(plain(error)).toMatch(/^a\nb\n\nerror:\n\[string "\.handlers"\]:\d+: \[string "aos"\]:1: boom$/)
  })

  test('binary chunks are refused', () => {
    const library = createLibraryProcess()
    expect(library.fail({ action: 'Eval', data: '\u001bLua' })).toMatch(/attempt to load a binary chunk/)
  })

  test('missing data raises', () => {
    expect(createLibraryProcess().fail({ action: 'Eval' })).toMatch(/attempt to concatenate a nil value/)
  })

  test('only the owner may', () => {
    const library = createLibraryProcess()
    expect(library.send({ action: 'Eval', data: 'X = 1', from: 'stranger' }).data).toContain('New Message')
    expect(library.eval('X')).toBe('')
    library.eval('Owner = "stranger"')
    expect(library.send({ action: 'Eval', data: '"mine"', from: 'stranger' }).data).toBe('mine')
  })

  test('lines are counted in the chunk', () => {
    expect(createLibraryProcess().evalError('\n\nlocal x = nil + 1')).toMatch(
      /\[string "aos"\]:3: attempt to perform arithmetic on a nil value/,
    )
  })

  test("Lua's own wording reaches the user", () => {
    const library = createLibraryProcess()
    expect(library.evalError('return 1 < nil')).toMatch(/attempt to compare number with nil$/)
    expect(library.evalError('Handers.add()')).toMatch(/attempt to index a nil value \(global 'Handers'\)$/)
  })
})

describe('11.1 _default', () => {
  const shown = (message: object) => createLibraryProcess().send({ from: 'FRED', ...message }).data
  const head = `${gray}New Message From ${green}FRE...RED${gray}: `

  test('Action comes before Data', () => {
    expect(shown({ action: 'Greet', data: 'ping' })).toBe(`${head}${gray}Action = ${blue}Greet${reset}`)
  })
  test('without Action it shows Data', () => {
    expect(shown({ data: 'ping' })).toBe(`${head}${gray}Data = ${blue}ping${reset}`)
  })
  test('20 bytes are shown', () => {
    expect(shown({ data: 'x'.repeat(30) })).toBe(`${head}${gray}Data = ${blue}${'x'.repeat(20)}${reset}`)
    expect(shown({ action: 'y'.repeat(30) })).toBe(`${head}${gray}Action = ${blue}${'y'.repeat(20)}${reset}`)
  })
  test('missing data is empty', () => {
    expect(shown({})).toBe(`${head}${gray}Data = ${blue}${reset}`)
  })
  test('table data is shown as JSON', () => {
    expect(shown({ data: '{"a":1}', tags: { 'Content-Type': 'application/json' } })).toBe(
      `${head}${gray}Data = ${blue}{"a":1}${reset}`,
    )
  })

  test('the message is in the Inbox', () => {
    const library = createLibraryProcess()
    library.send({ from: 'FRED', data: 'ping', tags: { Extra: '1' } })
    expect(
      library.eval('#Inbox .. Inbox[2].Data .. Inbox[2].From .. Inbox[2].Tags.Extra .. Inbox[2].TagArray[1].name'),
    ).toBe('2pingFRED1Extra')
  })

  test('20: the Inbox keeps the newest 10000', () => {
    const library = createLibraryProcess({ setup: 'for i = 1, 9999 do Inbox[#Inbox + 1] = { Data = "old" .. i } end' })
    expect(library.eval('#Inbox .. Inbox[2].Data')).toBe('10000old1')
    library.send({ data: 'new' })
    expect(library.eval('#Inbox .. Inbox[1].Data .. Inbox[10000].Data')).toBe('10000old1new')
  })
})

describe('11.2 _boot', () => {
  test('the process message is the first of the Inbox', () => {
    const library = createLibraryProcess({ first: { data: 'hello' } })
    expect(library.eval('#Inbox .. Inbox[1].Data .. Inbox[1].Tags.Type')).toBe('1helloProcess')
  })

  test('On-Boot: Data evaluates the data', () => {
    const tags = [{ name: 'On-Boot', value: 'Data' }]
    const library = createLibraryProcess({ tags, first: false })
    const own = [{ name: 'Type', value: 'Process' }, { name: 'Module', value: 'm' }, ...tags]
    const answer = library.send({
      id: 'PROCESS'.padEnd(43, '-'),
      data: 'print("booting") Booted = Owner return 5',
      tags: own,
    })
    expect(answer).toMatchObject({ data: 'booting\n5', print: true, test: undefined, prompt: promptOf('aos', 1) })
    expect(library.eval('Booted .. #Inbox')).toBe(`${owner}1`)
  })

  const bootError = (data: string, onBoot = 'Data') => {
    const tags = [
      { name: 'Type', value: 'Process' },
      { name: 'Module', value: 'm' },
      { name: 'On-Boot', value: onBoot },
    ]
    return createLibraryProcess({ first: false }).fail({ id: 'PROCESS'.padEnd(43, '-'), data, tags })
  }

  test('class A: a compile error at boot', () => {
    expect(bootError('x = =')).toBe(`[string "aos"]:1: unexpected symbol near '='`)
  })
  test('class D: a runtime error at boot', () => {
    expect(bootError('error("at boot")')).toMatch(/handling message [\s\S]*at boot$/)
  })
  test('another value is a file that is not there', () => {
    expect(bootError('', 'the-transaction')).toMatch(/\/data\/the-transaction: No such file or directory$/)
  })

  test('a process message that is not of Type Process goes to _default', () => {
    const library = createLibraryProcess({ first: { tags: { Module: 'm' } } })
    expect(library.eval('#Inbox')).toBe('1')
    const data = createLibraryProcess({ first: false }).send({
      id: 'PROCESS'.padEnd(43, '-'),
      tags: { Module: 'm' },
    }).data
    expect(data).toContain('New Message')
  })

  test('_boot is used up', () => {
    expect(createLibraryProcess().eval('Handlers.list[1].name')).toBe('_eval')
  })
})

describe('15 errors', () => {
  const failing = (body: string) =>
    createLibraryProcess({ setup: `Handlers.add("bad", "Bad", function(msg) ${body} end)` })

  test('class D: log, header, message and trace, then the error', () => {
    const error = String(failing('print("before") error("boom")').fail({ action: 'Bad' }))
    const [log, message] = error.split(`\n\n${red}error:\n${reset}`)
    const lines = String(log).split('\n')
    expect(lines[0]).toBe('before')
    expect(lines[1]).toBe(`${red}Error${gray} handling message with Action = Bad${reset}`)
    expect(lines[2]?.startsWith(green) && lines[2].endsWith(reset)).toBe(true)
    expect(plain(lines[2])).toMatch(/^\[string "\.handlers"\]:\d+: \[string "aos"\]:1: boom$/)
    expect(lines[3]).toBe('')
    expect(lines[4]).toBe(`${gray}stack traceback:`)
    expect(log).toContain('[string "aos"]:1: in function')
    expect(message).toMatch(/^\[string "\.handlers"\]:\d+: \[string "aos"\]:1: boom$/)
  })

  test('class D without an Action', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("bad", function(m) return m.Data == "bad" end, function() error("boom") end)',
    })
    expect(library.fail({ data: 'bad' })).toContain(`${red}Error${gray} handling message ${reset}`)
  })

  test('a failing pattern fails the message', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("bad", function(m) return m.Data == "bad" and m.x.y end, print)',
    })
    expect(library.fail({ data: 'bad' })).toMatch(/attempt to index a nil value \(field 'x'\)$/)
  })

  test.each<[raise: string, text: string]>([
    ['error({ code = 42 })', '{ code = 42 }'],
    ['error()', 'nil'],
    ['error(7)', '7'],
    ['error(true)', 'true'],
    ['error(setmetatable({}, { __tostring = function() return "named" end }))', 'named'],
    ['error("plain", 0)', 'plain'],
  ])('20: %s is reported as class D, and as class B in an Eval', (raise, text) => {
    expect(String(failing(raise).fail({ action: 'Bad' })).endsWith(text)).toBe(true)
    expect(String(createLibraryProcess().evalError(raise)).endsWith(text)).toBe(true)
  })

  test('a failing handler answers nothing to the sender', () => {
    const library = failing('msg.reply({ Data = "x" }) error("boom")')
    library.fail({ action: 'Bad' })
    expect(library.eval('ao.reference')).toBe('0')
  })

  test('class B: within the message the error is in Errors', () => {
    // What a failed message leaves is undone, so a nested one shows it.
    const code = `local json = require("json")
      local env = { Process = { Id = ao.id, Tags = {} } }
      local message = { Id = "i", Owner = Owner, From = Owner, Target = ao.id, Timestamp = 1,
        Tags = { { name = "Action", value = "Eval" } }, Data = "error('inner')" }
      local result = json.decode(handle(json.encode(message), json.encode(env)))
      assert(result.ok)
      print(result.response.Error:match("inner$")) print(#Errors .. "") print(Errors[1]:match("inner$"))`
    expect(createLibraryProcess().eval(code)).toMatch(/inner\n1\ninner$/)
  })

  test('class E: an unprintable log', () => {
    expect(createLibraryProcess().evalError('table.insert(HANDLER_PRINT_LOGS, {})')).toMatch(
      /invalid value .*in table for 'concat'/,
    )
  })

  test('a stack overflow fails its message alone', () => {
    const library = createLibraryProcess()
    expect(library.evalError('local function f() return 1 + f() end return f()')).toMatch(/stack overflow/)
    expect(library.eval('1 + 1')).toBe('2')
  })
})

describe('1.1 handle', () => {
  const nested = (change: string) => `local json = require("json")
    local env = { Process = { Id = ao.id, Owner = Owner, Tags = { { name = "Name", value = "n" } } } }
    local message = { Id = "i", Owner = "o", From = "o", Target = ao.id, Timestamp = 1, ["Block-Height"] = 1, Data = "d",
      Tags = { { name = "some_tag", value = "v" } } }
    ${change}
    local result = json.decode(handle(json.encode(message), json.encode(env)))`

  testCode([
    [
      'it takes and gives JSON',
      `${nested('')} local r = result.response HANDLER_PRINT_LOGS = {} return tostring(result.ok) .. r.Output.data:match("Data") .. tostring(r.Output.print) .. type(r.Output.prompt) .. #r.Messages .. #r.Spawns .. #r.Assignments`,
      'trueDatatruestring000',
    ],
    [
      'an extra wrapper around the environment is taken',
      `${nested('env = { env = env }')} HANDLER_PRINT_LOGS = {} return tostring(result.ok)`,
      'true',
    ],
    [
      'root keys and tags are normalised',
      `${nested('message.some_root = "r" Handlers.add("all", function(m) return m.Id == "i" end, function(m) Seen = m["Some-Root"] .. m["Some-Tag"] end)')} HANDLER_PRINT_LOGS = {} return Seen`,
      'rv',
    ],
    [
      'class E: missing tags give ok = false',
      `${nested('message.Tags = nil')} HANDLER_PRINT_LOGS = {} return tostring(result.ok) .. type(result.response)`,
      'falsestring',
    ],
    [
      'what is sent is in the result',
      `${nested('Handlers.add("all", function(m) return m.Id == "i" end, function(m) m.reply({ Data = "r", N = 5 }) end)')} HANDLER_PRINT_LOGS = {} ao.clearOutbox() local m = result.response.Messages[1] return m.Target .. m.Data .. #m.Tags .. m.Tags[5].value`,
      'or55',
    ],
    [
      'an Error stands alone',
      `${nested('Handlers.add("all", function(m) return m.Id == "i" end, function(m) ao.outbox.Error = "refused" end)')} ao.clearOutbox() HANDLER_PRINT_LOGS = {} return json.encode(result)`,
      /^\{.*"Error":"refused".*\}$/,
    ],
  ])

  test('replacing require(".process").handle takes effect from the next message on', () => {
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

  test('its output may lack print', () => {
    const library = createLibraryProcess({ setup: 'Handlers.add("quiet", "Quiet", function() end)' })
    const before = library.send({ action: 'Quiet' })
    expect(before).toMatchObject({ data: '', print: true })
    library.eval('require(".process").handle = function() return { Output = { data = "", prompt = Prompt() } } end')
    expect(library.send({ action: 'Quiet' })).toMatchObject({ data: '', prompt: before.prompt, print: false })
  })

  test('replacing package.loaded[".process"] does too', () => {
    const library = createLibraryProcess()
    library.eval(
      'package.loaded[".process"] = { _version = "9", handle = function(msg) return { Output = { data = "new " .. msg.Data }, Messages = {} } end }',
    )
    expect(library.eval('1 + 1')).toBe('new 1 + 1')
  })

  testCode([['the version that consoles ask for', "require('.process')._version", '2.0.4']])
})
