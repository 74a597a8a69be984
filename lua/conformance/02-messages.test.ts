import { describe, expect, test } from 'vitest'
import {
  createLibraryProcess,
  type Incoming,
  type JsonObject,
  moduleId,
  owner,
  processId,
  processMessage,
  testCode,
} from '../harness.ts'

/** Code that makes a handler for Action `Probe` print the value of an expression over `msg`. */
const probe = (expression: string): string =>
  `Handlers.add("probe", "Probe", function(msg) print(tostring(${expression})) end)`

function probed(expression: string, message: Incoming): unknown {
  return createLibraryProcess({ setup: probe(expression) }).send({ action: 'Probe', ...message }).data
}

/** The same for a message of JSON, as the global `handle` takes it. */
function probedJson(expression: string, message: JsonObject, environment?: JsonObject): unknown {
  const library = createLibraryProcess({ setup: probe(expression) })
  const whole = { From: owner, Owner: owner, Target: processId, Tags: [{ name: 'Action', value: 'Probe' }], ...message }
  return library.handle(whole, environment).response
}

const printed = (data: string): JsonObject => ({ Output: { data } })

describe('2.1 Input message', () => {
  test.each<[title: string, expression: string, message: Incoming, expected: string]>([
    ['2.1.1 Id is a string', 'msg.Id', { id: 'the-id' }, 'the-id'],
    ['2.1.1 Id is absent on cron messages', 'msg.Id', { id: undefined, cron: true }, 'nil'],
    ['2.1.2 Target is the process', 'msg.Target', {}, processId],
    ['2.1.3 From is the sender', 'msg.From', { from: 'someone' }, 'someone'],
    ['2.1.4 Owner is the signer', 'msg.Owner', {}, owner],
    ['2.1.6 Data is text', 'msg.Data', { data: 'text' }, 'text'],
    ['2.1.6 Data may be missing', 'msg.Data', {}, 'nil'],
    ['2.1.6 Data may be empty', '#msg.Data', { data: '' }, '0'],
    ['2.1.6 Data may be bytes', '#msg.Data', { data: new Uint8Array([0, 255, 128]) }, '3'],
    ['2.1.7 Timestamp is in milliseconds', 'msg.Timestamp', { timestampMs: 1_700_000_000_123 }, '1700000000123'],
    ['2.1.7 Timestamp is an integer', 'math.type(msg.Timestamp)', {}, 'integer'],
    ['2.1.8 Block-Height is a number', 'msg["Block-Height"] + 1', { blockHeight: 123 }, '124'],
    ['2.1.9 Nonce is a number', 'msg.Nonce', { nonce: 17 }, '17'],
    ['2.1.9 Nonce is absent on cron messages', 'msg.Nonce', { nonce: undefined }, 'nil'],
    ['2.1.9 Epoch is a number', 'msg.Epoch', { epoch: 2 }, '2'],
    ['2.1.9 Epoch is absent on cron messages', 'msg.Epoch', { epoch: undefined }, 'nil'],
    ['2.1.10 Hash-Chain is a string', 'msg["Hash-Chain"]', { hashChain: 'h' }, 'h'],
    ['2.1.10 Hash-Chain is absent on cron messages', 'msg["Hash-Chain"]', { hashChain: undefined }, 'nil'],
    ['2.1.11 Cron is true on cron messages', 'msg.Cron', { cron: true }, 'true'],
    ['2.1.11 Cron is absent on others', 'msg.Cron', {}, 'nil'],
    ['2.1.12 Read-Only is true on dry runs', 'msg["Read-Only"]', { readOnly: true }, 'true'],
    ['2.1.12 Read-Only is absent on others', 'msg["Read-Only"]', {}, 'nil'],
    ['2.1.13 Anchor is there where the sender gave one', 'msg.Anchor', { anchor: 'a' }, 'a'],
    ['2.1.13 Anchor may be absent', 'msg.Anchor', {}, 'nil'],
    ['2.1.14 Forwarded-By is the signer that pushed', 'msg["Forwarded-By"]', { forwardedBy: 'messenger' }, 'messenger'],
    ['2.1.14 Forwarded-By is absent on a message of a wallet', 'msg["Forwarded-By"]', {}, 'nil'],
    ['2.1.15 Module is no field of an ordinary message', 'msg.Module', {}, 'nil'],
    ['2.1.15 Module comes to the root from a tag', 'msg.Module', { tags: { Module: 'm' } }, 'm'],
  ])('%s', (_title, expression, message, expected) => {
    expect(probed(expression, message)).toBe(expected)
  })

  test('2.1.3 From is another than Owner on pushed messages', () => {
    const tags = [{ name: 'Authority', value: 'messenger' }]
    const library = createLibraryProcess({ tags, setup: probe('msg.From .. " " .. msg.Owner') })
    expect(library.send({ action: 'Probe', from: 'other', owner: 'messenger' }).data).toBe('other messenger')
  })

  test('2.1.2 Target of an assigned item is its own recipient, possibly empty', () => {
    const setup = `ao.addAssignable("all", function() return true end) ${probe('"<" .. msg.Target .. ">"')}`
    expect(createLibraryProcess({ setup }).send({ action: 'Probe', target: '' }).data).toBe('<>')
  })

  test('2.1.5 Tags keep order and doubles', () => {
    const tags = ['b', 'a', 'b'].map((name, index) => ({ name, value: `${index}` }))
    const listed =
      '(function() local s = "" for _, t in ipairs(msg.TagArray) do s = s .. t.name .. t.value end return s end)()'
    expect(probed(listed, { tags })).toBe('ActionProbeB0A1B2')
  })

  test('2.1.5 without an array of tags the message fails (class E)', () => {
    const library = createLibraryProcess()
    expect(library.handle({ From: 'o', Owner: 'o', Target: processId })).toMatchObject({ ok: false })
  })

  test('2.1.13 Signature may be there', () => {
    expect(probedJson('msg.Signature', { Signature: 's' })).toMatchObject(printed('s'))
  })

  test('2.1.16 Pushed-For comes to the root, the other tags of the messenger stay tags', () => {
    const tags = { 'Pushed-For': 'first', 'From-Process': 'p', 'From-Module': 'm' }
    const expression =
      'msg["Pushed-For"] .. tostring(msg["From-Process"]) .. tostring(msg["From-Module"]) .. msg.Tags["From-Process"] .. msg.Tags["From-Module"]'
    expect(probed(expression, { tags })).toBe('firstnilnilpm')
  })

  test.each(['Reference', 'X-Reference', 'X-Origin', 'Reply-To', 'Action'])(
    '2.1.17 %s is an ordinary tag, at the root too',
    (name) => {
      const expression = `msg["${name}"] .. " " .. msg.Tags["${name}"]`
      const value = name === 'Action' ? 'Probe' : 'v'
      expect(probed(expression, { tags: { [name]: value } })).toBe(`${value} ${value}`)
    },
  )

  test('2.1.18 types reach Lua unchanged', () => {
    const expression =
      'math.type(msg.Timestamp) .. math.type(msg["Block-Height"]) .. type(msg.Nonce) .. type(msg.Cron) .. math.type(msg.Epoch)'
    const message = { Timestamp: 5, 'Block-Height': 1.5, Nonce: '7', Cron: true, Epoch: 0 }
    expect(probedJson(expression, message)).toMatchObject(printed('integerfloatstringbooleaninteger'))
  })

  test.each([
    ['Module', { tags: { Type: 'Process' } }],
    ['Id', { id: undefined }],
  ])('2.1.19 the first message must have its %s (class E)', (field, first) => {
    const library = createLibraryProcess({ first: false })
    const error = library.fail({ ...processMessage(), ...first })
    expect(error).toContain(`attempt to concatenate a nil value (field '${field}')`)
    expect(library.send(processMessage()).data).toBe('')
  })

  test.each(['Block-Height', 'Owner', 'Id', 'Module'])(
    '2.1.19 the first message must have its %s, given as JSON too',
    (field) => {
      const given = { 'Block-Height': '1', Owner: 'o', Id: 'i', Module: 'm', From: 'f', Target: processId, Tags: [] }
      const { [field]: _, ...message } = given as JsonObject
      const environment = { Process: { Id: processId, Tags: [] } }
      const call = (each: JsonObject): string =>
        `handle([[${JSON.stringify(each)}]], [[${JSON.stringify(environment)}]])`
      const module = `Without, With = ${call(message)}, ${call(given)}`
      const library = createLibraryProcess({ module, first: false })
      library.send({ id: processId, tags: {} })
      expect(library.eval('Without')).toContain(`attempt to concatenate a nil value (field '${field}')`)
      expect(library.eval('With')).toContain('"ok":true')
    },
  )
})

