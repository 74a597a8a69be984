import { describe, expect, test } from 'vitest'
import {
  color,
  createLibraryProcess,
  type Incoming,
  moduleId,
  owner,
  processId,
  processMessage,
  testCode,
  testErrors,
} from './harness.ts'

/** Code that makes a handler for Action `Probe` print the value of an expression over `msg`. */
const probe = (expression: string): string =>
  `Handlers.add("probe", "Probe", function(msg) print(tostring(${expression})) end)`

function probed(expression: string, message: Incoming): unknown {
  return createLibraryProcess({ setup: probe(expression) }).send({ action: 'Probe', ...message }).data
}

describe('2.1 input message', () => {
  test.each<[expression: string, message: Incoming, expected: string]>([
    ['msg.Id', { id: 'the-id' }, 'the-id'],
    ['msg.Target', {}, processId],
    ['msg.From', { from: 'someone' }, 'someone'],
    ['msg.Owner', {}, owner],
    ['msg.Data', { data: 'text' }, 'text'],
    ['msg.Data', {}, 'nil'],
    ['#msg.Data', { data: '' }, '0'],
    ['#msg.Data', { data: new Uint8Array([0, 255, 128]) }, '3'],
    ['msg.Timestamp', { timestampMs: 1_700_000_000_123 }, '1700000000123'],
    ['math.type(msg.Timestamp)', {}, 'integer'],
    ['msg["Block-Height"]', { blockHeight: 123 }, '123'],
    ['msg.Nonce', { nonce: 17 }, '17'],
    ['msg.Nonce', { nonce: undefined }, 'nil'],
    ['msg.Epoch', { epoch: 2 }, '2'],
    ['msg["Hash-Chain"]', { hashChain: 'h' }, 'h'],
    ['msg["Hash-Chain"]', { hashChain: undefined }, 'nil'],
    ['msg.Cron', { cron: true }, 'true'],
    ['msg.Cron', {}, 'nil'],
    ['msg["Read-Only"]', { readOnly: true }, 'true'],
    ['msg.Anchor', { anchor: 'a' }, 'a'],
    ['msg["Forwarded-By"]', { forwardedBy: 'messenger' }, 'messenger'],
    ['msg.Id', { id: undefined }, 'nil'],
  ])('%s of %j', (expression, message, expected) => {
    expect(probed(expression, message)).toBe(expected)
  })

  test.each([
    ['Module', { tags: { Type: 'Process' } }],
    ['Id', { id: undefined }],
  ])('the first message must have its %s (class E)', (field, first) => {
    const library = createLibraryProcess({ first: false })
    const error = library.fail({ ...processMessage(), ...first })
    expect(error).toContain(`attempt to concatenate a nil value (field '${field}')`)
    expect(library.send(processMessage()).data).toBe('')
  })
})

describe('2.2 environment', () => {
  testCode(
    [
      ['ao.env has the process', 'return ao.env.Process.Id', processId],
      ['its tags are a map', 'return ao.env.Process.Tags.Name', 'token'],
      ['the first of a name counts', 'return ao.env.Process.Tags.Twice', '1'],
      ['its tags are an array too', 'return #ao.env.Process.TagArray .. ao.env.Process.TagArray[2].name', '4Name'],
      [
        'names are not normalised',
        'return tostring(ao.env.Process.Tags.lower_case) .. tostring(ao.env.Process.Tags["Lower-Case"])',
        'nilnil',
      ],
      ['the module stands beside', 'return ao.env.Module.Id', moduleId],
      ['ao._module is the Module tag', 'return ao._module', moduleId],
      ['Name is the Name tag', 'return Name', 'token'],
    ],
    {
      tags: [
        { name: 'Name', value: 'token' },
        { name: 'Twice', value: '1' },
        { name: 'Twice', value: '2' },
      ],
    },
  )
  testCode([['without a Name tag the name is aos', 'return Name', 'aos']])
})

