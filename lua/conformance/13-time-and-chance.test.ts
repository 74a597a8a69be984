import { describe, expect, test } from 'vitest'
import { createLibraryProcess, type LibraryProcess, processId, testCode, testErrors } from '../harness.ts'

/** Code that draws some numbers and writes them with all their digits. */
const draw = (count: number, call: string, format = '%.17g'): string =>
  `local s = {} for i = 1, ${count} do s[i] = string.format("${format}", ${call}) end return table.concat(s, " ")`

const floats = '0.14534765831194818 0.51170728029683232 0.00063033984042704105 0.98826125985942781 0.76347329979762435'

/** A process whose first message is that of the vector: it gives the seed 9991448. */
function seeded(): LibraryProcess {
  const first = { id: 'AOS', from: 'FOOBAR', owner: 'FOOBAR', blockHeight: 999, tags: { Module: 'WOOPAWOOPA' } }
  const library = createLibraryProcess({ first: false })
  library.send(first)
  library.send({ id: processId, tags: {} })
  return library
}

describe('13 Time and randomness', () => {
  test('13.1, 20.8 os.time is the Timestamp of the message, in milliseconds', () => {
    const code = 'return os.time() .. math.type(os.time())'
    expect(createLibraryProcess().send({ action: 'Eval', data: code, timestampMs: 1_700_000_000_123 }).data).toBe(
      '1700000000123integer',
    )
  })

  test('13.2 os.time does not look at its arguments', () => {
    const data = 'os.time({ year = 2020, month = 1, day = 1 }) .. " " .. os.time("x", 5)'
    expect(createLibraryProcess().send({ action: 'Eval', data, timestampMs: 99 }).data).toBe('99 99')
  })

  test('13.3 os.time is nil where the message has no Timestamp', () => {
    const library = createLibraryProcess({
      setup: 'Handlers.add("own", "Own", function() print(tostring(os.time())) end)',
    })
    const tags = [{ name: 'Action', value: 'Own' }]
    const { response } = library.handle({ From: 'f', Owner: 'f', Target: processId, Tags: tags })
    expect(response).toMatchObject({ Output: { data: 'nil' } })
  })

  test('13.4 the generator is MT19937, seeded by the first message', () => {
    const library = seeded()
    expect(library.eval(draw(5, 'math.random()'))).toBe(floats)
    expect(library.eval(draw(5, 'math.random(100)', '%d'))).toBe('7 46 2 78 59')
  })

  test('13.4 a first message as JSON with a Block-Height in text seeds the same', () => {
    const message = {
      'Block-Height': '999',
      Owner: 'FOOBAR',
      From: 'FOOBAR',
      Module: 'WOOPAWOOPA',
      Id: 'AOS',
      Tags: [],
    }
    const environment = { Process: { Id: processId, Tags: [] } }
    const module = `handle([[${JSON.stringify(message)}]], [[${JSON.stringify(environment)}]])`
    expect(createLibraryProcess({ module }).eval(draw(5, 'math.random()'))).toBe(floats)
  })

  test('13.4 the seed is the height followed by the sum of the bytes', () => {
    const library = seeded()
    const before = library.eval(draw(5, 'math.random()'))
    library.eval('require(".chance").seed(9991448)')
    expect(library.eval(draw(5, 'math.random()'))).toBe(before)
  })

  test('13.4 it goes on beyond the first 624 words', () => {
    // The 1000th output of MT19937 with seed 9991448, computed once with an independent implementation in Python.
    const code = 'for i = 1, 999 do math.random() end return string.format("%d", math.floor(math.random() * 2^32))'
    expect(seeded().eval(code)).toBe('526105306')
  })

  test('13.4 a seed beyond 32 bits is reduced', () => {
    const library = seeded()
    library.eval('require(".chance").seed(9991448 + 7 * 2^32)')
    expect(library.eval(draw(5, 'math.random()'))).toBe(floats)
  })

  test('13.5 later messages do not seed again', () => {
    const library = seeded()
    const drawn = [1, 2, 3, 4, 5].map((round) => {
      library.send({ id: `${round}`, from: 'x', blockHeight: 999, tags: { Module: 'WOOPAWOOPA' } })
      return library.eval('string.format("%.17g", math.random())')
    })
    expect(drawn.join(' ')).toBe(floats)
  })

  test('13.5 a message that fails gives its numbers back', () => {
    const library = seeded()
    library.evalError('math.random() math.random() error("x")')
    expect(library.eval(draw(5, 'math.random()'))).toBe(floats)
  })

  testCode([
    [
      '13.6 without argument it is in [0, 1)',
      'for i = 1, 1000 do local r = math.random() assert(r >= 0 and r < 1 and math.type(r) == "float") end return "ok"',
      'ok',
    ],
    [
      '13.7 with one argument it is an integer from 1',
      'local seen = {} for i = 1, 1000 do local n = math.random(3) assert(math.type(n) == "integer") seen[n] = true end return tostring(seen[1] and seen[2] and seen[3] and not seen[0] and not seen[4])',
      'true',
    ],
    [
      '13.8 with two arguments it is an integer between them',
      'local seen = {} for i = 1, 1000 do local n = math.random(-1, 1) assert(math.type(n) == "integer") seen[n] = true end return tostring(seen[-1] and seen[0] and seen[1] and not seen[-2] and not seen[2])',
      'true',
    ],
    [
      '13.8 an integer is one draw, scaled',
      'local c = require(".chance") c.seed(5) local r = math.random() c.seed(5) return tostring(math.random(10, 19) == math.floor(r * 10 + 10)) .. tostring(math.random() ~= r)',
      'truetrue',
    ],
  ])
  testErrors([
    ['13.9 an empty interval raises', 'math.random(2, 1)', 'max must bigger than min'],
    ['13.9 an empty interval from 1 raises', 'math.random(0)', 'max must bigger than min'],
  ])
  testCode([
    [
      '13.10 three arguments are as none',
      'local c = require(".chance") c.seed(5) local r = math.random() c.seed(5) return tostring(math.random(1, 2, 3) == r)',
      'true',
    ],
    [
      '13.11 randomseed changes nothing',
      'local c = require(".chance") c.seed(5) local a = math.random() c.seed(5) math.randomseed(99) return tostring(a == math.random())',
      'true',
    ],
  ])

  test('13.12 before the first message random is 0.5', () => {
    const module = 'Before = math.random() .. " " .. math.random() .. " " .. math.random(10)'
    expect(createLibraryProcess({ module }).eval('Before')).toBe('0.5 0.5 6')
  })

  test('13.13 with the seed of the vector a first math.random(10) is 2', () => {
    expect(seeded().eval('math.random(10)')).toBe('2')
  })
})