describe('2.2 Environment object', () => {
  const process = { Id: processId, Owner: owner, Tags: [{ name: 'Name', value: 'given' }] }

  testCode([
    ['2.2.1 ao.env has the process', 'return ao.env.Process.Id .. ao.env.Process.Owner', `${processId}${owner}`],
    ['2.2.1 ao.env has the module', 'return ao.env.Module.Id .. type(ao.env.Module.Tags)', `${moduleId}table`],
  ])

  test('2.2.1 Module may be absent', () => {
    expect(probedJson('ao.env.Module', {}, { Process: process })).toMatchObject(printed('nil'))
  })

  test('2.2.2 a wrapper around the environment is accepted', () => {
    const expression = 'ao.env.Process.Tags.Name .. tostring(ao.env.env)'
    expect(probedJson(expression, {}, { env: { Process: process } })).toMatchObject(printed('givennil'))
  })

  test.each<[title: string, environment: JsonObject]>([
    ['Process.Tags', { Process: { Id: processId } }],
    ['Process', {}],
  ])('2.2.3 without %s the message fails (class E)', (_title, environment) => {
    const library = createLibraryProcess()
    const message = { From: 'o', Owner: 'o', Target: processId, Tags: [] }
    expect(library.handle(message, environment)).toMatchObject({ ok: false, response: expect.any(String) })
  })

  const named = [
    { name: 'Name', value: 'token' },
    { name: 'Authority', value: 'trusted' },
    { name: 'From-Process', value: 'parent' },
  ]
  const lower = named.map(({ name, value }) => ({ name: name.toLowerCase(), value }))

  test('2.2.4 Module, Authority, Name and From-Process of the process are read', () => {
    const library = createLibraryProcess({ tags: named })
    const answer = library.send({
      from: 'parent',
      action: 'Eval',
      data: 'ao._module .. ao.authorities[1] .. Name .. Owner',
    })
    expect(answer.data).toBe(`${moduleId}trustedtokenparent`)
  })

  test('2.2.4 they are read in their exact case', () => {
    const library = createLibraryProcess({ tags: lower })
    expect(library.eval('#ao.authorities .. Name .. Owner')).toBe(`0aos${owner}`)
  })
})

