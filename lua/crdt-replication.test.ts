import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type InFlight, ProcessNetwork } from './crdt-network.ts'

/** Defines, in each process, how to share a document, what random edits do, and how to look. */
const setup = `
local crdt = require("crdt")
local json = require("json")
Documents = Documents or {}
Merged = 0

function Share(name, replica, peers, options)
  local all = { store = Documents, name = name, kind = "ORMap", replica = replica, peers = peers, retryMs = 1000 }
  for key, value in pairs(options or {}) do all[key] = value end
  all.onChange = function() Merged = Merged + 1 end
  require("crdt").replicate(all)
end

function Forget()
  for name in pairs(Documents) do Handlers.remove("crdt." .. name) end
  Documents = {}
end

function Encoded(name) return Documents[name].document:encode() end
function Value(name) return tostring(Documents[name].document) end
function Status(name) return json.encode(Documents[name]:status()) end
function Tags(name) return Documents[name].document:AWSet("tags") end
function Add(name, tag) Documents[name]:change(function(document) document:AWSet("tags"):add(tag) end) end

local edits = {
  function(document, number) document:AWSet("tags"):add(number % 5) end,
  function(document, number) document:AWSet("tags"):remove(number % 5) end,
  function(document, number)
    local body = document:Text("body")
    body:insert(number % (body:length() + 1) + 1, "<" .. number .. ">")
  end,
  function(document, number)
    local body = document:Text("body")
    if body:length() > 2 then body:delete(number % (body:length() - 1) + 1, 2) end
  end,
  function(document, number) document:PNCounter("likes"):increment(number % 3 + 1) end,
  function(document, number) document:MVRegister("note"):set(number) end,
  function(document, number) document:remove(({ "tags", "likes", "note", "body", "inner" })[number % 5 + 1]) end,
  function(document, number) document:ORMap("inner"):LWWRegister("title"):set("t" .. number) end,
}

-- Odd numbers do not say that they are done: their changes go out with the next message.
Handlers.add("Edit", "Edit", function(msg)
  local shared, number = Documents[msg.Tags.Name], tonumber(msg.Tags.Number)
  local edit = edits[number % #edits + 1]
  if number % 2 == 0 then
    shared:change(function(document) edit(document, number) end)
  else
    edit(shared.document, number)
  end
end)
Handlers.add("Ping", "Ping", function() end)`

let network: ProcessNetwork
beforeAll(() => {
  network = new ProcessNetwork(['ANNA', 'BERT', 'CLEO'], setup)
})
afterAll(() => network.close())

let documentCount = 0
let name = ''
/** Begins with a document that nobody has; all others are forgotten, and what is under way is lost. */
function beginDocument(): void {
  for (const index of [0, 1, 2]) network.eval(index, 'Forget()')
  network.inFlight.length = 0
  documentCount += 1
  name = `document-${documentCount}`
}
beforeEach(beginDocument)

const quoted = (texts: readonly string[]): string => texts.map((text) => JSON.stringify(text)).join(', ')

/** Lets processes share the document of this test; each has those as peers that `peersOf` says. */
function share(participants: readonly number[], options = '', peersOf = (_index: number) => participants): void {
  for (const index of participants) {
    const peers = peersOf(index).map((peer) => network.ids[peer] ?? '')
    network.eval(index, `Share("${name}", nil, { ${quoted(peers)} }, { ${options} })`)
  }
}

const encoded = (index: number): string => network.eval(index, `Encoded("${name}")`)
const value = (index: number): unknown => JSON.parse(network.eval(index, `Value("${name}")`))
const add = (index: number, tag: string): string => network.eval(index, `Add("${name}", "${tag}")`)

interface Status {
  readonly sequence: number
  readonly buffered: number
  readonly peers: readonly { replica: string; acked: number; waiting: boolean; attempts: number }[]
}
const status = (index: number): Status => JSON.parse(network.eval(index, `Status("${name}")`))

const actions = (): string[] => network.inFlight.map(({ action }) => action)
const tagOf = (message: InFlight | undefined, tag: string): unknown => message?.tags.find((t) => t.name === tag)?.value

/** The one message that is under way. */
function onlyMessage(): InFlight {
  const [message, ...others] = network.inFlight
  if (message === undefined || others.length > 0) throw new Error(`under way: ${actions()}`)
  return message
}

