import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRunner, type History, historiesOf, kinds, type Outcome } from './crdt-histories.ts'
import { Model } from './crdt-model.ts'
import { type CodeCase, createLibraryProcess, testCode, testErrors } from './harness.ts'

/** As JSON from Lua has it, where an empty map is an empty list, and nothing is undefined. */
function fromLua(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(fromLua)
  const entries = Object.entries(value).flatMap(([key, member]) =>
    member === undefined ? [] : [[key, fromLua(member)]],
  )
  return entries.length === 0 ? [] : Object.fromEntries(entries)
}

/** Runs histories in batches, and checks the laws and each history with its outcome. */
function checkHistories(histories: fc.Arbitrary<History>, check: (history: History, outcome: Outcome) => void): void {
  const run = createRunner()
  const batches = fc.array(histories, { minLength: 1, maxLength: 50, size: 'max' })
  fc.assert(
    fc.property(batches, (batch) => {
      const outcomes = run(batch)
      expect(outcomes).toHaveLength(batch.length)
      for (const [index, history] of batch.entries()) {
        const outcome = outcomes[index]
        if (outcome === undefined) throw new Error('an outcome is missing')
        expect(outcome.problems).toEqual([])
        check(history, outcome)
      }
    }),
    { seed: 5, numRuns: 16 },
  )
}

// Without a time limit, which would hide what was found while it is made smaller.
describe('random histories: changes, deltas and states in any order, lost and repeated', { timeout: 0 }, () => {
  test.each(kinds.filter((kind) => kind !== 'Text'))(
    '%s keeps the laws (C3), and shows what the model shows',
    (kind) => {
      checkHistories(historiesOf(kind), (history, outcome) => {
        const model = new Model(kind, history.replicas)
        for (const [index, step] of history.steps.entries()) {
          expect(fromLua(outcome.trace[index]?.value)).toEqual(fromLua(model.step(step)))
        }
        expect(fromLua(outcome.value)).toEqual(fromLua(model.finalValue()))
      })
    },
  )

  test('ORMap with text in it keeps the laws', () => {
    let texts = 0
    checkHistories(historiesOf('ORMap', { withText: true }), ({ steps }) => {
      texts += steps.filter(([kind, , path]) => kind === 'change' && path[0]?.[0] === 'Text').length
    })
    expect(texts).toBeGreaterThan(100)
  })

  test('Text keeps the laws, changes where it is told, and has one order of characters for all', () => {
    checkHistories(historiesOf('Text'), checkText)
  })
})

/** Each character of a history is another one. */
function checkText(history: History, outcome: Outcome): void {
  const shown = history.order.map((): string[] => [])
  const sequences: string[][] = []
  const alive = new Set<string>()
  for (const [index, [kind, replica]] of history.steps.entries()) {
    const { value, done } = outcome.trace[index] ?? {}
    const characters = [...String(value)]
    const before = shown[replica - 1] ?? []
    if (kind === 'change') {
      const [at, change] = done ?? [1, 0]
      const inserted = typeof change === 'string' ? [...change] : []
      const expected = before.toSpliced(at - 1, Number(typeof change === 'number' && change), ...inserted)
      expect(characters).toEqual(expected)
      for (const character of before) if (!characters.includes(character)) alive.delete(character)
      for (const character of inserted) alive.add(character)
    }
    shown[replica - 1] = characters
    sequences.push(characters)
  }
  const final = [...String(outcome.value)]
  sequences.push(final)
  expect([...final].sort()).toEqual([...alive].sort())
  expectOneOrder(sequences)
}

