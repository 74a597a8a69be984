import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLibraryProcess, testCode, testErrors } from './harness.ts'
import { type Mapped, mapStrings } from './lua-strings.ts'

describe('14.2 json', () => {
  const encodes: [lua: string, expected: string][] = [
    ['nil', 'null'],
    ['true', 'true'],
    ['5', '5'],
    ['5.0', '5'],
    ['-0.5', '-0.5'],
    ['1/3', '0.33333333333333'],
    ['12345678901234567', '12345678901234567'],
    ['math.mininteger', '-9223372036854775808'],
    ['2^53', '9.007199254741e+15'],
    ['1e16', '1e+16'],
    ['-0.0', '-0'],
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
    ['{ f = print }', '{}'],
    ['{ [""] = "" }', '{"":""}'],
    ['{ ["a\\n\\""] = 1 }', String.raw`{"a\n\"":1}`],
    ['"\\127"', String.raw`"\u007f"`],
    ['{ 1, nil }', '[1]'],
    ['json.decode("[1,null]")', '[1]'],
    ['json.decode(\'{"a":null}\')', '[]'],
    ['setmetatable({ b = 1 }, { __pairs = function() return next, { a = 1 } end })', '{"a":1}'],
  ]
  testCode(encodes.map(([lua, expected]) => [`encode ${lua}`, `return json.encode(${lua})`, expected] as const))

  testErrors([
    ['mixed keys', 'json.encode({ 1, a = 2 })', 'invalid table: mixed or invalid key types'],
    ['number keys of an object', 'json.encode({ a = 2, [5] = 1 })', 'invalid table: mixed or invalid key types'],
    ['sparse arrays', 'json.encode({ 1, nil, nil, 4 })', 'invalid table: sparse array'],
    ['circles', 'local t = {} t[1] = t json.encode(t)', 'circular reference'],
    ['circles through objects', 'local t = {} t.a = { b = { t } } json.encode(t)', 'circular reference'],
    ['holes in front', 'json.encode({ nil, 2 })', 'invalid table: mixed or invalid key types'],
    ['holes that were null', 'json.encode(json.decode("[1,null,3]"))', 'invalid table: sparse array'],
    ['fractions as keys', 'json.encode({ 1, [1.5] = 2 })', 'invalid table: sparse array'],
    ['fractions that fill up holes', 'json.encode({ 1, nil, 3, [1.5] = 2 })', 'invalid table: sparse array'],
    ['booleans as keys', 'json.encode({ [true] = 1 })', 'invalid table: mixed or invalid key types'],
    ['coroutines', 'json.encode({ a = coroutine.create(print) })', "unexpected type 'thread'"],
    ['functions', 'json.encode(print)', "unexpected type 'function'"],
    ['functions in arrays', 'json.encode({ print })', "unexpected type 'function'"],
    ['NaN', 'json.encode(0/0)', "unexpected number value 'nan'"],
    ['infinity', 'json.encode(-1/0)', "unexpected number value '-inf'"],
    ['infinity that was decoded', 'json.encode(json.decode("1e400"))', "unexpected number value 'inf'"],
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
    ['1e400 is infinity, as for JavaScript', 'return tostring(json.decode("1e400"))', 'inf'],
    ['-0 is an integer, which has no sign', 'return json.encode(json.decode("-0"))', '0'],
    ['-0.0 keeps its sign', 'return json.encode(json.decode("-0.0"))', '-0'],
    ['the last of equal keys counts', 'return json.decode(\'{"a":1,"a":2}\').a', 2],
    [
      'blanks of all kinds',
      'return json.encode(json.decode(" \\t\\r\\n[ \\t\\r\\n1 \\t\\r\\n, 2 ] \\t\\r\\n"))',
      '[1,2]',
    ],
    ['keys with escapes', String.raw`return json.decode('{"\\u0061\\n":5}')["a\n"]`, 5],
    [
      'half a surrogate pair stays by itself, in three bytes',
      String.raw`return json.decode('"\\ud83dx\\ude00\\ud83d\\u0041"'):gsub(".", function(c) return ("%02x"):format(c:byte()) end)`,
      'eda0bd78edb880eda0bd41',
    ],
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
    ['a trailing comma of an object', 'json.decode(\'{"a":1,}\')', 'expected string for key at line 1 col 8'],
    ['no argument', 'json.decode()', 'expected argument of type string, got nil'],
    ['an array without end', 'json.decode("[1")', "expected ']' or ',' at line 1 col 3"],
    ['an object without end', 'json.decode(\'{"a":1\')', "expected '}' or ',' at line 1 col 7"],
    ['a value that is missing', 'json.decode(\'{"a":\')', "unexpected character '' at line 1 col 6"],
    ['a character of many bytes is shown whole', 'json.decode("[ü]")', "unexpected character 'ü' at line 1 col 2"],
    ['the byte 0', String.raw`json.decode('"\0"')`, 'control character in string at line 1 col 2'],
    ['an escape at the end', String.raw`json.decode('"\\')`, "invalid escape char '' in string at line 1 col 2"],
    [
      'a unicode escape in the middle',
      String.raw`json.decode('["ab\\u00zz"]')`,
      'invalid unicode escape in string at line 1 col 5',
    ],
    [
      'lines in a string that is too long for one',
      String.raw`json.decode('{"a":\n"b')`,
      'expected closing quote for string at line 2 col 1',
    ],
    ...['01', '-01', '00', '1.', '1.e5', '-', '--1', '1e', '1e+', '1.5.5', '1-1'].map(
      (number) =>
        [`${number} is no number`, `json.decode("${number}")`, `invalid number '${number}' at line 1 col 1`] as const,
    ),
    ...['.5', '+1'].map(
      (number) =>
        [
          `${number} is no value`,
          `json.decode("${number}")`,
          `unexpected character '${number[0]}' at line 1 col 1`,
        ] as const,
    ),
    ['NaN', 'json.decode("NaN")', "unexpected character 'N' at line 1 col 1"],
    [
      'a long number is cut short',
      'json.decode(("1"):rep(1000) .. "x")',
      `invalid number '${'1'.repeat(40)}...' at line 1 col 1`,
    ],
    [
      'a long word is cut short',
      'json.decode(("t"):rep(1000))',
      `invalid literal '${'t'.repeat(40)}...' at line 1 col 1`,
    ],
  ])
})

