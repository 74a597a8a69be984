import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { joinPath, keyText, type PathKey, parseStatePath, pathLimits } from './state-path.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)

describe('a path', () => {
  const cases: { text: string; keys: readonly PathKey[] }[] = [
    { text: '', keys: [] },
    { text: 'Balances', keys: [bytes('Balances')] },
    { text: 'Balances.-x_Y9', keys: [bytes('Balances'), bytes('-x_Y9')] },
    { text: 'Inbox[1].Data', keys: [bytes('Inbox'), 1n, bytes('Data')] },
    { text: 'a.1', keys: [bytes('a'), bytes('1')] },
    { text: 'a["b.c"][\'d"]\'].é', keys: [bytes('a'), bytes('b.c'), bytes('d"]'), bytes('é')] },
    { text: '["a b"].c', keys: [bytes('a b'), bytes('c')] },
    { text: '[""]', keys: [bytes('')] },
    { text: String.raw`a["\"\\\n\r\t\x00\xff"]`, keys: [bytes('a'), Buffer.from('"\\\n\r\t\0\xff', 'latin1')] },
    { text: 'a[-7][true][false]', keys: [bytes('a'), -7n, true, false] },
    { text: 'a[2.5][-1e3][1e300][.5][-inf][inf]', keys: [bytes('a'), 2.5, -1_000n, 1e300, 0.5, -Infinity, Infinity] },
    { text: 'a[9223372036854775807]', keys: [bytes('a'), 9_223_372_036_854_775_807n] },
  ]
  test.each(cases)('is read: $text', ({ text, keys }) => {
    expect(parseStatePath(text)).toEqual({ text, keys })
  })

  const invalid: { text: string; position: number; problem: RegExp }[] = [
    { text: '.a', position: 1, problem: /a name should be here/ },
    { text: 'a..b', position: 3, problem: /a name should be here/ },
    { text: 'a.', position: 3, problem: /a name should be here/ },
    { text: 'a b', position: 2, problem: /'\.' or '\['/ },
    { text: 'a[1', position: 2, problem: /in brackets/ },
    { text: 'a[b]', position: 2, problem: /text in quotes/ },
    { text: 'a[1]b', position: 5, problem: /'\.' or '\['/ },
    { text: 'a["b]', position: 2, problem: /in brackets/ },
    { text: String.raw`a["\q"]`, position: 2, problem: /escapes are/ },
    { text: 'a[9223372036854775808]', position: 2, problem: /64 bits/ },
    { text: 'a'.repeat(pathLimits.bytes + 1), position: pathLimits.bytes + 1, problem: /longer than 4096 bytes/ },
    { text: `a${'[1]'.repeat(pathLimits.keys)}`, position: 599, problem: /more than 200 keys/ },
  ]
  test.each(invalid)('is refused, with the place: $text', ({ text, position, problem }) => {
    const info = { code: 'VM_PATH_INVALID', position, problem: expect.stringMatching(problem) }
    expect(() => parseStatePath(text)).toThrow(expect.objectContaining({ info: expect.objectContaining(info) }))
  })
})

const key: fc.Arbitrary<PathKey> = fc.oneof(
  fc.string({ unit: 'binary' }).map(bytes),
  fc.string({ unit: fc.constantFrom('[', ']', '"', "'", '.', '$', '\\', ' ', '\n', 'x', '1') }).map(bytes),
  fc.uint8Array({ maxLength: 8 }).map((found) => Buffer.from(found)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.boolean(),
  fc.double({ noNaN: true }).filter((value) => !Number.isInteger(value) || Math.abs(value) > 2 ** 63),
)

test('the texts of keys lead back to the keys', () => {
  fc.assert(
    fc.property(fc.array(key, { maxLength: 5 }), (keys) => {
      const path = keys.map(keyText).reduce(joinPath, '')
      expect(parseStatePath(path).keys).toEqual(keys)
    }),
    { seed: 7, numRuns: 500 },
  )
})

test('different keys have different texts', () => {
  fc.assert(
    fc.property(key, key, (left, right) => {
      const equal = JSON.stringify([typeof left, String(left)]) === JSON.stringify([typeof right, String(right)])
      expect(keyText(left) === keyText(right)).toBe(equal)
    }),
    { seed: 8, numRuns: 500 },
  )
})