/** Fails unless there is an order of all characters that every sequence follows. */
function expectOneOrder(sequences: readonly (readonly string[])[]): void {
  const followers = new Map<string, Set<string>>()
  for (const sequence of sequences) {
    for (const [index, character] of sequence.entries()) {
      const next = followers.get(character) ?? new Set()
      followers.set(character, next)
      const follower = sequence[index + 1]
      if (follower !== undefined) next.add(follower)
    }
  }
  const state = new Map<string, 'open' | 'done'>()
  const visit = (character: string): void => {
    if (state.get(character) === 'done') return
    if (state.get(character) === 'open') throw new Error(`two orders: ${JSON.stringify(sequences)}`)
    state.set(character, 'open')
    for (const follower of followers.get(character) ?? []) visit(follower)
    state.set(character, 'done')
  }
  for (const character of followers.keys()) visit(character)
}

const begin = `local crdt = require("crdt")
  local function both(a, b) a:merge(b) b:merge(a) assert(a:equals(b)) return tostring(a) end `
const rows = (cases: readonly CodeCase[]) =>
  testCode(cases.map(([title, code, expected]): CodeCase => [title, begin + code, expected]))

describe('counters', () => {
  rows([
    ['begin at 0', 'return crdt.GCounter("a"):value()', 0],
    ['count by 1 or more', 'local c = crdt.GCounter("a") c:increment() c:increment(4) return c:value()', 5],
    ['count down', 'local c = crdt.PNCounter("a") c:decrement(3) c:increment() return c:value()', -2],
    [
      'are the sum of what all replicas counted',
      'local a, b = crdt.PNCounter("a"), crdt.PNCounter("b") a:increment(5) b:decrement(2) return both(a, b)',
      3,
    ],
    [
      'cleared, keep what another replica counts meanwhile, and only that',
      `local a, b = crdt.PNCounter("a"), crdt.PNCounter("b") a:increment(5) b:increment(3) both(a, b)
       a:clear() b:increment(1) return both(a, b)`,
      1,
    ],
    ['that only grow have no clear', 'return tostring(crdt.GCounter("a").clear)', 'nil'],
  ])
})

describe('registers', () => {
  rows([
    [
      'are nil and empty first',
      'return tostring(crdt.LWWRegister("a"):value()) .. #crdt.MVRegister("a"):value()',
      'nil0',
    ],
    [
      'LWW: the later write wins, whichever arrives last',
      `local a, b = crdt.LWWRegister("a"), crdt.LWWRegister("b") a:set("late", 20) b:set("early", 10) return both(a, b)`,
      'late',
    ],
    [
      'LWW: at the same time the greater replica id wins',
      `local a, b = crdt.LWWRegister("a"), crdt.LWWRegister("b") a:set("a", 7) b:set("b", 7) return both(b, a)`,
      'b',
    ],
    [
      'LWW: a write with an earlier timestamp than one that is known is lost',
      'local a = crdt.LWWRegister("a") a:set("x", 9) a:set("y", 8) return a:value() .. a:timestamp()',
      'x9',
    ],
    [
      'LWW: without timestamps, a write that has seen another is later, however the clocks go',
      `local a, b = crdt.LWWRegister("z"), crdt.LWWRegister("b") a:set("future", os.time() + 1e9) b:merge(a) b:set("now")
       return both(a, b)`,
      'now',
    ],
    [
      'LWW: the clock is that of the message',
      'local a = crdt.LWWRegister("a") a:set(1) return a:timestamp() - os.time()',
      0,
    ],
    [
      'MV: values written at the same time stand side by side',
      `local a, b = crdt.MVRegister("a"), crdt.MVRegister("b") a:set("x") b:set("y") return both(a, b)`,
      '["x","y"]',
    ],
    [
      'MV: a write takes the place of all that it has seen',
      `local a, b = crdt.MVRegister("a"), crdt.MVRegister("b") a:set("x") b:set("y") both(a, b) a:set("z") return both(a, b)`,
      '["z"]',
    ],
    [
      'MV: equal values are shown once',
      `local a, b = crdt.MVRegister("a"), crdt.MVRegister("b") a:set({1}) b:set({1.0}) return both(a, b)`,
      '[[1]]',
    ],
    [
      'hold what JSON holds, as a copy',
      `local value = { list = { 1, 2.5, false }, text = "é" } local a, b = crdt.MVRegister("a"), crdt.LWWRegister("a")
       a:set(value) b:set(value) value.list[1] = 9 a:value()[1].list[1] = 8 b:value().list[1] = 7
       return tostring(crdt.decode(a:encode())) .. tostring(b)`,
      '[{"list":[1,2.5,false],"text":"é"}]{"list":[1,2.5,false],"text":"é"}',
    ],
    [
      'keep all digits of a float',
      'local a = crdt.LWWRegister("a") a:set(0.1 + 0.2) return tostring(crdt.decode(a:encode()):value() == 0.1 + 0.2)',
      'true',
    ],
  ])
})

