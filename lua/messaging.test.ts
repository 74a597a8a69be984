import { describe, expect, test } from 'vitest'
import { createLibraryProcess, moduleId, processId, testCode, testErrors } from './harness.ts'

describe('8.1 Send', () => {
  const warning = 'WARN: No target specified for message. Data will be stored, but no process will receive it.'

  testCode([
    ['without a target it warns', 'Send({ Data = "x" })', new RegExp(`^${warning}\\n\\{`)],
    [
      'it returns what was done',
      'local r = Send({ Target = "t" }) return r.output .. type(r.receive) .. type(r.onReply)',
      'Message added to outboxfunctionfunction',
    ],
    [
      'typed at the console it prints that table',
      'Send({ Target = "t" })',
      /^\{\n {3}\S+onReply\S+ = \S+function: \S+,\n {3}\S+output\S+ = \S+"Message added to outbox"\S+,\n {3}\S+receive\S+ = \S+function: \S+\n\}$/,
    ],
  ])
  testErrors([['it wants a table', 'Send("x")', 'msg should be a table']])

  test('it waits for replies as ao.send does', () => {
    const library = createLibraryProcess()
    library.eval('return Send({ Target = "friend" }).receive().Data')
    expect(library.send({ from: 'friend', data: 'answer', tags: { 'X-Reference': '1' } }).data).toBe('answer')
  })
})

describe('8.2 Spawn', () => {
  const spawnedBy = (code: string) => createLibraryProcess().send({ action: 'Eval', data: code }).spawns[0]?.tag

  test('with one argument the module is the own one', () => {
    expect(spawnedBy('Spawn({ Name = "child" })')).toMatchObject({ Module: moduleId, Name: 'child' })
  })
  test('with two arguments the module is the first', () => {
    expect(spawnedBy('Spawn("m", { Name = "child" })')).toMatchObject({ Module: 'm', Name: 'child' })
  })
  testCode([
    ['it says what was done', 'return Spawn({}).output', 'Spawn process request added to outbox'],
    [
      '20: receive, after and onReply are there',
      'local s = Spawn({}) return type(s.receive) .. type(s.after) .. type(s.onReply)',
      'functionfunctionfunction',
    ],
  ])
  testErrors([
    ['an id alone is no message', 'Spawn("id")', 'Message must be a table'],
    ['the module must be a string', 'Spawn(5, {})', 'Module source id is required!'],
  ])
  test('20: after is called when it is registered', () => {
    const library = createLibraryProcess({ setup: 'Spawn({}).after(function(m) print("new " .. m.Process) end)' })
    const message = { from: processId, action: 'Spawned', tags: { Reference: '1', Process: 'child' } }
    expect(library.send(message).data).toBe('new child')
  })
})

describe('8.3 Assign', () => {
  test('it assigns, prints and returns the same text', () => {
    const code = 'return Assign({ Processes = { "a" }, Message = "m" })'
    expect(createLibraryProcess().send({ action: 'Eval', data: code })).toMatchObject({
      data: 'Assignment added to outbox.\nAssignment added to outbox.',
      assignments: [{ Processes: ['a'], Message: 'm' }],
    })
  })
})

