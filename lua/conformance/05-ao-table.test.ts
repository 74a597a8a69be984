import { describe, expect, test } from 'vitest'
import { createLibraryProcess, moduleId, processId, testCode, testErrors } from '../harness.ts'

const sentBy = (code: string) => createLibraryProcess().send({ action: 'Eval', data: code }).messages
const builtIn = [
  { name: 'Data-Protocol', value: 'ao' },
  { name: 'Variant', value: 'ao.TN.1' },
  { name: 'Type', value: 'Message' },
  { name: 'Reference', value: '1' },
]

describe('5.1 Fields', () => {
  testCode([
    ['5.1.1 _version', 'return ao._version', '0.0.6'],
    ['5.1.2 id is the process', 'return ao.id', processId],
    ['5.1.3 _module is the Module tag', 'return ao._module', moduleId],
    ['5.1.4 authorities are none at first', 'return type(ao.authorities) .. #ao.authorities', 'table0'],
    ['5.1.5 reference is 0 at first', 'return ao.reference', 0],
    [
      '5.1.6 outbox has four tables',
      'return type(ao.outbox.Output) .. #ao.outbox.Messages .. #ao.outbox.Spawns .. #ao.outbox.Assignments',
      'table000',
    ],
    [
      '5.1.7 env is the environment, with the tags of the process as map and array',
      'return ao.env.Process.Tags.Module .. ao.env.Process.TagArray[1].name',
      `${moduleId}Module`,
    ],
    ['5.1.9 assignables are none at first', 'return type(ao.assignables) .. #ao.assignables', 'table0'],
    [
      '5.1.10 nonExtractableTags',
      'return table.concat(ao.nonExtractableTags, " ")',
      'Data-Protocol Variant From-Process From-Module Type From Owner Anchor Target Data Tags Read-Only',
    ],
    [
      '5.1.11 nonForwardableTags',
      'return table.concat(ao.nonForwardableTags, " ")',
      'Data-Protocol Variant From-Process From-Module Type From Owner Anchor Target Tags TagArray Hash-Chain Timestamp Nonce Epoch Signature Forwarded-By Pushed-For Read-Only Cron Block-Height Reference Id Reply-To',
    ],
  ])

  test('5.1.2 id is set again on every message', () => {
    const library = createLibraryProcess({ setup: 'ao.id = "x"' })
    expect(library.eval('ao.id')).toBe(processId)
  })

  test('5.1.3 _module is empty where the process has no Module tag', () => {
    const environment = { Process: { Id: processId, Tags: [] } }
    const call = `handle('{"Tags":[],"Block-Height":1,"Owner":"o","Id":"i","Module":"m"}', [[${JSON.stringify(environment)}]])`
    const library = createLibraryProcess({ module: `${call} Module = ao._module` })
    expect(library.eval('type(Module) .. #Module')).toBe('string0')
  })

  test('5.1.6 outbox is another one on every message', () => {
    const library = createLibraryProcess({ setup: 'Kept = ao.outbox ao.send({ Target = "t" })' })
    expect(library.eval('tostring(Kept == ao.outbox) .. #Kept.Messages .. #ao.outbox.Messages')).toBe('false10')
  })

  test('5.1.8 Nonce is nil before a message went well, then the nonce of the last that did', () => {
    const library = createLibraryProcess({ module: 'Before = tostring(ao.Nonce)' })
    expect(library.send({ action: 'Eval', data: 'Before .. ao.Nonce', nonce: 17 }).data).toBe('nil0')
    expect(library.eval('ao.Nonce')).toBe('17')
  })
})