describe('AWSet', () => {
  rows([
    [
      'shows booleans, numbers and texts in this order',
      'local s = crdt.AWSet("a") for _, e in ipairs({ "b", 2, true, "a", -1 }) do s:add(e) end return tostring(s)',
      '[true,-1,2,"a","b"]',
    ],
    [
      'knows what it has',
      'local s = crdt.AWSet("a") s:add(1) s:remove(2) return tostring(s:has(1)) .. tostring(s:has(2)) .. tostring(s:has(nil))',
      'truefalsefalse',
    ],
    ['takes 1 and 1.0 for one', 'local s = crdt.AWSet("a") s:add(1.0) s:add(1) s:remove(1.0) return tostring(s)', '[]'],
    [
      'add wins over a remove that has not seen it',
      `local a, b = crdt.AWSet("a"), crdt.AWSet("b") a:add("x") both(a, b) a:remove("x") b:add("x") return both(a, b)`,
      '["x"]',
    ],
    [
      'remove takes away all adds that it has seen',
      `local a, b = crdt.AWSet("a"), crdt.AWSet("b") a:add("x") b:add("x") both(a, b) b:remove("x") return both(a, b)`,
      '[]',
    ],
    [
      'an add that arrives after its remove stays away',
      `local a, b = crdt.AWSet("a"), crdt.AWSet("b") local add = a:add("x") local remove = a:remove("x")
       b:merge(remove) b:merge(add) return tostring(b) .. tostring(a:equals(b))`,
      '[]true',
    ],
  ])
})