/** Shares a document between two processes that know of each other. */
function sharePair(options = ''): void {
  share([0, 1], options)
  network.deliverAll()
}

describe('two processes', () => {
  test('a change arrives, is acknowledged, and leaves the buffer', () => {
    sharePair()
    add(0, 'lua')
    expect(actions()).toEqual(['Crdt-Delta'])
    expect(tagOf(onlyMessage(), 'Document')).toBe(name)
    network.deliver(onlyMessage())
    expect(value(1)).toEqual({ tags: ['lua'] })
    expect(status(0)).toMatchObject({ sequence: 1, buffered: 1, peers: [{ acked: 0, waiting: true }] })

    expect(actions()).toEqual(['Crdt-Ack'])
    expect(network.deliverAll()).toBe(1)
    expect(status(0)).toMatchObject({ sequence: 1, buffered: 0, peers: [{ acked: 1, waiting: false }] })
    expect(encoded(0)).toBe(encoded(1))
  })

  test('changes of one function are one delta; changes outside of one go out with the next message', () => {
    sharePair()
    const tags = `Tags("${name}")`
    network.eval(0, `Documents["${name}"]:change(function() ${tags}:add("a") ${tags}:add("b") ${tags}:remove("a") end)`)
    expect(actions()).toEqual(['Crdt-Delta'])
    network.deliverAll()
    expect(value(1)).toEqual({ tags: ['b'] })

    network.eval(0, `${tags}:add("c")`)
    expect(actions()).toEqual([])
    network.send(0, 'Ping')
    expect(actions()).toEqual(['Crdt-Delta'])
    network.deliverAll()
    expect(value(1)).toEqual({ tags: ['b', 'c'] })
  })

  test('onChange is called when a change of a peer is new, and not for repetitions', () => {
    sharePair()
    const before = Number(network.eval(1, 'Merged'))
    add(0, 'lua')
    network.repeat(onlyMessage())
    network.deliverAll()
    expect(Number(network.eval(1, 'Merged'))).toBe(before + 1)
    expect(Number(network.eval(0, 'Merged'))).toBe(0)
  })

  test('what arrives twice is merged once, and acknowledged each time', () => {
    sharePair()
    network.eval(0, `Documents["${name}"]:change(function(document) document:PNCounter("likes"):increment() end)`)
    const delta = onlyMessage()
    network.repeat(delta)
    network.repeat(delta)
    network.deliver(delta)
    expect(actions()).toEqual(['Crdt-Ack', 'Crdt-Ack', 'Crdt-Ack'])
    expect(value(1)).toEqual({ likes: 1 })
  })

  test('a lost change is repeated by the first message after a while, later and later', () => {
    sharePair()
    add(0, 'lua')
    network.drop(onlyMessage())
    network.advance(999)
    network.send(0, 'Ping')
    expect(actions()).toEqual([])

    for (const waitMs of [1, 2_000, 4_000]) {
      network.advance(waitMs - 1)
      network.send(0, 'Ping')
      expect(actions()).toEqual([])
      network.advance(1)
      network.send(0, 'Ping')
      expect(actions()).toEqual(['Crdt-Delta'])
      network.drop(onlyMessage())
    }
    expect(status(0).peers).toMatchObject([{ attempts: 3, waiting: true }])

    network.advance(8_000)
    network.send(0, 'Ping')
    network.deliverAll()
    expect(value(1)).toEqual({ tags: ['lua'] })
    expect(status(0).peers).toMatchObject([{ attempts: 0, waiting: false }])
  })

  test('all that was lost is repeated as one delta', () => {
    sharePair()
    for (const tag of ['a', 'b', 'c']) {
      add(0, tag)
      network.drop(onlyMessage())
    }
    network.advance(1_000)
    network.send(0, 'Ping')
    expect(tagOf(onlyMessage(), 'Since')).toBe('0')
    expect(tagOf(onlyMessage(), 'Sequence')).toBe('3')
    network.deliverAll()
    expect(encoded(0)).toBe(encoded(1))
  })

  test('a delta whose predecessor is missing is not merged but asked for, once', () => {
    sharePair()
    for (const tag of ['a', 'b', 'c']) add(0, tag)
    const [first] = network.inFlight
    if (first === undefined) throw new Error('nothing is under way')
    network.drop(first)
    for (const message of [...network.inFlight]) network.deliver(message)
    expect(value(1)).toEqual([])
    expect(actions()).toEqual(['Crdt-Sync'])
    network.deliver(onlyMessage())
    expect(tagOf(onlyMessage(), 'Since')).toBe('0')
    network.deliverAll()
    expect(value(1)).toEqual({ tags: ['a', 'b', 'c'] })
  })

  test('the peer that comes back is sent what it lacks at once', () => {
    sharePair()
    add(0, 'mine')
    network.drop(onlyMessage())
    network.advance(1_000)
    network.send(0, 'Ping')
    network.drop(onlyMessage())

    add(1, 'theirs')
    network.deliver(onlyMessage())
    expect(actions().sort()).toEqual(['Crdt-Ack', 'Crdt-Delta'])
    network.deliverAll()
    expect(encoded(0)).toBe(encoded(1))
  })

  test('more than the buffer holds goes over as the whole state', () => {
    sharePair('bufferCountMax = 3')
    for (const tag of ['a', 'b', 'c', 'd']) {
      add(0, tag)
      network.drop(onlyMessage())
    }
    expect(status(0)).toMatchObject({ sequence: 4, buffered: 3 })
    network.advance(1_000)
    network.send(0, 'Ping')
    expect(actions()).toEqual(['Crdt-State'])
    network.deliverAll()
    expect(encoded(0)).toBe(encoded(1))
    expect(status(0)).toMatchObject({ buffered: 0, peers: [{ acked: 4, waiting: false }] })

    add(0, 'e')
    expect(actions()).toEqual(['Crdt-Delta'])
  })

  test('the buffer is bounded in bytes too', () => {
    sharePair('bufferBytesMax = 2000')
    for (const _ of [1, 2, 3]) {
      add(0, 'x'.repeat(900))
      network.drop(onlyMessage())
      add(0, 'y'.repeat(900))
      network.drop(onlyMessage())
    }
    expect(status(0).buffered).toBe(1)
  })

  test('a Crdt-Sync of the owner compares notes, and each sends what the other lacks', () => {
    sharePair()
    add(0, 'mine')
    add(1, 'theirs')
    network.inFlight.length = 0
    network.send(0, 'Crdt-Sync', { Document: name })
    expect(actions()).toEqual(['Crdt-Sync'])
    network.deliverAll()
    expect(value(0)).toEqual({ tags: ['mine', 'theirs'] })
    expect(encoded(0)).toBe(encoded(1))
  })

  test('a reply to a Crdt-Sync is not replied to, though its reader lacks something', () => {
    sharePair()
    for (const index of [0, 1]) add(index, `first of ${index}`)
    network.deliverAll()
    for (const index of [0, 1]) add(index, `second of ${index}`)
    network.inFlight.length = 0
    network.send(0, 'Crdt-Sync', { Document: name })
    network.deliver(onlyMessage())
    expect(actions()).toEqual(['Crdt-Delta', 'Crdt-Sync'])
    for (const message of [...network.inFlight]) {
      if (message.action === 'Crdt-Delta') network.drop(message)
      else network.deliver(message)
    }
    expect(actions()).toEqual(['Crdt-Delta'])
  })

  test('equal replicas that compare notes send nothing further', () => {
    sharePair()
    add(0, 'lua')
    network.deliverAll()
    network.send(1, 'Crdt-Sync', { Document: name })
    expect(network.deliverAll()).toBe(1)
  })

  test('a peer that comes later gets the whole state', () => {
    share([0], '', () => [0, 1])
    add(0, 'early')
    network.inFlight.length = 0
    share([1], '', () => [0, 1])
    network.deliverAll()
    expect(value(1)).toEqual({ tags: ['early'] })
    expect(status(0).peers).toMatchObject([{ waiting: false }])
  })

  test('a process at rest sends nothing, and a dry run repeats nothing', () => {
    sharePair()
    add(0, 'lua')
    network.deliverAll()
    network.advance(1e9)
    network.send(0, 'Ping')
    expect(actions()).toEqual([])

    add(0, 'crdt')
    network.drop(onlyMessage())
    network.advance(1e9)
    expect(network.dryRun(0, 'Ping')).toEqual([])
    network.send(0, 'Ping')
    expect(actions()).toEqual(['Crdt-Delta'])
  })
})

