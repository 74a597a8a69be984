import { describe, expect, test } from 'vitest'
import { createLibraryProcess, moduleId, processId, testCode, testErrors } from '../harness.ts'

const warning = 'WARN: No target specified for message. Data will be stored, but no process will receive it.'
const spawned = { from: processId, action: 'Spawned', tags: { Reference: '1', Process: 'child' } }

describe('8.1 Send', () => {
  test('8.1.1 it sends as ao.send does', () => {
    const code = 'Send({ Target = "t", Data = { 1 }, Action = "A" })'
    const [sent] = createLibraryProcess().send({ action: 'Eval', data: code }).messages
    expect(sent).toMatchObject({ target: 't', data: '[1]', tag: { Action: 'A', Reference: '1' } })
  })

  testErrors([['8.1.1 it wants a table', 'Send("x")', 'msg should be a table']])

  testCode([
    ['8.1.2 without a target it warns first', 'Send({ Data = "x" }) print("after") return nil', `${warning}\nafter`],
    ['8.1.2 with a target it does not', 'Send({ Target = "t" }) return nil', ''],
    [
      '8.1.3 it returns what was done, and two functions',
      'local r = Send({ Target = "t" }) return r.output .. type(r.receive) .. type(r.onReply)',
      'Message added to outboxfunctionfunction',
    ],
    [
      '8.1.4 typed at the console it prints that table',
      'Send({ Target = "t" })',
      /^\{\n {3}\S+onReply\S+ = \S+function: \S+,\n {3}\S+output\S+ = \S+"Message added to outbox"\S+,\n {3}\S+receive\S+ = \S+function: \S+\n\}$/,
    ],
  ])

  test('8.1.3 receive waits as that of ao.send does', () => {
    const library = createLibraryProcess()
    library.eval('return Send({ Target = "friend" }).receive().Data')
    expect(library.send({ from: 'friend', data: 'answer', tags: { 'X-Reference': '1' } }).data).toBe('answer')
  })

  test('8.1.3 onReply handles as that of ao.send does', () => {
    const library = createLibraryProcess()
    library.eval('Send({ Target = "friend" }).onReply(function(m) print("got " .. m.Data) end)')
    expect(library.send({ from: 'friend', data: 'answer', tags: { 'X-Reference': '1' } }).data).toBe('got answer')
  })
})

describe('8.2 Spawn', () => {
  const spawnedBy = (code: string) => createLibraryProcess().send({ action: 'Eval', data: code }).spawns[0]?.tag

  test('8.2.1 with two arguments the module is the first', () => {
    expect(spawnedBy('Spawn("m", { Name = "child" })')).toMatchObject({ Module: 'm', Name: 'child' })
  })

  testErrors([['8.2.1 the module must be a string', 'Spawn(5, {})', 'Module source id is required!']])

  test('8.2.2 with one argument the module is the own one', () => {
    expect(spawnedBy('Spawn({ Name = "child" })')).toMatchObject({ Module: moduleId, Name: 'child' })
  })

  testCode([
    ['8.2.3 it says what was done', 'return Spawn({}).output', 'Spawn process request added to outbox'],
    [
      '8.2.4, 20.26 receive, after and onReply are there',
      'local s = Spawn({}) return type(s.receive) .. type(s.after) .. type(s.onReply)',
      'functionfunctionfunction',
    ],
  ])

  test('8.2.3 receive waits for the new process', () => {
    const library = createLibraryProcess()
    library.eval('return Spawn({}).receive().Process')
    expect(library.send(spawned).data).toBe('child')
  })

  test.each(['after', 'onReply'])('8.2.4, 20.26 %s is called when it is registered', (name) => {
    const library = createLibraryProcess({ setup: `Spawn({}).${name}(function(m) print("new " .. m.Process) end)` })
    expect(library.send(spawned).data).toBe('new child')
  })

  testErrors([['8.2.5 an id alone is no message', 'Spawn("id")', 'Message must be a table']])
})