describe('ORMap', () => {
  rows([
    [
      'holds all kinds, also maps',
      `local m = crdt.ORMap("a") m:AWSet("tags"):add("x") m:ORMap("author"):LWWRegister("name"):set("Ada")
       m:PNCounter("likes"):increment(2) m:Text("body"):insert(1, "Hi") m:MVRegister("note"):set(1) m:GCounter("seen"):increment()
       return tostring(m)`,
      '{"author":{"name":"Ada"},"body":"Hi","likes":2,"note":[1],"seen":1,"tags":["x"]}',
    ],
    [
      'looks without creating',
      `local m = crdt.ORMap("a") return tostring(m) .. #m:AWSet("tags"):value() .. m:Text("body"):length() .. tostring(m:has("tags"))
       .. tostring(m:get("tags")) .. tostring(m:ORMap("x"):ORMap("y"):get("z"))`,
      '[]00falsenilnil',
    ],
    [
      'has keys, values and kinds',
      `local m = crdt.ORMap("a") m:AWSet("b"):add(1) m:PNCounter("a"):increment()
       return table.concat(m:keys(), ",") .. m:get("a") .. m:kindOf("b") .. tostring(m:kindOf("c"))`,
      'a,b1AWSetnil',
    ],
    [
      'a key stays though all in it is removed, until it is removed itself',
      `local m = crdt.ORMap("a") m:AWSet("tags"):add(1) m:AWSet("tags"):remove(1) local before = tostring(m) m:remove("tags")
       return before .. tostring(m) .. tostring(m:has("tags"))`,
      '{"tags":[]}[]false',
    ],
    [
      'a removed key that comes back begins anew',
      `local m = crdt.ORMap("a") m:AWSet("tags"):add("old") m:PNCounter("likes"):increment(5) m:Text("body"):insert(1, "old")
       for _, key in ipairs(m:keys()) do m:remove(key) end
       m:AWSet("tags"):add("new") m:PNCounter("likes"):increment() m:Text("body"):insert(1, "new") return tostring(m)`,
      '{"body":"new","likes":1,"tags":["new"]}',
    ],
    [
      'an update wins over a remove that has not seen it, with what the remove has not seen',
      `local a, b = crdt.ORMap("a"), crdt.ORMap("b")
       a:AWSet("tags"):add("old") a:PNCounter("likes"):increment(5) a:Text("body"):insert(1, "old") a:LWWRegister("title"):set("old")
       both(a, b) b:clear()
       a:AWSet("tags"):add("new") a:PNCounter("likes"):increment(1) a:Text("body"):insert(4, " new") return both(a, b)`,
      '{"body":" new","likes":1,"tags":["new"]}',
    ],
    [
      'an update deep below a removed key brings back the keys above it',
      `local a, b = crdt.ORMap("a"), crdt.ORMap("b") a:ORMap("x"):ORMap("y"):AWSet("z"):add(1) both(a, b)
       b:remove("x") a:ORMap("x"):ORMap("y"):AWSet("z"):add(2) return both(a, b)`,
      '{"x":{"y":{"z":[2]}}}',
    ],
    [
      'a remove in a part does not bring back its key',
      `local a, b = crdt.ORMap("a"), crdt.ORMap("b") a:AWSet("tags"):add(1) a:Text("body"):insert(1, "x") both(a, b)
       b:clear() a:AWSet("tags"):remove(1) a:Text("body"):delete(1) return both(a, b)`,
      '[]',
    ],
    [
      'a key stays as long as something in it is there that its remove has not seen, in whatever order that arrives',
      `local a, b = crdt.ORMap("a"), crdt.ORMap("b") local first = a:AWSet("s"):add(1) local second = a:AWSet("s"):add(2)
       b:merge(second) b:remove("s") b:merge(first) return tostring(b) .. tostring(b:has("s")) .. table.concat(b:keys())`,
      '{"s":[1]}trues',
    ],
    [
      'a key that two replicas create with two kinds shows the first kind of the alphabet, and the other behind it',
      `local a, b = crdt.ORMap("a"), crdt.ORMap("b") a:Text("x"):insert(1, "text") b:AWSet("x"):add("set")
       return both(a, b) .. a:Text("x"):value()`,
      '{"x":["set"]}text',
    ],
    [
      'a key that was removed may come back as another kind',
      'local m = crdt.ORMap("a") m:Text("x"):insert(1, "t") m:remove("x") m:PNCounter("x"):increment() return tostring(m)',
      '{"x":1}',
    ],
  ])
})