const tooDeep = 'nested too deeply, at most 1000 levels are allowed'

describe('14.2 json, nested deeply', () => {
  testCode([
    [
      '1000 levels come back',
      'local s = ("["):rep(1000) .. ("]"):rep(1000) return tostring(json.encode(json.decode(s)) == s)',
      'true',
    ],
    [
      '1000 levels of objects come back',
      'local s = (\'{"a":\'):rep(1000) .. "1" .. ("}"):rep(1000) return tostring(json.encode(json.decode(s)) == s)',
      'true',
    ],
  ])
  testErrors([
    [
      '100,000 arrays to decode',
      'json.decode(("["):rep(100000) .. ("]"):rep(100000))',
      `${tooDeep} at line 1 col 1001`,
    ],
    ['100,000 objects to decode', 'json.decode((\'{"a":\'):rep(100000))', `${tooDeep} at line 1 col 5001`],
    ['arrays and objects together', 'json.decode((\'[{"a":\\n\'):rep(501))', `${tooDeep} at line 501 col 1`],
    ['100,000 arrays to encode', 'local t = {} for i = 1, 100000 do t = { t } end json.encode(t)', tooDeep],
    ['100,000 objects to encode', 'local t = {} for i = 1, 100000 do t = { a = t } end json.encode(t)', tooDeep],
  ])
})

describe('14.2 json, bytes that are not UTF-8', () => {
  const data = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))

  test('pass through both ways, and leave the process as bytes', () => {
    const library = createLibraryProcess()
    expect(library.eval('return json.encode("\\xff\\xc3")')).toEqual(data('"\xff\xc3"'))
    expect(library.eval('return #json.decode(\'"\\xff\\xc3"\')')).toBe('2')
    const [sent] = library.send({ action: 'Eval', data: 'ao.send({ Target = "T", Data = { a = "\\xff" } })' }).messages
    expect(sent?.data).toEqual(data('{"a":"\xff"}'))
  })

  test('are replaced where only JSON leaves the process: tables in tags', () => {
    const library = createLibraryProcess()
    const code = 'ao.send({ Target = "T", Values = { a = "x\\xff" } })'
    const [sent] = library.send({ action: 'Eval', data: code }).messages
    expect(sent?.tag).toMatchObject({ Values: { a: 'x\ufffd' } })
  })

  test('any bytes come back', () => {
    const bytes = fc.sample(fc.uint8Array({ maxLength: 40 }), { seed: 142, numRuns: 500 })
    expect(mapStrings(bytes, 'json.decode(json.encode(s))')).toEqual(bytes.map((one) => Buffer.from(one)))
  })
})