describe('2.3 key normalisation', () => {
  testCode(
    [
      ['action', 'Action'],
      ['DATA_PROTOCOL', 'Data-Protocol'],
      ['x-reference', 'X-Reference'],
      ['foo bar', 'Foo bar'],
      ['NextProcess', 'Nextprocess'],
      ['UnstakeDelay', 'Unstakedelay'],
      ['a__b', 'A--B'],
      ['', ''],
      ['1st-part', '1st-Part'],
    ].map(
      ([name, expected]) => [`${name} -> ${expected}`, `return Utils.normalize("${name}")`, String(expected)] as const,
    ),
  )

  test.each([
    ['msg.Tags.NextProcess', 'p'],
    ['msg.Tags.Nextprocess', 'p'],
    ['msg.NextProcess', 'p'],
    ['msg.Tags.checkpoint_data', 'c'],
    ['msg["Checkpoint-Data"]', 'c'],
    ['msg.Tags.Missing', 'nil'],
    ['msg.missingToo', 'nil'],
  ])('20: camel-case and other spellings are read: %s', (expression, expected) => {
    expect(probed(expression, { tags: { NextProcess: 'p', 'checkpoint-data': 'c' } })).toBe(expected)
  })

  test('pairs over the tags shows the normalised keys, and only those', () => {
    const code = `Handlers.add("probe", "Probe", function(msg)
      local names = {} local _ = msg.Tags.NextProcess, msg.Tags.Other
      for name in pairs(msg.Tags) do names[#names + 1] = name end table.sort(names) print(table.concat(names, " ")) end)`
    const library = createLibraryProcess({ setup: code })
    expect(library.send({ action: 'Probe', tags: { NextProcess: 'p' } }).data).toBe('Action Nextprocess')
  })

  test('a flood of names is forgotten, and names are still right', () => {
    const code = `collectgarbage() local before = collectgarbage("count")
      for i = 1, 20000 do assert(Utils.normalize("name_" .. i) == "Name-" .. i) end
      collectgarbage() assert(collectgarbage("count") - before < 200) return Utils.normalize("x_y")`
    expect(createLibraryProcess().eval(code)).toBe('X-Y')
  })
})

describe('2.4 tag extraction', () => {
  test('tags come to the root, the last of a name wins', () => {
    const tags = [
      { name: 'quantity', value: '1' },
      { name: 'Quantity', value: '2' },
    ]
    expect(probed('msg.Quantity .. msg.Tags.Quantity', { tags })).toBe('21')
  })

  const notExtracted = ['Data-Protocol', 'Variant', 'From-Process', 'From-Module', 'Type', 'Read-Only']
  test.each(notExtracted)('%s stays a tag', (name) => {
    expect(probed(`tostring(msg["${name}"]) .. msg.Tags["${name}"]`, { tags: { [name]: 'v' } })).toBe('nilv')
  })

  test.each(['From', 'Owner', 'Target', 'Data'])('%s at the root is not the tag', (name) => {
    const tags = { [name]: 'forged' }
    expect(probed(`msg.${name} == "forged"`, { tags, data: 'd' })).toBe('false')
  })

  const scheduled = ['Id', 'Timestamp', 'Nonce', 'Epoch', 'Block-Height', 'Hash-Chain', 'Cron']
  test.each(scheduled)('20: %s is what the scheduler says; the tag is readable in Tags', (name) => {
    const expression = `tostring(msg["${name}"] == "forged") .. msg.Tags["${name}"]`
    expect(probed(expression, { tags: { [name]: 'forged' } })).toBe('falseforged')
  })

  test('Forwarded-By and Module can come from tags', () => {
    expect(probed('msg.Module', { tags: { Module: 'm' } })).toBe('m')
  })
})

describe('2.5 Tags and TagArray', () => {
  test('TagArray keeps order and doubles, with normalised names', () => {
    const tags = [
      { name: 'b_c', value: '1' },
      { name: 'a', value: '2' },
      { name: 'a', value: '3' },
    ]
    const expression = `(function() local s = "" for _, t in ipairs(msg.TagArray) do s = s .. t.name .. "=" .. t.value .. ";" end return s end)()`
    expect(probed(expression, { tags })).toBe('Action=Probe;B-C=1;A=2;A=3;')
  })

  test('a message without tags has none', () => {
    const setup =
      'Handlers.prepend("all", function() return true end, function(m) print(#m.TagArray .. tostring(next(m.Tags))) end)'
    const library = createLibraryProcess({ setup })
    expect(library.send({}).data).toBe('0nil')
  })

  test.each([1, 64, 65, 200])('%i tags are all read', (count) => {
    const tags = Array.from({ length: count }, (_, index) => ({ name: `Tag-${index}`, value: `v${index}` }))
    const expression = `#msg.TagArray .. msg.Tags["Tag-${count - 1}"] .. msg["Tag-0"]`
    expect(probed(expression, { tags })).toBe(`${count + 1}v${count - 1}v0`)
  })

  test('pairs over a message shows fields, tags, functions and TagArray', () => {
    const setup = `Handlers.add("probe", "Probe", function(msg) local names = {}
      for name in pairs(msg) do assert(type(name) == "string") names[#names + 1] = name end
      table.sort(names) print(table.concat(names, " ")) end)`
    const data = createLibraryProcess({ setup }).send({ action: 'Probe', data: 'd', tags: { Extra: '1' } }).data
    const expected =
      'Action Block-Height Data Epoch Extra From Hash-Chain Id Nonce Owner TagArray Tags Target Timestamp forward reply'
    expect(data).toBe(expected)
  })
})

