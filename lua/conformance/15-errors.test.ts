import { describe, expect, test } from 'vitest'
import { color, createLibraryProcess, owner, plain, processId } from '../harness.ts'

const { red, green, gray, reset } = color

describe('15 Errors', () => {
  const failing = (body: string) =>
    createLibraryProcess({ setup: `Handlers.add("bad", "Bad", function(msg) ${body} end)` })

  test('15.1 class A, an Eval that does not compile: the message of Lua without colour', () => {
    expect(createLibraryProcess().evalError('x = = 1')).toBe(`[string "aos"]:1: unexpected symbol near '='`)
  })

  test('15.2 class B, a runtime error of an Eval: printed lines, then the error', () => {
    const error = String(createLibraryProcess().evalError('print("a") print("b") error("boom")'))
    const [log, message] = error.split(`\n\n${red}error:\n${reset}`)
    expect(log).toBe('a\nb')
    expect(message).toMatch(/^\[string "\.handlers"\]:\d+: \[string "aos"\]:1: boom$/)
  })

  test('15.2 class B also where another handler fails over an Eval', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("bad", "Eval", function() print("p") error("boom") end)',
    })
    const error = String(library.fail({ action: 'Eval', data: '1', from: 'stranger' }))
    expect(plain(error)).toMatch(/^p\n\nerror:\n\[string "\.handlers"\]:\d+: \[string "aos"\]:1: boom$/)
  })

  test('15.3 class B is in Errors while its message lasts', () => {
    // What a failed message leaves is undone, so a nested one shows it.
    const library = createLibraryProcess()
    const tags = [{ name: 'Action', value: 'Eval' }]
    const message = { Owner: owner, From: owner, Target: processId, Timestamp: 1, Tags: tags, Data: "error('inner')" }
    expect(library.handle(message)).toMatchObject({ ok: true, response: { Error: expect.stringMatching(/inner$/) } })
    expect(library.eval('#Errors .. Errors[1]:match("inner$")')).toBe('1inner')
  })

  test('15.4 class C, an Eval that returns an error, or an error in the outbox: that value', () => {
    expect(createLibraryProcess().evalError('nil, "refused"')).toBe('refused')
    expect(createLibraryProcess().evalError('ao.outbox.Error = { code = 5 }')).toEqual({ code: 5 })
    expect(failing('ao.outbox.Error = "refused"').fail({ action: 'Bad' })).toBe('refused')
  })

  test('15.5 class D, a runtime error of another message: log, then the error', () => {
    const error = String(failing('print("before") error("boom")').fail({ action: 'Bad' }))
    const [log, message] = error.split(`\n\n${red}error:\n${reset}`)
    expect(log).toMatch(/^before\n/)
    expect(message).toMatch(/^\[string "\.handlers"\]:\d+: \[string "aos"\]:1: boom$/)
  })

  test('15.5 class D where a pattern fails', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("bad", function(m) return m.Data == "bad" and m.x.y end, print)',
    })
    expect(library.fail({ data: 'bad' })).toMatch(/handling message [\s\S]*attempt to index a nil value \(field 'x'\)$/)
  })

  test('15.6 class D is not in Errors', () => {
    const library = failing('error("boom")')
    library.handle({ Owner: 'o', From: 'o', Target: processId, Tags: [{ name: 'Action', value: 'Bad' }] })
    expect(library.eval('#Errors')).toBe('0')
  })

  test.each([
    ['bad JSON data', { data: '{', tags: { 'Content-Type': 'application/json' } }, /at line 1 col \d+$/],
    ['a log that cannot be printed', { action: 'Unprintable' }, /invalid value .*in table for 'concat'/],
    ['a Prompt that fails', { action: 'Prompt' }, /no prompt/],
  ])('15.7 class E, %s: a text', (_title, message, text) => {
    const library = createLibraryProcess({
      setup: `Handlers.add("a", "Unprintable", function() table.insert(HANDLER_PRINT_LOGS, {}) end)
        Handlers.add("b", "Prompt", function() function Prompt() error("no prompt") end end)`,
    })
    expect(library.fail(message)).toMatch(text)
    expect(library.eval('1 + 1')).toBe('2')
  })

  test.each([
    ['bad JSON data', { Tags: [{ name: 'Content-Type', value: 'application/json' }], Data: '{' }],
    ['missing tags', { Tags: null }],
    ['a log that cannot be printed', { Tags: [{ name: 'Action', value: 'Unprintable' }] }],
  ])('15.7 class E, %s: ok is false', (_title, message) => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("a", "Unprintable", function() table.insert(HANDLER_PRINT_LOGS, {}) end)',
    })
    const result = library.handle({ From: 'o', Owner: 'o', Target: processId, ...message })
    expect(result).toEqual({ ok: false, response: expect.any(String) })
  })

  test('15.8 the log of class D ends with header, message and trace', () => {
    const error = String(failing('print("before") error("boom")').fail({ action: 'Bad' }))
    const [log] = error.split(`\n\n${red}error:\n${reset}`)
    const lines = String(log).split('\n')
    expect(lines[0]).toBe('before')
    expect(lines[1]).toBe(`${red}Error${gray} handling message with Action = Bad${reset}`)
    expect(lines[2]?.startsWith(green) && lines[2].endsWith(reset)).toBe(true)
    expect(plain(lines[2])).toMatch(/^\[string "\.handlers"\]:\d+: \[string "aos"\]:1: boom$/)
    expect(lines[3]).toBe('')
    expect(lines[4]).toBe(`${gray}stack traceback:`)
    expect(log).toContain('[string "aos"]:1: in function')
    expect(log?.endsWith(reset)).toBe(true)
  })

  test('15.9 the header of class D without an Action', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("bad", function(m) return m.Data == "bad" end, function() error("boom") end)',
    })
    expect(library.fail({ data: 'bad' })).toContain(`${red}Error${gray} handling message ${reset}`)
  })

  test("15.10 the user's own position comes behind that of the handler library", () => {
    const library = createLibraryProcess({ setup: 'Handlers.add("bad", "Bad", function()\n\nerror("boom")\nend)' })
    expect(library.fail({ action: 'Bad' })).toMatch(/\[string "\.handlers"\]:\d+: \[string "aos"\]:3: boom$/)
    expect(library.evalError('\nerror("boom")')).toMatch(/\[string "\.handlers"\]:\d+: \[string "aos"\]:2: boom$/)
  })

  test.each([
    ['return 1 < nil', 'attempt to compare number with nil'],
    ['Handers.add()', "attempt to index a nil value (global 'Handers')"],
    ['local x = nil + 1', 'attempt to perform arithmetic on a nil value'],
    ['Undefined()', "attempt to call a nil value (global 'Undefined')"],
    ['return "a" .. {}', 'attempt to concatenate a table value'],
    ['return #5', 'attempt to get length of a number value'],
    ['local t = {} t.x.y = 1', "attempt to index a nil value (field 'x')"],
  ])("15.11 Lua's own wording reaches the user: %s", (code, text) => {
    expect(String(createLibraryProcess().evalError(code)).endsWith(text)).toBe(true)
  })

  test.each<[raise: string, text: string]>([
    ['error({ code = 42 })', '{ code = 42 }'],
    ['error()', 'nil'],
    ['error(7)', '7'],
    ['error(true)', 'true'],
    ['error(setmetatable({}, { __tostring = function() return "named" end }))', 'named'],
    ['error("plain", 0)', 'plain'],
  ])('15.12, 20.21 %s is reported as class D, and as class B in an Eval', (raise, text) => {
    const other = String(failing(raise).fail({ action: 'Bad' }))
    expect(other).toContain('handling message')
    expect(other.endsWith(text)).toBe(true)
    expect(String(createLibraryProcess().evalError(raise)).endsWith(text)).toBe(true)
  })

  test('15.13, 20.13 a failing handler answers nothing to the sender', () => {
    const library = failing('msg.reply({ Data = "x" }) error("boom")')
    const message = { From: 'asker', Owner: 'asker', Target: processId, Tags: [{ name: 'Action', value: 'Bad' }] }
    expect(Object.keys(library.handle(message).response)).toEqual(['Error'])
    library.fail({ action: 'Bad', from: 'asker' })
    expect(library.send({ action: 'Eval', data: 'nil' }).messages).toEqual([])
  })

  test('a stack overflow fails its message alone', () => {
    const library = createLibraryProcess()
    expect(library.evalError('local function f() return 1 + f() end return f()')).toMatch(/stack overflow/)
    expect(library.eval('1 + 1')).toBe('2')
  })
})