describe('Text', () => {
  rows([
    [
      'counts characters, not bytes',
      `local t = crdt.Text("a") t:insert(1, "añ😀z") t:insert(4, "€") t:delete(2) return tostring(t) .. t:length() .. t:slice(2, 3)`,
      'a😀€z4😀€',
    ],
    [
      'slices what lies inside',
      'local t = crdt.Text("a") t:insert(1, "abc") return t:slice(2) .. "|" .. t:slice(2, 99) .. "|" .. t:slice(9) .. "|" .. t:slice(3, 2)',
      'bc|bc||',
    ],
    [
      'an empty insert or delete changes nothing',
      'local t = crdt.Text("a") t:insert(1, "") t:delete(1, 0) return t:encode() == crdt.Text("b"):encode() and "same"',
      'same',
    ],
    [
      'runs typed forward at one place do not mix',
      `local replicas = { crdt.Text("a"), crdt.Text("b"), crdt.Text("c") } replicas[1]:insert(1, "[]")
       replicas[2]:merge(replicas[1]) replicas[3]:merge(replicas[1])
       for place, letters in ipairs({ "klm", "uvw", "xyz" }) do
         for index = 1, 3 do replicas[place]:insert(index + 1, letters:sub(index, index)) end
       end
       replicas[1]:merge(replicas[2]) replicas[1]:merge(replicas[3]) return tostring(replicas[1])`,
      '[klmuvwxyz]',
    ],
    [
      'runs typed backward at one place do not mix',
      `local replicas = { crdt.Text("a"), crdt.Text("b"), crdt.Text("c") } replicas[1]:insert(1, "[]")
       replicas[2]:merge(replicas[1]) replicas[3]:merge(replicas[1])
       for place, letters in ipairs({ "klm", "uvw", "xyz" }) do
         for index = 3, 1, -1 do replicas[place]:insert(2, letters:sub(index, index)) end
       end
       replicas[3]:merge(replicas[1]) replicas[3]:merge(replicas[2]) return tostring(replicas[3])`,
      '[klmuvwxyz]',
    ],
    [
      'characters that come before what they were written next to wait for it',
      `local a, b = crdt.Text("a"), crdt.Text("b") local first = a:insert(1, "ac") local second = a:insert(2, "b")
       b:merge(second) local before = tostring(b) b:merge(first) return "(" .. before .. ")" .. tostring(b)`,
      '()abc',
    ],
    [
      'what arrives again leaves the order as it was',
      `local a, z, b, reader = crdt.Text("a"), crdt.Text("z"), crdt.Text("b"), crdt.Text("reader")
       z:merge(a:insert(1, "k")) z:insert(2, "x") a:insert(2, "l") b:insert(1, "y")
       for _, text in ipairs({ a, z, a, b, a }) do reader:merge(text) reader:length() end
       return tostring(reader) .. tostring(crdt.decode(reader:encode()))`,
      'klxyklxy',
    ],
    [
      'text written into what another deletes stays',
      `local a, b = crdt.Text("a"), crdt.Text("b") a:insert(1, "one two") both(a, b) a:delete(1, 7) b:insert(4, "!") return both(a, b)`,
      '!',
    ],
    [
      'is as deep as it is long without harm',
      'local t = crdt.Text("a") for _ = 1, 3000 do t:insert(1, "x") end return #crdt.decode(t:encode()):value()',
      3000,
    ],
  ])

  test('agrees with a plain list of characters under thousands of edits', () => {
    const edits = fc.array(
      fc.record({ raw: fc.nat(), text: fc.string({ unit: 'grapheme-composite', maxLength: 4 }), remove: fc.nat(5) }),
      { minLength: 500, maxLength: 500 },
    )
    const code = `local crdt, json = require("crdt"), require("json")
      Handlers.add("Run", "Run", function(msg)
        local text = crdt.Text("a")
        for _, edit in ipairs(json.decode(msg.Data)) do
          text:delete(edit.raw % (text:length() + 1 - edit.remove % (text:length() + 1)) + 1, edit.remove % (text:length() + 1))
          text:insert(edit.raw % (text:length() + 1) + 1, edit.text)
        end
        local copy = crdt.decode(text:encode())
        print(json.encode({ text:value(), copy:value(), text:slice(10, 40), text:length() }))
      end)`
    const library = createLibraryProcess({ setup: code })
    fc.assert(
      fc.property(edits, (list) => {
        let characters: string[] = []
        for (const { raw, text, remove } of list) {
          const count = remove % (characters.length + 1)
          characters = characters.toSpliced(raw % (characters.length + 1 - count), count)
          characters = characters.toSpliced(raw % (characters.length + 1), 0, ...text)
        }
        const text = characters.join('')
        const { data } = library.send({ action: 'Run', data: JSON.stringify(list) })
        expect(JSON.parse(String(data))).toEqual([text, text, characters.slice(9, 40).join(''), characters.length])
      }),
      { seed: 3, numRuns: 10 },
    )
  })
})