describe('2.6 JSON data', () => {
  const tags = { 'Content-Type': 'application/json' }
  test('is decoded when the content type says so', () => {
    expect(probed('msg.Data.a[2]', { tags, data: '{"a":[1,"two"]}' })).toBe('two')
  })
  test('missing data is an empty table', () => {
    expect(probed('type(msg.Data) .. tostring(next(msg.Data))', { tags })).toBe('tablenil')
  })
  test('a parameter makes it a string', () => {
    expect(probed('msg.Data', { tags: { 'Content-Type': 'application/json; charset=utf-8' }, data: '{}' })).toBe('{}')
  })
  test.each(['', '{', 'x'])('invalid JSON %j fails the message (class E)', (data) => {
    expect(createLibraryProcess().fail({ tags, data })).toMatch(/at line 1 col \d+$/)
  })
})

describe('2.7 reply and forward', () => {
  const request: Incoming = { action: 'Probe', from: 'asker', tags: { Reference: '7', 'X-Origin': 'origin' } }
  const reply = (setup: string, message: Incoming = request) =>
    createLibraryProcess({ setup }).send(message).messages[0]

  test('a reply goes to the sender, with its reference and origin', () => {
    const sent = reply('Handlers.add("probe", "Probe", function(msg) msg.reply({ Data = "answer" }) end)')
    expect(sent).toMatchObject({ target: 'asker', data: 'answer', tag: { 'X-Reference': '7', 'X-Origin': 'origin' } })
  })

  test('Reply-To comes before Target and From; X-Reference before Reference', () => {
    const sent = reply('Handlers.add("probe", "Probe", function(msg) msg.reply({ Target = "mine" }) end)', {
      ...request,
      tags: { 'Reply-To': 'other', Reference: '7', 'X-Reference': '3' },
    })
    expect(sent).toMatchObject({ target: 'other', tag: { 'X-Reference': '3' } })
  })

  test('Target of the answer comes before From', () => {
    const sent = reply('Handlers.add("probe", "Probe", function(msg) msg.reply({ Target = "mine" }) end)')
    expect(sent?.target).toBe('mine')
  })

  test('without a reference there is no X-Reference', () => {
    const sent = reply('Handlers.add("probe", "Probe", function(msg) msg.reply({}) end)', { action: 'Probe' })
    expect(Object.keys(sent?.tag ?? {})).toEqual(['Data-Protocol', 'Variant', 'Type', 'Reference'])
  })

  test('a reply changes its argument and returns what ao.send returns', () => {
    const setup = `Handlers.add("probe", "Probe", function(msg) local t = {} local sent = msg.reply(t)
      print(t.Target .. t["X-Reference"] .. sent.Target .. type(sent.receive)) end)`
    expect(createLibraryProcess({ setup }).send(request).data).toBe('asker7askerfunction')
  })

  test('a reply without argument raises', () => {
    const setup = 'Handlers.add("probe", "Probe", function(msg) msg.reply() end)'
    expect(createLibraryProcess({ setup }).fail(request)).toMatch(/attempt to index a nil value/)
  })

  test('the functions stay on messages in the Inbox', () => {
    const library = createLibraryProcess()
    library.send({ ...request, action: 'Unknown' })
    const sent = library.send({ action: 'Eval', data: 'Inbox[2].reply({ Data = "late" })' }).messages
    expect(sent).toMatchObject([{ target: 'asker', data: 'late' }])
  })

  test('forward keeps data and extracted tags, and sets the four fields', () => {
    const setup = `Handlers.add("probe", "Probe", function(msg)
      print(select("#", msg.forward("next", { Extra = "e", Data = "changed" })) .. "") end)`
    const answer = createLibraryProcess({ setup }).send({
      ...request,
      data: 'd',
      tags: { Reference: '7', Keep: 'kept', 'Pushed-For': 'p', Variant: 'v', Type: 'Message' },
    })
    expect(answer.data).toBe('0')
    expect(answer.messages).toHaveLength(1)
    const [sent] = answer.messages
    expect(sent).toMatchObject({ target: 'next', data: 'changed' })
    expect(sent?.tag).toEqual({
      'Data-Protocol': 'ao',
      Variant: 'ao.TN.1',
      Type: 'Message',
      Reference: '1',
      Action: 'Probe',
      Keep: 'kept',
      Extra: 'e',
      'Reply-To': 'asker',
      'X-Reference': '7',
      'X-Origin': 'asker',
    })
  })

  test('a forward of a forward keeps the first asker', () => {
    const setup = 'Handlers.add("probe", "Probe", function(msg) msg.forward("next") end)'
    const tags = { 'Reply-To': 'first', 'X-Reference': '1', 'X-Origin': 'first', Reference: '9' }
    const [sent] = createLibraryProcess({ setup }).send({ ...request, tags }).messages
    expect(sent?.tag).toMatchObject({ 'Reply-To': 'first', 'X-Reference': '1', 'X-Origin': 'first' })
  })

  test('decoded JSON data is encoded again', () => {
    const setup = 'Handlers.add("probe", "Probe", function(msg) msg.forward("next") end)'
    const tags = { 'Content-Type': 'application/json' }
    const [sent] = createLibraryProcess({ setup }).send({ ...request, tags, data: '{"a":1}' }).messages
    expect(sent).toMatchObject({ data: '{"a":1}', tag: { 'Content-Type': 'application/json' } })
  })
})

