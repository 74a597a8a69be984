import { describe, expect, test } from 'vitest'
import { color, createLibraryProcess, owner, processId, testCode } from '../harness.ts'

describe('4 Globals', () => {
  testCode([
    ['4.1 ao is the module, by two names', 'return tostring(ao == require(".ao") and ao == require("ao"))', 'true'],
    ['4.2 Handlers is the module', 'return tostring(Handlers == require(".handlers"))', 'true'],
    ['4.3 Utils is the module', 'return tostring(Utils == require(".utils"))', 'true'],
    ['4.4 Inbox is an array of messages', 'return type(Inbox) .. Inbox[1].Id', `table${processId}`],
    ['4.5 Owner is an address', 'return Owner', owner],
    ['4.6 Name is the name of the process', 'return Name', 'aos'],
    ['4.7 Errors is an array', 'return type(Errors) .. #Errors', 'table0'],
    [
      '4.8 Colors',
      'return Colors.red .. Colors.green .. Colors.blue .. Colors.reset .. Colors.gray',
      `${color.red}${color.green}${color.blue}${color.reset}${color.gray}`,
    ],
    ['4.9 Bell', 'return Bell', '\u0007'],
    ['4.10 Dump writes values as Lua', 'return Dump({ a = 1 }, 0)', '{ a = 1 }'],
    ['4.11 Prompt gives the prompt', 'return Prompt()', /aos-2\.0\.4/],
    ['4.12 print is the one of the process', 'print("a")', 'a'],
    [
      '4.13 Send, Spawn, Assign and Receive are functions',
      'return type(Send) .. type(Spawn) .. type(Assign) .. type(Receive)',
      'functionfunctionfunctionfunction',
    ],
    [
      '4.14 Tab makes a map of tags, in which the first of a name wins',
      'return Tab({ Tags = { { name = "a", value = "1" }, { name = "a", value = "2" }, { name = "b", value = "3" } } }).a .. Tab({ Tags = { { name = "b", value = "3" } } }).b',
      '13',
    ],
    ['4.15 Version prints the version', 'Version()', 'version: 2.0.4'],
    ['4.16 Seeded is true', 'return tostring(Seeded)', 'true'],
    ['4.17 Nonce is nil', 'return tostring(Nonce)', 'nil'],
    [
      '4.18 HANDLER_PRINT_LOGS has the lines of the message',
      'print("a") return #HANDLER_PRINT_LOGS .. HANDLER_PRINT_LOGS[1]',
      'a\n1a',
    ],
    ['4.19 handle is a function', 'return type(handle)', 'function'],
    ['4.20, 20.28 json is a global', 'return tostring(json == require("json"))', 'true'],
    ['4.21 crypto is no global', 'return tostring(crypto)', 'nil'],
    ['4.22 undefined is nil', 'return tostring(undefined)', 'nil'],
  ])

  test('4.5 an empty Owner locks the process', () => {
    const library = createLibraryProcess({ setup: 'Owner = ""' })
    expect(library.send({ action: 'Eval', data: '1' }).data).toContain('New Message From')
  })

  test('4.5 Owner set to nil is given back only by the process message', () => {
    const library = createLibraryProcess({ setup: 'Owner = nil' })
    expect(library.send({ action: 'Eval', data: '1' }).data).toContain('New Message From')
    library.send({ id: processId })
    expect(library.eval('Owner')).toBe(owner)
  })

  test('4.7 Errors has the errors of Evals, as text', () => {
    const library = createLibraryProcess()
    const failing = { Target: processId, From: owner, Owner: owner, Tags: [{ name: 'Action', value: 'Eval' }] }
    library.handle({ ...failing, Data: 'error("one")' })
    library.handle({ ...failing, Data: 'error({ code = 2 })' })
    expect(library.eval('Errors[1]:match("one$") .. Errors[2]')).toBe('one{ code = 2 }')
  })
})