describe('numbers', () => {
  test('an acknowledgement from before a replica began again does not count', () => {
    sharePair()
    for (const tag of ['a', 'b']) add(0, tag)
    for (const message of [...network.inFlight]) network.deliver(message)
    const [, old] = network.inFlight
    if (old === undefined) throw new Error('nothing was acknowledged')
    expect([old.action, tagOf(old, 'Sequence')]).toEqual(['Crdt-Ack', '2'])

    network.inFlight.length = 0
    network.eval(0, 'Forget()')
    share([0], '', () => [0, 1])
    network.deliverAll()
    add(0, 'c')
    expect(tagOf(onlyMessage(), 'Sequence')).toBe('2')
    network.drop(onlyMessage())
    network.inFlight.push(old)
    network.deliver(old)
    expect(status(0).peers).toMatchObject([{ waiting: true }])
  })

  test('a peer that begins again gets the whole state, though only the latest change is in the buffer', () => {
    sharePair()
    for (const tag of ['a', 'b']) add(0, tag)
    network.deliverAll()
    add(0, 'c')
    network.inFlight.length = 0
    network.eval(1, 'Forget()')
    share([1], '', () => [0, 1])
    network.deliverAll()
    expect(value(1)).toEqual({ tags: ['a', 'b', 'c'] })
  })

  test('a peer that has everything by another way is told the number alone', () => {
    share([0, 1, 2])
    network.deliverAll()
    add(0, 'lua')
    for (const message of [...network.inFlight]) if (message.to === 1) network.drop(message)
    network.deliverAll()
    expect(value(1)).toEqual({ tags: ['lua'] })
    expect(status(0).peers).toMatchObject([{ waiting: true }, { waiting: false }])

    network.send(1, 'Crdt-Sync', { Document: name })
    for (const message of [...network.inFlight]) if (message.to === 2) network.drop(message)
    network.deliver(onlyMessage())
    expect(JSON.parse(onlyMessage().data)).toMatchObject({ delta: true, context: [], store: [] })
    network.deliverAll()
    expect(status(0)).toMatchObject({ buffered: 0, peers: [{ waiting: false }, { waiting: false }] })
  })
})