describe('2.8 special messages', () => {
  test('a cron message is handled', () => {
    const setup = 'Handlers.add("cron", "Cron", function(msg) print(tostring(msg.Cron) .. tostring(msg.Id)) end)'
    const cron: Incoming = {
      action: 'Cron',
      id: undefined,
      nonce: undefined,
      epoch: undefined,
      hashChain: undefined,
      cron: true,
    }
    expect(createLibraryProcess({ setup }).send(cron).data).toBe('truenil')
  })

  test('a dry run sees Read-Only and leaves nothing', () => {
    const library = createLibraryProcess({
      setup:
        'Count = 0 Handlers.add("probe", "Probe", function(msg) Count = Count + 1 print(tostring(msg["Read-Only"])) end)',
    })
    expect(library.dryRun({ action: 'Probe' })).toMatchObject({ ok: true, output: { data: 'true' } })
    expect(library.eval('Count')).toBe('0')
  })
})

describe('3 lifecycle', () => {
  test('Owner is the sender of the process message', () => {
    expect(createLibraryProcess().eval('Owner')).toBe(owner)
  })

  test('Owner is the From-Process tag of the process where there is one', () => {
    const library = createLibraryProcess({ tags: [{ name: 'From-Process', value: 'parent' }] })
    expect(library.send({ from: 'parent', action: 'Eval', data: 'Owner' }).data).toBe('parent')
  })

  test('Owner set to nil is given back only by the process message', () => {
    const library = createLibraryProcess()
    library.eval('Owner = nil')
    expect(library.send({ action: 'Eval', data: '1' }).data).toContain('New Message From')
    library.send({ id: processId })
    expect(library.eval('Owner')).toBe(owner)
  })

  test('an empty Owner locks the process', () => {
    const library = createLibraryProcess()
    library.eval('Owner = ""')
    expect(library.send({ action: 'Eval', data: '1' }).data).toContain('New Message From')
  })

  test('ao.id, ao.env and the outbox are set again on each message', () => {
    const library = createLibraryProcess()
    library.eval('ao.id = "x" ao.env = nil ao.outbox.Messages[1] = { Target = "x", Tags = {} }')
    expect(library.eval('ao.id .. ao.env.Process.Id .. #ao.outbox.Messages')).toBe(`${processId}${processId}0`)
  })

  test('13: os.time is the time of the message', () => {
    const library = createLibraryProcess({ setup: 'os.time = nil' })
    expect(library.send({ action: 'Eval', data: 'os.time()', timestampMs: 123_456 }).data).toBe('123456')
    expect(
      library.send({ action: 'Eval', data: 'os.time({ year = 2020, month = 1, day = 1 })', timestampMs: 99 }).data,
    ).toBe('99')
  })

  test('built-in handlers are there again, whatever became of them', () => {
    const library = createLibraryProcess()
    library.eval('Handlers.remove("_eval") Handlers.remove("_default") Handlers.add("own", "Own", print)')
    expect(library.eval('1 + 1')).toBe('2')
    expect(library.send({ from: 'someone' }).data).toContain('New Message From')
    library.eval('for _, h in ipairs(Handlers.list) do h.pattern, h.handle = function() return false end, nil end')
    expect(library.eval('1 + 1')).toBe('2')
    const names = 'local s = "" for _, h in ipairs(Handlers.list) do s = s .. h.name .. " " end return s'
    expect(library.eval(names)).toBe('own _eval _default ')
  })

  test('ao.Nonce is the nonce of the last message that went well', () => {
    const library = createLibraryProcess({ setup: 'Handlers.add("bad", "Bad", function() error("x") end)' })
    library.send({ nonce: 41 })
    library.fail({ action: 'Bad', nonce: 42 })
    expect(library.eval('ao.Nonce')).toBe('41')
  })

  test('Handlers.coroutines has the one that runs', () => {
    const code =
      'local me, found = coroutine.running(), 0 for _, c in ipairs(Handlers.coroutines) do if c == me then found = found + 1 end end return found .. #Handlers.coroutines'
    const library = createLibraryProcess()
    expect(library.eval(code)).toBe('11')
    library.fail({ action: 'Eval', data: 'error("dies")' })
    expect(library.eval(code)).toBe('11')
  })

  test('1.4: a failed message leaves nothing behind', () => {
    const library = createLibraryProcess({ setup: 'X = 1' })
    library.evalError('X = 2 ao.send({ Target = "t" }) error("stop")')
    expect(library.eval('X .. ao.reference .. #Errors')).toBe('100')
  })
})