describe('2.3 Key normalisation', () => {
  describe('2.3.1 underscores become dashes, letters small, the first and each behind a dash large', () => {
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
        ([name, expected]) =>
          [`${name} -> ${expected}`, `return Utils.normalize("${name}")`, String(expected)] as const,
      ),
    )
  })

  test('2.3.2 every tag name is rewritten', () => {
    const tags = { some_tag: 'a', OTHER: 'b' }
    expect(
      probed('msg.TagArray[2].name .. msg.TagArray[3].name .. rawget(msg.Tags, "Some-Tag") .. rawget(msg, "Other")', {
        tags,
      }),
    ).toBe('Some-TagOtherab')
  })

  test('2.3.2 every root key is rewritten', () => {
    expect(
      probedJson('rawget(msg, "Block-Height") .. rawget(msg, "Own-Key")', { block_height: 5, 'own-KEY': 'k' }),
    ).toMatchObject(printed('5k'))
  })

  test('2.3.2 a message may have all its keys in small letters', () => {
    const library = createLibraryProcess({ setup: probe('msg.Id .. msg.Data .. msg.Tags.Key .. msg.Key') })
    const tags = ['action', 'key'].map((name) => ({ name, value: name === 'key' ? 'v' : 'Probe' }))
    const message = { id: 'i', from: 'f', owner: 'f', target: processId, data: 'd', tags }
    expect(library.handle(message).response).toMatchObject(printed('idvv'))
  })

  test.each([
    ['msg.Tags.NextProcess', 'p'],
    ['msg.Tags.Nextprocess', 'p'],
    ['msg.NextProcess', 'p'],
    ['msg.Tags.checkpoint_data', 'c'],
    ['msg["Checkpoint-Data"]', 'c'],
    ['msg.Tags.Missing', 'nil'],
    ['msg.missingToo', 'nil'],
  ])('2.3.3, 20.15 camel-case and other spellings find the normalised name: %s', (expression, expected) => {
    expect(probed(expression, { tags: { NextProcess: 'p', 'checkpoint-data': 'c' } })).toBe(expected)
  })

  test('2.3.3, 20.15 the stored keys are the normalised ones, and only those', () => {
    const code = `Handlers.add("probe", "Probe", function(msg)
      local names = {} local _ = msg.Tags.NextProcess, msg.Tags.Other
      for name in pairs(msg.Tags) do names[#names + 1] = name end table.sort(names) print(table.concat(names, " ")) end)`
    const library = createLibraryProcess({ setup: code })
    expect(library.send({ action: 'Probe', tags: { NextProcess: 'p' } }).data).toBe('Action Nextprocess')
  })

  test('2.3.3, 20.15 other spellings are found in messages of the Inbox too', () => {
    const library = createLibraryProcess()
    library.send({ from: 'x', tags: { NextProcess: 'p' } })
    expect(library.eval('Inbox[2].NextProcess .. Inbox[2].Tags.NextProcess')).toBe('pp')
  })

  test('a flood of names is forgotten, and names are still right', () => {
    const code = `collectgarbage() local before = collectgarbage("count")
      for i = 1, 20000 do assert(Utils.normalize("name_" .. i) == "Name-" .. i) end
      collectgarbage() assert(collectgarbage("count") - before < 200) return Utils.normalize("x_y")`
    expect(createLibraryProcess().eval(code)).toBe('X-Y')
  })
})