describe('14.2 json agrees with JavaScript', () => {
  const sample = <T>(arbitrary: fc.Arbitrary<T>, numRuns = 1_000): T[] => fc.sample(arbitrary, { seed: 142, numRuns })
  const texts = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }))
  const doubles = fc.double({ noNaN: true, noDefaultInfinity: true })
  const { value: values } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      texts,
      fc.boolean(),
      fc.maxSafeInteger(),
      doubles.map((number) => Number(number.toPrecision(14))),
      fc.array(tie('value'), { maxLength: 5 }),
      // An empty object would come back as an empty array.
      fc.dictionary(
        texts.filter((key) => key !== '__proto__'),
        tie('value'),
        { minKeys: 1, maxKeys: 5 },
      ),
    ),
  }))
  const toNumber = (bytes: Mapped) => (bytes instanceof Buffer ? bytes.readDoubleBE() : bytes)

  test('values come back', () => {
    const wanted = sample(values).map((value) => JSON.stringify(value))
    const given = mapStrings(wanted, 'json.encode(json.decode(s))')
    expect(given.map((text) => JSON.parse(String(text)))).toEqual(wanted.map((text) => JSON.parse(text)))
  })

  test('floats are decoded to the last bit', () => {
    const numbers = sample(doubles).map((number) => (Object.is(number, -0) ? 0 : number))
    const given = mapStrings(numbers.map(String), 'string.pack(">d", json.decode(s) + 0.0)')
    expect(given.map(toNumber)).toEqual(numbers)
  })

  test('64-bit integers come back whole', () => {
    const integers = sample(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)).map(String)
    expect(mapStrings(integers, 'json.encode(json.decode(s))').map(String)).toEqual(integers)
  })

  test('strings are encoded and decoded alike', () => {
    const strings = sample(texts)
    expect(mapStrings(strings, 'json.encode(s)').map((text) => JSON.parse(String(text)))).toEqual(strings)
    const bytes = strings.map((text) => Buffer.from(text))
    const written = strings.map((text) => JSON.stringify(text))
    expect(mapStrings(written, 'json.decode(s)')).toEqual(bytes)
    const escapeUnit = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
    const allEscaped = strings.map((text) => `"${text.split('').map(escapeUnit).join('')}"`)
    expect(mapStrings(allEscaped, 'json.decode(s)')).toEqual(bytes)
  })

  test('what is no JSON is refused, and nothing else', () => {
    const characters = fc.constantFrom(...'[]{}:,"\\ \n\t-+.eE0123456789tfnulrasx/\u000b\u0001\u007fä')
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 1 }), fc.option(characters, { nil: '' })), { maxLength: 3 })
    const edited = fc.tuple(values, fc.constantFrom(0, 1), edits).map(([value, indent, list]) => {
      const text = Array.from(JSON.stringify(value, null, indent))
      for (const [place, removed, inserted] of list) text.splice(place % (text.length + 1), removed, inserted)
      return text.join('')
    })
    const scraps = fc.array(characters, { maxLength: 6 }).map((list) => list.join(''))
    const inputs = [...sample(edited, 2_000), ...sample(scraps, 2_000)]
    const accepted = mapStrings(inputs, 'json.decode(s) and "" or ""').map((result) => result instanceof Buffer)
    const wanted = inputs.map(isJson)
    expect(inputs.filter((_, index) => accepted[index] !== wanted[index])).toEqual([])
    // Else the property would say little.
    expect(wanted.filter(Boolean).length).toBeGreaterThan(500)
    expect(wanted.filter((is) => !is).length).toBeGreaterThan(500)
  })
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