describe('4 globals', () => {
  testCode([
    ['Utils is the module', 'return tostring(Utils == require(".utils"))', 'true'],
    ['ao is the module, by two names', 'return tostring(ao == require(".ao") and ao == require("ao"))', 'true'],
    ['Handlers is the module', 'return tostring(Handlers == require(".handlers"))', 'true'],
    ['20: json is a global', 'return tostring(json == require("json"))', 'true'],
    [
      'Colors',
      'return Colors.red .. Colors.green .. Colors.blue .. Colors.gray .. Colors.reset',
      `${color.red}${color.green}${color.blue}${color.gray}${color.reset}`,
    ],
    ['Bell', 'return Bell', '\u0007'],
    ['Seeded', 'return tostring(Seeded)', 'true'],
    ['Nonce is reserved', 'return tostring(Nonce)', 'nil'],
    ['Errors and Inbox are tables', 'return type(Errors) .. type(Inbox)', 'tabletable'],
    [
      'Tab makes a map of tags',
      'return Tab({ Tags = { { name = "a", value = "1" }, { name = "a", value = "2" } } }).a',
      '1',
    ],
    ['Version prints', 'Version()', 'version: 2.0.4'],
    ['HANDLER_PRINT_LOGS has the lines', 'print("a") return #HANDLER_PRINT_LOGS .. HANDLER_PRINT_LOGS[1]', 'a\n1a'],
  ])
})