describe('2.4 Tag extraction to the root', () => {
  test('2.4.1 tags come to the root under their normalised names, over what stood there', () => {
    const tags = { some_tag: 's', 'Forwarded-By': 'tag' }
    expect(probed('msg["Some-Tag"] .. msg["Forwarded-By"]', { tags, forwardedBy: 'field' })).toBe('stag')
  })

  const notExtracted = ['Data-Protocol', 'Variant', 'From-Process', 'From-Module', 'Type', 'Read-Only']
  test.each(notExtracted)('2.4.2 %s stays a tag', (name) => {
    expect(probed(`tostring(msg["${name}"]) .. msg.Tags["${name}"]`, { tags: { [name]: 'v' } })).toBe('nilv')
  })

  test.each(['From', 'Owner', 'Target', 'Data', 'Anchor', 'Tags'])('2.4.2 %s at the root is not the tag', (name) => {
    const tags = { [name]: 'forged' }
    expect(probed(`tostring(msg.${name} == "forged") .. msg.Tags.${name}`, { tags, data: 'd' })).toBe('falseforged')
  })

  test('2.4.3 the last of a name wins at the root', () => {
    const tags = [
      { name: 'quantity', value: '1' },
      { name: 'Quantity', value: '2' },
    ]
    expect(probed('msg.Quantity', { tags })).toBe('2')
  })

  const scheduled = ['Id', 'Timestamp', 'Nonce', 'Epoch', 'Block-Height', 'Hash-Chain', 'Cron']
  test.each(scheduled)('2.4.4, 20.29 %s is what the scheduler says; the tag is readable in Tags', (name) => {
    const expression = `tostring(msg["${name}"] == "forged") .. msg.Tags["${name}"]`
    expect(probed(expression, { tags: { [name]: 'forged' } })).toBe('falseforged')
  })

  test.each(scheduled)('2.4.4, 20.29 %s does not come from a tag where the scheduler gave none', (name) => {
    const absent = { id: undefined, nonce: undefined, epoch: undefined, hashChain: undefined }
    expect(probed(`msg["${name}"] ~= "forged"`, { tags: { [name]: 'forged' }, ...absent })).toBe('true')
  })

  test.each(['Module', 'Forwarded-By', 'Signature'])('2.4.5 %s may come from a tag', (name) => {
    expect(probed(`msg["${name}"]`, { tags: { [name]: 'v' } })).toBe('v')
  })
})