describe('only peers', () => {
  const stranger = 'STRANGER'.padEnd(43, '-')
  const forged = (replica: number) => ({
    Document: name,
    'From-Replica': network.ids[replica] ?? '',
    'To-Replica': network.ids[0] ?? '',
    Session: '1',
    Since: '0',
    Sequence: '1',
  })

  test.each(['Crdt-Delta', 'Crdt-State', 'Crdt-Ack', 'Crdt-Sync'])(
    '%s of a stranger is ignored and not answered',
    (action) => {
      sharePair()
      add(0, 'lua')
      network.drop(onlyMessage())
      const before = [encoded(0), status(0)]
      expect(network.send(0, action, forged(1), stranger)).toContain(`ignored ${action} from ${stranger}`)
      expect(network.send(0, action, { Document: name }, stranger)).toContain(`ignored ${action} from ${stranger}`)
      expect([encoded(0), status(0)]).toEqual(before)
      expect(actions()).toEqual([])
      expect(network.eval(0, '#Inbox')).toBe('1')
    },
  )

  test('a process that is a peer of another document is a stranger to this one', () => {
    sharePair()
    const other = network.ids[2] ?? ''
    expect(network.send(0, 'Crdt-Sync', forged(2), other)).toContain('ignored')
    expect(actions()).toEqual([])
  })

  test('a peer that is taken off the list is ignored, and waited for no longer', () => {
    sharePair()
    add(0, 'lua')
    const delta = onlyMessage()
    share([0], '', () => [])
    expect(status(0)).toMatchObject({ buffered: 0, peers: [] })
    network.deliver(delta)
    expect(network.deliver(onlyMessage())).toContain('ignored Crdt-Ack')
  })

  test('a damaged delta fails its message, and changes nothing', () => {
    sharePair()
    add(0, 'lua')
    const delta = onlyMessage()
    const damaged = { ...delta, data: delta.data.slice(0, -3) }
    expect(() => network.repeat(damaged)).toThrow(/not the encoding of a CRDT/)
    expect(value(1)).toEqual([])
    network.deliverAll()
    expect(value(1)).toEqual({ tags: ['lua'] })
  })

  test('a replica that has lost its state and goes on with its id is told so, and gets nothing', () => {
    sharePair()
    for (const tag of ['a', 'b', 'c']) add(0, tag)
    network.deliverAll()
    network.eval(0, 'Forget()')
    share([0], '', () => [0, 1])
    network.inFlight.length = 0
    add(0, 'd')
    network.inFlight.length = 0

    network.send(0, 'Crdt-Sync', { Document: name })
    network.deliver(onlyMessage())
    const state = network.inFlight.find(({ action }) => action === 'Crdt-State')
    if (state === undefined) throw new Error(`under way: ${actions()}`)
    expect(network.deliver(state)).toContain('Begin again with an empty table and a new replica id.')
    expect(value(0)).toEqual({ tags: ['d'] })
  })

  test('a replica that has lost its state and waits gets it back from its peers', () => {
    sharePair()
    for (const tag of ['a', 'b', 'c']) add(0, tag)
    network.deliverAll()
    network.eval(0, 'Forget()')
    share([0], '', () => [0, 1])
    network.deliverAll()
    expect(value(0)).toEqual({ tags: ['a', 'b', 'c'] })
    add(0, 'd')
    network.deliverAll()
    expect(encoded(1)).toBe(encoded(0))
  })
})

