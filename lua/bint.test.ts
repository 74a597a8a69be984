import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLibraryProcess, testCode, testErrors } from './harness.ts'

/** A class: `bits` wide, in words of `wordBits`. */
interface Width {
  readonly bits: number
  readonly wordBits: number
}

const widths: readonly Width[] = [
  { bits: 64, wordBits: 32 },
  { bits: 64, wordBits: 8 },
  { bits: 96, wordBits: 32 },
  { bits: 128, wordBits: 16 },
  { bits: 256, wordBits: 32 },
  { bits: 256, wordBits: 16 },
  { bits: 512, wordBits: 32 },
  { bits: 1024, wordBits: 32 },
]

type Value = bigint | number | boolean | string

/** What an operation is in Lua, over `x`, `y`, `z` and the class `bint`, and what JavaScript says that it gives. */
interface Operation {
  readonly lua: string
  readonly expected: (x: bigint, y: bigint, z: bigint, bits: number) => Value | readonly Value[]
  /** Further operands; `count` is a number of bits, `small` an exponent. */
  readonly operands?: readonly ('value' | 'count' | 'small' | 'base')[]
}

const noValue: readonly [] = []
const oneValue = ['value'] as const
const unsigned = (value: bigint, bits: number) => BigInt.asUintN(bits, value)
const absolute = (value: bigint) => (value < 0n ? -value : value)
const byZero = 'attempt to perform division by zero'

/** Division with the quotient rounded towards minus infinity. */
function floorDivide(x: bigint, y: bigint): [quotient: bigint, rest: bigint] {
  const rest = x % y
  return rest !== 0n && rest < 0n !== y < 0n ? [x / y - 1n, rest + y] : [x / y, rest]
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n % modulus
  for (const bit of exponent.toString(2)) result = (result * result * (bit === '1' ? base : 1n)) % modulus
  return result
}

function rotate(x: bigint, count: bigint, bits: number): bigint {
  const width = BigInt(bits)
  const left = floorDivide(count, width)[1]
  const value = unsigned(x, bits)
  return (value << left) | (value >> (width - left))
}

function shift(x: bigint, count: bigint, bits: number): bigint {
  return count < 0n ? unsigned(x, bits) >> -count : x << count
}

function bytes(value: bigint, bits: number): string {
  return unsigned(value, bits)
    .toString(16)
    .padStart(bits / 4, '0')
}

function reversedBytes(hex: string): string {
  return Buffer.from(hex, 'hex').reverse().toString('hex')
}

/** The bytes of a float, as `string.pack(">d")` writes them. */
function floatBytes(value: number): string {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  return view.getBigUint64(0).toString(16).padStart(16, '0')
}

const toHex = '(s:gsub(".", function(c) return ("%02x"):format(c:byte()) end))'
const hexOf = (lua: string) => `(function(s) return ${toHex} end)(${lua})`

