/** Development mode: what errors say beside their text, and what is pointed out without one. */
import { describe, expect, test } from 'vitest'
import { createLibraryProcess, type LibraryProcess, plain } from './harness.ts'

const user = 'USER'.padEnd(43, '-')

function createDevelopmentProcess(code?: string): LibraryProcess {
  return createLibraryProcess({ development: true, ...(code === undefined ? {} : { setup: code }) })
}

/** What follows the error's own text, line by line. */
function explanationOf(error: unknown): string[] {
  const [, ...parts] = plain(error).split('error:\n').at(-1)?.split('\n\n') ?? []
  return parts.join('\n\n').split('\n')
}

/** Sends a message that the code cannot take, and gives the explanation. */
function explain(handle: string, tags: Record<string, string> = {}, before = ''): string[] {
  const library = createDevelopmentProcess(`${before}\nHandlers.add("h", "Go", function(msg)\n${handle}\nend)`)
  return explanationOf(library.fail({ action: 'Go', from: user, tags }))
}

describe('the place of an error', () => {
  test('the line of the code, the line before it, and who called', () => {
    const code = `local function pay(msg)
  local from = msg.From
  Balances[from].amount = 5
end
Balances = {}
Handlers.add("pay", "Pay", function(msg)
  pay(msg)
end)`
    const error = createDevelopmentProcess(code).fail({ action: 'Pay', from: user })
    expect(explanationOf(error)).toEqual([
      "at line 3 of the Eval with nonce 2, in function 'pay'",
      '     2 |   local from = msg.From',
      '>    3 |   Balances[from].amount = 5',
      '`Balances[from]` is nil here.',
      'called from line 7 of the Eval with nonce 2',
      'while handler "pay" had the message',
    ])
  })

  test('tells two Evals apart that have the same chunk name', () => {
    const library = createDevelopmentProcess('function first()\n\n  return State.one\nend')
    library.eval('function second()\n  first()\nend')
    library.eval('Handlers.add("go", "Go", function() second() end)')
    const [place, , line, , caller] = explanationOf(library.fail({ action: 'Go', from: user }))
    expect([place, line, caller]).toEqual([
      "at line 3 of the Eval with nonce 2, in function 'first'",
      '>    3 |   return State.one',
      "called from line 2 of the Eval with nonce 3, in function 'second'",
    ])
  })

  test('the file of a chunk that was loaded under its name', () => {
    const library = createDevelopmentProcess(
      `load("\\nlocal a = 1\\nreturn function() return a.b.c end", "@src/deep.lua")`,
    )
    library.eval('Fail = load("\\n\\nreturn function() return nothing.here end", "@src/deep.lua")()')
    const [place, , line] = explanationOf(library.evalError('local r = Fail() return r'))
    expect([place, line]).toEqual([
      "at src/deep.lua:3, in function 'Fail'",
      '>    3 | return function() return nothing.here end',
    ])
  })

  test('the file and its line within a bundle as consoles make them', () => {
    const bundle = `-- module: "lib.math"
local function _loaded_mod_lib_math()
local M = {}
function M.half(n)
  return n / Divisor.value
end
return M
end

_G.package.loaded["lib.math"] = _loaded_mod_lib_math()

Handlers.add("half", "Half", function(msg)
  local result = require("lib.math").half(2)
end)`
    const lines = explanationOf(createDevelopmentProcess(bundle).fail({ action: 'Half', from: user }))
    expect(lines.slice(0, 3)).toEqual([
      "at lib/math.lua:3, in function 'half'",
      '     2 | function M.half(n)',
      '>    3 |   return n / Divisor.value',
    ])
    expect(lines).toContain('called from line 13 of the Eval with nonce 2')
  })

  test('code that does not compile shows its line', () => {
    const error = plain(createDevelopmentProcess().evalError('local a = 1\nif a != 2 then a = 3 end'))
    expect(error).toBe(
      `[string "aos"]:2: 'then' expected near '!'\n\n>    2 | if a != 2 then a = 3 end\nhint: Lua writes \`~=\` for not equal.`,
    )
  })

  test('an error of the code after Receive points into that code', () => {
    const library = createDevelopmentProcess(
      'Handlers.add("w", "Wait", function()\n  local reply = Receive({ Action = "Reply" })\n  Missing.field = reply\nend)',
    )
    library.send({ action: 'Wait', from: user })
    const [place, , line] = explanationOf(library.fail({ action: 'Reply', from: user }))
    expect([place, line]).toEqual(['at line 3 of the Eval with nonce 2', '>    3 |   Missing.field = reply'])
  })

  test('an error of a pattern names the handler', () => {
    const library = createDevelopmentProcess(
      'Handlers.prepend("broken", function(msg)\n  return msg.None.more\nend, print)',
    )
    const lines = explanationOf(library.fail({ action: 'Go', from: user }))
    expect(lines[0]).toBe('at line 2 of the Eval with nonce 2')
    expect(lines).toContain('while handler "broken" had the message')
  })
})