describe('documents', () => {
  rows([
    [
      'have one text, whatever the order of their changes (C4)',
      `local texts = {}
       for round = 1, 20 do
         local parts = {}
         for index = 1, 30 do
           local part = crdt.ORMap("r" .. index) part:AWSet("s" .. index % 7):add(index) part:PNCounter("c"):increment(index)
           table.insert(parts, math.random(#parts + 1), part)
         end
         local whole = crdt.ORMap("w")
         for _, part in ipairs(parts) do whole:merge(part) end
         texts[whole:encode() .. tostring(whole)] = true
       end
       local count = 0 for _ in pairs(texts) do count = count + 1 end return count`,
      1,
    ],
    [
      'are encoded as JSON without any ambiguity',
      'local m = crdt.ORMap("a") m:AWSet("tags"):add("x") m:AWSet("tags"):remove("x") return m:encode()',
      '{"context":[[1,3]],"format":1,"kind":"ORMap","replicas":["a"],"store":[["tags","AWSet",[1,2],[]]]}',
    ],
    [
      'say in an encoding what a delta is',
      'return crdt.AWSet("a"):add("x"):encode()',
      '{"context":[[1,1]],"delta":true,"format":1,"kind":"AWSet","replicas":["a"],"store":[["x",[1,1]]]}',
    ],
    [
      'are equal when their texts are',
      `local a, b = crdt.AWSet("a"), crdt.AWSet("b") local before = a:equals(b) a:add(1)
       return tostring(before) .. tostring(a:equals(b)) .. tostring(b:merge(a):equals(a)) .. tostring(a:equals(nil))`,
      'truefalsetruefalse',
    ],
    [
      'a decoded one goes on with its replica id',
      `local a = crdt.AWSet("a") a:add(1) local again = crdt.decode(a:encode(), "a") again:remove(1) again:add(2)
       return tostring(a:merge(again))`,
      '[2]',
    ],
    [
      'merging changes nothing in what is merged, now or later',
      `local a, b = crdt.ORMap("a"), crdt.ORMap("b") a:AWSet("s"):add(1) a:Text("t"):insert(1, "abc") a:PNCounter("c"):increment()
       local before = a:encode() b:merge(a) b:AWSet("s"):add(2) b:Text("t"):delete(2) b:PNCounter("c"):increment() b:clear()
       return tostring(a:encode() == before)`,
      'true',
    ],
    [
      'a document merged with itself is itself',
      'local a = crdt.AWSet("a") a:add(1) return tostring(a:merge(a))',
      '[1]',
    ],
    [
      'a change that does nothing gives an empty delta',
      `local s = crdt.AWSet("a") local m = crdt.ORMap("a")
       return s:remove("x"):encode() == m:remove("x"):encode():gsub("ORMap", "AWSet") and s:clear():encode()`,
      '{"context":[],"delta":true,"format":1,"kind":"AWSet","replicas":[],"store":[]}',
    ],
  ])

  const damaged =
    'crdt: This text is not the encoding of a CRDT, or is damaged. Take the text that encode() gave, unchanged.'
  const c = 'local crdt = require("crdt") '
  const encodedAs = (kind: string, store: string, context = '[[1,9]]') =>
    `${c} crdt.decode('{"context":${context},"format":1,"kind":"${kind}","replicas":["a"],"store":${store}}')`
  testErrors([
    [
      'no replica id',
      `${c} crdt.AWSet()`,
      'crdt: A replica id must be 1 to 128 bytes of UTF-8, another one for each replica.',
    ],
    [
      'merging kinds that differ',
      `${c} crdt.AWSet("a"):merge(crdt.ORMap("b"))`,
      'crdt: A AWSet can only be merged with a AWSet or its delta, not with ORMap.',
    ],
    [
      'merging something else',
      `${c} crdt.AWSet("a"):merge("text")`,
      'crdt: A AWSet can only be merged with a AWSet or its delta, not with text.',
    ],
    [
      'merging into a part',
      `${c} local m = crdt.ORMap("a") m:AWSet("x"):merge(m)`,
      'crdt: AWSet "x" is a part of a document: do this with the whole document.',
    ],
    [
      'changing a delta',
      `${c} crdt.AWSet("a"):add(1):add(2)`,
      'crdt: This AWSet is only for reading and merging. To change it, give it a replica id: crdt.decode(text, replica).',
    ],
    [
      'another kind under a key',
      `${c} local m = crdt.ORMap("a") m:Text("x"):insert(1, "t") m:AWSet("x"):add(1)`,
      'crdt: The key "x" holds a Text: remove it first, or take another key for a AWSet.',
    ],
    [
      'a table as an element',
      `${c} crdt.AWSet("a"):add({})`,
      'crdt: An element must be a string, a number or a boolean, not a table.',
    ],
    [
      'bytes that are not UTF-8',
      `${c} crdt.AWSet("a"):add("\\xff")`,
      'crdt: An element must be UTF-8 text, not other bytes.',
    ],
    [
      'half a surrogate pair',
      `${c} crdt.Text("a"):insert(1, "\\xed\\xa0\\x80")`,
      'crdt: Inserted text must be UTF-8 text, not other bytes.',
    ],
    ['a number that is none', `${c} crdt.MVRegister("a"):set(1/0)`, 'crdt: A number must be finite, not inf.'],
    [
      'a function in a value',
      `${c} crdt.MVRegister("a"):set({ print })`,
      'crdt: A value must be a string, a number or a boolean, not a function.',
    ],
    [
      'a list with gaps',
      `${c} crdt.MVRegister("a"):set({ 1, nil, 3 })`,
      'crdt: A table with the keys 1, 2, 3, … must have no gaps.',
    ],
    [
      'mixed keys',
      `${c} crdt.MVRegister("a"):set({ 1, x = 2 })`,
      'crdt: A table must have the keys 1, 2, 3, … or texts alone; it has the key x.',
    ],
    [
      'a value in itself',
      `${c} local v = {} v.v = v crdt.MVRegister("a"):set(v)`,
      'crdt: A value must not be nested deeper than 64 tables, nor contain itself.',
    ],
    [
      'an amount below 1',
      `${c} crdt.PNCounter("a"):increment(0)`,
      'crdt: An amount must be a whole number from 1, not 0.',
    ],
    [
      'half an amount',
      `${c} crdt.PNCounter("a"):decrement(1.5)`,
      'crdt: An amount must be a whole number from 1, not 1.5.',
    ],
    [
      'more than a double holds',
      `${c} local n = crdt.GCounter("a") n:increment(1 << 53) n:increment()`,
      "crdt: A replica's counts must stay below 2^53.",
    ],
    [
      'an index behind the text',
      `${c} crdt.Text("a"):insert(2, "x")`,
      'crdt: The index of an insert must be from 1 to 1, not 2.',
    ],
    [
      'an index of 0',
      `${c} crdt.Text("a"):insert(0, "x")`,
      'crdt: The index of an insert must be a whole number from 1, not 0.',
    ],
    [
      'deleting more than there is',
      `${c} local t = crdt.Text("a") t:insert(1, "abc") t:delete(2, 3)`,
      'crdt: The index of a delete must be from 1 to 1, not 2.',
    ],
    ['text that is no JSON', `${c} crdt.decode("{")`, damaged],
    ['another JSON', `${c} crdt.decode("[1]")`, damaged],
    ['an unknown kind', encodedAs('Set', '[]'), damaged],
    ['a replica that is not listed', encodedAs('AWSet', '[["x",[2,1]]]'), damaged],
    ['items out of order', encodedAs('AWSet', '[["x",[1,2,1,1]]]'), damaged],
    ['ranges that touch', encodedAs('AWSet', '[]', '[[1,2,3,4]]'), damaged],
    ['a count that is cleared more than counted', encodedAs('PNCounter', '[[1,1,0,2]]'), damaged],
    ['a register without timestamp', encodedAs('LWWRegister', '[[1,1,"x"]]'), damaged],
    ['an entry of an unknown kind', encodedAs('ORMap', '[["k","Set",[],[]]]'), damaged],
    ['text that hangs on nothing', encodedAs('Text', '[[1,[1,0,0,"L","x"]]]'), damaged],
    ['runs that overlap', encodedAs('Text', '[[1,[1,0,0,"R","xyz"],[2,0,0,"R","a"]]]'), damaged],
  ])
})