describe('a process', () => {
  test('that is loaded again keeps its documents, its peers and what it has not sent', () => {
    sharePair()
    add(0, 'before')
    network.drop(onlyMessage())
    network.eval(0, `Tags("${name}"):add("unsent")`)
    const handlers = network.eval(0, '#Handlers.list')
    // A new copy of the module, as when a bundle is loaded again.
    network.eval(0, 'package.loaded.crdt = nil')
    network.eval(
      0,
      setup
        .replaceAll('require("crdt")', 'Reloaded()')
        .replace('local crdt', 'Reloaded = Reloaded or function() return require("crdt") end local crdt'),
    )
    share([0], '', () => [0, 1])
    expect(network.eval(0, '#Handlers.list')).toBe(handlers)
    expect(value(0)).toEqual({ tags: ['before', 'unsent'] })
    network.advance(5_000)
    network.send(0, 'Ping')
    network.deliverAll()
    expect(value(1)).toEqual({ tags: ['before', 'unsent'] })
  })

  test('that comes back from a snapshot goes on where it was', () => {
    sharePair()
    add(0, 'lost')
    network.drop(onlyMessage())
    network.restart(0)
    network.advance(1_000)
    network.send(0, 'Ping')
    network.deliverAll()
    expect(encoded(0)).toBe(encoded(1))
  })

  test('cannot take up a document as another kind or another replica', () => {
    sharePair()
    expect(() => network.eval(0, `Share("${name}", "other", {})`)).toThrow(/is a ORMap of replica ANNA/)
    expect(() => network.eval(0, `Share("${name}", nil, {}, { kind = "AWSet" })`)).toThrow(/Take another name/)
  })

  test.each([
    ['no store', 'store = 1', /needs a table `store`/],
    ['an empty name', 'name = ""', /needs a `name` of 1 to 64/],
    ['an unknown kind', 'kind = "Set"', /AWSet, GCounter, LWWRegister, MVRegister, ORMap, PNCounter, Text/],
    ['a peer that is a number', 'peers = { { process = 1, replica = "a" } }', /A peer must be a process id/],
    ['no time to wait', 'retryMs = 0', /retryMs must be a whole number from 1/],
  ])('cannot share with %s', (_title, options, text) => {
    expect(() => network.eval(0, `Share("${name}", nil, {}, { ${options} })`)).toThrow(text)
  })
})

