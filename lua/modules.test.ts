import { describe, expect, test } from 'vitest'
import { color, createLibraryProcess, processMessage, testCode, testErrors } from './harness.ts'

const { red, green, blue, reset } = color

describe('13 time and randomness', () => {
  const seeded = () => {
    const first = {
      ...processMessage(),
      id: 'AOS',
      from: 'FOOBAR',
      owner: 'FOOBAR',
      blockHeight: 999,
      tags: { Module: 'WOOPAWOOPA' },
    }
    const library = createLibraryProcess({ first: false })
    library.send(first)
    library.send({ id: 'PROCESS'.padEnd(43, '-'), tags: {} })
    return library
  }

  test('the vector', () => {
    const library = seeded()
    const floats = library.eval(
      'local s = {} for i = 1, 5 do s[i] = string.format("%.17g", math.random()) end return table.concat(s, " ")',
    )
    expect(floats).toBe(
      '0.14534765831194818 0.51170728029683232 0.00063033984042704105 0.98826125985942781 0.76347329979762435',
    )
    const integers = library.eval(
      'local s = {} for i = 1, 5 do s[i] = math.random(100) end return table.concat(s, " ")',
    )
    expect(integers).toBe('7 46 2 78 59')
  })

  test('the first math.random(10) is 2', () => {
    expect(seeded().eval('math.random(10)')).toBe('2')
  })

  test('more than one state of the generator', () => {
    // The 1000th output of MT19937 with seed 9991448, computed once with an independent implementation in Python.
    const code = 'for i = 1, 999 do math.random() end return string.format("%d", math.floor(math.random() * 2^32))'
    expect(seeded().eval(code)).toBe('526105306')
  })

  testCode([
    [
      'bounds are held',
      'for i = 1, 1000 do local n = math.random(-3, 3) assert(n >= -3 and n <= 3 and math.type(n) == "integer") end return "ok"',
      'ok',
    ],
    ['three arguments are as none', 'local r = math.random(1, 2, 3) return tostring(r >= 0 and r < 1)', 'true'],
    [
      'randomseed changes nothing',
      'local c = require(".chance") c.seed(5) local a = math.random() c.seed(5) math.randomseed(99) return tostring(a == math.random())',
      'true',
    ],
    [
      '.chance is the same generator',
      'local c = require(".chance") c.seed(5) local a = math.random(7) c.seed(5) return tostring(a == c.integer(1, 7)) .. math.type(c.random())',
      'truefloat',
    ],
    ['later messages do not seed again', 'local a = math.random() return tostring(a ~= math.random())', 'true'],
    ['os.time is a number', 'return math.type(os.time())', 'integer'],
  ])
  testErrors([['an empty interval raises', 'math.random(2, 1)', 'max must bigger than min']])
})

describe('14 require', () => {
  const present = [
    '.ao',
    '.utils',
    '.handlers',
    '.handlers-utils',
    '.eval',
    '.boot',
    '.process',
    '.stringify',
    '.dump',
    '.default',
    '.assignment',
    '.chance',
    'json',
    'ao',
  ]
  testCode(present.map((name) => [`${name} is there`, `return tostring(require("${name}") ~= nil)`, 'true'] as const))

  testCode([
    [
      'unknown names raise the standard error',
      'local ok, why = pcall(require, "nothing") return why:match("^[^\\n]*")',
      "module 'nothing' not found:",
    ],
    [
      'the inside of the library is not to be had',
      'local n = 0 for _, name in ipairs({ ".main", ".packets", ".workers", ".message", ".names", ".outbox" }) do if pcall(require, name) then n = n + 1 end end return n',
      0,
    ],
    ['user modules are installed in package.loaded', 'package.loaded["mine"] = { x = 5 } return require("mine").x', 5],
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
    ['no host module is found', 'return tostring((pcall(require, "socket")))', 'false'],
  ])
})

