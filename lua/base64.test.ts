import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { testCode, testErrors } from './harness.ts'
import { mapStrings } from './lua-strings.ts'

const inputs = fc.sample(fc.uint8Array({ maxLength: 70 }), { seed: 143, numRuns: 600 })
const texts = inputs.map((bytes) => Buffer.from(bytes).toString('base64'))
const buffers = inputs.map((bytes) => Buffer.from(bytes))

describe('14.3 .base64', () => {
  test('encodes as Buffer does', () => {
    expect(mapStrings(inputs, 'base64.encode(s)').map(String)).toEqual(texts)
  })

  test('decodes what Buffer encodes, with padding and without', () => {
    expect(mapStrings(texts, 'base64.decode(s)')).toEqual(buffers)
    const bare = texts.map((text) => text.replace(/=+$/, ''))
    expect(mapStrings(bare, 'base64.decode(s)')).toEqual(buffers)
  })

  test('skips what is not of the alphabet, wherever it stands', () => {
    const broken = texts.map((text, index) => {
      const place = (index * 7) % (text.length + 1)
      return `${text.slice(0, place)}\r\n -${text.slice(place)}`
    })
    expect(mapStrings(broken, 'base64.decode(s)')).toEqual(buffers)
  })

  test('takes other characters for 62, 63 and the padding, both ways', () => {
    const encoded = mapStrings(inputs, 'base64.encode(s, base64.makeencoder("-", "_", "~"))').map(String)
    expect(encoded).toEqual(texts.map((text) => text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '~')))
    expect(mapStrings(encoded, 'base64.decode(s, base64.makedecoder("-", "_", "~"))')).toEqual(buffers)
  })

  testCode([
    ['it is a global and a module', 'return tostring(base64 == require(".base64"))', 'true'],
    ['the vector', 'return base64.encode("hello")', 'aGVsbG8='],
    ['nothing', 'return base64.encode("") .. base64.decode("") .. "."', '.'],
    ['it ends at the padding', 'return base64.decode("YQ==YQ==")', 'a'],
    ['a last character by itself is left out', 'return base64.decode("YWJjZ")', 'abc'],
    ['the URL alphabet is another one', 'return #base64.decode("_-_-")', 0],
    ['the third argument changes nothing', 'return base64.decode(base64.encode("abc", nil, true), nil, true)', 'abc'],
    [
      'encoders map values to codes, decoders back',
      'local e, d = base64.makeencoder("-"), base64.makedecoder("-") return e[0] .. " " .. e[62] .. " " .. e[64] .. " " .. d[65] .. " " .. d[45] .. " " .. d[61]',
      '65 45 61 0 62 64',
    ],
    [
      'tables of the user are fine',
      'local e, d = {}, {} for i = 0, 64 do e[i] = 48 + i d[48 + i] = i end return base64.encode("hi", e) .. base64.decode(base64.encode("hi", e), d)',
      'J6Tphi',
    ],
    ['100 KB come back', 'local s = ("x"):rep(100000) return tostring(base64.decode(base64.encode(s)) == s)', 'true'],
  ])

  testErrors([
    ['encode of another type', 'base64.encode(5)', 'expected argument of type string, got number'],
    ['decode of another type', 'base64.decode(nil)', 'expected argument of type string, got nil'],
  ])
})