describe('8.4 Receive', () => {
  const ask = `Handlers.add("ask", "Ask", function(msg)
    print("before") ao.send({ Target = "early" })
    local reply = Receive({ Action = "Reply" })
    print("after " .. reply.Data .. " " .. msg.Id:sub(1, 9) .. " " .. os.time())
    ao.send({ Target = "late" })
    reply.reply({ Data = "thanks" })
    msg.reply({ Data = "done" })
  end)`

  test('the message ends there, and goes on inside the next that matches', () => {
    const library = createLibraryProcess({ setup: ask })
    const first = library.send({ action: 'Ask', from: 'asker' })
    expect(first).toMatchObject({ data: 'before', print: true, messages: [{ target: 'early' }] })
    expect(library.send({ action: 'Other', from: 'x' }).data).toContain('New Message')
    const last = library.send({ action: 'Reply', from: 'replier', data: 'r', timestampMs: 5_000_000 })
    expect(last.data).toBe('after r message-3 5000000')
    expect(last.messages).toMatchObject([{ target: 'late' }, { target: 'replier' }, { target: 'asker' }])
  })

  test('the message is consumed, once', () => {
    const library = createLibraryProcess({ setup: ask })
    library.send({ action: 'Ask' })
    library.send({ action: 'Reply', data: 'r' })
    expect(library.eval('#Inbox')).toBe('1')
    expect(library.send({ action: 'Reply', data: 'r' }).data).toContain('New Message')
  })

  test('other messages are handled while it waits', () => {
    const library = createLibraryProcess({ setup: `${ask} Handlers.add("ping", "Ping", function() print("pong") end)` })
    library.send({ action: 'Ask' })
    for (let round = 0; round < 3; round++) expect(library.send({ action: 'Ping' }).data).toBe('pong')
    expect(library.send({ action: 'Reply', data: 'r' }).data).toContain('after r')
    expect(library.send({ action: 'Ping' }).data).toBe('pong')
  })

  test('waiters on one pattern are served last in, first out', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("ask", "Ask", function(m) print(m.Data .. " got " .. Receive("Reply").Data) end)',
    })
    library.send({ action: 'Ask', data: 'one' })
    library.send({ action: 'Ask', data: 'two' })
    expect(library.send({ action: 'Reply', data: 'x' }).data).toBe('two got x')
    expect(library.send({ action: 'Reply', data: 'y' }).data).toBe('one got y')
  })

  test('it may wait again and again', () => {
    const library = createLibraryProcess({
      setup:
        'Handlers.add("ask", "Ask", function() local sum = 0 while sum < 6 do sum = sum + tonumber(Receive("Add").Data) print(tostring(sum)) end end)',
    })
    library.send({ action: 'Ask' })
    expect(['1', '2', '3'].map((data) => library.send({ action: 'Add', data }).data)).toEqual(['1', '3', '6'])
    expect(library.send({ action: 'Add', data: '1' }).data).toContain('New Message')
  })

  test('the code that goes on may evaluate a message that matches too: the waiter is used up', () => {
    const library = createLibraryProcess()
    library.eval(`Receive("Go") Handlers.evaluate({ Action = "Go", From = "inner", Tags = {} }, ao.env) print("end")`)
    expect(String(library.send({ action: 'Go' }).data)).toMatch(/New Message.*\nend$/)
  })

  test('a pattern of its own may be a function', () => {
    const library = createLibraryProcess()
    library.eval('return Receive(function(m) return m.Data == "wanted" end).From')
    library.send({ data: 'other' })
    expect(library.send({ data: 'wanted', from: 'giver' }).data).toBe('giver')
  })

  test('a pattern that gives "continue" lets other handlers see the message', () => {
    const library = createLibraryProcess()
    library.eval('Receive(function(m) return m.Action == "Go" and "continue" end) print("went on")')
    expect(library.send({ action: 'Go', from: 'x' }).data).toMatch(/^went on\n.*New Message/)
  })

  test('in Eval, what the chunk returns is printed later', () => {
    const library = createLibraryProcess()
    expect(library.send({ action: 'Eval', data: 'print("waiting") return Receive("Go").Data' })).toMatchObject({
      data: 'waiting',
      print: false,
    })
    expect(library.send({ action: 'Go', data: 'went' })).toMatchObject({ data: 'went', print: true })
  })

  test('in pcall it works, and an error after it is caught', () => {
    const library = createLibraryProcess()
    library.eval('local ok, why = pcall(function() Receive("Go") error("late", 0) end) return tostring(ok) .. why')
    expect(library.send({ action: 'Go' }).data).toBe('falselate')
  })

  test('an error after it is the error of the later message', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("ask", "Ask", function() Receive("Go") error("late") end)',
    })
    library.send({ action: 'Ask' })
    const error = library.fail({ action: 'Go' })
    expect(error).toMatch(/\[string "\.handlers"\]:\d+: .*\[string "\.handlers"\]:\d+: \[string "aos"\]:1: late$/)
  })

  test('a failed message leaves the waiter as it was', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("ask", "Ask", function() assert(Receive("Go").Data == "good") print("good") end)',
    })
    library.send({ action: 'Ask' })
    library.fail({ action: 'Go', data: 'bad' })
    expect(library.send({ action: 'Go', data: 'good' }).data).toBe('good')
  })

  test('in code at boot', () => {
    const library = createLibraryProcess({
      tags: [{ name: 'On-Boot', value: 'Data' }],
      first: { data: 'Booted = "no" Booted = Receive("Boot").Data' },
    })
    expect(library.eval('Booted')).toBe('no')
    library.send({ action: 'Boot', data: 'yes' })
    expect(library.eval('Booted')).toBe('yes')
  })

  test('in a coroutine of user code only that one waits', () => {
    const library = createLibraryProcess()
    library.eval('coroutine.wrap(function() print("in") print(Receive("Go").Data) end)() print("out")')
    expect(library.send({ action: 'Go', data: 'went' }).data).toBe('went')
  })

  test('inside a callback of a C function it fails, and leaves no waiter', () => {
    const library = createLibraryProcess()
    const code =
      'local ok, why = pcall(table.sort, { 2, 1 }, function() Receive("Go") end) return why .. #Handlers.list'
    expect(library.eval(code)).toBe('attempt to yield across a C-call boundary2')
  })

  test('100 handlers wait at once', () => {
    const library = createLibraryProcess({
      setup:
        'Handlers.add("ask", "Ask", function(m) local id = m.Data print(id .. Receive({ For = "^" .. id .. "$" }).Data) end)',
    })
    for (let id = 0; id < 100; id++) library.send({ action: 'Ask', data: `${id}` })
    expect(library.eval('#Handlers.coroutines')).toBe('101')
    for (let id = 0; id < 100; id++) {
      expect(library.send({ action: 'x', data: '!', tags: { For: `${id}` } }).data).toBe(`${id}!`)
    }
    library.eval('Receive("Never")')
    expect(library.eval('#Handlers.coroutines')).toBe('2')
  })

  test('a yield of user code ends the message as a success', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("a", "A", function() print("before") coroutine.yield() print("never") end)',
    })
    expect(library.send({ action: 'A' }).data).toBe('before')
    expect(library.eval('1 + 1')).toBe('2')
  })
})

