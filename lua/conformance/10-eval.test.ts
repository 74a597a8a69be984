import { describe, expect, test } from 'vitest'
import { color, createLibraryProcess, plain, promptOf, testCode } from '../harness.ts'

const { red, green, blue, gray, reset } = color

describe('10 Eval', () => {
  test('10.1 only the owner may', () => {
    const library = createLibraryProcess()
    expect(library.send({ action: 'Eval', data: 'X = 1', from: 'stranger' }).data).toContain('New Message')
    expect(library.eval('X')).toBe('')
    library.eval('Owner = "stranger"')
    expect(library.send({ action: 'Eval', data: '"mine"', from: 'stranger' }).data).toBe('mine')
  })

  test('10.1 the Action is compared in its exact case', () => {
    expect(createLibraryProcess().send({ action: 'eval', data: '1' }).data).toContain('New Message')
  })

  test('10.1 a process may evaluate in another only if it owns it', () => {
    const tags = [
      { name: 'Authority', value: 'messenger' },
      { name: 'From-Process', value: 'parent' },
    ]
    const library = createLibraryProcess({ tags })
    const pushed = { owner: 'messenger', action: 'Eval', data: '1 + 1' }
    expect(library.send({ ...pushed, from: 'parent' }).data).toBe('2')
    expect(library.send({ ...pushed, from: 'other' }).data).toContain('New Message')
  })

  testCode([
    ['10.2 an expression is compiled as one', '1 + 1', '2'],
    ['10.2 what is no expression is compiled as it stands', 'local x = 5 return x * 2', '10'],
    ['10.2 a comment alone', '-- nothing', ''],
    ['10.3 the chunk runs in the global environment', 'X = 5 return _G.X', 5],
  ])

  test('10.3 the chunk is named aos, and its lines are counted', () => {
    expect(createLibraryProcess().evalError('\n\nlocal x = nil + 1')).toMatch(
      /\[string "aos"\]:3: attempt to perform arithmetic on a nil value/,
    )
  })

  test('10.3 binary chunks are refused', () => {
    const library = createLibraryProcess()
    expect(library.fail({ action: 'Eval', data: '\u001bLua' })).toMatch(/attempt to load a binary chunk/)
  })

  test('10.4 what does not compile gives the message alone', () => {
    const error = createLibraryProcess().evalError('x = = 1')
    expect(error).toBe(`[string "aos"]:1: unexpected symbol near '='`)
  })

  test('10.5 nil and a text is that error, verbatim', () => {
    expect(createLibraryProcess().evalError('nil, "refused"')).toBe('refused')
  })

  testCode([
    ['10.6, 20.23 two values are no error', '1, 2', 1],
    ['10.6, 20.23 gsub with its count is no error', 'string.gsub("abc", "b", "c")', 'acc'],
    ['10.6, 20.23 nil and a number are no error', 'nil, 5', ''],
    ['10.7 a table is shown by stringify', '{ a = 1 }', `{\n   ${red}a${reset} = ${blue}1${reset}\n}`],
    ['10.7 text is shown without quotes', '"text"', 'text'],
    ['10.7 true is shown without colour', 'true', 'true'],
    ['10.7 numbers are shown without colour', '2^53', '9.007199254741e+15'],
    ['10.7 functions are shown by tostring', 'print', /^function: /],
    ['10.7 the value comes behind what was printed', 'print("a") return "b"', 'a\nb'],
    ['10.8 nil adds nothing', 'nil', ''],
    ['10.8, 20.5 false adds nothing', 'false', ''],
  ])

  test('10.9 a runtime error comes after what was printed (class B)', () => {
    const error = createLibraryProcess().evalError('print("a") print("b") error("boom")')
    expect(error).toContain(`${red}error:\n${reset}`)
    expect(plain(error)).toMatch(/^a\nb\n\nerror:\n\[string "\.handlers"\]:\d+: \[string "aos"\]:1: boom$/)
  })

  test('10.10 missing data raises', () => {
    expect(createLibraryProcess().fail({ action: 'Eval' })).toMatch(/attempt to concatenate a nil value/)
  })

  test('10.11 the result has data, prompt and test, and no print', () => {
    const answer = createLibraryProcess().send({ action: 'Eval', data: 'print("a") return "b"' })
    const test = '{\n    [1] = "a",\n    [2] = "b"\n}'
    expect(answer).toMatchObject({ data: 'a\nb', print: false, prompt: promptOf('aos', 1), test })
  })

  test("10.12 someone else's Eval is an ordinary message for other handlers", () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("e", "Eval", function(m) print("seen " .. m.Data) end)',
    })
    expect(library.send({ action: 'Eval', data: 'X = 1', from: 'stranger' })).toMatchObject({
      data: 'seen X = 1',
      print: false,
    })
  })

  test("10.12 someone else's Eval that nobody takes is in the Inbox, with its line and without print", () => {
    const library = createLibraryProcess()
    const answer = library.send({ action: 'Eval', data: '1', from: 'stranger' })
    expect(answer.data).toBe(`${gray}New Message From ${green}str...ger${gray}: ${gray}Action = ${blue}Eval${reset}`)
    expect(answer.print).toBe(false)
    expect(library.eval('#Inbox')).toBe('2')
  })

  test('10.13 after an Eval without a value, print goes on', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("late", function(m) return m.Action == "Go" end, function() print("late") end)',
    })
    library.eval('Receive(function(m) return m.Action == "Go" and "continue" end) return nil')
    expect(library.send({ action: 'Go' }).data).toBe('late')
    expect(library.eval('print("a")')).toBe('a')
  })
})