describe('5.2 ao.send', () => {
  testErrors([['5.2.1 the argument must be a table', 'ao.send("x")', 'msg should be a table']])

  test('5.2.2 table data becomes JSON, and the content type says so', () => {
    const [sent] = sentBy('ao.send({ Target = "t", Data = { 1, { a = true } } })')
    expect(sent).toMatchObject({ data: '[1,{"a":true}]', tag: { 'Content-Type': 'application/json' } })
  })

  test("5.2.2 table data changes the caller's table", () => {
    const code = 'local m = { Target = "t", Data = { 1 } } ao.send(m) return m.Data .. m["Content-Type"]'
    expect(createLibraryProcess().eval(code)).toBe('[1]application/json')
  })

  test('5.2.3 references count on over sends and spawns, and over messages', () => {
    const library = createLibraryProcess()
    library.eval('ao.send({ Target = "a" }) ao.spawn("m", {})')
    const [sent] = library.send({ action: 'Eval', data: 'ao.send({ Target = "b" }) return nil' }).messages
    expect(sent).toMatchObject({ anchor: '3'.padStart(32, '0'), tag: { Reference: '3' } })
    expect(library.eval('math.type(ao.reference) .. ao.reference')).toBe('integer3')
  })

  test('5.2.3 a reference is the decimal text of the counter', () => {
    const library = createLibraryProcess({ setup: 'ao.reference = 123456789' })
    const [sent] = library.send({ action: 'Eval', data: 'ao.send({ Target = "b" })' }).messages
    expect(sent?.tag.Reference).toBe('123456790')
  })

  test('5.2.4 it builds Target, Data, Anchor and Tags', () => {
    const code = `ao.send({ Target = "t", Data = "d" }) local keys = {}
      for k in pairs(ao.outbox.Messages[1]) do keys[#keys + 1] = k end table.sort(keys) return table.concat(keys, " ")`
    expect(createLibraryProcess().eval(code)).toBe('Anchor Data Tags Target')
  })

  test.each([
    ['1', '00000000000000000000000000000001'],
    ['4294967297', '00000000000000000000004294967297'],
  ])('5.2.4 the anchor is the reference %s in 32 digits', (reference, anchor) => {
    const library = createLibraryProcess({ setup: `ao.reference = ${reference} - 1` })
    expect(library.send({ action: 'Eval', data: 'ao.send({})' }).messages[0]?.anchor).toBe(anchor)
  })

  test('5.2.5 tags begin with Data-Protocol, Variant, Type, Reference in this order', () => {
    expect(sentBy('ao.send({ Target = "t", Action = "A" })')[0]?.tags.slice(0, 4)).toEqual(builtIn)
  })

  test('5.2.6 every other root key becomes a tag', () => {
    const [sent] = sentBy('ao.send({ Target = "t", Data = "d", Action = "A", lower = "l", ["With Blank"] = "b" })')
    expect(sent?.tags.slice(4)).toHaveLength(3)
    expect(sent?.tag).toMatchObject({ Action: 'A', lower: 'l', 'With Blank': 'b' })
  })

  test('5.2.6 Target, Data, Anchor, Tags and From do not', () => {
    const [sent] = sentBy('ao.send({ Target = "t", Data = "d", From = "x", Anchor = "mine", Tags = {} })')
    expect(sent).toMatchObject({ anchor: '1'.padStart(32, '0'), tags: builtIn })
  })

  test('5.2.7 an array of tags keeps its order, behind the root keys', () => {
    const [sent] = sentBy(
      'ao.send({ Target = "t", Root = "r", Tags = { { name = "Z", value = "1" }, { name = "A", value = "2" }, { name = "Z", value = "3" } } })',
    )
    expect(sent?.tags).toEqual([
      ...builtIn,
      { name: 'Root', value: 'r' },
      { name: 'Z', value: '1' },
      { name: 'A', value: '2' },
      { name: 'Z', value: '3' },
    ])
  })

  test('5.2.7 a map of tags is appended too', () => {
    const [sent] = sentBy('ao.send({ Target = "t", Root = "r", Tags = { A = "1", B = "2" } })')
    expect(sent?.tags[4]).toEqual({ name: 'Root', value: 'r' })
    expect(sent?.tags.slice(5)).toHaveLength(2)
    expect(sent?.tag).toMatchObject({ A: '1', B: '2' })
  })

  test('5.2.7 an incoming message can be sent on: its tags do not come twice', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("p", "P", function(msg) ao.send({ Target = "t", Tags = msg.Tags }) end)',
    })
    const [sent] = library.send({ action: 'P', tags: { Extra: '1' } }).messages
    expect(sent?.tags.slice(4)).toEqual(
      expect.arrayContaining([
        { name: 'Action', value: 'P' },
        { name: 'Extra', value: '1' },
      ]),
    )
    expect(sent?.tags).toHaveLength(6)
  })

  testCode([
    [
      '5.2.8 the outbox has a copy of what is returned',
      'local s = ao.send({ Target = "t" }) s.Tags[1].value = "changed" s.Target = "x" local m = ao.outbox.Messages[1] return m.Tags[1].value .. m.Target',
      'aot',
    ],
    [
      "5.2.8 the outbox has a copy of the caller's tags",
      'local t = { { name = "a", value = "1" } } ao.send({ Target = "t", Tags = t }) t[1].value = "2" t[2] = {} local m = ao.outbox.Messages[1] return m.Tags[5].value .. #m.Tags',
      '15',
    ],
    [
      'the outbox shows what was sent',
      'ao.send({ Target = "t", Data = "d", Action = "A" }) local m = ao.outbox.Messages[1] return m.Target .. m.Data .. m.Tags[1].name .. m.Tags[5].name .. m.Tags[5].value',
      'tdData-ProtocolActionA',
    ],
  ])

  test('5.2.8 the returned tags are a copy where tags are no text, too', () => {
    const [sent] = sentBy('local s = ao.send({ Target = "t", n = 5 }) s.Tags[5].value = 6')
    expect(sent?.tag).toMatchObject({ n: 5 })
  })

  test('user code can change the outbox', () => {
    const [first, second, third] = sentBy(`
      ao.send({ Target = "a", Data = "d", Action = "A" }) ao.send({ Target = "b" }) ao.send({ Target = "c", X = "1" })
      local box = ao.outbox.Messages
      box[1].Target = "changed" box[1].Extra = "ignored" box[1].Data = 7
      table.insert(box[2].Tags, { name = "Late", value = "yes" })
      box[3].Tags = { { name = "Only", value = "this" } }
      table.insert(box, { Target = "own" })`)
    expect(first).toMatchObject({ target: 'changed', data: 7, tag: { Action: 'A' } })
    expect(second).toMatchObject({ target: 'b', tag: { Late: 'yes' } })
    expect(third?.tags).toEqual([{ name: 'Only', value: 'this' }])
  })

  test('5.2.9 values keep their types, in root keys and both kinds of Tags', () => {
    const values = { n: 5, f: 1.5, t: true, o: { a: [1, 2] } }
    const lua = 'n = 5, f = 1.5, t = true, o = { a = { 1, 2 } }'
    expect(sentBy(`ao.send({ Target = "t", ${lua} })`)[0]?.tag).toMatchObject(values)
    expect(sentBy(`ao.send({ Target = "t", Tags = { ${lua} } })`)[0]?.tag).toMatchObject(values)
    expect(sentBy('ao.send({ Target = "t", Tags = { { name = "n", value = 5 } } })')[0]?.tag).toMatchObject({ n: 5 })
  })

  test('5.2.9 data may be a number or a boolean, or missing', () => {
    const sent = sentBy('ao.send({ Data = 5 }) ao.send({ Data = false }) ao.send({}) ao.send({ Data = "" }) return nil')
    expect(sent.map(({ data }) => data)).toEqual([5, false, undefined, ''])
  })

  test('5.2.9 values keep their types in the JSON of a result', () => {
    const setup = 'Handlers.add("own", "Own", function() ao.send({ Target = "t", Data = 5, o = { a = { 1 } } }) end)'
    const message = { From: 'o', Owner: 'o', Target: processId, Tags: [{ name: 'Action', value: 'Own' }] }
    const { response } = createLibraryProcess({ setup }).handle(message)
    const tags = [...builtIn, { name: 'o', value: { a: [1] } }]
    expect(response).toMatchObject({ Messages: [{ Data: 5, Tags: tags }] })
  })

  test('data may be bytes', () => {
    const [sent] = sentBy(String.raw`ao.send({ Target = "t", Data = "\255\0" })`)
    expect(sent?.data).toEqual(new Uint8Array([255, 0]))
  })

  test('5.2.10 a function as a tag has no value', () => {
    const [sent] = sentBy('ao.send({ Target = "t", Fn = print })')
    expect(sent?.tags).toEqual([...builtIn, { name: 'Fn', value: undefined }])
  })

  test('5.2.11 names are not normalised, and a root Type is a second tag', () => {
    const [sent] = sentBy('ao.send({ Target = "t", Type = "Own", Tags = { lower_case = "x" } })')
    expect(sent?.tags).toEqual([...builtIn, { name: 'Type', value: 'Own' }, { name: 'lower_case', value: 'x' }])
  })

  test('5.2.11 a name in root keys and in Tags comes twice', () => {
    const [sent] = sentBy('ao.send({ Target = "t", A = "1", Tags = { A = "2" } })')
    expect(sent?.tags.slice(4)).toEqual([
      { name: 'A', value: '1' },
      { name: 'A', value: '2' },
    ])
  })

  test('5.2.12 a Target may be missing', () => {
    expect(sentBy('ao.send({ Data = "x" })')[0]?.target).toBeUndefined()
  })

  test('5.2.13 a tag Assignments is a list of processes', () => {
    expect(sentBy('ao.send({ Target = "t", Assignments = { "a", "b" } })')[0]?.tag.Assignments).toEqual(['a', 'b'])
  })

  testCode([
    [
      '5.2.14 it returns target, data, anchor and tags',
      'local s = ao.send({ Target = "t", Data = "d", Action = "A" }) return s.Target .. s.Data .. #s.Anchor .. #s.Tags .. s.Tags[5].value',
      'td325A',
    ],
    [
      '5.2.14 it returns the tags also where some are no text',
      'local s = ao.send({ Target = "t", n = 5 }) return #s.Tags .. s.Tags[1].name .. s.Tags[4].value .. math.type(s.Tags[5].value)',
      '5Data-Protocol1integer',
    ],
    [
      '5.2.14 it returns the functions',
      'local s = ao.send({}) return type(s.receive) .. type(s.onReply)',
      'functionfunction',
    ],
    [
      '5.2.14 what it returns has six keys',
      'local n = 0 for k in pairs(ao.send({ Target = "t", Data = "d" })) do assert(type(k) == "string") n = n + 1 end return n',
      6,
    ],
  ])

  const ask = `Handlers.add("ask", "Ask", function(msg)
    local sent = ao.send({ Target = "friend", Action = "Question" })`
  const reply = { from: 'friend', data: 'answer', tags: { 'X-Reference': '1' } }

  test('5.2.15 receive waits for the reply of the target', () => {
    const library = createLibraryProcess({ setup: `${ask} print("asked") print("got " .. sent.receive().Data) end)` })
    const first = library.send({ action: 'Ask' })
    expect(first).toMatchObject({ data: 'asked', messages: [{ target: 'friend' }] })
    expect(library.send(reply).data).toBe('got answer')
  })

  test.each([
    ['another sender', { from: 'stranger' }],
    ['another reference', { tags: { 'X-Reference': '2' } }],
    ['no reference', { tags: {} }],
  ])('5.2.15 receive goes on waiting at a message with %s', (_title, change) => {
    const library = createLibraryProcess({ setup: `${ask} print("got " .. sent.receive().Data) end)` })
    library.send({ action: 'Ask' })
    expect(library.send({ ...reply, ...change }).data).toContain('New Message')
    expect(library.send(reply).data).toBe('got answer')
  })

  test('5.2.15 receive takes who replies', () => {
    const library = createLibraryProcess({ setup: `${ask} print("got " .. sent.receive("deputy").Data) end)` })
    library.send({ action: 'Ask' })
    expect(library.send(reply).data).toContain('New Message')
    expect(library.send({ ...reply, from: 'deputy' }).data).toBe('got answer')
  })

  test('5.2.16 onReply handles the one reply', () => {
    const library = createLibraryProcess({ setup: `${ask} sent.onReply(function(m) print("got " .. m.Data) end) end)` })
    library.send({ action: 'Ask' })
    expect(library.send(reply).data).toBe('got answer')
    expect(library.send(reply).data).toContain('New Message')
  })

  test('5.2.16 onReply takes who replies, and a resolver table', () => {
    const setup = `${ask} sent.onReply("deputy", { [{ Action = "Yes" }] = function() print("yes") end,
      [{ Action = "No" }] = function() print("no") end }) end)`
    const library = createLibraryProcess({ setup })
    library.send({ action: 'Ask' })
    expect(library.send({ ...reply, action: 'No', tags: { 'X-Reference': '1' } }).data).toContain('New Message')
    expect(library.send({ ...reply, from: 'deputy', action: 'No' }).data).toBe('no')
  })

  test('5.2.17 messages that are no reply flow on', () => {
    const library = createLibraryProcess({ setup: `${ask} sent.onReply(function(m) print("got " .. m.Data) end) end)` })
    library.send({ action: 'Ask' })
    expect(library.send({ ...reply, tags: { 'X-Reference': '2' } }).data).toContain('New Message')
    expect(library.send({ ...reply, from: 'stranger' }).data).toContain('New Message')
    expect(library.send(reply).data).toBe('got answer')
  })

  test.each([1, 3, 4, 60, 63, 64, 65, 100])('%i tags arrive', (count) => {
    const code = `local tags = {} for i = 1, ${count} do tags[i] = { name = "t" .. i, value = "v" .. i } end ao.send({ Target = "t", Tags = tags })`
    const [sent] = sentBy(code)
    expect(sent?.tags).toHaveLength(count + 4)
    expect(sent?.tags.at(-1)).toEqual({ name: `t${count}`, value: `v${count}` })
  })

  test.each([0, 1, 2, 3, 50])('%i messages arrive in order', (count) => {
    const sent = sentBy(`for i = 1, ${count} do ao.send({ Target = "t" .. i, Data = "d" }) end`)
    expect(sent.map(({ target }) => target)).toEqual(Array.from({ length: count }, (_, index) => `t${index + 1}`))
  })

  test.each(['local t = {} t.self = t ao.send({ Tags = { t = t } })', 'ao.send({ n = 0/0 })'])(
    'what JSON cannot hold fails the message: %s',
    (code) => {
      expect(createLibraryProcess().evalError(code)).toMatch(/circular reference|unexpected number value/)
    },
  )
})