describe('2.5 Tags and TagArray', () => {
  test('2.5.1 TagArray keeps order and doubles, with normalised names', () => {
    const tags = [
      { name: 'b_c', value: '1' },
      { name: 'a', value: '2' },
      { name: 'a', value: '3' },
    ]
    const expression = `(function() local s = "" for _, t in ipairs(msg.TagArray) do s = s .. t.name .. "=" .. t.value .. ";" end return s end)()`
    expect(probed(expression, { tags })).toBe('Action=Probe;B-C=1;A=2;A=3;')
  })

  test('2.5.2 Tags is a map in which the first of a name wins', () => {
    const tags = [
      { name: 'quantity', value: '1' },
      { name: 'Quantity', value: '2' },
    ]
    expect(probed('msg.Tags.Quantity', { tags })).toBe('1')
  })

  testCode(
    [
      ['2.5.3 tags of the process are a map', 'return ao.env.Process.Tags.Name', 'token'],
      ['2.5.3 the first of a name wins there too', 'return ao.env.Process.Tags.Twice', '1'],
      [
        '2.5.3 tags of the process are an array too',
        'return #ao.env.Process.TagArray .. ao.env.Process.TagArray[2].name',
        '5Name',
      ],
      [
        '2.5.3 names of the process are not normalised',
        'return ao.env.Process.Tags.lower_case .. tostring(ao.env.Process.Tags["Lower-Case"])',
        'vnil',
      ],
    ],
    {
      tags: [
        { name: 'Name', value: 'token' },
        { name: 'Twice', value: '1' },
        { name: 'Twice', value: '2' },
        { name: 'lower_case', value: 'v' },
      ],
    },
  )

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
  test('2.6.1 is decoded when the content type says so', () => {
    expect(probed('msg.Data.a[2]', { tags, data: '{"a":[1,"two"]}' })).toBe('two')
  })
  test('2.6.2 missing data is an empty table', () => {
    expect(probed('type(msg.Data) .. tostring(next(msg.Data))', { tags })).toBe('tablenil')
  })
  test.each(['', '{', 'x'])('2.6.3 invalid JSON %j fails the message (class E)', (data) => {
    expect(createLibraryProcess().fail({ tags, data })).toMatch(/at line 1 col \d+$/)
  })
  test('2.6.3 invalid JSON fails the message before trust is checked', () => {
    expect(createLibraryProcess().fail({ tags, data: '{', from: 'x', owner: 'messenger' })).toMatch(
      /at line 1 col \d+$/,
    )
  })
  test.each(['application/json; charset=utf-8', 'Application/JSON', 'text/json', ' application/json'])(
    '2.6.4 the content type %j leaves it a string',
    (type) => {
      expect(probed('msg.Data', { tags: { 'Content-Type': type }, data: '{}' })).toBe('{}')
    },
  )
})

