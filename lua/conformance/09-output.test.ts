import { describe, expect, test } from 'vitest'
import { color, createLibraryProcess, owner, processId, promptOf, testCode } from '../harness.ts'

const { red, green, blue, reset } = color

describe('9.1 print', () => {
  testCode([
    ['9.1.1 the first argument alone counts', 'print("a", "b")', 'a'],
    ['9.1.2 tables as stringify shows them', 'print({ 1, "x" })', `{ ${blue}1${reset}, ${green}"x"${reset} }`],
    ['9.1.3 booleans in blue', 'print(true) print(false)', `${blue}true${reset}\n${blue}false${reset}`],
    ['9.1.4 nil in red', 'print(nil)', `${red}nil${reset}`],
    ['9.1.4 no argument is nil', 'print()', `${red}nil${reset}`],
    [
      '9.1.5 numbers in green',
      'print(5) print(1.0) print(2^53)',
      `${green}5${reset}\n${green}1.0${reset}\n${green}9.007199254741e+15${reset}`,
    ],
    ['9.1.6 text as it is', 'print("text") print("")', 'text\n'],
    [
      '9.1.7 the text is a line of the log',
      'print("a") print("b") return table.concat(HANDLER_PRINT_LOGS, "|")',
      'a\nb\na|b',
    ],
    ['9.1.8 it returns nil', 'return tostring(print("a"))', 'a\nnil'],
    ['9.1.9, 20.22 functions as tostring shows them', 'print(print)', /^function: /],
    ['9.1.9, 20.22 threads too', 'print(coroutine.create(print))', /^thread: /],
    ['9.1.9, 20.22 userdata too', 'print(debug.upvalueid(function() return red end, 1))', /^userdata: /],
    ['9.1.10 data is the log joined by newlines', 'for i = 1, 3 do print("l" .. i) end', 'l1\nl2\nl3'],
  ])

  test('9.1.11 assigning ao.outbox.Output changes nothing', () => {
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
  test('9.2.1 it shows name, version and inbox', () => {
    const library = createLibraryProcess({ tags: [{ name: 'Name', value: 'default' }] })
    expect(library.send({ action: 'Eval', data: '' }).prompt).toBe(
      '\u001b[32mdefault\u001b[90m@\u001b[34maos-2.0.4\u001b[90m[Inbox:\u001b[31m1\u001b[90m]\u001b[0m> ',
    )
    expect(library.send({ from: 'someone' }).prompt).toBe(promptOf('default', 2))
    expect(library.send({ action: 'Eval', data: 'Name = "other"' }).prompt).toBe(promptOf('other', 2))
    expect(library.eval('Prompt()')).toBe(promptOf('other', 2))
  })

  test('9.2.2 user code may have its own', () => {
    const library = createLibraryProcess({ setup: 'function Prompt() return "mine> " end' })
    expect(library.send({}).prompt).toBe('mine> ')
  })

  test('9.2.3 it is called for every result', () => {
    const library = createLibraryProcess({
      setup: 'Count = 0 function Prompt() Count = Count + 1 return "p" .. Count .. "> " end',
    })
    const refused = { from: 'x', owner: 'messenger' }
    const prompts = [{}, refused, { target: 'elsewhere' }, { action: 'Eval', data: '' }].map(
      (message) => library.send(message).prompt,
    )
    expect(prompts).toEqual(['p2> ', 'p3> ', 'p4> ', 'p5> '])
    const eval_ = { From: owner, Owner: owner, Target: processId, Tags: [{ name: 'Action', value: 'Eval' }], Data: '' }
    expect(library.handle(eval_)).toMatchObject({ response: { Output: { prompt: 'p6> ' } } })
  })
})