describe('14.1 .utils', () => {
  testCode([
    ['_version', 'return Utils._version', '0.0.5'],
    ['concat', 'return table.concat(Utils.concat({ 1, 2 }, { 3 }), " ")', '1 2 3'],
    ['concat, curried', 'return table.concat(Utils.concat({ 1, 2 })({ 3 }), " ")', '1 2 3'],
    ['reduce', 'return Utils.reduce(function(a, v, k) return a + v * k end, 0, { 1, 2, 3 })', 14],
    ['reduce without a beginning', 'return Utils.reduce(function(a, v) return a .. v end, nil, { "a", "b" })', 'ab'],
    [
      '20: reduce with two arguments, then one',
      'return Utils.reduce(function(a, v) return a + v end, 0)({ 1, 2, 3 })',
      6,
    ],
    ['reduce one at a time', 'return Utils.reduce(function(a, v) return a + v end)(0)({ 1, 2, 3 })', 6],
    [
      '20: compose(reduce(fn, 0), map(fn))',
      'return Utils.compose(Utils.reduce(function(a, v) return a + v end, 0), Utils.map(function(v) return v * 2 end))({ 1, 2, 3 })',
      12,
    ],
    [
      'map gives value and key',
      'return table.concat(Utils.map(function(v, k) return v .. k end, { "a", "b" }), " ")',
      'a1 b2',
    ],
    ['map, curried', 'return Utils.map(function(v) return v + 1 end)({ 1 })[1]', 2],
    ['filter', 'return table.concat(Utils.filter(function(v) return v > 1 end, { 1, 2, 3 }), " ")', '2 3'],
    ['find', 'return Utils.find(function(v) return v > 1 end, { 1, 2, 3 })', 2],
    ['find in any table', 'return Utils.find(function(v) return v == "x" end, { a = "x" })', 'x'],
    [
      'propEq',
      'return tostring(Utils.propEq("a", "1", { a = "1" })) .. tostring(Utils.propEq("a")("1")({ a = "2" }))',
      'truefalse',
    ],
    ['prop', 'return Utils.prop("a", { a = 5 }) .. Utils.prop("a")({ a = 6 })', 56],
    ['includes', 'return tostring(Utils.includes(2, { 1, 2 })) .. tostring(Utils.includes(3)({ 1, 2 }))', 'truefalse'],
    ['reverse', 'return table.concat(Utils.reverse({ 1, 2, 3 }), " ")', '3 2 1'],
    [
      'compose runs from right to left',
      'return Utils.compose(function(v) return v .. "c" end, function(v) return v .. "b" end)("a")',
      'abc',
    ],
    ['keys and values', 'local k, v = Utils.keys({ a = 1 }), Utils.values({ a = 1 }) return k[1] .. v[1]', 'a1'],
    ['curry by parameter count', 'return Utils.curry(function(a, b, c) return a .. b .. c end)(1)(2, 3)', 123],
    ['curry by arity', 'return Utils.curry(function(...) return select("#", ...) end, 2)(1)(2)', 2],
    [
      'a curried function can be used twice',
      'local f = Utils.curry(function(a, b) return a + b end)(1) return f(1) + f(10)',
      13,
    ],
    ['normalize leaves other values', 'return tostring(Utils.normalize(5)) .. tostring(Utils.normalize(nil))', '5nil'],
    ['capitalize', 'return Utils.capitalize("hELLO world")', 'Hello world'],
  ])

  testErrors([
    ['concat, first', 'Utils.concat(1, {})', 'first argument should be a table'],
    ['concat, second', 'Utils.concat({}, 1)', 'second argument should be a table'],
    ['concat, first as array', 'Utils.concat({ a = 1 }, {})', 'first argument should be a table that is an array'],
    ['concat, second as array', 'Utils.concat({}, { a = 1 })', 'second argument should be a table that is an array'],
    [
      'reduce, function',
      'Utils.reduce(1, 0, {})',
      'first argument should be a function that accepts (result, value, key)',
    ],
    ['reduce, array', 'Utils.reduce(print, 0, { a = 1 })', 'third argument should be a table that is an array'],
    ['map, function', 'Utils.map(1, {})', 'first argument should be a unary function'],
    ['map, array', 'Utils.map(print, 1)', 'second argument should be an Array'],
    ['filter, function', 'Utils.filter(1, {})', 'first argument should be a unary function'],
    ['filter, array', 'Utils.filter(print, { a = 1 })', 'second argument should be an Array'],
    ['find, array', 'Utils.find(print, 1)', 'second argument should be a table that is an array'],
    ['propEq, name', 'Utils.propEq(1, "", {})', 'first argument should be a string'],
    ['propEq, value', 'Utils.propEq("", 1, {})', 'second argument should be a string'],
    ['propEq, object', 'Utils.propEq("", "", 1)', 'third argument should be a table<object>'],
    ['reverse', 'Utils.reverse(1)', 'argument needs to be a table that is an array'],
    ['compose', 'Utils.compose(1, 2)(3)', 'each argument needs to be a function'],
    ['includes, table', 'Utils.includes(1, 1)', 'argument needs to be a table'],
    ['includes, array', 'Utils.includes(1, { a = 1 })', 'argument should be a table that is an array'],
    ['keys', 'Utils.keys(1)', 'argument needs to be a table'],
    ['values', 'Utils.values(1)', 'argument needs to be a table'],
    ['curry', 'Utils.curry(1)', 'function is required as first argument'],
  ])
})