describe('8.5 a chain of three', () => {
  test('A asks B, B forwards to C, C answers A', () => {
    const trusted = { tags: [{ name: 'Authority', value: 'messenger' }] }
    const a = createLibraryProcess({
      ...trusted,
      setup:
        'Handlers.add("start", "Start", function() print("got " .. Send({ Target = "B", Action = "Ask" }).receive("C").Data) end)',
    })
    const b = createLibraryProcess({
      ...trusted,
      setup: 'Handlers.add("ask", "Ask", function(msg) msg.forward("C") end)',
    })
    const c = createLibraryProcess({
      ...trusted,
      setup: 'Handlers.add("ask", "Ask", function(msg) msg.reply({ Data = "from C" }) end)',
    })
    const [toB] = a.send({ action: 'Start' }).messages
    const [toC] = b.send({ from: 'A', owner: 'messenger', tags: tagsOf(toB) }).messages
    expect(toC?.target).toBe('C')
    const [toA] = c.send({ from: 'B', owner: 'messenger', tags: tagsOf(toC) }).messages
    expect(toA?.target).toBe('A')
    expect(a.send({ from: 'C', owner: 'messenger', data: String(toA?.data), tags: tagsOf(toA) }).data).toBe(
      'got from C',
    )
  })
})

function tagsOf(
  sent: { tags: readonly { name: string; value: unknown }[] } | undefined,
): { name: string; value: string }[] {
  return (sent?.tags ?? []).map(({ name, value }) => ({ name, value: String(value) }))
}