describe('8.3 Assign', () => {
  test('8.3.1 it assigns as ao.assign does', () => {
    const code = 'Assign({ Processes = { "a" }, Message = "m" })'
    const { assignments } = createLibraryProcess().send({ action: 'Eval', data: code })
    expect(assignments).toEqual([{ Processes: ['a'], Message: 'm' }])
  })

  testErrors([['8.3.1 it checks as ao.assign does', 'Assign("x")', 'assignment should be a table']])

  testCode([
    [
      '8.3.2 it prints and returns the same text',
      'return Assign({ Processes = { "a" }, Message = "m" })',
      'Assignment added to outbox.\nAssignment added to outbox.',
    ],
  ])
})

describe('8.4 Blocking receive', () => {
  const ask = `Handlers.add("ask", "Ask", function(msg)
    print("before") ao.send({ Target = "early" })
    local reply = Receive({ Action = "Reply" })
    print("after " .. reply.Data .. " " .. msg.Id:sub(1, 9) .. " " .. os.time())
    ao.send({ Target = "late" })
    reply.reply({ Data = "thanks" })
    msg.reply({ Data = "done" })
  end)`

  testCode([
    ['8.4.1 Receive is Handlers.receive', 'return tostring(Receive == Handlers.receive)', 'true'],
    [
      '8.4.2 it registers an unnamed once-handler in front of all others',
      `local waiting = coroutine.create(function() Receive("Go") end) coroutine.resume(waiting)
        local h = Handlers.list[1] return h.name .. h.maxRuns .. h.pattern .. coroutine.status(waiting)`,
      '_once_01Gosuspended',
    ],
  ])

  test.each([
    ['an Action', '"Go"', { action: 'Go' }],
    ['a table', '{ Key = "v" }', { tags: { Key: 'V' } }],
    ['a function', 'function(m) return m.Data == "wanted" end', { data: 'wanted' }],
  ])('8.4.3 the pattern may be %s', (_title, pattern, message) => {
    const library = createLibraryProcess()
    library.eval(`return Receive(${pattern}).From`)
    library.send({ from: 'x', data: 'other' })
    expect(library.send({ from: 'giver', ...message }).data).toBe('giver')
  })

  test('8.4.4 the message ends there, as a success with its prints and sends', () => {
    const library = createLibraryProcess({ setup: ask })
    const first = library.send({ action: 'Ask', from: 'asker' })
    expect(first).toMatchObject({ data: 'before', print: true, messages: [{ target: 'early' }] })
    expect(first.messages).toHaveLength(1)
  })

  test('8.4.5 it goes on inside the next message that matches, and gives that message', () => {
    const library = createLibraryProcess({ setup: ask })
    library.send({ action: 'Ask', from: 'asker' })
    expect(library.send({ action: 'Other', from: 'x' }).data).toContain('New Message')
    const answer = library.send({ action: 'Reply', from: 'replier', data: 'r' })
    expect(answer.data).toMatch(/^after r/)
    expect(answer.messages[1]).toMatchObject({ target: 'replier', data: 'thanks' })
  })

  test('8.4.5 the message it gives has its tags and functions', () => {
    const library = createLibraryProcess()
    library.eval('local m = Receive("Go") return m.Tags.Key .. m.TagArray[1].name .. type(m.reply) .. type(m.forward)')
    expect(library.send({ action: 'Go', tags: { key: 'v' } }).data).toBe('vActionfunctionfunction')
  })

  test('8.4.6 prints and sends from then on belong to the later message', () => {
    const library = createLibraryProcess({ setup: ask })
    library.send({ action: 'Ask', from: 'asker' })
    const last = library.send({ action: 'Reply', from: 'replier', data: 'r' })
    expect(last.data).not.toContain('before')
    expect(last.messages).toMatchObject([{ target: 'late' }, { target: 'replier' }, { target: 'asker' }])
  })

  test('8.4.7 globals are those of the later message, the message and its reply are the original', () => {
    const library = createLibraryProcess({ setup: ask })
    library.send({ action: 'Ask', from: 'asker' })
    const last = library.send({ action: 'Reply', from: 'replier', data: 'r', timestampMs: 5_000_000 })
    expect(last.data).toBe('after r message-3 5000000')
    expect(last.messages[2]).toMatchObject({ target: 'asker', data: 'done' })
  })

  test('8.4.8 the message is consumed: no other handler and no Inbox sees it', () => {
    const library = createLibraryProcess({
      setup: `${ask} Handlers.add("reply", "Reply", function() print("other") end)`,
    })
    library.send({ action: 'Ask' })
    expect(library.send({ action: 'Reply', data: 'r' }).data).toMatch(/^after r \S+ \d+$/)
    expect(library.eval('#Inbox')).toBe('1')
    expect(library.send({ action: 'Reply', data: 'r' }).data).toBe('other')
  })

  test('8.4.8 a pattern that gives "continue" lets other handlers see the message', () => {
    const library = createLibraryProcess()
    library.eval('Receive(function(m) return m.Action == "Go" and "continue" end) print("went on")')
    expect(library.send({ action: 'Go', from: 'x' }).data).toMatch(/^went on\n.*New Message/)
  })

  test('8.4.9 waiters on one pattern are served last in, first out, one message each', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("ask", "Ask", function(m) print(m.Data .. " got " .. Receive("Reply").Data) end)',
    })
    library.send({ action: 'Ask', data: 'one' })
    library.send({ action: 'Ask', data: 'two' })
    expect(library.send({ action: 'Reply', data: 'x' }).data).toBe('two got x')
    expect(library.send({ action: 'Reply', data: 'y' }).data).toBe('one got y')
  })

  test('8.4.10 there is no timeout: a waiter stays until it is matched', () => {
    const library = createLibraryProcess({ setup: `${ask} Handlers.add("ping", "Ping", function() print("pong") end)` })
    library.send({ action: 'Ask' })
    const yearMs = 31_536_000_000
    for (let round = 1; round <= 50; round++) {
      expect(library.send({ action: 'Ping', timestampMs: round * yearMs, blockHeight: round * 1e6 }).data).toBe('pong')
    }
    expect(library.send({ action: 'Reply', data: 'r' }).data).toContain('after r')
    expect(library.send({ action: 'Ping' }).data).toBe('pong')
  })

  test('8.4.11 an error after it is the error of the later message, with nested positions', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("ask", "Ask", function() Receive("Go") error("late") end)',
    })
    library.send({ action: 'Ask' })
    const error = library.fail({ action: 'Go' })
    expect(error).toMatch(/\[string "\.handlers"\]:\d+: .*\[string "\.handlers"\]:\d+: \[string "aos"\]:1: late$/)
  })

  test('8.4.12 in pcall it works, and an error after it is caught', () => {
    const library = createLibraryProcess()
    library.eval('local ok, why = pcall(function() Receive("Go") error("late", 0) end) return tostring(ok) .. why')
    expect(library.send({ action: 'Go' }).data).toBe('falselate')
  })

  test('8.4.13 in code at boot it works', () => {
    const library = createLibraryProcess({
      tags: [{ name: 'On-Boot', value: 'Data' }],
      first: { data: 'Booted = "no" Booted = Receive("Boot").Data' },
    })
    expect(library.eval('Booted')).toBe('no')
    library.send({ action: 'Boot', data: 'yes' })
    expect(library.eval('Booted')).toBe('yes')
  })

  test('8.4.14 in a callback of another handler it works', () => {
    const library = createLibraryProcess({
      setup: `Handlers.once("Start", function() ao.send({ Target = "a" }).onReply(function(first)
          local second = ao.send({ Target = "b" }).receive()
          print(first.Data .. second.Data .. Receive("Third").Data) end) end)`,
    })
    library.send({ action: 'Start' })
    library.send({ from: 'a', data: '1', tags: { 'X-Reference': '1' } })
    library.send({ from: 'b', data: '2', tags: { 'X-Reference': '2' } })
    expect(library.send({ action: 'Third', data: '3' }).data).toBe('123')
  })

  test.each([
    ['table.sort', 'table.sort({ 2, 1 }, function() Receive("Go") end)'],
    ['string.gsub', 'string.gsub("a", ".", function() Receive("Go") end)'],
  ])('8.4.15 inside a callback of %s it fails, and leaves no waiter', (_title, call) => {
    const code = `local ok, why = pcall(function() ${call} end) return why .. #Handlers.list`
    expect(createLibraryProcess().eval(code)).toBe('attempt to yield across a C-call boundary2')
  })

  test('8.4.16 in a coroutine of user code only that one waits', () => {
    const library = createLibraryProcess()
    const data = 'coroutine.wrap(function() print("in") print(Receive("Go").Data) end)() print("out")'
    expect(library.eval(data)).toBe('in\nout')
    expect(library.send({ action: 'Go', data: 'went' }).data).toBe('went')
  })

  test('8.4.17 in Eval, what the chunk returns is printed into the later message', () => {
    const library = createLibraryProcess()
    expect(library.send({ action: 'Eval', data: 'print("waiting") return Receive("Go").Data' })).toMatchObject({
      data: 'waiting',
      print: false,
    })
    expect(library.send({ action: 'Go', data: 'went' })).toMatchObject({ data: 'went', print: true })
  })

  test('8.4.18, 20.18 a "continue" handler that waits is not run again when it goes on', () => {
    const library = createLibraryProcess({
      setup: `Handlers.add("a", function(m) return m.Action == "Go" and "continue" end, function() print("before") Receive("Reply") print("after") end)
        Handlers.add("b", function() return "continue" end, function(m) print("b " .. m.Action) end)`,
    })
    expect(library.send({ action: 'Go' }).data).toBe('before')
    expect(
      String(library.send({ action: 'Reply', from: 'x' }).data)
        .split('\n')
        .slice(0, 2),
    ).toEqual(['after', 'b Go'])
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

  test('a failed message leaves the waiter as it was', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("ask", "Ask", function() assert(Receive("Go").Data == "good") print("good") end)',
    })
    library.send({ action: 'Ask' })
    library.fail({ action: 'Go', data: 'bad' })
    expect(library.send({ action: 'Go', data: 'good' }).data).toBe('good')
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

describe('8.5 Reference tags', () => {
  test('8.5.1 every send and spawn carries Reference', () => {
    const code = 'ao.send({ Target = "t" }) ao.spawn("m", {}) Send({ Target = "t" })'
    const { messages, spawns } = createLibraryProcess().send({ action: 'Eval', data: code })
    expect([...messages, ...spawns].map(({ tag }) => tag.Reference)).toEqual(['1', '3', '2'])
  })

  test('8.5.2 a reply carries the Reference of the request as X-Reference', () => {
    const library = createLibraryProcess({ setup: 'Handlers.add("a", "A", function(m) m.reply({}) end)' })
    const [sent] = library.send({ action: 'A', tags: { Reference: '42' } }).messages
    expect(sent?.tag['X-Reference']).toBe('42')
  })

  const trusted = { tags: [{ name: 'Authority', value: 'messenger' }] }
  const asker = () =>
    createLibraryProcess({
      ...trusted,
      setup:
        'Handlers.add("start", "Start", function() print("got " .. Send({ Target = "B", Action = "Ask" }).receive("C").Data) end)',
    })
  const forwarder = () =>
    createLibraryProcess({
      ...trusted,
      setup: 'Handlers.add("ask", "Ask", function(msg) msg.forward("C") end)',
    })

  test.each([
    ['reply, which honours Reply-To', 'msg.reply({ Data = "from C" })'],
    ['forward to X-Origin', 'msg.forward(msg["X-Origin"], { Data = "from C" })'],
  ])('8.5.3 A asks B, B forwards to C, C answers A by %s', (_title, answer) => {
    const [a, b] = [asker(), forwarder()]
    const c = createLibraryProcess({
      ...trusted,
      setup: `Handlers.add("ask", "Ask", function(msg) ${answer} end)`,
    })
    const [toB] = a.send({ action: 'Start' }).messages
    const [toC] = b.send({ from: 'A', owner: 'messenger', tags: tagsOf(toB) }).messages
    expect(toC).toMatchObject({ target: 'C', tag: { 'X-Origin': 'A', 'Reply-To': 'A' } })
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