describe('5.3 ao.spawn', () => {
  const spawnedBy = (code: string) => createLibraryProcess().send({ action: 'Eval', data: code }).spawns

  testErrors([
    ['5.3.1 the module must be a string', 'ao.spawn(nil, {})', 'Module source id is required!'],
    ['5.3.2 the message must be a table', 'ao.spawn("m")', 'Message must be a table'],
  ])

  test('5.3.3 table data becomes JSON', () => {
    const [spawn] = spawnedBy('ao.spawn("m", { Data = { a = 1 } }) return nil')
    expect(spawn).toMatchObject({ data: '{"a":1}', tag: { 'Content-Type': 'application/json' } })
  })

  test('5.3.4 without data it is NODATA', () => {
    const spawns = spawnedBy('ao.spawn("m", {}) ao.spawn("m", { Data = "" }) return nil')
    expect(spawns.map(({ data }) => data)).toEqual(['NODATA', ''])
  })

  test('5.3.5 tags stand in order, then root keys, then Tags', () => {
    const [spawn] = spawnedBy('ao.spawn("the-module", { Data = "d", Extra = "a", Tags = { Name = "child" } })')
    expect(spawn).toMatchObject({ data: 'd', anchor: '1'.padStart(32, '0') })
    expect(spawn?.tags).toEqual([
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Variant', value: 'ao.TN.1' },
      { name: 'Type', value: 'Process' },
      { name: 'From-Process', value: processId },
      { name: 'From-Module', value: moduleId },
      { name: 'Module', value: 'the-module' },
      { name: 'Reference', value: '1' },
      { name: 'Extra', value: 'a' },
      { name: 'Name', value: 'child' },
    ])
  })

  test('5.3.6 it is in ao.outbox.Spawns', () => {
    const code = 'ao.spawn("m", { Data = "d" }) return #ao.outbox.Messages .. ao.outbox.Spawns[1].Data'
    expect(createLibraryProcess().eval(code)).toBe('0d')
  })

  test('5.3.7 there is no Authority and no Scheduler but those of the caller', () => {
    const [plain, given] = spawnedBy('ao.spawn("m", {}) ao.spawn("m", { Authority = "a", Scheduler = "s" }) return nil')
    expect(plain?.tag).not.toHaveProperty('Authority')
    expect(plain?.tag).not.toHaveProperty('Scheduler')
    expect(given?.tag).toMatchObject({ Authority: 'a', Scheduler: 's' })
  })

  testCode([
    [
      '5.3.8 it returns the spawn and two functions',
      'local s = ao.spawn("m", {}) return s.Data .. #s.Anchor .. #s.Tags .. type(s.onReply) .. type(s.receive)',
      'NODATA327functionfunction',
    ],
  ])

  const spawned = { from: processId, action: 'Spawned', tags: { Reference: '1', Process: 'child' } }

  test('5.3.9 onReply is called when it is registered', () => {
    const library = createLibraryProcess({
      setup: 'ao.spawn("m", {}).onReply(function(m) print("new " .. m.Process) end)',
    })
    expect(library.send({ ...spawned, tags: { Reference: '2', Process: 'other' } }).data).toContain('New Message')
    expect(library.send({ ...spawned, from: 'stranger' }).data).toContain('New Message')
    expect(library.send({ ...spawned, action: 'Other' }).data).toContain('New Message')
    expect(library.send(spawned).data).toBe('new child')
  })

  test('5.3.10 receive waits until it is registered, and gives the message with the new id', () => {
    const library = createLibraryProcess()
    library.eval('return ao.spawn("m", {}).receive().Process')
    expect(library.send(spawned).data).toBe('child')
  })
})