describe('2.7 Functions on the message', () => {
  const request: Incoming = { action: 'Probe', from: 'asker', tags: { Reference: '7', 'X-Origin': 'origin' } }
  const handler = (body: string): string => `Handlers.add("probe", "Probe", function(msg) ${body} end)`
  const sentBy = (body: string, message: Incoming = request) =>
    createLibraryProcess({ setup: handler(body) }).send(message).messages[0]

  test('2.7.1 reply changes its argument and returns what ao.send returns', () => {
    const setup = handler(`local t = {} local sent = msg.reply(t)
      print(t.Target .. t["X-Reference"] .. sent.Target .. type(sent.receive))`)
    expect(createLibraryProcess({ setup }).send(request).data).toBe('asker7askerfunction')
  })

  test('2.7.2 a reply goes to Reply-To before all others', () => {
    const tags = { 'Reply-To': 'other' }
    expect(sentBy('msg.reply({ Target = "mine" })', { ...request, tags })?.target).toBe('other')
  })

  test('2.7.2 a reply goes to its own Target before the sender', () => {
    expect(sentBy('msg.reply({ Target = "mine" })')?.target).toBe('mine')
  })

  test('2.7.2 a reply goes to the sender', () => {
    expect(sentBy('msg.reply({ Data = "answer" })')).toMatchObject({ target: 'asker', data: 'answer' })
  })

  test('2.7.3 X-Reference of a reply is X-Reference of the request', () => {
    const tags = { Reference: '7', 'X-Reference': '3' }
    expect(sentBy('msg.reply({})', { ...request, tags })?.tag).toMatchObject({ 'X-Reference': '3' })
  })

  test('2.7.3 X-Reference of a reply is else Reference of the request', () => {
    expect(sentBy('msg.reply({})')?.tag).toMatchObject({ 'X-Reference': '7' })
  })

  test('2.7.3 without a reference there is no X-Reference', () => {
    const sent = sentBy('msg.reply({})', { action: 'Probe' })
    expect(Object.keys(sent?.tag ?? {})).toEqual(['Data-Protocol', 'Variant', 'Type', 'Reference'])
  })

  test('2.7.4 X-Origin of a reply is X-Origin of the request', () => {
    expect(sentBy('msg.reply({})')?.tag).toMatchObject({ 'X-Origin': 'origin' })
    expect(sentBy('msg.reply({})', { ...request, tags: {} })?.tag).not.toHaveProperty('X-Origin')
  })

  test('2.7.5 a reply without argument raises', () => {
    const library = createLibraryProcess({ setup: handler('msg.reply()') })
    expect(library.fail(request)).toMatch(/attempt to index a nil value/)
  })

  const forwarded = (body: string, tags: Record<string, string>, data = 'd') => sentBy(body, { ...request, data, tags })

  test('2.7.6 forward overlays the fields of its second argument', () => {
    const sent = forwarded('msg.forward("next", { Extra = "e", Data = "changed", Keep = "new" })', { Keep: 'kept' })
    expect(sent).toMatchObject({ data: 'changed', tag: { Extra: 'e', Keep: 'new' } })
  })

  test('2.7.7 forward sets Target, whatever the second argument says', () => {
    expect(forwarded('msg.forward("next", { Target = "elsewhere" })', {})?.target).toBe('next')
  })

  test('2.7.8 forward sets Reply-To, X-Reference and X-Origin from a first request', () => {
    expect(forwarded('msg.forward("next")', { Reference: '7' })?.tag).toMatchObject({
      'Reply-To': 'asker',
      'X-Reference': '7',
      'X-Origin': 'asker',
    })
  })

  test('2.7.8 a forward of a forward keeps the first asker', () => {
    const tags = { 'Reply-To': 'first', 'X-Reference': '1', 'X-Origin': 'first', Reference: '9' }
    const expected = { 'Reply-To': 'first', 'X-Reference': '1', 'X-Origin': 'first' }
    expect(forwarded('msg.forward("next")', tags)?.tag).toMatchObject(expected)
  })

  test('2.7.9 forward returns nothing and sends one message', () => {
    const setup = handler('print(select("#", msg.forward("next")) .. "")')
    const answer = createLibraryProcess({ setup }).send(request)
    expect([answer.data, answer.messages.length]).toEqual(['0', 1])
  })

  test('2.7.10 Data and the extracted tags survive a forward, and nothing else', () => {
    const tags = { Reference: '7', Keep: 'kept', 'Pushed-For': 'p', Variant: 'v', Type: 'Message' }
    const sent = forwarded('msg.forward("next")', tags)
    expect(sent).toMatchObject({ target: 'next', data: 'd' })
    expect(sent?.tag).toEqual({
      'Data-Protocol': 'ao',
      Variant: 'ao.TN.1',
      Type: 'Message',
      Reference: '1',
      Action: 'Probe',
      Keep: 'kept',
      'Reply-To': 'asker',
      'X-Reference': '7',
      'X-Origin': 'asker',
    })
  })

  test('2.7.10 the forwarded message itself stays as it is', () => {
    const setup = handler('msg.forward("next", { Keep = "new" }) print(msg.Keep .. msg.Target .. type(msg.reply))')
    expect(createLibraryProcess({ setup }).send({ ...request, tags: { Keep: 'kept' } }).data).toBe(
      `kept${processId}function`,
    )
  })

  test('2.7.11 decoded JSON data is encoded again', () => {
    const sent = forwarded('msg.forward("next")', { 'Content-Type': 'application/json' }, '{"a":1}')
    expect(sent).toMatchObject({ data: '{"a":1}', tag: { 'Content-Type': 'application/json' } })
  })

  test('2.7.12 both stay on messages in the Inbox', () => {
    const library = createLibraryProcess()
    library.send({ ...request, action: 'Unknown' })
    const data = 'Inbox[2].reply({ Data = "late" }) Inbox[2].forward("next")'
    const { messages } = library.send({ action: 'Eval', data })
    expect(messages).toMatchObject([
      { target: 'asker', data: 'late' },
      { target: 'next', tag: { 'X-Origin': 'origin' } },
    ])
  })
})