describe('what is kept', () => {
  const sizeAfter = (change: string, times: number) =>
    Number(
      createLibraryProcess().eval(
        `${begin} local a, b = crdt.ORMap("a"), crdt.ORMap("b")
         for round = 1, ${times} do ${change} if round % 10 == 0 then both(a, b) end end return #both(a, b) + #a:encode()`,
      ),
    )

  test.each([
    [
      'adding and removing elements',
      'a:AWSet("s"):add(round) b:AWSet("s"):remove(round - 5) a:AWSet("s"):remove(round)',
    ],
    ['adding one element again and again', 'a:AWSet("s"):add(1) b:AWSet("s"):add(1)'],
    ['writing registers', 'a:MVRegister("m"):set("x") b:LWWRegister("l"):set("y")'],
    ['counting', 'a:PNCounter("c"):increment() b:PNCounter("c"):decrement()'],
    ['creating and removing keys', 'a:ORMap("k" .. round):AWSet("s"):add(1) a:remove("k" .. round)'],
  ])('does not grow by %s', (_title, change) => {
    const few = sizeAfter(change, 100)
    // Numbers get more digits.
    expect(sizeAfter(change, 1_000) - few).toBeLessThan(20)
  })

  test('text typed in one go is one run, and so is what was deleted of it', () => {
    const code = `${begin} local t = crdt.Text("a")
      for index = 1, 500 do t:insert(index, "x") end
      for _ = 1, 400 do t:delete(51) end
      return #t.store.runs.a .. " " .. #t:encode()`
    expect(createLibraryProcess().eval(code)).toBe('3 199')
  })

  test('a delta is as large as the change, not as the document', () => {
    const code = `${begin} local m = crdt.ORMap("a") local sizes = {}
      for index = 1, 300 do m:AWSet("tags"):add("tag " .. index) m:Text("body"):insert(1, "some words ") end
      return #m:AWSet("tags"):add("x"):encode() .. " " .. #m:Text("body"):insert(7, "x"):encode() .. " "
        .. #m:Text("body"):delete(1, 20):encode()`
    for (const size of String(createLibraryProcess().eval(code)).split(' ')) expect(Number(size)).toBeLessThan(250)
  })
})

describe('the module', () => {
  const source = readFileSync(new URL('library/crdt.lua', import.meta.url), 'utf8')

  test('is bundled into a process like any other, and takes over the documents of another copy', () => {
    const library = createLibraryProcess()
    library.eval('Notes = require("crdt").ORMap("a") Notes:Text("body"):insert(1, "old")')
    library.eval(`package.loaded.crdt = (function(...) ${source}\nend)("crdt")`)
    const code = `local crdt = require("crdt") local mine = crdt.ORMap("b"):merge(Notes)
      mine:Text("body"):insert(4, " and new") Notes:merge(mine) return tostring(Notes) .. tostring(Notes:equals(mine))`
    expect(library.eval(code)).toBe('{"body":"old and new"}true')
  })

  test('sets no globals', () => {
    const code = `local before = {} for name in pairs(_G) do before[name] = true end
      local crdt = require("crdt") crdt.ORMap("a"):Text("t"):insert(1, "x")
      local new = {} for name in pairs(_G) do if not before[name] then new[#new + 1] = name end end
      return #new == 0 and "none" or table.concat(new, " ")`
    expect(createLibraryProcess().eval(code)).toBe('none')
  })
})
