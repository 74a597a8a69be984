import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  createTestNetwork,
  type TestEvaluation,
  type TestNetwork,
  type TestProcess,
  type TestWallet,
} from '../../src/testing/testing.ts'

const code = readFileSync(new URL('patch.lua', import.meta.url), 'utf8')

/** A game of which people want to see the score. */
const gameCode = `
Score = Score or {}
Handlers.add("Win", "Win", function(msg)
  Score[msg.From] = (Score[msg.From] or 0) + 1
  msg.reply({ Data = "well done" })
end)
Handlers.add("Leave", "Leave", function(msg) Score[msg.From] = nil end)
Handlers.add("Fail", "Fail", function(msg) Score[msg.From] = 99 error("no luck") end)`

let loom: TestNetwork
let alice: TestWallet
let bob: TestWallet
let game: TestProcess

beforeAll(async () => {
  loom = await createTestNetwork()
  alice = loom.wallet('alice')
  bob = loom.wallet('bob')
})
afterAll(() => loom.close())

beforeEach(async () => {
  game = await loom.spawn({ code: gameCode })
  await game.eval(code)
})

/** The patch messages of an evaluation: values by key. */
function patches({ messages }: TestEvaluation): Record<string, unknown>[] {
  const protocol = new Set(['Data-Protocol', 'Variant', 'Type', 'Reference', 'device'])
  return messages
    .filter(({ tags }) => tags.device === 'patch@1.0')
    .map(({ tags }) => {
      const own = Object.entries(tags).filter(([name]) => !protocol.has(name))
      return Object.fromEntries(own.map(([name, value]) => [name, /^[[{]/.test(value) ? JSON.parse(value) : value]))
    })
}

async function win(from: TestWallet): Promise<Record<string, unknown>[]> {
  return patches(await game.send({ from, action: 'Win' }))
}

describe('set and publish', () => {
  test('send values at once, as they are, without a target and without a warning', async () => {
    const result = await game.eval('Patch.set("score", { [Owner] = 5, best = { "a", "b" } })')
    expect(result.messages).toMatchObject([{ target: '', tags: { device: 'patch@1.0' } }])
    expect(patches(result)).toEqual([{ score: { [game.owner.address]: 5, best: ['a', 'b'] } }])
    expect(result.output).toBe('')
    const several = await game.eval('Patch.publish({ open = true, round = 3, name = "Game" })')
    expect(patches(several)).toEqual([{ open: 'true', round: '3', name: 'Game' }])
  })

  test('send a copy: what changes later in the message is not in it', async () => {
    const result = await game.eval('local t = { n = 1 } Patch.set("t", t) t.n = 2')
    expect(patches(result)).toEqual([{ t: { n: 1 } }])
  })

  test('send nothing for nothing, and give keys that are numbers as text', async () => {
    expect((await game.eval('Patch.publish({})')).messages).toEqual([])
    expect(patches(await game.eval('Patch.set("by-round", { [3] = "x", [7] = "y" })'))).toEqual([
      { 'by-round': { 3: 'x', 7: 'y' } },
    ])
  })

  test.each([
    { lua: 'Patch.set("Score", 1)', error: 'a key must be lower-case text other than "device", but was Score.' },
    { lua: 'Patch.set("device", "x")', error: 'but was device.' },
    { lua: 'Patch.set("", 1)', error: 'a key must be lower-case text' },
    { lua: 'Patch.set(7, 1)', error: 'but was 7.' },
    { lua: 'Patch.set("a", { b = { print } })', error: 'Patch: a.b.1 is function' },
    { lua: 'Patch.set("a", { [true] = 1 })', error: 'Patch: a has a key that is a boolean. Use text.' },
    { lua: 'Patch.set("a", 0 / 0)', error: 'Patch: a is ' },
    { lua: 'Patch.set("a", math.huge)', error: 'Patch: a is inf' },
    { lua: 'Patch.track("a", 5)', error: 'the second argument must be a function' },
    { lua: 'Patch.track("A", print)', error: 'a key must be lower-case text' },
  ])('$lua fails by name', async ({ lua, error }) => {
    expect((await game.send({ action: 'Eval', data: lua })).error).toContain(error)
  })
})

describe('track', () => {
  beforeEach(async () => {
    await game.eval(`Score["${bob.address}"] = 7`)
  })

  const track = 'Patch.track("score", function() return Score end)'

  test('sends the value now, and then after each message what has changed', async () => {
    expect(patches(await game.eval(track))).toEqual([{ score: { [bob.address]: 7 } }])
    expect(await win(alice)).toEqual([{ score: { [alice.address]: 1 } }])
    expect(await win(bob)).toEqual([{ score: { [bob.address]: 8 } }])
    expect(patches(await game.send({ from: alice, action: 'Unknown' }))).toEqual([])
    expect(patches(await game.eval(`Score["${alice.address}"] = 4`))).toEqual([{ score: { [alice.address]: 4 } }])
  })

  test('sends the value also in the message that loads the blueprint', async () => {
    const process = await loom.spawn({ code: 'Score = { x = 1 }' })
    expect(patches(await process.eval(`(function() ${code} end)() ${track}`))).toEqual([{ score: { x: 1 } }])
  })

  test('comes after what the handlers sent', async () => {
    await game.eval(track)
    const { messages } = await game.send({ from: alice, action: 'Win' })
    expect(messages.map(({ target }) => target)).toEqual([alice.address, ''])
  })

  test('says which keys are gone', async () => {
    await game.eval(track)
    await win(alice)
    const result = await game.send({ from: bob, action: 'Leave' })
    expect(patches(result)).toEqual([{ score: { [bob.address]: 'unset' } }])
    expect(patches(await game.eval('Score = nil'))).toEqual([{ score: 'unset' }])
    expect(patches(await game.eval('Score = {}'))).toEqual([])
  })

  test('sends the difference of nested tables, and changed lists whole', async () => {
    await game.eval(
      'World = { rooms = { hall = { size = 3, doors = { "n", "s" } }, attic = { size = 1 } }, on = false }',
    )
    const tracked = await game.eval('Patch.track("world", function() return World end)')
    expect(patches(tracked)).toMatchObject([{ world: { rooms: { attic: { size: 1 } }, on: false } }])
    expect(patches(await game.eval('World.rooms.attic.size = 2'))).toEqual([
      { world: { rooms: { attic: { size: 2 } } } },
    ])
    expect(patches(await game.eval('table.remove(World.rooms.hall.doors)'))).toEqual([
      { world: { rooms: { hall: { doors: ['n'] } } } },
    ])
    expect(patches(await game.eval('World.rooms.hall = nil World.on = true'))).toEqual([
      { world: { rooms: { hall: 'unset' }, on: true } },
    ])
    expect(patches(await game.eval('World.on = false'))).toEqual([{ world: { on: false } }])
    expect(patches(await game.eval('World.rooms = { "x", "y" }'))).toEqual([{ world: { rooms: ['x', 'y'] } }])
    expect(patches(await game.eval('World.rooms = { cellar = 1 }'))).toEqual([{ world: { rooms: { cellar: 1 } } }])
  })

  test('puts several values into one message, and follows scalars', async () => {
    await game.eval('Round = 1 Patch.track("round", function() return Round end)')
    await game.eval(track)
    expect(patches(await game.eval('Round = 2 Score = { x = 1 }'))).toEqual([
      { round: '2', score: { x: 1, [bob.address]: 'unset' } },
    ])
  })

  test('ends with untrack', async () => {
    await game.eval(track)
    await game.eval('Patch.untrack("score")')
    expect(await win(alice)).toEqual([])
  })

  test('forgets nothing and doubles nothing when loaded again', async () => {
    await game.eval(track)
    await game.eval('Wrapper = Handlers.evaluate')
    const { output } = await game.eval(code)
    expect(output).toMatch(/^Patch loaded: /)
    expect(await game.state('Wrapper == Handlers.evaluate')).toBe(true)
    expect(await win(alice)).toEqual([{ score: { [alice.address]: 1 } }])
    await game.eval(code)
    expect(await win(alice)).toEqual([{ score: { [alice.address]: 2 } }])
    expect(patches(await game.eval(track))).toEqual([])
  })

  test('sends nothing of a message that failed, and all of it with the next that does not', async () => {
    await game.eval(track)
    expect((await game.send({ from: alice, action: 'Fail' })).messages).toEqual([])
    expect(await win(alice)).toEqual([{ score: { [alice.address]: 1 } }])
  })

  test('sends what changed before a wait with the next message', async () => {
    await game.eval(track)
    const code = `Score = { waiting = 1 } Receive({ Action = "Go" }) Score = { waiting = 2 }`
    expect(patches(await game.eval(code))).toEqual([])
    expect(await win(alice)).toEqual([{ score: { waiting: 1, [alice.address]: 1, [bob.address]: 'unset' } }])
    const gone = patches(await game.send({ from: alice, action: 'Go' }))
    expect(gone).toEqual([{ score: { waiting: 2, [alice.address]: 'unset' } }])
  })

  test('prints a value that cannot be sent, and goes on with the others', async () => {
    await game.eval(track)
    await game.eval('Patch.track("broken", function() return Broken end)')
    const result = await game.eval('Broken = print Score = { x = 1 }')
    expect(result.output).toContain('Patch could not read broken: Patch: broken is function')
    expect(patches(result)).toEqual([{ score: { x: 1, [bob.address]: 'unset' } }])
    await game.eval('Patch.track("failing", function() error("no such thing") end)')
    expect((await game.send({ from: alice, action: 'Win' })).output).toContain('no such thing')
    const cyclic = await game.eval('Broken = {} Broken.self = Broken')
    expect(cyclic.output).toContain('is deeper than 16 tables')
    expect((await game.eval('Score.x')).output).toMatch(/^1\n/)
  })
})