describe('a trace survives pcall', () => {
  test('when the caught error is raised again', () => {
    const [place, , line] = explain('local ok, e = pcall(function()\n  local t = nil\n  return t.x\nend)\nerror(e)')
    expect([place, line]).toEqual(['at line 5 of the Eval with nonce 2', '>    5 |   return t.x'])
  })

  test('when its text becomes part of another error', () => {
    const [place] = explain('local ok, e = pcall(error, "inner problem")\n\n\nerror("wrapped: " .. e)')
    expect(place).toBe('at line 3 of the Eval with nonce 2')
  })

  test('when xpcall has changed it', () => {
    const [place] = explain(
      'local ok, e = xpcall(function()\n  error("inner")\nend, function(e) return "X " .. e end)\nerror(e, 0)',
    )
    expect(place).toBe('at line 4 of the Eval with nonce 2')
  })

  test('pcall gives what it gives without', () => {
    const library = createDevelopmentProcess()
    const code = `local function all(...) return select("#", ...) .. Dump({ ... }, 0) end
      return all(pcall(function(...) return ... end, 1, nil, 3)) .. all(pcall(error, { code = 7 })) .. all(pcall(nil))
        .. all(pcall(pcall)) .. all(pcall(xpcall)) .. all(xpcall(error, function(e) return e .. "!" end, "x"))`
    expect(library.eval(code)).toBe(createLibraryProcess().eval(code))
  })

  test('Receive waits inside pcall', () => {
    const library = createDevelopmentProcess(
      'Handlers.add("w", "Wait", function()\n local ok, m = pcall(Receive, { Action = "Reply" })\n print(m.Data)\nend)',
    )
    library.send({ action: 'Wait', from: user })
    expect(library.send({ action: 'Reply', from: user, data: 'arrived' }).data).toBe('arrived')
  })

  test('also when the stack is used up', () => {
    const library = createDevelopmentProcess()
    const code = 'local function deep() return 1 + deep() end local ok, e = pcall(deep) return tostring(e)'
    expect(library.eval(code)).toMatch(/stack overflow/)
    expect(library.eval('return 1')).toBe('1')
  })
})

describe('what was nil', () => {
  test.each([
    ['local a = State.users', [], '`State` is nil here.'],
    ['local a = msg.Tags.Quantity + 1', [], '`msg.Tags.Quantity` is nil here.'],
    ['if msg.Tags["Quantity"] > 5 then end', [], '`msg.Tags["Quantity"]` is nil here.'],
    ['local list = { {} } local a = list[1].deep.er', [], '`list[1].deep` is nil here.'],
    ['local key = "k" local t = {} t[key].x = 1', [], '`t[key]` is nil here.'],
    ['Handlers.utils.nothing("a")', [], '`Handlers.utils.nothing` is nil here.'],
    ['local text = "a: " .. msg.Tags.Missing -- not "Other.thing"', [], '`msg.Tags.Missing` is nil here.'],
    ['if msg.Tags.Quantity > 5 then end', ['Quantity'], '`msg.Tags.Quantity` is the text "7" here.'],
  ])('%s', (code, tags, expected) => {
    expect(explain(code, Object.fromEntries(tags.map((name) => [name, '7'])))).toContain(expected)
  })

  test('a member that only code of the process could tell is not guessed', () => {
    const before = 'Proxy = setmetatable({}, { __index = function() Called = true return nil end })'
    const lines = explain('local a = Proxy.child.name', {}, before)
    expect(lines.join('\n')).not.toMatch(/is nil here/)
  })
})

