import { describe, expect, test } from 'vitest'
import { createLibraryProcess } from './harness.ts'

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