describe('5.4 Other functions', () => {
  test('5.4.1 ao.assign appends unchanged, and returns nothing', () => {
    const code = 'return select("#", ao.assign({ Processes = { "a", "b" }, Message = "m", Extra = 5 }))'
    const answer = createLibraryProcess().send({ action: 'Eval', data: code })
    expect(answer).toMatchObject({ data: '0', assignments: [{ Processes: ['a', 'b'], Message: 'm', Extra: 5 }] })
  })

  testErrors([
    ['5.4.2 assign wants a table', 'ao.assign("x")', 'assignment should be a table'],
    ['5.4.3 assign wants Processes', 'ao.assign({ Message = "m" })', 'Processes should be a table'],
    ['5.4.4 assign wants a Message', 'ao.assign({ Processes = {} })', 'Message should be a string'],
  ])

  testCode([
    [
      '5.4.5 isTrusted looks for From and Owner in the authorities',
      'ao.authorities = { "a" } return tostring(ao.isTrusted({ From = "a" })) .. tostring(ao.isTrusted({ Owner = "a" })) .. tostring(ao.isTrusted({ From = "b", Owner = "c" }))',
      'truetruefalse',
    ],
    [
      '5.4.6 isAssignment looks at Target',
      'return tostring(ao.isAssignment({ Target = "x" })) .. tostring(ao.isAssignment({ Target = ao.id })) .. tostring(ao.isAssignment({}))',
      'truefalsetrue',
    ],
    ['5.4.7 nothing is assignable at first', 'return tostring(ao.isAssignable({ Tags = {} }))', 'false'],
    [
      '5.4.7 isAssignable is true if any pattern matches',
      'ao.addAssignable({ Action = "X" }) ao.addAssignable("Y") return tostring(ao.isAssignable({ Action = "Y" })) .. tostring(ao.isAssignable({ Action = "Z" }))',
      'truefalse',
    ],
    [
      '5.4.7 a pattern that gives 0 or "skip" does not match',
      'ao.addAssignable(function() return 0 end) ao.addAssignable(function() return "skip" end) return tostring(ao.isAssignable({ Tags = {} }))',
      'false',
    ],
    [
      '5.4.8 addAssignable appends an unnamed one',
      'ao.addAssignable({ Action = "X" }) ao.addAssignable("Y") return #ao.assignables .. ao.assignables[1].pattern.Action .. tostring(ao.assignables[1].name) .. ao.assignables[2].pattern',
      '2XnilY',
    ],
    [
      '5.4.9 addAssignable replaces the pattern of a name',
      'ao.addAssignable("a", "X") ao.addAssignable("b", "Z") ao.addAssignable("a", "Y") return #ao.assignables .. ao.assignables[1].pattern .. ao.assignables[1].name',
      '2Ya',
    ],
    ['5.4.11 addAssignable returns nothing', 'return select("#", ao.addAssignable("a", "X"))', 0],
    [
      '5.4.12 removeAssignable takes a name or an index',
      'ao.addAssignable("a", "X") ao.addAssignable("b", "Y") ao.addAssignable("Z") ao.removeAssignable("a") ao.removeAssignable(2) return #ao.assignables .. ao.assignables[1].name',
      '1b',
    ],
    [
      '5.4.13 removing what is not there does nothing',
      'ao.addAssignable("a", "X") ao.removeAssignable("b") ao.removeAssignable(7) ao.removeAssignable(0) return #ao.assignables',
      '1',
    ],
  ])
  testErrors([
    ['5.4.10 the name must be a string', 'ao.addAssignable(5, "X")', 'MatchSpec name MUST be a string'],
    ['5.4.14 the index must be a number', 'ao.removeAssignable({})', 'index MUST be a number'],
  ])

  testCode([
    [
      '5.4.15 result gives the error alone',
      'local r = ao.result({ Error = "e", Output = "o" }) return r.Error .. tostring(r.Output) .. tostring(r.Messages)',
      'enilnil',
    ],
    [
      '5.4.15 result gives the error of the outbox',
      'ao.outbox.Error = "e" local r = ao.result({}) ao.outbox.Error = nil return r.Error .. tostring(r.Messages)',
      'enil',
    ],
    [
      '5.4.16 result gives what is in the outbox',
      'ao.send({ Target = "t" }) local r = ao.result({ Output = "o" }) return r.Output .. #r.Messages .. #r.Spawns .. #r.Assignments',
      'o100',
    ],
    ['5.4.16 Output is else that of the outbox', 'return tostring(ao.result({}).Output == ao.outbox.Output)', 'true'],
    [
      '5.4.17, 20.27 log prints too, and keeps the value in the outbox',
      'ao.log("line") return #ao.outbox.Output .. ao.outbox.Output[1]',
      'line\n1line',
    ],
    [
      '5.4.19 init takes the environment as step 1 does',
      'ao.init({ Process = { Id = "other", Tags = { { name = "Authority", value = "a,b" } } } }) return ao.id .. table.concat(ao.authorities, "|") .. ao.env.Process.Id',
      `${processId}a|bother`,
    ],
    [
      '5.4.19 init sets an id and a module that are empty',
      'ao.id, ao._module = "", "" ao.init({ Process = { Id = "other", Tags = { { name = "Module", value = "m" } } } }) return ao.id .. ao._module',
      'otherm',
    ],
    [
      '5.4.20 normalize takes tags to the root, and returns the message',
      'local m = { Tags = { { name = "action", value = "1" }, { name = "Type", value = "2" }, { name = "x", value = "3" }, { name = "x", value = "4" } } } return tostring(ao.normalize(m) == m) .. m.action .. tostring(m.Type) .. m.x',
      'true1nil4',
    ],
    [
      '5.4.20 normalize goes by ao.nonExtractableTags',
      'table.insert(ao.nonExtractableTags, "x") return tostring(ao.normalize({ Tags = { { name = "x", value = "3" } } }).x)',
      'nil',
    ],
    [
      '5.4.21 sanitize copies deeply, without what is not forwarded',
      'local inner = { 1 } local c = ao.sanitize({ From = "f", Data = inner, Keep = "k", Id = "i" }) return tostring(c.From) .. tostring(c.Id) .. c.Keep .. c.Data[1] .. tostring(c.Data == inner)',
      'nilnilk1false',
    ],
    [
      '5.4.21 sanitize leaves out all of ao.nonForwardableTags, and leaves the message as it is',
      'local m = {} for _, name in ipairs(ao.nonForwardableTags) do m[name] = "x" end local c = ao.sanitize(m) return tostring(next(c)) .. m.Id',
      'nilx',
    ],
    [
      '5.4.22 clone copies keys, metatables and cycles',
      'local key = {} local t = setmetatable({ a = { 1 }, [key] = 3 }, { __index = { b = 2 } }) t.self = t local c = ao.clone(t) local same = false for k in pairs(c) do same = same or k == key end return tostring(c ~= t and c.self == c and c.a ~= t.a and not same and getmetatable(c) ~= getmetatable(t)) .. c.a[1] .. c.b',
      'true12',
    ],
    ['5.4.23 registerHint does nothing', 'return select("#", ao.registerHint({}))', 0],
  ])

  test('5.4.18 clearOutbox forgets what was sent', () => {
    const code = `ao.send({ Target = "a" }) ao.spawn("m", {}) ao.assign({ Processes = {}, Message = "m" }) ao.outbox.Error = "e"
      ao.clearOutbox() ao.send({ Target = "b" })`
    const answer = createLibraryProcess().send({ action: 'Eval', data: code })
    expect(answer).toMatchObject({ messages: [{ target: 'b' }], spawns: [], assignments: [] })
    expect(answer.messages).toHaveLength(1)
  })

  test('5.4.24 an error in the outbox makes the result an error', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("p", "P", function() ao.outbox.Error = "refused" end)',
    })
    expect(library.fail({ action: 'P' })).toBe('refused')
  })

  test('5.4.24 an error in the outbox may be any JSON value', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("p", "P", function() ao.outbox.Error = { code = 5 } end)',
    })
    expect(library.fail({ action: 'P' })).toEqual({ code: 5 })
  })
})