describe('hints with an error', () => {
  test.each([
    [
      'State.count = 1',
      'hint: `State` was never created in this process. Put `State = State or {}` at the top of the code that uses it.',
    ],
    ['Handers.add("a", "b", print)', 'hint: There is no global `Handers`. Did you mean `Handlers`?'],
    ['local big = bint(5)', 'hint: `bint` is not a global. Write local bint = require(".bint")(256).'],
    [
      'undefinedThing()',
      'hint: There is no function `undefinedThing`. Was the code that defines it loaded, and before this ran?',
    ],
    [
      'local n = msg.Tags.Amount + 1',
      'hint: The message has no tag `Amount`. It has: Action. Check what a message must carry, as in assert(msg.Tags.Amount, "...").',
    ],
    ['local t = "a" .. {}', 'hint: A table has no text of its own: use require("json").encode(…), or print it alone.'],
    ['if msg.Action > 5 then end', 'hint: Tags and Data are text: use tonumber(…), or bint for amounts of tokens.'],
  ])('%s', (code, hint) => {
    expect(explain(code)).toContain(hint)
  })

  test('a pattern without an answer', () => {
    const library = createDevelopmentProcess('Handlers.prepend("p", function() end, print)')
    expect(explanationOf(library.fail({ action: 'X', from: user })).at(-1)).toMatch(
      /^hint: A pattern must give true, false/,
    )
  })
})

describe('hints without an error', () => {
  const hintsOf = (code: string): readonly string[] =>
    createDevelopmentProcess().send({ action: 'Eval', data: code }).hints

  test.each(['return true', 'return "break"', 'return -1'])('a pattern that is no more than `%s`', (body) => {
    const code = `Handlers.add("all", function(msg) ${body} end, print) Handlers.add("later", "L", print)`
    expect(hintsOf(code)).toEqual([
      'The pattern of handler "all" is always true, so the handlers after it never see a message: "later". Return "continue" to let messages pass, or add it last.',
    ])
  })

  test.each(['return "continue"', 'return 1', 'return false', 'return msg.Action == "A"', 'return 0'])(
    'not one that does `%s`',
    (body) => {
      expect(hintsOf(`Handlers.add("all", function(msg) ${body} end, print) Handlers.add("l", "L", print)`)).toEqual([])
    },
  )

  test('not the last one', () => {
    expect(hintsOf('Handlers.add("l", "L", print) Handlers.add("all", function() return true end, print)')).toEqual([])
  })

  test('one that shuts out the owner says so', () => {
    const [hint] = hintsOf('Handlers.prepend("all", function() return true end, print)')
    expect(hint).toContain('That includes Evals of the owner.')
  })

  test('the length of a map, when it is one', () => {
    const library = createDevelopmentProcess('Users = {}\nfunction count()\n  return #Users\nend')
    expect(library.send({ action: 'Eval', data: 'return count()' }).hints).toEqual([])
    expect(library.send({ action: 'Eval', data: 'Users.alice = {} return count()' }).hints).toEqual([
      '`#Users` in line 3 of the Eval with nonce 2 is 0: the table has names, not numbers, as keys. Count it with a loop over pairs.',
    ])
    expect(library.send({ action: 'Eval', data: 'return count()' }).hints).toEqual([])
  })

  test('a supply and a balance that are floats', () => {
    expect(hintsOf('TotalSupply = 1000 * 10^12 Balances = { a = 1e18 }')).toEqual([
      '`TotalSupply` is the float 1e+15, which has no exact digits. `10^12` and `/` give floats: write integers, `//`, or bint.',
      'A balance in `Balances` is the float 1e+18, which has no exact digits. `10^12` and `/` give floats: write integers, `//`, or bint.',
    ])
    expect(hintsOf('TotalSupply = 1000 * 1000000000000 Balances = { a = "5" } Rate = 0.5')).toEqual([])
  })

  test('a number in a tag, once for each tag', () => {
    const library = createDevelopmentProcess()
    const send = {
      action: 'Eval',
      data: 'Send({ Target = "x", Quantity = 5, Name = "n" }) Send({ Target = "x", Quantity = 6 })',
    }
    expect(library.send(send).hints).toEqual([
      'Tag `Quantity` is a number here and text for whoever gets it: write tostring(…), and tonumber(…) over there.',
    ])
    expect(library.send(send).hints).toEqual([])
  })
})

describe('without development mode', () => {
  test('nothing is added, and pcall is Lua’s own', () => {
    const library = createLibraryProcess({ setup: 'Handlers.add("h", "Go", function(msg) State.x = 1 end)' })
    expect(plain(library.fail({ action: 'Go', from: user }))).toMatch(
      /attempt to index a nil value \(global 'State'\)$/,
    )
    expect(library.send({ action: 'Eval', data: 'Send({ Target = "x", Quantity = 5 })' }).hints).toEqual([])
    expect(library.eval('return debug.getinfo(pcall).what')).toBe('C')
  })
})
