import { describe, expect, test } from 'vitest'
import { createLibraryProcess, moduleId, owner, processId } from '../harness.ts'

const listed = (list: string): string =>
  `local s = "" for _, each in ipairs(${list}) do s = s .. each .. " " end return s`
const handlerNames = listed('Utils.map(function(h) return h.name end, Handlers.list)')

describe('3 Lifecycle of one message', () => {
  test('3.1 ao is made ready from the environment: id and module if empty, env and outbox always', () => {
    const library = createLibraryProcess({ tags: [{ name: 'Authority', value: 'a' }] })
    library.eval('ao.env = nil ao._module = "" ao.outbox.Messages[1] = { Target = "x", Tags = {} } ao.authorities = {}')
    const code = 'ao._module .. ao.env.Process.Id .. #ao.outbox.Messages .. ao.authorities[1]'
    expect(library.eval(code)).toBe(`${moduleId}${processId}0a`)
  })

  test('3.1 a module that is set stays', () => {
    const library = createLibraryProcess({ setup: 'ao._module = "mine"' })
    expect(library.eval('ao._module')).toBe('mine')
  })

  test('3.2 ao.id is the process on every message', () => {
    const library = createLibraryProcess({ setup: 'ao.id = "x"' })
    expect(library.eval('ao.id')).toBe(processId)
  })

  test('3.2 keys are normalised and tags are at the root before handlers run', () => {
    const setup = 'Handlers.add("own", { ["Some-Tag"] = "v" }, function(m) print(m["Some-Tag"]) end)'
    expect(createLibraryProcess({ setup }).send({ tags: { some_tag: 'v' } }).data).toBe('v')
  })

  describe('3.3 the first message seeds the generator, and state is put in place', () => {
    test('Seeded is true from the first message on', () => {
      const library = createLibraryProcess({ module: 'Before = tostring(Seeded)' })
      expect(library.eval('Before .. tostring(Seeded)')).toBe('niltrue')
    })

    test('the first message seeds whichever it is', () => {
      const library = createLibraryProcess({ first: false })
      library.send({ tags: { Module: 'm' }, from: 'someone' })
      library.send({ id: processId })
      expect(library.eval('tostring(Seeded)')).toBe('true')
    })

    test.each(['Errors', 'Inbox'])('%s is a table again, whatever became of it', (name) => {
      const library = createLibraryProcess()
      library.eval(`${name} = nil`)
      expect(library.eval(`type(${name}) .. #${name}`)).toBe('table0')
      library.eval(`${name} = "text"`)
      expect(library.eval(`type(${name})`)).toBe('table')
    })

    test('Owner is the sender of the process message', () => {
      expect(createLibraryProcess().eval('Owner')).toBe(owner)
    })

    test('Owner is the From-Process tag of the process where there is one', () => {
      const library = createLibraryProcess({ tags: [{ name: 'From-Process', value: 'parent' }] })
      expect(library.send({ from: 'parent', action: 'Eval', data: 'Owner' }).data).toBe('parent')
    })

    test('Owner is not set by another message than the process message', () => {
      const library = createLibraryProcess({ first: false })
      library.send({ tags: { Module: 'm' } })
      expect(library.send({ action: 'Eval', data: '1' }).data).toContain('New Message From')
    })

    test('Owner that is set stays', () => {
      const library = createLibraryProcess({ setup: 'Owner = "other"' })
      library.send({ id: processId })
      expect(library.send({ from: 'other', action: 'Eval', data: 'Owner' }).data).toBe('other')
    })

    test('Name is the tag of the process, or aos', () => {
      const tags = [{ name: 'Name', value: 'token' }]
      const names = [createLibraryProcess({ tags }), createLibraryProcess()].map((library) => library.eval('Name'))
      expect(names).toEqual(['token', 'aos'])
    })

    test('Name set to nil is set again, another one stays', () => {
      const library = createLibraryProcess({ tags: [{ name: 'Name', value: 'token' }], setup: 'Name = nil' })
      expect(library.eval('local name = Name Name = "mine" return name')).toBe('token')
      expect(library.eval('Name')).toBe('mine')
    })
  })

  test('3.4 the print log of each message is new', () => {
    const library = createLibraryProcess({ setup: 'print("one") Kept = HANDLER_PRINT_LOGS' })
    expect(library.eval('Kept[1] .. #HANDLER_PRINT_LOGS .. tostring(Kept == HANDLER_PRINT_LOGS)')).toBe('one0false')
  })

  test('3.4, 13.1 os.time is the Timestamp of the message, also where user code took it away', () => {
    const library = createLibraryProcess({ setup: 'os.time = nil' })
    expect(library.send({ action: 'Eval', data: 'os.time()', timestampMs: 123_456 }).data).toBe('123456')
  })

  test('3.5 Tags, TagArray and decoded data are there when trust and assignment are checked', () => {
    const setup = `ao.addAssignable(function(m) return m.Tags.Key == "v" and m.TagArray[1].name == "Content-Type" and m.Data.a == 1 end)
      Handlers.add("own", { Key = "v" }, function() print("seen") end)`
    const message = { target: 'elsewhere', data: '{"a":1}', tags: { 'Content-Type': 'application/json', key: 'v' } }
    expect(createLibraryProcess({ setup }).send(message).data).toBe('seen')
  })

  test('3.6 a message that is not trusted reaches no handler and no Inbox', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.prepend("all", function() Seen = true return "continue" end, print)',
    })
    library.eval('Seen = nil')
    const answer = library.send({ from: 'other', owner: 'messenger' })
    expect(answer.data).toContain('Message is not trusted!')
    library.eval('Handlers.remove("all") SeenThen, Seen = Seen, nil')
    expect(library.eval('#Inbox')).toBe('1')
  })

  test('3.7 an assignment that is not wanted reaches no handler and no Inbox', () => {
    const library = createLibraryProcess({ setup: 'Handlers.add("all", function() return true end, print)' })
    expect(library.send({ target: 'elsewhere' }).data).toContain('Assignment is not trusted!')
    expect(library.eval('#Inbox')).toBe('1')
  })

  test('3.7 trust is checked before assignment', () => {
    const answer = createLibraryProcess().send({ target: 'elsewhere', from: 'other', owner: 'messenger' })
    expect(answer).toMatchObject({ data: expect.stringContaining('Message is not trusted!'), messages: [] })
  })

  test('3.8, 20.11 the built-in handlers are there again, whatever became of them', () => {
    const library = createLibraryProcess()
    library.eval('Handlers.remove("_eval") Handlers.remove("_default") Handlers.add("own", "Own", print)')
    expect(library.eval('1 + 1')).toBe('2')
    expect(library.send({ from: 'someone' }).data).toContain('New Message From')
    library.eval('for _, h in ipairs(Handlers.list) do h.pattern, h.handle = function() return false end, nil end')
    expect(library.eval('1 + 1')).toBe('2')
    expect(library.eval(handlerNames)).toBe('own _eval _default ')
  })

  test('3.8 _boot comes with the process message alone', () => {
    const library = createLibraryProcess({ setup: 'Handlers.add("own", "Own", print)' })
    library.send({ from: 'someone' })
    expect(library.eval(handlerNames)).toBe('_eval _default own ')
    library.send({ id: processId })
    expect(library.eval(handlerNames)).toBe('_boot _eval _default own ')
  })

  test('3.9 a handler finds reply and forward on its message', () => {
    const setup = 'Handlers.add("own", "Own", function(m) print(type(m.reply) .. type(m.forward)) end)'
    expect(createLibraryProcess({ setup }).send({ action: 'Own' }).data).toBe('functionfunction')
  })

  const coroutines = `local me, found = coroutine.running(), 0
    for _, c in ipairs(Handlers.coroutines) do if c == me then found = found + 1 end end return found .. #Handlers.coroutines`

  test('3.10 handlers run inside a coroutine that Handlers.coroutines holds', () => {
    expect(createLibraryProcess().eval(`local _, main = coroutine.running() assert(not main) ${coroutines}`)).toBe('11')
  })

  test('3.10 dead coroutines are taken out', () => {
    const library = createLibraryProcess()
    library.handle({
      From: owner,
      Owner: owner,
      Target: processId,
      Tags: [{ name: 'Action', value: 'Eval' }],
      Data: 'error("dies")',
    })
    library.eval('Receive("Go") error("dies")')
    library.eval('Receive("Never")')
    expect(library.eval(coroutines)).toBe('13')
    library.fail({ action: 'Go' })
    expect(library.eval('Receive("Never")')).toBe('')
    expect(library.eval('for _, c in ipairs(Handlers.coroutines) do assert(coroutine.status(c) ~= "dead") end')).toBe(
      '',
    )
  })

  test('3.11 a success has the printed lines, the prompt and the outbox', () => {
    const setup = 'Handlers.add("own", "Own", function(m) print("a") print("b") m.reply({ Data = "r" }) end)'
    expect(createLibraryProcess({ setup }).send({ action: 'Own' })).toMatchObject({
      data: 'a\nb',
      prompt: expect.stringContaining('aos-2.0.4'),
      messages: [{ data: 'r' }],
    })
  })

  test('3.11 ao.Nonce is the nonce of the last message that went well', () => {
    const library = createLibraryProcess({ setup: 'Handlers.add("bad", "Bad", function() error("x") end)' })
    library.send({ nonce: 41 })
    library.fail({ action: 'Bad', nonce: 42 })
    expect(library.eval('ao.Nonce')).toBe('41')
  })

  test('3.12 a handler that waits in Receive is a success with the outbox so far', () => {
    const setup =
      'Handlers.add("own", "Own", function() print("a") ao.send({ Target = "t" }) Receive("Go") print("b") end)'
    expect(createLibraryProcess({ setup }).send({ action: 'Own' })).toMatchObject({
      data: 'a',
      messages: [{ target: 't' }],
    })
  })
})