describe('14.2 json', () => {
  const encodes: [lua: string, expected: string][] = [
    ['nil', 'null'],
    ['true', 'true'],
    ['5', '5'],
    ['5.0', '5'],
    ['-0.5', '-0.5'],
    ['1/3', '0.33333333333333'],
    ['12345678901234567', '1.2345678901235e+16'],
    ['1e16', '1e+16'],
    ['10^12 * 1000000', '1e+18'],
    ['"a/b"', '"a/b"'],
    ['"ä€"', '"ä€"'],
    [String.raw`"q\"b\\s"`, String.raw`"q\"b\\s"`],
    [String.raw`"\b\f\n\r\t\0\31"`, String.raw`"\b\f\n\r\t\u0000\u001f"`],
    ['{}', '[]'],
    ['{ 1, "a", true }', '[1,"a",true]'],
    ['{ { {} } }', '[[[]]]'],
    ['{ a = { b = 1 } }', '{"a":{"b":1}}'],
    ['{ a = print, b = 1 }', '{"b":1}'],
    ['{ x = {} }', '{"x":[]}'],
  ]
  testCode(encodes.map(([lua, expected]) => [`encode ${lua}`, `return json.encode(${lua})`, expected] as const))

  testErrors([
    ['mixed keys', 'json.encode({ 1, a = 2 })', 'invalid table: mixed or invalid key types'],
    ['number keys of an object', 'json.encode({ a = 2, [5] = 1 })', 'invalid table: mixed or invalid key types'],
    ['sparse arrays', 'json.encode({ 1, nil, nil, 4 })', 'invalid table: sparse array'],
    ['circles', 'local t = {} t[1] = t json.encode(t)', 'circular reference'],
    ['functions', 'json.encode(print)', "unexpected type 'function'"],
    ['functions in arrays', 'json.encode({ print })', "unexpected type 'function'"],
    ['NaN', 'json.encode(0/0)', "unexpected number value 'nan'"],
    ['infinity', 'json.encode(-1/0)', "unexpected number value '-inf'"],
  ])

  testCode([
    ['_version', 'return json._version', '0.2.0'],
    ['a table twice is no circle', 'local t = { 1 } return json.encode({ t, t })', '[[1],[1]]'],
    [
      'decode values',
      'local t = json.decode(\' { "a" : [ 1 , -2.5 , true , false , null , "x" ] , "b" : { } , "c" : null } \') return t.a[1] .. t.a[2] .. tostring(t.a[3]) .. tostring(t.a[4]) .. tostring(t.a[5]) .. t.a[6] .. type(t.b) .. tostring(t.c)',
      '1-2.5truefalsenilxtablenil',
    ],
    ['decode scalars', 'return tostring(json.decode("null")) .. json.decode("5") .. json.decode(\'"x"\')', 'nil5x'],
    [
      'integers are integers',
      'return math.type(json.decode("5")) .. math.type(json.decode("1.0")) .. math.type(json.decode("1e3")) .. math.type(json.decode("-9223372036854775808"))',
      'integerfloatfloatinteger',
    ],
    ['too large ones are floats', 'return tostring(json.decode("9223372036854775808"))', '9.2233720368548e+18'],
    ['escapes', String.raw`return json.decode('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4"')`, '"\\/\b\f\n\r\tä'],
    ['surrogate pairs', String.raw`return json.decode('"x\\ud83d\\ude00y"')`, 'x😀y'],
    ['DEL is no control character', String.raw`return #json.decode('"\127a"')`, 2],
    ['holes of arrays', 'local t = json.decode("[null,2]") return tostring(t[1]) .. t[2]', 'nil2'],
    [
      'a long text comes back',
      'local s = ("ä\\n\\"x"):rep(1000) return tostring(json.decode(json.encode(s)) == s)',
      'true',
    ],
    [
      '200 levels come back',
      'local s = ("["):rep(150) .. ("]"):rep(150) return tostring(json.encode(json.decode(s)) == s)',
      'true',
    ],
  ])

  testErrors([
    ['other types', 'json.decode(5)', 'expected argument of type string, got number'],
    ['an empty text', 'json.decode("")', "unexpected character '' at line 1 col 1"],
    ['an unexpected character', 'json.decode("x")', "unexpected character 'x' at line 1 col 1"],
    ['keys are strings', 'json.decode("{1:2}")', 'expected string for key at line 1 col 2'],
    ['a colon', 'json.decode(\'{"a" 2}\')', "expected ':' after key at line 1 col 6"],
    ['an array goes on or ends', 'json.decode("[1 2]")', "expected ']' or ',' at line 1 col 4"],
    ['an object goes on or ends', 'json.decode(\'{"a":1 "b"}\')', "expected '}' or ',' at line 1 col 8"],
    ['a string ends', "json.decode('\"abc')", 'expected closing quote for string at line 1 col 1'],
    ['control characters', 'json.decode(\'"a\\nb"\')', 'control character in string at line 1 col 3'],
    ['escapes', String.raw`json.decode('"\\x"')`, "invalid escape char 'x' in string at line 1 col 2"],
    ['unicode escapes', String.raw`json.decode('"\\u12"')`, 'invalid unicode escape in string at line 1 col 2'],
    ['numbers', 'json.decode("1x")', "invalid number '1x' at line 1 col 1"],
    ['hexadecimal', 'json.decode("0x10")', "invalid number '0x10' at line 1 col 1"],
    ['literals', 'json.decode("truth")', "invalid literal 'truth' at line 1 col 1"],
    ['what follows', 'json.decode("1 2")', 'trailing garbage at line 1 col 3'],
    ['lines are counted', String.raw`json.decode("[1,\n  x]")`, "unexpected character 'x' at line 2 col 3"],
    ['a trailing comma', 'json.decode("[1,]")', "unexpected character ']' at line 1 col 4"],
  ])
})