describe('2.8 Special messages', () => {
  test('2.8.1 the process message carries the tags and the data of the process', () => {
    const library = createLibraryProcess({ first: { data: 'own data' }, tags: [{ name: 'Name', value: 'n' }] })
    const code = 'local m = Inbox[1] return m.Id .. m.Data .. m.Tags.Type .. m.Module .. m.Name'
    expect(library.eval(code)).toBe(`${processId}own dataProcess${moduleId}n`)
  })

  test('2.8.2 a cron message is handled, without Id, Nonce, Epoch, Hash-Chain and Data', () => {
    const setup = `Handlers.add("cron", "Cron", function(msg) print(tostring(msg.Cron) .. tostring(msg.Id)
      .. tostring(msg.Nonce) .. tostring(msg.Epoch) .. tostring(msg["Hash-Chain"]) .. tostring(msg.Data)) end)`
    const cron: Incoming = {
      action: 'Cron',
      id: undefined,
      nonce: undefined,
      epoch: undefined,
      hashChain: undefined,
      cron: true,
    }
    expect(createLibraryProcess({ setup }).send(cron).data).toBe('truenilnilnilnilnil')
  })

  test('2.8.3 a dry run sees Read-Only and leaves nothing', () => {
    const library = createLibraryProcess({
      setup:
        'Count = 0 Handlers.add("probe", "Probe", function(msg) Count = Count + 1 print(tostring(msg["Read-Only"])) end)',
    })
    expect(library.dryRun({ action: 'Probe' })).toMatchObject({ ok: true, output: { data: 'true' } })
    expect(library.eval('Count')).toBe('0')
  })

  test('2.8.4 an assignment has the recipient of its item as Target', () => {
    const setup = `ao.addAssignable(function(m) return m.Target == "elsewhere" end) ${probe('msg.Target ~= ao.id')}`
    expect(createLibraryProcess({ setup }).send({ action: 'Probe', target: 'elsewhere' }).data).toBe('true')
  })

  test('2.8.5 the confirmation of a spawn comes from the process itself, with the new id and the tags of the spawn', () => {
    const setup = 'Spawn({ Note = "mine" }).onReply(function(m) print(m.From .. m.Process .. m.Note) end)'
    const library = createLibraryProcess({ setup, tags: [{ name: 'Authority', value: 'messenger' }] })
    const tags = { Process: 'child', Reference: '1', Note: 'mine' }
    const confirmation = { from: processId, owner: 'messenger', action: 'Spawned', tags }
    expect(library.send(confirmation).data).toBe(`${processId}childmine`)
  })
})