describe('12.1 trust', () => {
  const pushed = { from: 'other-process', owner: 'messenger' }

  test('a message by its owner is trusted', () => {
    expect(createLibraryProcess().send({ from: 'x', owner: 'x' }).data).toContain('New Message From')
  })

  test('a pushed message without authority is turned away', () => {
    const library = createLibraryProcess()
    const answer = library.send({ ...pushed, action: 'Eval', data: 'x' })
    expect(answer).toMatchObject({
      data: 'Message is not trusted! From: other-process - Owner: messenger',
      messages: [],
      print: true,
    })
    expect(answer.prompt).toContain('aos-2.0.4')
    expect(library.eval('#Inbox')).toBe('1')
  })

  test.each([
    ['its owner', 'messenger'],
    ['its sender', 'other-process'],
    ['a list', 'x,,messenger'],
  ])('an Authority tag with %s lets it in', (_title, value) => {
    const library = createLibraryProcess({ tags: [{ name: 'Authority', value }] })
    expect(library.send(pushed).data).toContain('New Message From')
  })

  test('blanks are not trimmed, empty parts and doubles are left out', () => {
    const library = createLibraryProcess({
      tags: [
        { name: 'Authority', value: 'a,,b, c' },
        { name: 'Authority', value: 'b,d' },
      ],
    })
    expect(library.eval('table.concat(ao.authorities, "|")')).toBe('a|b| c|d')
  })

  test('entries taken out come back, entries put in stay', () => {
    const library = createLibraryProcess({ tags: [{ name: 'Authority', value: 'a,b' }] })
    library.eval('table.remove(ao.authorities, 1) table.insert(ao.authorities, "mine")')
    expect(library.eval('table.concat(ao.authorities, "|")')).toBe('b|mine|a')
    expect(library.send({ ...pushed, owner: 'mine' }).data).toContain('New Message From')
  })

  test('the process message sets Owner and Name even if it is turned away', () => {
    const library = createLibraryProcess({ first: { from: 'maker', owner: 'messenger' } })
    expect(library.send({ from: 'maker', action: 'Eval', data: 'Owner .. Name' }).data).toBe('makeraos')
  })
})

describe('12.2 assignments', () => {
  test('an assignment is turned away, and its sender is told', () => {
    const answer = createLibraryProcess().send({ target: 'elsewhere', from: 'someone' })
    expect(answer.data).toBe('Assignment is not trusted! From: someone - Owner: someone')
    expect(answer.messages).toMatchObject([{ target: 'someone', data: 'Assignment is not trusted by this process!' }])
    expect(answer.print).toBe(true)
  })

  test('the process itself is not told', () => {
    const library = createLibraryProcess({ tags: [{ name: 'Authority', value: 'messenger' }] })
    expect(library.send({ target: '', from: processId, owner: 'messenger' }).messages).toEqual([])
  })

  test('an assignable one is handled like any message, Evals too', () => {
    const library = createLibraryProcess({ setup: 'ao.addAssignable("mine", { Action = "Eval" })' })
    expect(library.send({ target: 'elsewhere', action: 'Eval', data: '1 + 1' }).data).toBe('2')
    expect(library.send({ target: 'elsewhere', action: 'Other' }).data).toContain('Assignment is not trusted!')
  })

  testCode([
    [
      'a pattern that gives 0 or "skip" does not match',
      'ao.addAssignable(function() return 0 end) ao.addAssignable(function() return "skip" end) return tostring(ao.isAssignable({ Tags = {} }))',
      'false',
    ],
    ['nothing is assignable at first', 'return #ao.assignables .. tostring(ao.isAssignable({ Tags = {} }))', '0false'],
    [
      'isAssignment looks at Target',
      'return tostring(ao.isAssignment({ Target = "x" })) .. tostring(ao.isAssignment({ Target = ao.id })) .. tostring(ao.isAssignment({}))',
      'truefalsetrue',
    ],
    [
      'a named one is replaced',
      'ao.addAssignable("a", "X") ao.addAssignable("a", "Y") return #ao.assignables .. ao.assignables[1].pattern',
      '1Y',
    ],
    [
      'an unnamed one is appended',
      'ao.addAssignable({ Action = "X" }) ao.addAssignable("Y") return #ao.assignables .. tostring(ao.isAssignable({ Action = "Y" }))',
      '2true',
    ],
    [
      'remove by name and by index',
      'ao.addAssignable("a", "X") ao.addAssignable("b", "Y") ao.addAssignable("Z") ao.removeAssignable("a") ao.removeAssignable(2) return #ao.assignables .. ao.assignables[1].name',
      '1b',
    ],
    [
      'remove of what is not there does nothing',
      'ao.addAssignable("a", "X") ao.removeAssignable("b") ao.removeAssignable(7) return #ao.assignables',
      '1',
    ],
  ])
  testErrors([
    ['the name must be a string', 'ao.addAssignable(5, "X")', 'MatchSpec name MUST be a string'],
    ['the index must be a number', 'ao.removeAssignable({})', 'index MUST be a number'],
  ])
})