describe('14.4 .stringify', () => {
  const b = (text: string | number) => `${blue}${text}${reset}`
  const g = (text: string) => `${green}"${text}"${reset}`
  const k = (text: string | number) => `${red}${text}${reset}`
  const rows: [lua: string, expected: string][] = [
    ['{ 1, "a" }', `{ ${b(1)}, ${g('a')} }`],
    ['{}', '{  }'],
    ['{ 1, { 2, "x" }, true }', `{\n  ${b(1)},\n  { ${b(2)}, ${g('x')} },\n  ${b('true')}\n }`],
    ['{ a = 1 }', `{\n   ${k('a')} = ${b(1)}\n}`],
    ['{ a = { b = 1 } }', `{\n   ${k('a')} = {\n     ${k('b')} = ${b(1)}\n  }\n}`],
    ['{ a = 1, b = "x" }', `{\n   ${k('a')} = ${b(1)},\n   ${k('b')} = ${g('x')}\n}`],
    ['{ 1, 2, a = 3 }', `{\n   ${k(1)} = ${b(1)},\n   ${k(2)} = ${b(2)},\n   ${k('a')} = ${b(3)}\n}`],
    ['{ [true] = 1 }', `{\n   ${k('true')} = ${b(1)}\n}`],
    ['(function() local t = {} return { a = t, b = t } end)()', `{\n   ${k('a')} = {  },\n   ${k('b')} = {  }\n}`],
    ['(function() local t = {} t.self = t return t end)()', `{\n   ${k('self')} = <circular reference>\n}`],
  ]
  testCode(
    rows.map(([lua, expected]) => [`format ${lua}`, `return require(".stringify").format(${lua})`, expected] as const),
  )
  testCode([
    ['an indent moves it', 'return require(".stringify").format({ a = 1 }, 4)', `{\n       ${k('a')} = ${b(1)}\n    }`],
    [
      'isSimpleArray',
      'local f = require(".stringify").isSimpleArray return tostring(f({ 1, "a" })) .. tostring(f({ {} })) .. tostring(f({ a = 1 })) .. tostring(f({}))',
      'truefalsefalsetrue',
    ],
  ])
})