const operations: readonly Operation[] = [
  { lua: 'bint.new(x)', expected: (x) => x, operands: noValue },
  { lua: 'x + y', expected: (x, y) => x + y },
  { lua: 'x - y', expected: (x, y) => x - y },
  { lua: 'x * y', expected: (x, y) => x * y },
  { lua: 'x & y', expected: (x, y) => x & y },
  { lua: 'x | y', expected: (x, y) => x | y },
  { lua: 'x ~ y', expected: (x, y) => x ^ y },
  { lua: '~x', expected: (x) => ~x, operands: noValue },
  { lua: '-x', expected: (x) => -x, operands: noValue },
  { lua: 'x << y', expected: (x, y, _, bits) => shift(x, y, bits), operands: ['count'] },
  { lua: 'x >> y', expected: (x, y, _, bits) => shift(x, -y, bits), operands: ['count'] },
  { lua: 'bint.brol(x, y)', expected: (x, y, _, bits) => rotate(x, y, bits), operands: ['count'] },
  { lua: 'bint.bror(x, y)', expected: (x, y, _, bits) => rotate(x, -y, bits), operands: ['count'] },
  {
    lua: 'bint.bwrap(x, y)',
    expected: (x, y) => (y <= 0n ? 0n : BigInt.asUintN(Number(y), x)),
    operands: ['count'],
  },
  { lua: 'x == bint.new(y)', expected: (x, y) => x === y },
  { lua: 'bint.eq(x, y)', expected: (x, y) => x === y },
  { lua: 'bint.eq(x, tostring(x))', expected: () => true, operands: noValue },
  { lua: 'x < y', expected: (x, y) => x < y },
  { lua: 'x <= y', expected: (x, y) => x <= y },
  { lua: 'y > x', expected: (x, y) => y > x },
  { lua: 'bint.ult(x, y)', expected: (x, y, _, bits) => unsigned(x, bits) < unsigned(y, bits) },
  { lua: 'bint.ule(x, y)', expected: (x, y, _, bits) => unsigned(x, bits) <= unsigned(y, bits) },
  { lua: 'bint.max(x, y)', expected: (x, y) => (x < y ? y : x) },
  { lua: 'bint.min(x, y)', expected: (x, y) => (x < y ? x : y) },
  { lua: 'x // y', expected: (x, y) => (y === 0n ? byZero : floorDivide(x, y)[0]) },
  { lua: 'x % y', expected: (x, y) => (y === 0n ? byZero : floorDivide(x, y)[1]) },
  { lua: 'bint.idivmod(x, y)', expected: (x, y) => (y === 0n ? byZero : floorDivide(x, y)) },
  {
    lua: 'bint.tdivmod(x, y)',
    expected: (x, y, _, bits) => {
      if (y === 0n) return byZero
      return y === -1n && x === -(1n << BigInt(bits - 1)) ? 'division overflow' : [x / y, x % y]
    },
  },
  { lua: 'bint.tdiv(x, bint.__bor(y, 8))', expected: (x, y) => x / (y | 8n) },
  { lua: 'bint.tmod(x, bint.__bor(y, 8))', expected: (x, y) => x % (y | 8n) },
  {
    lua: 'bint.udivmod(x, y)',
    expected: (x, y, _, bits) =>
      y === 0n ? byZero : [unsigned(x, bits) / unsigned(y, bits), unsigned(x, bits) % unsigned(y, bits)],
  },
  { lua: 'bint.udiv(x, bint.__bor(y, 1))', expected: (x, y, _, bits) => unsigned(x, bits) / unsigned(y | 1n, bits) },
  { lua: 'bint.umod(x, bint.__bor(y, 1))', expected: (x, y, _, bits) => unsigned(x, bits) % unsigned(y | 1n, bits) },
  { lua: 'bint.ipow(x, y)', expected: (x, y) => x ** y, operands: ['small'] },
  {
    lua: 'bint.upowmod(x, y, z)',
    expected: (x, y, z, bits) => (z === 0n ? byZero : power(unsigned(x, bits), y, unsigned(z, bits))),
    operands: ['small', 'value'],
  },
  { lua: 'x:abs()', expected: (x) => absolute(x), operands: noValue },
  { lua: 'x:inc()', expected: (x) => x + 1n, operands: noValue },
  { lua: 'x:dec()', expected: (x) => x - 1n, operands: noValue },
  { lua: 'x:floor()', expected: (x) => x, operands: noValue },
  { lua: 'x:ceil()', expected: (x) => x, operands: noValue },
  { lua: 'x:trunc()', expected: (x) => x, operands: noValue },
  { lua: 'x:iszero()', expected: (x) => x === 0n, operands: noValue },
  { lua: 'x:isone()', expected: (x) => x === 1n, operands: noValue },
  { lua: 'x:isminusone()', expected: (x) => x === -1n, operands: noValue },
  { lua: 'x:isneg()', expected: (x) => x < 0n, operands: noValue },
  { lua: 'x:ispos()', expected: (x) => x > 0n, operands: noValue },
  { lua: 'x:iseven()', expected: (x) => x % 2n === 0n, operands: noValue },
  { lua: 'x:isodd()', expected: (x) => x % 2n !== 0n, operands: noValue },
  { lua: '("%d"):format(x:tointeger())', expected: (x) => String(BigInt.asIntN(64, x)), operands: noValue },
  { lua: '("%d"):format(x:touinteger())', expected: (x) => String(BigInt.asIntN(64, x)), operands: noValue },
  {
    lua: `math.type(x:tonumber()) == "integer" and ("%d"):format(x:tonumber()) or ${hexOf('(">d"):pack(x:tonumber())')}`,
    expected: (x) => (BigInt.asIntN(64, x) === x ? String(x) : floatBytes(Number(x))),
    operands: noValue,
  },
  { lua: `${hexOf('(">d"):pack(x / 3)')}`, expected: (x) => floatBytes(Number(x) / 3), operands: noValue },
  {
    lua: 'bint.tobase(x, y:tointeger(), false)',
    expected: (x, y) => x.toString(Number(y)),
    operands: ['base'],
  },
  {
    lua: 'bint.tobase(x, y:tointeger(), true)',
    expected: (x, y, _, bits) => unsigned(x, bits).toString(Number(y)),
    operands: ['base'],
  },
  {
    lua: 'bint.frombase(bint.tobase(x, y:tointeger(), false):upper(), y:tointeger())',
    expected: (x) => x,
    operands: ['base'],
  },
  {
    lua: 'bint.frombase(bint.tobase(x, y:tointeger(), true), y:tointeger())',
    expected: (x) => x,
    operands: ['base'],
  },
  { lua: 'bint("0x" .. bint.tobase(x, 16))', expected: (x) => x, operands: noValue },
  { lua: 'bint("0b" .. bint.tobase(x, 2))', expected: (x) => x, operands: noValue },
  { lua: 'bint("-" .. bint.tobase(x, 10, true))', expected: (x) => -x, operands: noValue },
  { lua: `${hexOf('x:tobe()')}`, expected: (x, _y, _z, bits) => bytes(x, bits), operands: noValue },
  { lua: `${hexOf('x:tole()')}`, expected: (x, _y, _z, bits) => reversedBytes(bytes(x, bits)), operands: noValue },
  {
    lua: `${hexOf('x:tobe(true)')}`,
    expected: (x, _y, _z, bits) => bytes(x, bits).replace(/^(00)+(?=..)/, ''),
    operands: noValue,
  },
  { lua: 'bint.frombe(x:tobe(true))', expected: (x) => x, operands: noValue },
  { lua: 'bint.fromle(x:tole(true))', expected: (x) => x, operands: noValue },
  { lua: 'bint.new(x):_add(y)', expected: (x, y) => x + y },
  { lua: 'bint.new(x):_sub(y)', expected: (x, y) => x - y },
  { lua: 'bint.new(x):_band(y)', expected: (x, y) => x & y },
  { lua: 'bint.new(x):_bor(y)', expected: (x, y) => x | y },
  { lua: 'bint.new(x):_bxor(y)', expected: (x, y) => x ^ y },
  { lua: 'bint.new(x):_assign(y)', expected: (_, y) => y },
  { lua: 'bint.new(x):_bnot()', expected: (x) => ~x, operands: noValue },
  { lua: 'bint.new(x):_unm()', expected: (x) => -x, operands: noValue },
  { lua: 'bint.new(x):_abs()', expected: (x) => absolute(x), operands: noValue },
  { lua: 'bint.new(x):_inc()', expected: (x) => x + 1n, operands: noValue },
  { lua: 'bint.new(x):_dec()', expected: (x) => x - 1n, operands: noValue },
  { lua: 'bint.new(x):_shlone()', expected: (x) => x << 1n, operands: noValue },
  { lua: 'bint.new(x):_shrone()', expected: (x, _y, _z, bits) => unsigned(x, bits) >> 1n, operands: noValue },
]