test('replicas of one process on two schedulers have ids of their own', () => {
  const twins = new ProcessNetwork(['TWIN', 'TWIN'], setup)
  const peers = '{ { process = ao.id, replica = "replica-1" }, { process = ao.id, replica = "replica-2" } }'
  for (const index of [0, 1]) twins.eval(index, `Share("twin", "replica-${index + 1}", ${peers})`)
  twins.deliverAll()
  twins.eval(0, 'Add("twin", "first")')
  twins.eval(1, 'Add("twin", "second")')
  // Each hears its own messages as well: they have its address.
  for (const message of [...twins.inFlight]) expect(twins.repeat({ ...message, to: message.from })).toBe('')
  twins.deliverAll()
  for (const index of [0, 1]) expect(twins.eval(index, 'Value("twin")')).toBe('{"tags":["first","second"]}')
  twins.close()
})

test('a change goes on through a process in the middle', () => {
  share([0, 1, 2], '', (index) => (index === 1 ? [0, 2] : [1]))
  network.deliverAll()
  add(0, 'lua')
  network.deliverAll()
  expect(value(2)).toEqual({ tags: ['lua'] })
  // And not back to where it came from.
  expect(status(1)).toMatchObject({ buffered: 0, peers: [{ waiting: false }, { waiting: false }] })
})

describe('random networks', () => {
  type Step =
    | readonly ['edit', process: number, edit: number]
    | readonly ['deliver' | 'repeat' | 'drop', message: number]
    | readonly ['tick', process: number, waitMs: number]
    | readonly ['reload' | 'restart', process: number]

  const process = fc.nat(2)
  const message = fc.nat(99)
  const steps: fc.Arbitrary<Step> = fc.oneof(
    { weight: 10, arbitrary: fc.tuple(fc.constant('edit' as const), process, fc.nat(999)) },
    { weight: 10, arbitrary: fc.tuple(fc.constant('deliver' as const), message) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('repeat' as const), message) },
    { weight: 5, arbitrary: fc.tuple(fc.constant('drop' as const), message) },
    { weight: 4, arbitrary: fc.tuple(fc.constant('tick' as const), process, fc.nat(3_000)) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom('reload' as const, 'restart' as const), process) },
  )
  const topologies = {
    mesh: () => [0, 1, 2],
    line: (index: number) => (index === 1 ? [0, 2] : [1]),
  }

  function run(step: Step, shareAgain: (index: number) => void): void {
    const [kind, number] = step
    const target = network.inFlight[number % Math.max(1, network.inFlight.length)]
    if (kind === 'edit') {
      network.send(number, 'Edit', { Name: name, Number: String(step[2]) })
    } else if (kind === 'tick') {
      network.advance(step[2])
      network.send(number, 'Ping')
    } else if (kind === 'restart') {
      network.restart(number)
    } else if (kind === 'reload') {
      shareAgain(number)
    } else if (target !== undefined) {
      network[kind](target)
    }
  }

  test.each(['mesh', 'line'] as const)(
    'all replicas of a %s agree when messages arrive again, and come to rest',
    (kind) => {
      const topology = topologies[kind]
      const history = fc.record({
        bufferCountMax: fc.constantFrom(1, 3, 256),
        steps: fc.array(steps, { minLength: 10, maxLength: 60, size: 'max' }),
      })
      fc.assert(
        fc.property(history, ({ bufferCountMax, steps }) => {
          beginDocument()
          const shareAgain = (index: number) => share([index], `bufferCountMax = ${bufferCountMax}`, topology)
          for (const index of [0, 1, 2]) shareAgain(index)
          for (const step of steps) run(step, shareAgain)

          let rounds = 0
          const all = () => [encoded(0), encoded(1), encoded(2)]
          const isWaiting = () => [0, 1, 2].some((index) => status(index).peers.some(({ waiting }) => waiting))
          do {
            network.advance(200_000)
            for (const index of [0, 1, 2]) network.send(index, 'Ping')
            network.deliverAll()
            rounds += 1
          } while (rounds < 5 && (isWaiting() || new Set(all()).size > 1))
          expect(new Set(all()).size).toBe(1)
          expect([0, 1, 2].map((index) => status(index).buffered)).toEqual([0, 0, 0])

          network.advance(200_000)
          for (const index of [0, 1, 2]) network.send(index, 'Ping')
          expect(actions()).toEqual([])
        }),
        { seed: 8, numRuns: 60 },
      )
    },
  )
})
