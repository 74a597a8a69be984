import { describe, expect, test } from 'vitest'
import { createLibraryProcess, testCode, testErrors } from '../harness.ts'

describe('14.0 Modules', () => {
  test.each(
    `.ao .assignment .base64 .bint .boot .chance .crypto .crypto.digest .crypto.utils .crypto.cipher .crypto.random
     .crypto.mac .crypto.kdf .default .dump .eval .handlers .handlers-utils .pretty .process .stringify .utils json`.split(
      /\s+/,
    ),
  )('14.0.1 require finds %s', (name) => {
    expect(createLibraryProcess().eval(`type(require("${name}"))`)).toMatch(/^(table|function)$/)
  })

  testCode([
    ['14.0.2 ao is .ao', 'return tostring(require("ao") == require(".ao"))', 'true'],
    ['14.0.3 .crypto is .crypto.init', 'return tostring(require(".crypto") == require(".crypto.init"))', 'true'],
    [
      '14.0.4 the inside of the library is not to be had',
      'local n = 0 for _, name in ipairs({ ".main", ".packets", ".workers", ".message", ".names", ".outbox" }) do if pcall(require, name) then n = n + 1 end end return n',
      0,
    ],
    ['14.0.4 no host module is found', 'return tostring((pcall(require, "socket")))', 'false'],
    [
      '14.0.4 there is no standard-library compatibility module',
      'return tostring((pcall(require, ".compat"))) .. tostring((pcall(require, "compat53")))',
      'falsefalse',
    ],
    [
      '14.0.5 unknown names raise the standard error',
      'local ok, why = pcall(require, "nothing") return why:match("^[^\\n]*")',
      "module 'nothing' not found:",
    ],
    [
      '14.0.6 user modules are installed in package.loaded',
      'package.loaded["mine"] = { x = 5 } return require("mine").x',
      5,
    ],
    [
      '14.0.6 a built-in module can be replaced there',
      'package.loaded[".utils"] = { x = 5 } return require(".utils").x',
      5,
    ],
    [
      'package.preload works',
      'package.preload["mine"] = function(name) return { name = name } end return require("mine").name',
      'mine',
    ],
    [
      'a module taken out is found again',
      'local before = require(".utils") package.loaded[".utils"] = nil return tostring(require(".utils") == before)',
      'true',
    ],
    ['14.0.7 .process has a version and handle', 'return type(require(".process").handle)', 'function'],
    ['14.0.8 the version that consoles ask for', "require('.process')._version", '2.0.4'],
  ])
})

const append = 'local function f(...) local s = "" for _, v in ipairs({ ... }) do s = s .. tostring(v) end return s end'