/** Values of a width: at its borders, around powers of two, of any length, and of words that long division finds hard. */
function valueArbitrary({ bits, wordBits }: Width): fc.Arbitrary<bigint> {
  const half = 1n << BigInt(bits - 1)
  const mask = (1n << BigInt(wordBits)) - 1n
  const edges = [0n, 1n, -1n, 2n, 10n, -10n, half - 1n, -half, half >> 1n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)]
  const words = fc.array(fc.oneof(fc.constantFrom(0n, 1n, mask, mask >> 1n, (mask >> 1n) + 1n), fc.bigInt(0n, mask)), {
    minLength: 1,
    maxLength: bits / wordBits,
  })
  const near = fc
    .tuple(fc.integer({ min: 0, max: bits }), fc.bigInt(-1n, 1n))
    .map(([exponent, offset]) => (1n << BigInt(exponent)) + offset)
  const ofLength = fc.integer({ min: 1, max: bits }).chain((length) => fc.bigInt(0n, (1n << BigInt(length)) - 1n))
  return fc
    .oneof(
      fc.constantFrom(...edges),
      near,
      ofLength,
      words.map((list) => list.reduce((value, word) => (value << BigInt(wordBits)) | word, 0n)),
    )
    .chain((value) => fc.constantFrom(value, -value))
    .map((value) => BigInt.asIntN(bits, value))
}

