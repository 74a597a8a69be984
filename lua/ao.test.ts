import { describe, expect, test } from 'vitest'
import { createLibraryProcess, moduleId, processId, testCode, testErrors } from './harness.ts'

const sentBy = (code: string) => createLibraryProcess().send({ action: 'Eval', data: code }).messages
const builtIn = [
  { name: 'Data-Protocol', value: 'ao' },
  { name: 'Variant', value: 'ao.TN.1' },
  { name: 'Type', value: 'Message' },
  { name: 'Reference', value: '1' },
]

describe('5.1 fields', () => {
  testCode([
    ['_version', 'return ao._version', '0.0.6'],
    ['id', 'return ao.id', processId],
    ['_module', 'return ao._module', moduleId],
    ['authorities', 'return #ao.authorities', 0],
    ['reference', 'return ao.reference', 0],
    [
      'outbox',
      'return type(ao.outbox.Output) .. #ao.outbox.Messages .. #ao.outbox.Spawns .. #ao.outbox.Assignments',
      'table000',
    ],
    [
      'nonExtractableTags',
      'return table.concat(ao.nonExtractableTags, " ")',
      'Data-Protocol Variant From-Process From-Module Type From Owner Anchor Target Data Tags Read-Only',
    ],
    [
      'nonForwardableTags',
      'return table.concat(ao.nonForwardableTags, " ")',
      'Data-Protocol Variant From-Process From-Module Type From Owner Anchor Target Tags TagArray Hash-Chain Timestamp Nonce Epoch Signature Forwarded-By Pushed-For Read-Only Cron Block-Height Reference Id Reply-To',
    ],
  ])
})