describe('14.5 Dump', () => {
  testCode([
    ['it is the module', 'return tostring(Dump == require(".dump"))', 'true'],
    ['scalars are quoted', 'return Dump(5) .. Dump("a") .. Dump(nil) .. Dump(true)', '"5""a""nil""true"'],
    ['an empty table', 'return Dump({})', '{}'],
    [
      'a table',
      'return Dump({ 10, a = "x", ["b c"] = true, ["end"] = 1.5, [true] = {} })',
      '{\n    [1] = 10,\n    a = "x",\n    ["b c"] = true,\n    ["end"] = 1.5,\n    [true] = {}\n}',
    ],
    [
      'numeric keys come first, in order',
      'return Dump({ [10] = 1, [2] = 2, [-1] = 3, a = 4, ["3"] = 5 }, 0)',
      '{ [-1] = 3, [2] = 2, [10] = 1, ["3"] = 5, a = 4 }',
    ],
    ['nested tables', 'return Dump({ a = { b = { 1 } } }, 2)', '{\n  a = {\n    b = {\n      [1] = 1\n    }\n  }\n}'],
    ['without indent it is one line', 'return Dump({ a = { 1 }, b = 2 }, 0)', '{ a = { [1] = 1 }, b = 2 }'],
    ['padding', 'return Dump({ a = 1 }, 2, 3)', '{\n     a = 1\n   }'],
    ['quotes', String.raw`return Dump({ a = "q\"\n" }, 0)`, '{ a = "q\\"\\\n" }'],
    ['functions', 'return Dump({ f = print }, 0)', /^\{ f = "function: .*" \}$/],
    [
      'a table twice is no circle',
      'local t = { 1 } return Dump({ a = t, b = t }, 0)',
      '{ a = { [1] = 1 }, b = { [1] = 1 } }',
    ],
    ['circles', 'local t = {} t.t = t return Dump(t, 0)', /^\{ t = "<Circular table: 0x.*>" \}$/],
    [
      'a filter replaces values',
      'return Dump({ a = 1, b = 2 }, 0, 0, function(v, depth, kind, use, key) if use == "val" and kind == "number" then return v * 10 end return v end)',
      '{ a = 10, b = 20 }',
    ],
    [
      'a filter leaves out',
      'return Dump({ a = 1, b = 2 }, 0, 0, function(v, depth, kind, use, key) if key == "a" and use == "val" then return nil end return v end)',
      '{ b = 2 }',
    ],
    [
      'a filter stops quoting',
      'return Dump({ a = "x" }, 0, 0, function(v, depth, kind, use) if use == "val" and kind == "string" then return v, true end return v end)',
      '{ a = x }',
    ],
    [
      'a filter gets udata',
      'return Dump(1, 0, 0, function(v, depth, kind, use, key, udata) return udata end, "u")',
      '"u"',
    ],
  ])
  testErrors([
    ['indent', 'Dump({}, -1)', 'indent must be unsigned integer'],
    ['padding', 'Dump({}, 1, "x")', 'padding must be unsigned integer'],
    ['filter', 'Dump({}, 1, 1, 5)', 'filter must be function'],
  ])
})