function operandArbitrary(kind: 'value' | 'count' | 'small' | 'base', width: Width): fc.Arbitrary<bigint> {
  if (kind === 'value') return valueArbitrary(width)
  if (kind === 'count') return fc.bigInt(BigInt(-2 * width.bits), BigInt(2 * width.bits))
  return kind === 'small' ? fc.bigInt(0n, 70n) : fc.bigInt(2n, 36n)
}

/** An operand as Lua sees it: a value of the class, a Lua integer, or digits. The first is always of the class. */
type Form = 'bint' | 'integer' | 'string'

interface Case {
  readonly operation: Operation
  readonly operands: readonly bigint[]
  readonly form: Form
}

function caseArbitrary(operation: Operation, width: Width): fc.Arbitrary<Case> {
  const kinds = operation.operands ?? oneValue
  return fc.record({
    operation: fc.constant(operation),
    operands: fc.tuple(valueArbitrary(width), ...kinds.map((kind) => operandArbitrary(kind, width))),
    form: kinds.includes('base') ? fc.constant<Form>('bint') : fc.constantFrom<Form>('bint', 'integer', 'string'),
  })
}

const fitsInteger = (value: bigint) => BigInt.asIntN(64, value) === value

/** Lua: evaluates all cases; gives one line for each, results separated by blanks, or the text of the error. */
function evaluateAll(cases: readonly Case[], { bits, wordBits }: Width): string[] {
  const functions = operations.map(({ lua }) => `function(x, y, z) return ${lua} end`)
  const lines = cases.map(({ operation, operands, form }) => {
    const [x = 0n, y = 0n, z = 0n] = operands
    const use = form === 'integer' && !fitsInteger(y) ? 'string' : form
    return `${operations.indexOf(operation) + 1} ${use} ${x} ${y} ${z}\n`
  })
  const code = `
    local bint = require(".bint")(${bits}, ${wordBits})
    local functions = { ${functions.join(', ')} }
    local forms = {
      bint = bint.new,
      integer = math.tointeger,
      string = function(text) return text end,
    }
    local results = {}
    local function text(ok, first, second)
      if not ok then return (first:gsub('^%[string "[^"]*"%]:%d+: ', "")) end
      return tostring(first) .. (second == nil and "" or " " .. tostring(second))
    end
    for index, form, x, y, z in ([[\n${lines.join('')}]]):gmatch("(%d+) (%a+) (%S+) (%S+) (%S+)") do
      local call = functions[tonumber(index)]
      results[#results + 1] = text(pcall(call, bint.fromstring(x), forms[form](y), bint.fromstring(z)))
    end
    return table.concat(results, "\\n")`
  return String(createLibraryProcess().eval(code)).split('\n')
}

function expectedText({ operation, operands }: Case, bits: number): string {
  const [x = 0n, y = 0n, z = 0n] = operands
  const result = operation.expected(x, y, z, bits)
  const values: readonly Value[] = Array.isArray(result) ? result : [result as Value]
  return values.map((value) => String(typeof value === 'bigint' ? BigInt.asIntN(bits, value) : value)).join(' ')
}

describe('14.6 .bint gives what exact arithmetic gives', () => {
  test.each(widths)('$bits bits in words of $wordBits', (width) => {
    const cases = operations.flatMap((operation) =>
      fc.sample(caseArbitrary(operation, width), { seed: 20_240_914, numRuns: 100 }),
    )
    const results = evaluateAll(cases, width)
    expect(results).toHaveLength(cases.length)
    const describeCase = ({ operation, operands, form }: Case) => `${operation.lua} of ${operands.join(', ')} (${form})`
    const wrong = cases
      .map((one, index) => ({ one, given: results[index], wanted: expectedText(one, width.bits) }))
      .filter(({ given, wanted }) => given !== wanted)
      .map(({ one, given, wanted }) => `${describeCase(one)} gave ${given}, not ${wanted}`)
    expect(wrong).toEqual([])
  })
})

