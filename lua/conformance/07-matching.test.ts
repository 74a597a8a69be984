import { describe, expect, test } from 'vitest'
import { createLibraryProcess, testCode } from '../harness.ts'

const message = `{ Action = "Transfer", From = "Alice", Nonce = 3, Cron = true, Quantity = "100", Data = { 1 }, Off = false,
  Price = 1.5, Tags = { Action = "Transfer", Quantity = "100", Type = "Message", ["Data-Protocol"] = "ao",
  Variant = "ao.TN.1", Nextprocess = "p", Both = "tag" }, Both = "root" }`

/** Rows of a spec and what `matchesSpec` gives for the message above. */
function testSpecs(rows: readonly (readonly [spec: string, expected: string])[]): void {
  testCode(
    rows.map(
      ([spec, expected]) =>
        [
          `${spec} gives ${expected}`,
          `local verdict = Utils.matchesSpec(${message}, ${spec}) return tostring(verdict)`,
          expected,
        ] as const,
    ),
  )
}

/** Rows of arguments to `matchesPattern` and what it gives. */
function testPatterns(rows: readonly (readonly [call: string, expected: string])[]): void {
  testCode(
    rows.map(
      ([call, expected]) =>
        [
          `matchesPattern(${call}) gives ${expected}`,
          `return tostring(Utils.matchesPattern(${call}))`,
          expected,
        ] as const,
    ),
  )
}