describe('14.1 .utils', () => {
  testCode([
    ['14.1.1 _version', 'return Utils._version', '0.0.5'],
    [
      '14.1.2 curried functions take one argument at a time',
      `return Utils.concat({ 1 })({ 2 })[2] .. Utils.reduce(function(a, v) return a + v end)(0)({ 1, 2 }) .. Utils.map(function(v) return v + 1 end)({ 1 })[1]
        .. Utils.filter(function(v) return v > 1 end)({ 1, 2 })[1] .. Utils.find(function(v) return v > 1 end)({ 1, 2 })
        .. tostring(Utils.propEq("a")("1")({ a = "1" })) .. Utils.prop("a")({ a = 6 }) .. tostring(Utils.includes(3)({ 1, 2 }))
        .. Utils.compose(function(v) return v .. "c" end)(function(v) return v .. "b" end)("a")`,
      '23222true6falseabc',
    ],
    [
      '14.1.2 a curried function can be used twice',
      'local f = Utils.curry(function(a, b) return a + b end)(1) return f(1) + f(10)',
      13,
    ],
    [
      '14.1.3 concat makes a new array of two',
      'local a = { 1, 2 } local c = Utils.concat(a, { 3 }) return table.concat(c, " ") .. #a .. tostring(c ~= a)',
      '1 2 32true',
    ],
    [
      '14.1.4 reduce gives value and key',
      'return Utils.reduce(function(a, v, k) return a + v * k end, 0, { 1, 2, 3 })',
      14,
    ],
    [
      '14.1.4 reduce takes the present value where the accumulator is nil',
      'return Utils.reduce(function(a, v) return a .. v end, nil, { "a", "b" }) .. Utils.reduce(function(a, v) if v == 2 then return nil end return a + v end, 0, { 1, 2, 3, 4 })',
      'ab7',
    ],
    ['14.1.4 reduce over nothing gives the beginning', 'return Utils.reduce(function() return 1 end, 5, {})', 5],
    [
      '14.1.5 map gives value and key',
      'return table.concat(Utils.map(function(v, k) return v .. k end, { "a", "b" }), " ")',
      'a1 b2',
    ],
    ['14.1.6 filter', 'return table.concat(Utils.filter(function(v) return v > 1 end, { 1, 2, 3 }), " ")', '2 3'],
    [
      '14.1.6 filter gives the value alone',
      `${append} Utils.filter(function(...) print(f(...)) end, { "a" }) return nil`,
      'a',
    ],
    ['14.1.7 find gives the first value', 'return Utils.find(function(v) return v > 1 end, { 1, 2, 3 })', 2],
    [
      '14.1.7 find gives nil where there is none',
      'return tostring(Utils.find(function() return false end, { 1 }))',
      'nil',
    ],
    ['14.1.7 find looks into any table', 'return Utils.find(function(v) return v == "x" end, { a = "x" })', 'x'],
    [
      '14.1.8 propEq compares a field',
      'return tostring(Utils.propEq("a", "1", { a = "1" })) .. tostring(Utils.propEq("a", "1", { a = 1 }))',
      'truefalse',
    ],
    ['14.1.9 prop gives a field', 'return Utils.prop("a", { a = 5 }) .. tostring(Utils.prop("b", {}))', '5nil'],
    [
      '14.1.10 includes',
      'return tostring(Utils.includes(2, { 1, 2 })) .. tostring(Utils.includes("2", { 1, 2 }))',
      'truefalse',
    ],
    [
      '14.1.11 reverse makes a new array',
      'local a = { 1, 2, 3 } return table.concat(Utils.reverse(a), " ") .. a[1] .. #Utils.reverse({})',
      '3 2 110',
    ],
    [
      '14.1.12 compose runs from right to left',
      'return Utils.compose(function(v) return v .. "d" end, function(v) return v .. "c" end, function(v) return v .. "b" end)("a")',
      'abcd',
    ],
    [
      '14.1.13 keys and values are arrays',
      'local t = { a = 1, b = 2, [1] = 3 } local k, v = Utils.keys(t), Utils.values(t) local sum = 0 for i = 1, 3 do assert(t[k[i]]) sum = sum + v[i] end return #k .. #v .. sum',
      '336',
    ],
    ['14.1.14 curry by parameter count', 'return Utils.curry(function(a, b, c) return a .. b .. c end)(1)(2, 3)', 123],
    ['14.1.14 curry by arity', 'return Utils.curry(function(...) return select("#", ...) end, 2)(1)(2)', 2],
    [
      '14.1.15 normalize spells a name, and leaves what is no string',
      'return Utils.normalize("data_PROTOCOL") .. tostring(Utils.normalize(5)) .. tostring(Utils.normalize(nil))',
      'Data-Protocol5nil',
    ],
    ['14.1.16 capitalize', 'return Utils.capitalize("hELLO world") .. Utils.capitalize("")', 'Hello world'],
    [
      '14.1.17 matchesSpec and matchesPattern are those of section 7',
      'return tostring(Utils.matchesSpec({ A = "1", Tags = {} }, { A = "1" })) .. tostring(Utils.matchesPattern("A", "a", {}))',
      'truetrue',
    ],
    [
      '14.1.18, 20.24 what lacks some arguments takes them later, however many came at once',
      'return Utils.reduce(function(a, v) return a + v end, 0)({ 1, 2, 3 }) .. Utils.reduce(function(a, v) return a + v end)(0, { 1 }) .. tostring(Utils.propEq("a", "1")({ a = "1" })) .. tostring(Utils.propEq("a")("1", { a = "2" }))',
      '61truefalse',
    ],
    [
      '14.1.18, 20.24 compose(reduce(fn, 0), map(fn))',
      'return Utils.compose(Utils.reduce(function(a, v) return a + v end, 0), Utils.map(function(v) return v * 2 end))({ 1, 2, 3 })',
      12,
    ],
  ])

  testErrors([
    [
      '14.1.19 concat: the first is an array',
      'Utils.concat({ a = 1 }, {})',
      'first argument should be a table that is an array',
    ],
    [
      '14.1.19 concat: the second is an array',
      'Utils.concat({}, { a = 1 })',
      'second argument should be a table that is an array',
    ],
    ['14.1.19 concat: the first is a table', 'Utils.concat(1, {})', 'first argument should be a table'],
    ['14.1.19 concat: the second is a table', 'Utils.concat({}, 1)', 'second argument should be a table'],
    [
      '14.1.20 reduce: a function',
      'Utils.reduce(1, 0, {})',
      'first argument should be a function that accepts (result, value, key)',
    ],
    [
      '14.1.20 reduce: an array',
      'Utils.reduce(print, 0, { a = 1 })',
      'third argument should be a table that is an array',
    ],
    ['14.1.21 map: a function', 'Utils.map(1, {})', 'first argument should be a unary function'],
    ['14.1.21 map: an array', 'Utils.map(print, 1)', 'second argument should be an Array'],
    ['14.1.21 filter: a function', 'Utils.filter(1, {})', 'first argument should be a unary function'],
    ['14.1.21 filter: an array', 'Utils.filter(print, { a = 1 })', 'second argument should be an Array'],
    ['14.1.22 find: a table', 'Utils.find(print, 1)', 'second argument should be a table that is an array'],
    ['14.1.22 find: a function', 'Utils.find(1, {})', 'first argument should be a unary function'],
    ['14.1.23 propEq: the name', 'Utils.propEq(1, "", {})', 'first argument should be a string'],
    ['14.1.23 propEq: the value', 'Utils.propEq("", 1, {})', 'second argument should be a string'],
    ['14.1.23 propEq: the object', 'Utils.propEq("", "", 1)', 'third argument should be a table<object>'],
    ['14.1.24 reverse: an array', 'Utils.reverse(1)', 'argument needs to be a table that is an array'],
    ['14.1.25 compose, when called: functions', 'Utils.compose(1, 2)(3)', 'each argument needs to be a function'],
    ['14.1.26 includes: a table', 'Utils.includes(1, 1)', 'argument needs to be a table'],
    ['14.1.26 includes: an array', 'Utils.includes(1, { a = 1 })', 'argument should be a table that is an array'],
    ['14.1.27 keys: a table', 'Utils.keys(1)', 'argument needs to be a table'],
    ['14.1.27 values: a table', 'Utils.values(1)', 'argument needs to be a table'],
    ['14.1.28 curry: a function', 'Utils.curry(1)', 'function is required as first argument'],
  ])

  test('14.1.25 compose, when made, does not look at its arguments', () => {
    expect(createLibraryProcess().eval('type(Utils.compose(1, 2))')).toBe('function')
  })
})

describe('14.5 Dump', () => {
  testErrors([
    ['14.5.1 the indent is an unsigned integer', 'Dump({}, -1)', 'indent must be unsigned integer'],
    ['14.5.2 the padding is an unsigned integer', 'Dump({}, 1, "x")', 'padding must be unsigned integer'],
    ['14.5.3 the filter is a function', 'Dump({}, 1, 1, 5)', 'filter must be function'],
  ])
})

describe('14.8 .chance', () => {
  testCode([
    [
      '14.8.1 seed, random and integer are the generator behind math.random',
      `local c = require(".chance") local function draw(random, integer) c.seed(5) return random() .. " " .. integer(3, 99) .. " " .. random() end
        return tostring(draw(c.random, c.integer) == draw(math.random, math.random))`,
      'true',
    ],
    [
      '14.8.1 its numbers have the types of those',
      'local c = require(".chance") c.seed(5) return math.type(c.random()) .. math.type(c.integer(1, 7))',
      'floatinteger',
    ],
  ])
})