const names =
  `abs bits brol bror bwrap ceil dec eq floor frombase frombe frominteger fromle fromstring fromuinteger idivmod
  inc ipow isbint iseven isintegral isminusone isneg isnumeric isodd isone ispos iszero max maxinteger min mininteger new
  one parse tdiv tdivmod tmod tobase tobe tobint tointeger tole tonumber touinteger trunc type udiv udivmod ule ult umod
  upowmod zero`.split(/\s+/)

const setup = `
  bint = require(".bint")(256)
  function show(...)
    local texts = table.pack(...)
    for index = 1, texts.n do
      local value = texts[index]
      texts[index] = (bint.type(value) or type(value)) .. " " .. tostring(value)
    end
    return table.concat(texts, ", ")
  end`
const big = '123456789012345678901234567890'

describe('14.6 .bint', () => {
  test('has every function', () => {
    const missing = `local missing = {} for name in ("${names.join(' ')}"):gmatch("%S+") do
      if bint[name] == nil then missing[#missing + 1] = name end end return #missing .. table.concat(missing, " ")`
    expect(createLibraryProcess({ setup }).eval(missing)).toBe('0')
  })

  testCode(
    [
      [
        'the same width is the same class',
        'return tostring(require(".bint")(256) == require(".bint")(256, 32))',
        'true',
      ],
      ['other widths are others', 'return tostring(require(".bint")(512) == require(".bint")(256))', 'false'],
      ['bits and size', 'local b = require(".bint")(128, 16) return b.bits .. " " .. b.size', '128 8'],
      [
        'words are readable, the lowest first',
        'local x = bint("0x123456789abcdef0") return x[1] .. " " .. x[2]',
        `${0x9abcdef0} ${0x12345678}`,
      ],
      ['a value has its words alone', 'local n = 0 for _ in pairs(bint(5)) do n = n + 1 end return n', 8],
      ['the metatable is the class', 'return tostring(getmetatable(bint(1)) == bint)', 'true'],
      ['classes do not mix', 'return tostring(require(".bint")(512)(1) == bint(1))', 'false'],
      ['it survives messages', 'kept = bint(7) return show(kept * kept)', 'bint 49'],

      [
        'from integers',
        'return show(bint(5), bint(-5), bint(math.mininteger))',
        'bint 5, bint -5, bint -9223372036854775808',
      ],
      ['from integral floats', 'return show(bint(5.0), bint(-2^53))', 'bint 5, bint -9007199254740992'],
      [
        'from decimal digits',
        `return show(bint("${big}"), bint("-5"), bint("+5"), bint("007"))`,
        `bint ${big}, bint -5, bint 5, bint 7`,
      ],
      [
        'from hexadecimal and binary digits',
        'return show(bint("0xFf"), bint("-0Xff"), bint("0b101"), bint("-0B11"))',
        'bint 255, bint -255, bint 5, bint -3',
      ],
      ['new copies', 'local x = bint(5) return tostring(rawequal(bint(x), x)) .. tostring(bint(x) == x)', 'falsetrue'],
      [
        'fromuinteger has no sign',
        'return show(bint.fromuinteger(-1), bint.frominteger(-1))',
        'bint 18446744073709551615, bint -1',
      ],
      [
        'frominteger, fromuinteger and trunc give nil',
        'return show(bint.frominteger(1.5), bint.fromuinteger(nil), bint.trunc(nil), bint.trunc(1e300))',
        'nil nil, nil nil, nil nil, nil nil',
      ],
      [
        'frombase',
        'return show(bint.frombase("Zz", 36), bint.frombase("-101", 2), bint.frombase("12"))',
        'bint 1295, bint -5, bint 12',
      ],
      [
        'frombase gives nil for what is no number',
        'return show(bint.frombase(nil), bint.frombase("ff", 10), bint.frombase("x", 37), bint.frombase("", 10), bint.frombase("-"), bint.frombase(" 1"), bint.frombase(("1"):rep(30) .. "x"), bint.frombase("x" .. ("1"):rep(30)), bint.frombase("1", 1))',
        Array(9).fill('nil nil').join(', '),
      ],
      [
        'fromstring gives nil for what is no number',
        'return show(bint.fromstring("abc"), bint.fromstring("0b12"), bint.fromstring("1 "), bint.fromstring("1e5"), bint.fromstring(5))',
        Array(5).fill('nil nil').join(', '),
      ],
      [
        'fromle and frombe take short and long bytes',
        'return show(bint.fromle("\\1\\2"), bint.frombe("\\1\\2"), bint.fromle("\\5" .. ("\\0"):rep(31) .. "\\9"), bint.frombe("\\9" .. ("\\0"):rep(31) .. "\\5"), bint.fromle(""))',
        'bint 513, bint 258, bint 5, bint 5, bint 0',
      ],
      [
        'tole and tobe leave one byte',
        'return #bint(0):tole() .. " " .. #bint(0):tole(true) .. " " .. #bint(256):tobe(true)',
        '32 1 2',
      ],
      [
        'tobint gives nil for what is no integer',
        'return show(bint.tobint(1.5), bint.tobint("x"), bint.tobint({}), bint.tobint(nil), bint.tobint("5"))',
        'nil nil, nil nil, nil nil, nil nil, bint 5',
      ],
      [
        'tobint copies when asked',
        'local x = bint(5) return tostring(rawequal(bint.tobint(x), x)) .. tostring(rawequal(bint.tobint(x, true), x))',
        'truefalse',
      ],
      [
        'parse falls back to Lua numbers',
        'return show(bint.parse(1), bint.parse(1.5), bint.parse("2.5"), bint.parse("x"), bint.parse(2^70))',
        'bint 1, float 1.5, float 2.5, nil nil, float 1.1805916207174e+21',
      ],
      [
        'tonumber',
        `return show(bint.tonumber(bint(5)), bint.tonumber(5), bint.tonumber("5.5"), bint.tonumber(bint("${big}")))`,
        'integer 5, integer 5, float 5.5, float 1.2345678901235e+29',
      ],
      [
        'tointeger and touinteger',
        'return show(bint.tointeger(1.5), bint.tointeger(2.0), bint.touinteger(1/0), bint.tointeger(bint(-3)))',
        'nil nil, integer 2, nil nil, integer -3',
      ],
      [
        'tobase',
        'return bint.tobase(255, 16) .. bint.tobase(-255, 16, false) .. bint.tobase(8, 7) .. bint.tobase(-1) .. bint.tobase(35, 36) .. #bint.tobase(-1, 2)',
        'ff-ff11-1z256',
      ],
      [
        'tobase gives nil for other bases and no integers',
        'return show(bint.tobase(1, 37), bint.tobase(1, 1), bint.tobase(1.5), bint.tobase("x"))',
        'nil nil, nil nil, nil nil, nil nil',
      ],
      [
        'constants',
        'return show(bint.zero(), bint.one(), require(".bint")(64).maxinteger(), require(".bint")(64).mininteger())',
        'bint 0, bint 1, table 9223372036854775807, table -9223372036854775808',
      ],
      [
        'constants are copies',
        'bint.one():_inc() bint.zero():_inc() return show(bint.one(), bint.zero(), bint(2) - 1, -bint(1))',
        'bint 1, bint 0, bint 1, bint -1',
      ],
      [
        'what overflows wraps',
        'return tostring(bint.maxinteger() + 1 == bint.mininteger()) .. tostring(bint.mininteger() // -1 == bint.mininteger())',
        'truetrue',
      ],

      [
        'isbint, isintegral, isnumeric',
        'local function f(v) return tostring(bint.isbint(v)) .. tostring(bint.isintegral(v)) .. tostring(bint.isnumeric(v)) end return f(bint(1)) .. " " .. f(1) .. " " .. f(1.5) .. " " .. f("1")',
        'truetruetrue falsetruetrue falsefalsetrue falsefalsefalse',
      ],
      [
        'type',
        'return tostring(bint.type(bint(1))) .. bint.type(1) .. bint.type(1.5) .. tostring(bint.type("1"))',
        'bintintegerfloatnil',
      ],
      [
        'questions about Lua numbers',
        'return tostring(bint.iszero(0)) .. tostring(bint.isone(1)) .. tostring(bint.isminusone(-1)) .. tostring(bint.isneg(-1)) .. tostring(bint.ispos(1)) .. tostring(bint.iseven(-2)) .. tostring(bint.isodd(-1))',
        'true'.repeat(7),
      ],
      [
        'eq',
        'return tostring(bint.eq(1, bint(1))) .. tostring(bint.eq(1.5, 1.5)) .. tostring(bint.eq(1.5, bint(1))) .. tostring(bint.eq("2", 2))',
        'truetruefalsetrue',
      ],
      ['== to other things is false', 'return tostring(bint(1) == {}) .. tostring(bint(1) == 1)', 'falsefalse'],

      [
        'numbers on either side',
        'return show(1 + bint(2), bint(2) + 1, 10 - bint(3), 2 * bint(3), 7 // bint(2), 7 % bint(4), 6 & bint(3), 1 << bint(70))',
        `bint 3, bint 3, bint 7, bint 6, bint 3, bint 3, bint 2, bint ${2n ** 70n}`,
      ],
      [
        'digits on either side',
        'return show("10" + bint(2), bint(2) * "3", bint(7) // "2")',
        'bint 12, bint 6, bint 3',
      ],
      [
        'numbers with a fraction make floats',
        'return show(bint(1) + 0.5, 0.5 - bint(1), bint(2) * 1.5, bint(7) // 1.5, bint(7) % 1.5, bint(1) + "0.5")',
        'float 1.5, float -0.5, float 3.0, float 4.0, float 1.0, float 1.5',
      ],
      [
        '/ and ^ give floats',
        'return show(bint(7) / 2, bint(6) / bint(3), bint(2) ^ 10, 2 ^ bint(3))',
        'float 3.5, float 2.0, float 1024.0, float 8.0',
      ],
      ['a whole float stays whole', 'return show(bint(10000) * 10 ^ 12)', 'bint 10000000000000000'],
      [
        'comparison with fractions',
        'return tostring(bint(1) < 1.5) .. tostring(bint(2) <= 1.5) .. tostring(1.5 > bint(1)) .. tostring(bint(1) <= 1e300)',
        'truefalsetruetrue',
      ],
      [
        'metamethods can be called with numbers',
        'return show(bint.__add(1, 2), bint.__sub(1, bint(2)), bint.__mul("2", 3), bint.__idiv(7, 2), bint.__mod(7, 2), bint.__unm(5), bint.__bnot(0), bint.__shl(1, 2)) .. tostring(bint.__lt(1, bint(2))) .. tostring(bint.__le(3, "2")) .. tostring(bint.__eq(1, bint(1))) .. bint.__tostring(5)',
        'bint 3, bint -1, bint 6, bint 3, bint 1, bint -5, bint -1, bint 4truefalsetrue5',
      ],
      [
        'sort',
        'local t = { bint(3), bint(-1), bint(2) } table.sort(t) return show(table.unpack(t))',
        'bint -1, bint 2, bint 3',
      ],
      [
        'functions of Lua numbers',
        'return show(bint.abs(-1.5), bint.abs(-5), bint.inc(1.5), bint.inc(5), bint.dec(1.5), bint.dec(5))',
        'float 1.5, bint 5, float 2.5, bint 6, float 0.5, bint 4',
      ],
      [
        'floor, ceil and trunc',
        'return show(bint.floor(-1.5), bint.ceil(-1.5), bint.trunc(-1.5), bint.trunc(1.5), bint.trunc("2.5"), bint.floor(2))',
        'bint -2, bint -1, bint -1, bint 1, bint 2, bint 2',
      ],
      [
        'max and min',
        'return show(bint.max(1, bint(2)), bint.max(bint(1), 2.5), bint.max(1.5, bint(2)), bint.min(bint(3), 2.5), bint.min(3.5, bint(2)), bint.min(1, 2))',
        'bint 2, float 2.5, bint 2, float 2.5, bint 2, bint 1',
      ],
      [
        'truncated division of fractions',
        'local q, r = bint.tdivmod(-7.5, 2) return show(q, r, bint.tdiv(7.5, -2), bint.tmod(7.5, -2))',
        'float -3.0, float -1.5, float -3.0, float 1.5',
      ],
      ['floored division of fractions', 'return show(bint.idivmod(-7.5, 2))', 'float -4.0, float 0.5'],
      [
        'a negative exponent counts as one without a sign',
        'local b = require(".bint")(64) return tostring(b.ipow(3, -1)) .. " " .. tostring(b.ipow(0, 0))',
        `${BigInt.asIntN(64, power(3n, 2n ** 64n - 1n, 2n ** 64n))} 1`,
      ],
      [
        'upowmod',
        'return show(bint.upowmod(65, 17, 3233), bint.upowmod(2790, 413, 3233), bint.upowmod(2790, 413, 1), bint.upowmod(5, 0, 7))',
        'bint 2790, bint 65, bint 0, bint 1',
      ],
      [
        'upowmod with a modulus of full width',
        'return show(bint.upowmod(3, bint("1000000007"), bint.maxinteger()))',
        `bint ${power(3n, 1_000_000_007n, 2n ** 255n - 1n)}`,
      ],
      [
        'counts of bits beyond Lua integers',
        'return show(bint(1) << (bint(1) << 64), bint(-1) >> (bint(1) << 64), bint(1) << -(bint(1) << 64), bint.brol(1, bint(1) << 64))',
        'bint 0, bint 0, bint 0, bint 1',
      ],

      [
        'errors tell the line that made them',
        'local ok, problem = pcall(function()\n local x = bint(1)\n return x // 0 + 1\nend) return problem',
        '[string "aos"]:3: attempt to perform division by zero',
      ],
      [
        'a transfer',
        `local balances = { a = "${big}", b = "5" }
         local quantity = bint("${big}")
         assert(bint.__lt(0, quantity) and bint.__le(quantity, bint(balances.a)))
         balances.a = tostring(bint(balances.a) - quantity)
         balances.b = tostring(bint(balances.b) + quantity)
         return balances.a .. " " .. balances.b`,
        `0 ${BigInt(big) + 5n}`,
      ],
      [
        'the library stays whole when user code empties string and math',
        'string.format, math.ult, table.unpack = nil, nil, nil return bint.tobase(bint(1) << 100, 10) .. bint.udiv(-1, (bint(1) << 65) + 1):tobase(16)',
        `${2n ** 100n}${((2n ** 256n - 1n) / (2n ** 65n + 1n)).toString(16)}`,
      ],
    ],
    { setup },
  )

  const unrepresentable = 'value cannot be represented by a bint'
  testErrors([
    ...['"abc"', '""', '1.5', '"1.0"', 'nil', '{}', 'true', '2^63', '0/0', '"0x"', 'require(".bint")(512)(1)'].map(
      (value) => [`bint(${value})`, `local x = require(".bint")(256)(${value})`, unrepresentable] as const,
    ),
    ['floor of what is too large', 'local x = require(".bint")(256).floor(1e300)', unrepresentable],
    [
      'operands of bitwise operators',
      'local x = require(".bint")(256)(1) & 1.5',
      'value has not integer representation',
    ],
    ['bits to shift by', 'local x = require(".bint")(256)(1) << 0.5', 'value has not integer representation'],
    ['operands of udiv', 'require(".bint")(256).udiv(1, "x")', 'value has not integer representation'],
    ['division by zero', 'local x = require(".bint")(256)(1) % 0', byZero],
    ['modulus zero', 'require(".bint")(256).upowmod(1, 1, 0)', byZero],
    ['division overflow', 'local b = require(".bint")(256) b.tdiv(b.mininteger(), -1)', 'division overflow'],
    ['bytes', 'require(".bint")(256).frombe(5)', 'expected a string of bytes, got number'],
    ['bits', 'require(".bint")(100)', 'bits must be at least 64 and a multiple of wordbits (32)'],
    ['too few bits', 'require(".bint")(32)', 'bits must be at least 64 and a multiple of wordbits (32)'],
    ['no bits', 'require(".bint")()', 'bits must be at least 64 and a multiple of wordbits (32)'],
    ['wordbits', 'require(".bint")(256, 64)', 'wordbits must be 8, 16 or 32'],
  ])
})