describe('7 Matching', () => {
  describe('7.1 a function gives what it returns, unchanged', () => {
    testSpecs([
      ['function(m) return m.Quantity end', '100'],
      ['function() return "continue" end', 'continue'],
      ['function() end', 'nil'],
      ['function() return 0 end', '0'],
    ])
  })

  describe('7.2, 20.4 a string is the Action, case-sensitive and exact', () => {
    testSpecs([
      ['"Transfer"', 'true'],
      ['"transfer"', 'false'],
      ['"Trans"', 'false'],
      ['"Trans.*"', 'false'],
      ['"_"', 'false'],
    ])
  })

  describe('7.3 every key of a table must match', () => {
    testSpecs([
      ['{ Action = "Transfer" }', 'true'],
      ['{ Action = "Transfer", Quantity = "100" }', 'true'],
      ['{ Action = "Transfer", Quantity = "5" }', 'false'],
    ])
  })

  describe('7.4 an absent key fails, whatever its pattern', () => {
    testSpecs([
      ['{ Missing = "_" }', 'false'],
      ['{ Missing = function() return true end }', 'false'],
      ['{ Off = "_" }', 'false'],
      ['{ Off = function() return true end }', 'false'],
      ['{ Quantity = "_" }', 'true'],
    ])
  })

  describe('7.5 a key matches by the value at the root or by the tag', () => {
    testSpecs([
      ['{ Both = "root" }', 'true'],
      ['{ Both = "tag" }', 'true'],
      ['{ Both = "other" }', 'false'],
      ['{ From = "Alice" }', 'true'],
    ])
  })

  describe('7.6 tags that are not extracted can be matched', () => {
    testSpecs([
      ['{ ["Data-Protocol"] = "ao" }', 'true'],
      ['{ Type = "message" }', 'true'],
      ['{ Variant = "ao.TN.1" }', 'true'],
    ])
  })

  describe('7.7 keys are compared in their exact case', () => {
    testSpecs([
      ['{ action = "Transfer" }', 'false'],
      ['{ ["data-protocol"] = "ao" }', 'false'],
      ['{ NextProcess = "p" }', 'true'],
      ['{ Nextprocess = "p" }', 'true'],
    ])
  })

  describe('7.8 an empty table matches everything', () => {
    testSpecs([['{}', 'true']])
    testCode([['also a message without tags', 'return tostring(Utils.matchesSpec({}, {}))', 'true']])
  })

  describe('7.9 other types match nothing', () => {
    testSpecs([
      ['5', 'false'],
      ['nil', 'false'],
      ['true', 'false'],
    ])
  })

  describe('7.10 a nil or false pattern matches nothing', () => {
    testPatterns([
      ['nil, "a", {}', 'false'],
      ['false, false, {}', 'false'],
    ])
  })

  describe('7.11 the pattern "_" matches whatever is there', () => {
    testPatterns([
      ['"_", "a", {}', 'true'],
      ['"_", {}, {}', 'true'],
      ['"_", nil, {}', 'true'],
    ])
    testSpecs([['{ Cron = "_" }', 'true']])
  })

  describe('7.12 a function pattern gets value and message, and its truth counts', () => {
    testSpecs([
      ['{ Quantity = function(v) return tonumber(v) == 100 end }', 'true'],
      ['{ Quantity = function(v, m) return m.From == "Alice" end }', 'true'],
      ['{ Quantity = function() return nil end }', 'false'],
      ['{ Quantity = function() return "anything" end }', 'true'],
      ['{ Quantity = function() return 0 end }', 'true'],
    ])
  })

  describe('7.13, 20.3 a string pattern is compared without case', () => {
    testSpecs([
      ['{ Action = "transfer" }', 'true'],
      ['{ Action = "TRANSFER" }', 'true'],
      ['{ Action = "Trans" }', 'false'],
    ])
  })

  describe('7.14 with one of ^ $ ( ) % . [ ] * + ? it is a Lua pattern, searched anywhere', () => {
    testSpecs([
      ['{ Quantity = "%d+" }', 'true'],
      ['{ Quantity = "^%d$" }', 'false'],
      ['{ Quantity = "0+" }', 'true'],
      ['{ Action = "^TRANS" }', 'true'],
      ['{ Action = "fer$" }', 'true'],
      ['{ Action = "(ns)" }', 'true'],
      ['{ Action = "n.f" }', 'true'],
      ['{ Action = "[xyz]" }', 'false'],
      ['{ Action = "trx*a" }', 'true'],
      ['{ Action = "trx?a" }', 'true'],
      ['{ Action = "a]" }', 'false'],
    ])
  })

  describe('7.15 a lone dash is not special', () => {
    testCode([
      [
        'ids and names with dashes are compared as they stand',
        'local m = { Action = "Get-Info", From = "a-b_c", Tags = {} } return tostring(Utils.matchesSpec(m, { Action = "get-info", From = "A-b_C" })) .. tostring(Utils.matchesSpec(m, { Action = "Get-I" })) .. tostring(Utils.matchesSpec(m, { Action = "GetInfo" }))',
        'truefalsefalse',
      ],
    ])
    testSpecs([['{ Action = "r-f" }', 'false']])
  })

  describe('7.16 numbers compare through their decimal text', () => {
    testSpecs([
      ['{ Nonce = "3" }', 'true'],
      ['{ Nonce = "^%d$" }', 'true'],
      ['{ Nonce = "4" }', 'false'],
      ['{ Price = "1.5" }', 'true'],
    ])
  })

  describe('7.17 a table pattern matches if any of its elements does, whatever their keys', () => {
    testSpecs([
      ['{ From = { "Bob", "Alice" } }', 'true'],
      ['{ From = { "Bob", "Carol" } }', 'false'],
      ['{ From = { any = "alice" } }', 'true'],
      ['{ From = { any = "Bob" } }', 'false'],
      ['{ From = { function(v) return v == "Alice" end } }', 'true'],
      ['{ From = { { "Bob" }, { "Alice" } } }', 'true'],
      ['{ From = {} }', 'false'],
    ])
  })

  describe('7.18 number and boolean patterns match nothing', () => {
    testSpecs([
      ['{ Nonce = 3 }', 'false'],
      ['{ Cron = true }', 'false'],
      ['{ Nonce = { 3 } }', 'false'],
    ])
    testPatterns([
      ['5, 5, {}', 'false'],
      ['true, true, {}', 'false'],
    ])
  })

  testCode([
    [
      '7.19, 20.19 folding leaves the classes of a Lua pattern as they are',
      'local m = { Data = "abc", Tags = {} } return tostring(Utils.matchesSpec(m, { Data = "^%D+$" })) .. tostring(Utils.matchesSpec(m, { Data = "^%d+$" })) .. tostring(Utils.matchesSpec({ Data = "12", Tags = {} }, { Data = "^%D+$" })) .. tostring(Utils.matchesSpec(m, { Data = "^%S+$" }))',
      'truefalsefalsetrue',
    ],
    [
      '7.19, 20.19 literal letters of a Lua pattern are folded',
      'return tostring(Utils.matchesSpec({ Data = "xHELLO%", Tags = {} }, { Data = "Hello%%" })) .. tostring(Utils.matchesSpec({ Data = "q", Tags = {} }, { Data = "[A-Z]" }))',
      'truetrue',
    ],
    [
      '7.20, 20.20 a string pattern against a table or boolean is no match',
      'return tostring(Utils.matchesSpec({ Data = {}, Cron = true, Tags = {} }, { Data = "x" })) .. tostring(Utils.matchesSpec({ Cron = true, Tags = {} }, { Cron = "true" })) .. tostring(Utils.matchesSpec({ Tags = { A = "1" } }, { Tags = "x" }))',
      'falsefalsefalse',
    ],
    [
      '7.21 a function pattern is called once for each different value',
      'local n = 0 local f = function() n = n + 1 return false end Utils.matchesSpec({ A = "1", Tags = { A = "1" } }, { A = f }) Utils.matchesSpec({ A = "1", Tags = { A = "2" } }, { A = f }) Utils.matchesSpec({ Tags = { A = "2" } }, { A = f }) return n',
      4,
    ],
    [
      '7.22 no tag stands in for From, Owner, Target, Id or Data',
      'local s = "" for _, key in ipairs({ "From", "Owner", "Target", "Id", "Data" }) do s = s .. tostring(Utils.matchesSpec({ [key] = "real", Tags = { [key] = "x" } }, { [key] = "x" })) end return s',
      'falsefalsefalsefalsefalse',
    ],
  ])

  test('7.20, 20.20 decoded JSON data does not break a spec on Data', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("a", { Data = "ping" }, function() print("pong") end)',
    })
    expect(library.send({ from: 'x', data: '{}', tags: { 'Content-Type': 'application/json' } }).data).toContain(
      'New Message',
    )
    expect(library.send({ data: 'ping' }).data).toBe('pong')
  })

  test('a flood of patterns is forgotten, and patterns still match', () => {
    const code = `collectgarbage() local before = collectgarbage("count")
      for i = 1, 20000 do assert(Utils.matchesPattern("^A" .. i .. "$", "a" .. i, {})) end
      collectgarbage() assert(collectgarbage("count") - before < 200) return tostring(Utils.matchesPattern("^A1$", "a1", {}))`
    expect(createLibraryProcess().eval(code)).toBe('true')
  })

  test('handlers match by Action, table and function', () => {
    const library = createLibraryProcess({
      setup: `Handlers.add("a", "A", function() print("by action") end)
        Handlers.add("b", { Kind = "k" }, function() print("by table") end)
        Handlers.add("c", function(m) return m.Data == "c" end, function() print("by function") end)`,
    })
    expect(library.send({ action: 'A' }).data).toBe('by action')
    expect(library.send({ action: 'B', tags: { kind: 'K' } }).data).toBe('by table')
    expect(library.send({ data: 'c' }).data).toBe('by function')
  })
})