describe('5.2 ao.send', () => {
  test('21: the messaging vector', () => {
    const [sent] = sentBy('Send({Target="T", Data="d", Action="A", Foo=5, Tags={Bar="b"}})')
    expect(sent).toMatchObject({ target: 'T', data: 'd', anchor: '00000000000000000000000000000001' })
    expect(sent?.tags.slice(0, 4)).toEqual(builtIn)
    expect(sent?.tags.slice(4, 6)).toEqual(
      expect.arrayContaining([
        { name: 'Action', value: 'A' },
        { name: 'Foo', value: 5 },
      ]),
    )
    expect(sent?.tags.slice(6)).toEqual([{ name: 'Bar', value: 'b' }])
  })

  test('21: table data becomes JSON', () => {
    const [sent] = sentBy('Send({Target="AOS", Data={foo="bar"}})')
    expect(sent).toMatchObject({ data: '{"foo":"bar"}', tag: { 'Content-Type': 'application/json' } })
  })

  test("table data changes the caller's table", () => {
    const code = 'local m = { Target = "t", Data = { 1 } } ao.send(m) return m.Data .. m["Content-Type"]'
    expect(createLibraryProcess().eval(code)).toBe('[1]application/json')
  })

  test('references count on over sends and spawns, and over messages', () => {
    const library = createLibraryProcess()
    library.eval('ao.send({ Target = "a" }) ao.spawn("m", {})')
    const [sent] = library.send({ action: 'Eval', data: 'ao.send({ Target = "b" }) return nil' }).messages
    expect(sent).toMatchObject({ anchor: '3'.padStart(32, '0'), tag: { Reference: '3' } })
    expect(library.eval('math.type(ao.reference) .. ao.reference')).toBe('integer3')
  })

  test('an array of tags keeps its order', () => {
    const [sent] = sentBy(
      'ao.send({ Target = "t", Tags = { { name = "Z", value = "1" }, { name = "A", value = "2" }, { name = "Z", value = "3" } } })',
    )
    expect(sent?.tags).toEqual([
      ...builtIn,
      { name: 'Z', value: '1' },
      { name: 'A', value: '2' },
      { name: 'Z', value: '3' },
    ])
  })

  test('values keep their types, in root keys and both kinds of Tags', () => {
    const values = { n: 5, f: 1.5, t: true, o: { a: [1, 2] } }
    const lua = 'n = 5, f = 1.5, t = true, o = { a = { 1, 2 } }'
    expect(sentBy(`ao.send({ Target = "t", ${lua} })`)[0]?.tag).toMatchObject(values)
    expect(sentBy(`ao.send({ Target = "t", Tags = { ${lua} } })`)[0]?.tag).toMatchObject(values)
    expect(sentBy('ao.send({ Target = "t", Tags = { { name = "n", value = 5 } } })')[0]?.tag).toMatchObject({ n: 5 })
  })

  test('data may be a number or a boolean, or missing', () => {
    const sent = sentBy('ao.send({ Data = 5 }) ao.send({ Data = false }) ao.send({}) ao.send({ Data = "" }) return nil')
    expect(sent.map(({ data }) => data)).toEqual([5, false, undefined, ''])
  })

  test('data may be bytes', () => {
    const [sent] = sentBy(String.raw`ao.send({ Target = "t", Data = "\255\0" })`)
    expect(sent?.data).toEqual(new Uint8Array([255, 0]))
  })

  test('a function as a tag has no value', () => {
    const [sent] = sentBy('ao.send({ Target = "t", Fn = print })')
    expect(sent?.tags).toEqual([...builtIn, { name: 'Fn', value: undefined }])
  })

  test('names are not normalised, and a root Type is a second tag', () => {
    const [sent] = sentBy('ao.send({ Target = "t", Type = "Own", Tags = { lower_case = "x" } })')
    expect(sent?.tags).toEqual([...builtIn, { name: 'Type', value: 'Own' }, { name: 'lower_case', value: 'x' }])
  })

  test('From and Anchor of the caller are left out', () => {
    const [sent] = sentBy('ao.send({ Target = "t", From = "x", Anchor = "mine" })')
    expect(sent).toMatchObject({ anchor: '1'.padStart(32, '0'), tags: builtIn })
  })

  test('an incoming message can be sent on: its tags do not come twice', () => {
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

  test('a Target may be missing', () => {
    expect(sentBy('ao.send({ Data = "x" })')[0]?.target).toBeUndefined()
  })

  test('17: a state patch carries nested tables', () => {
    const [sent] = sentBy('Send({ device = "patch@1.0", cache = { k = "v", list = { 1, 2 } }, supply = 5 })')
    expect(sent?.tag).toMatchObject({ device: 'patch@1.0', cache: { k: 'v', list: [1, 2] }, supply: 5 })
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

  testCode([
    [
      'it returns target, data, anchor and tags',
      'local s = ao.send({ Target = "t", Data = "d", Action = "A" }) return s.Target .. s.Data .. #s.Anchor .. #s.Tags .. s.Tags[5].value',
      'td325A',
    ],
    ['it returns the functions', 'local s = ao.send({}) return type(s.receive) .. type(s.onReply)', 'functionfunction'],
    [
      'what it returns can be walked',
      'local n = 0 for k in pairs(ao.send({ Target = "t", Data = "d" })) do assert(type(k) == "string") n = n + 1 end return n',
      6,
    ],
    [
      'the outbox shows what was sent',
      'ao.send({ Target = "t", Data = "d", Action = "A" }) local m = ao.outbox.Messages[1] return m.Target .. m.Data .. m.Tags[1].name .. m.Tags[5].name .. m.Tags[5].value',
      'tdData-ProtocolActionA',
    ],
    [
      'an entry of the outbox has four keys',
      'ao.send({ Target = "t", Data = "d" }) local keys = {} for k in pairs(ao.outbox.Messages[1]) do keys[#keys + 1] = k end table.sort(keys) return table.concat(keys, " ")',
      'Anchor Data Tags Target',
    ],
    [
      'the returned tags are a copy',
      'local s = ao.send({ Target = "t" }) s.Tags[1].value = "changed" s.Target = "x" local m = ao.outbox.Messages[1] return m.Tags[1].value .. m.Target',
      'aot',
    ],
  ])

  test('the returned tags are a copy where tags are no text, too', () => {
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

  test('ao.clearOutbox forgets what was sent', () => {
    expect(sentBy('ao.send({ Target = "a" }) ao.clearOutbox() ao.send({ Target = "b" })')).toMatchObject([
      { target: 'b' },
    ])
  })

  testErrors([['the argument must be a table', 'ao.send("x")', 'msg should be a table']])

  test.each(['local t = {} t.self = t ao.send({ Tags = { t = t } })', 'ao.send({ n = 0/0 })'])(
    '14.2: what cannot be encoded fails the message: %s',
    (code) => {
      expect(createLibraryProcess().evalError(code)).toMatch(/circular reference|unexpected number value/)
    },
  )
})

describe('5.2 replies', () => {
  const ask = `Handlers.add("ask", "Ask", function(msg)
    local sent = ao.send({ Target = "friend", Action = "Question" })`
  const replies = { from: 'friend', data: 'answer', tags: { 'X-Reference': '1' } }

  test('onReply handles the one reply; other messages flow on', () => {
    const library = createLibraryProcess({ setup: `${ask} sent.onReply(function(m) print("got " .. m.Data) end) end)` })
    library.send({ action: 'Ask' })
    expect(library.send({ ...replies, tags: { 'X-Reference': '2' } }).data).toContain('New Message')
    expect(library.send({ ...replies, from: 'stranger' }).data).toContain('New Message')
    expect(library.send(replies).data).toBe('got answer')
    expect(library.send(replies).data).toContain('New Message')
  })

  test('onReply takes who replies, and a resolver table', () => {
    const setup = `${ask} sent.onReply("deputy", { [{ Action = "Yes" }] = function() print("yes") end,
      [{ Action = "No" }] = function() print("no") end }) end)`
    const library = createLibraryProcess({ setup })
    library.send({ action: 'Ask' })
    expect(library.send({ ...replies, action: 'No', tags: { 'X-Reference': '1' } }).data).toContain('New Message')
    expect(library.send({ ...replies, from: 'deputy', action: 'No' }).data).toBe('no')
  })

  test('receive waits for the reply of the target', () => {
    const library = createLibraryProcess({ setup: `${ask} print("asked") print("got " .. sent.receive().Data) end)` })
    const first = library.send({ action: 'Ask' })
    expect(first).toMatchObject({ data: 'asked', messages: [{ target: 'friend' }] })
    expect(library.send(replies).data).toBe('got answer')
  })

  test('receive takes who replies', () => {
    const library = createLibraryProcess({ setup: `${ask} print("got " .. sent.receive("deputy").Data) end)` })
    library.send({ action: 'Ask' })
    expect(library.send(replies).data).toContain('New Message')
    expect(library.send({ ...replies, from: 'deputy' }).data).toBe('got answer')
  })
})

describe('5.3 ao.spawn', () => {
  const spawnedBy = (code: string) => createLibraryProcess().send({ action: 'Eval', data: code }).spawns

  test('its tags stand in order, then root keys and Tags', () => {
    const [spawn] = spawnedBy('ao.spawn("the-module", { Data = "d", Authority = "a", Tags = { Name = "child" } })')
    expect(spawn).toMatchObject({ data: 'd', anchor: '1'.padStart(32, '0') })
    expect(spawn?.tags).toEqual([
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Variant', value: 'ao.TN.1' },
      { name: 'Type', value: 'Process' },
      { name: 'From-Process', value: processId },
      { name: 'From-Module', value: moduleId },
      { name: 'Module', value: 'the-module' },
      { name: 'Reference', value: '1' },
      { name: 'Authority', value: 'a' },
      { name: 'Name', value: 'child' },
    ])
  })

  test('without data it is NODATA; tables become JSON', () => {
    const spawns = spawnedBy('ao.spawn("m", {}) ao.spawn("m", { Data = { a = 1 } }) return nil')
    expect(spawns.map(({ data }) => data)).toEqual(['NODATA', '{"a":1}'])
    expect(spawns[1]?.tag['Content-Type']).toBe('application/json')
  })

  const spawned = { from: processId, action: 'Spawned', tags: { Reference: '1', Process: 'child' } }

  test('onReply is called when it is registered', () => {
    const library = createLibraryProcess({
      setup: 'ao.spawn("m", {}).onReply(function(m) print("new " .. m.Process) end)',
    })
    expect(library.send({ ...spawned, tags: { Reference: '2', Process: 'other' } }).data).toContain('New Message')
    expect(library.send({ ...spawned, tags: { Reference: '1', Process: 'child' } }).data).toBe('new child')
  })

  test('receive waits until it is registered', () => {
    const library = createLibraryProcess()
    library.eval('return ao.spawn("m", {}).receive().Process')
    expect(library.send({ ...spawned, action: 'Spawned' }).data).toBe('child')
  })

  testErrors([
    ['the module must be a string', 'ao.spawn(nil, {})', 'Module source id is required!'],
    ['the message must be a table', 'ao.spawn("m")', 'Message must be a table'],
  ])
})

describe('5.4 other functions', () => {
  test('ao.assign appends unchanged, and returns nothing', () => {
    const code = 'return select("#", ao.assign({ Processes = { "a", "b" }, Message = "m" }))'
    const answer = createLibraryProcess().send({ action: 'Eval', data: code })
    expect(answer).toMatchObject({ data: '0', assignments: [{ Processes: ['a', 'b'], Message: 'm' }] })
  })

  testErrors([
    ['assign wants a table', 'ao.assign("x")', 'assignment should be a table'],
    ['assign wants Processes', 'ao.assign({ Message = "m" })', 'Processes should be a table'],
    ['assign wants a Message', 'ao.assign({ Processes = {} })', 'Message should be a string'],
  ])

  testCode([
    [
      'isTrusted looks at From and Owner',
      'ao.authorities = { "a" } return tostring(ao.isTrusted({ From = "a" })) .. tostring(ao.isTrusted({ Owner = "a" })) .. tostring(ao.isTrusted({ From = "b", Owner = "c" }))',
      'truetruefalse',
    ],
    [
      'result gives what is in the outbox',
      'ao.send({ Target = "t" }) local r = ao.result({ Output = "o" }) return r.Output .. #r.Messages .. #r.Spawns .. #r.Assignments',
      'o100',
    ],
    [
      'result gives an error alone',
      'local r = ao.result({ Error = "e", Output = "o" }) return r.Error .. tostring(r.Output) .. tostring(r.Messages)',
      'enilnil',
    ],
    [
      'result gives the error of the outbox',
      'ao.outbox.Error = "e" local r = ao.result({}) ao.outbox.Error = nil return r.Error',
      'e',
    ],
    [
      'normalize takes tags to the root',
      'local m = ao.normalize({ Tags = { { name = "action", value = "1" }, { name = "Type", value = "2" } } }) return m.action .. tostring(m.Type)',
      '1nil',
    ],
    [
      'sanitize copies without what is not forwarded',
      'local inner = { 1 } local c = ao.sanitize({ From = "f", Data = inner, Keep = "k", Id = "i" }) return tostring(c.From) .. tostring(c.Id) .. c.Keep .. c.Data[1] .. tostring(c.Data == inner)',
      'nilnilk1false',
    ],
    [
      'clone copies keys, metatables and cycles',
      'local t = setmetatable({ a = { 1 } }, { __index = { b = 2 } }) t.self = t local c = ao.clone(t) return tostring(c ~= t and c.self == c and c.a ~= t.a) .. c.a[1] .. c.b',
      'true12',
    ],
    ['registerHint does nothing', 'return select("#", ao.registerHint({}))', 0],
    [
      '20: ao.log prints too, and keeps the value in the outbox',
      'ao.log("line") return #ao.outbox.Output .. ao.outbox.Output[1]',
      'line\n1line',
    ],
    [
      'init keeps what is set',
      'ao.init({ Process = { Id = "other", Tags = { { name = "Authority", value = "a,b" } } } }) return ao.id .. table.concat(ao.authorities, "|") .. ao.env.Process.Id',
      `${processId}a|bother`,
    ],
  ])

  test('5.4: an error in the outbox makes the result an error', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("p", "P", function() ao.outbox.Error = "refused" end)',
    })
    expect(library.fail({ action: 'P' })).toBe('refused')
  })

  test('an error in the outbox may be any JSON value', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("p", "P", function() ao.outbox.Error = { code = 5 } end)',
    })
    expect(library.fail({ action: 'P' })).toEqual({ code: 5 })
  })
})
