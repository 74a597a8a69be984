import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeTags, encodeTags, tagBytesMax, tagCountMax } from './tags.ts'
import type { Tag } from './types.ts'

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const tagsOf = (count: number): Tag[] => Array.from({ length: count }, () => ({ name: 'n', value: 'v' }))
const actionEval: Tag[] = [
  { name: 'Action', value: 'Eval' },
  { name: 'Data-Protocol', value: 'ao' },
]
const actionEvalHex = '040c416374696f6e084576616c1a446174612d50726f746f636f6c04616f00'

describe('tags written', () => {
  test('vector: wire protocol 16', () => {
    expect(Buffer.from(encodeTags(actionEval)).toString('hex')).toBe(actionEvalHex)
  })

  test('no tags take no bytes', () => {
    expect(encodeTags([])).toHaveLength(0)
  })

  test('at most 4,096 bytes, to the byte', () => {
    // Count 1, name length 1, name 1, value length 2, terminator 1.
    const fits = encodeTags([{ name: 'n', value: 'v'.repeat(tagBytesMax - 6) }])
    expect(fits).toHaveLength(tagBytesMax)
    expect(decodeTags(fits)).toEqual([{ name: 'n', value: 'v'.repeat(tagBytesMax - 6) }])

    const over: Tag[][] = [
      [{ name: 'n', value: 'v'.repeat(tagBytesMax - 5) }],
      [{ name: 'n'.repeat(tagBytesMax), value: '' }],
      [{ name: 'n', value: '€'.repeat(tagBytesMax) }],
      [{ name: 'n', value: 'v'.repeat(10_000_000) }],
      Array.from({ length: 100 }, () => ({ name: 'a name', value: 'a value of forty-three characters in length' })),
    ]
    for (const tags of over) {
      expect(() => encodeTags(tags)).toThrow(expect.objectContaining({ code: 'PROTOCOL_TAG_BYTES_EXCEEDED' }))
    }
    expect(() => encodeTags(over[0] ?? [])).toThrow(/take 4097 bytes;/)
  })

  test('at most 128 tags', () => {
    expect(decodeTags(encodeTags(tagsOf(tagCountMax)))).toHaveLength(tagCountMax)
    expect(() => encodeTags(tagsOf(tagCountMax + 1))).toThrow(
      expect.objectContaining({ code: 'PROTOCOL_TAG_COUNT_EXCEEDED' }),
    )
  })

  test('half a surrogate pair has no UTF-8 form', () => {
    for (const tag of [
      { name: '\ud800', value: 'v' },
      { name: 'n', value: 'x\udc00' },
    ]) {
      expect(() => encodeTags([tag])).toThrow(expect.objectContaining({ code: 'PROTOCOL_TEXT_MALFORMED' }))
    }
  })
})

test('what is written is read back, in order, with duplicates, empty texts and every length of prefix', () => {
  const word = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom('', '\ufeffmark', '\0', '€'.repeat(21), 'é'.repeat(32), 'x'.repeat(63), 'x'.repeat(64)),
  )
  fc.assert(
    fc.property(fc.array(fc.record({ name: word, value: word }), { maxLength: 12 }), (tags) => {
      expect(decodeTags(encodeTags(tags))).toEqual(tags)
    }),
  )
})

describe('tags read', () => {
  const accepted: { name: string; hex: string; expected: Tag[] }[] = [
    { name: 'nothing', hex: '', expected: [] },
    { name: 'an empty array', hex: '00', expected: [] },
    { name: 'a block that gives its size', hex: '01 08 02 6e 02 76 00', expected: [{ name: 'n', value: 'v' }] },
    {
      name: 'two blocks',
      hex: '02 02 6e 02 76 02 02 6d 02 77 00',
      expected: [
        { name: 'n', value: 'v' },
        { name: 'm', value: 'w' },
      ],
    },
    { name: 'empty name and value', hex: '02 00 00 00', expected: [{ name: '', value: '' }] },
    { name: 'a byte order mark', hex: '02 06 efbbbf 00 00', expected: [{ name: '\ufeff', value: '' }] },
  ]
  test.each(accepted)('accepts $name', ({ hex, expected }) => {
    expect(decodeTags(bytesOf(hex))).toEqual(expected)
  })

  const refused: { name: string; hex: string; offset: number; code?: string }[] = [
    { name: 'no terminator', hex: '02 02 6e 02 76', offset: 5 },
    { name: 'end inside a number', hex: '82', offset: 1 },
    { name: 'end before the value', hex: '02 02 6e', offset: 3 },
    { name: 'a name longer than what is left', hex: '02 0a 6e 02 76 00', offset: 1 },
    { name: 'a name of negative length', hex: '02 01 6e 02 76 00', offset: 1 },
    { name: 'bytes after the terminator', hex: '02 02 6e 02 76 00 00', offset: 6 },
    { name: 'a count written too long', hex: '82 00 02 6e 02 76 00', offset: 0 },
    { name: 'a terminator written too long', hex: '02 02 6e 02 76 80 00', offset: 5 },
    { name: 'a length written too long', hex: '02 82 80 00 6e 02 76 00', offset: 1 },
    { name: 'a number of six bytes', hex: '80 80 80 80 80 01', offset: 0 },
    { name: 'a number of ten bytes, all ones', hex: 'ff ff ff ff ff ff ff ff ff 01 00', offset: 0 },
    { name: 'a length of 2^33', hex: '02 80 80 80 80 40 6e', offset: 1 },
    { name: 'a block that gives too large a size', hex: '01 0a 02 6e 02 76 00', offset: 0 },
    { name: 'a block that gives a negative size', hex: '01 07 02 6e 02 76 00', offset: 0 },
    { name: 'a name that is not UTF-8', hex: '02 02 ff 02 76 00', offset: 2 },
    { name: 'a value that is half a surrogate pair', hex: '02 02 6e 06 eda080 00', offset: 4 },
    { name: 'an overlong UTF-8 form', hex: '02 02 6e 04 c080 00', offset: 4 },
    { name: '129 tags declared', hex: '82 02', offset: 0, code: 'PROTOCOL_TAG_COUNT_EXCEEDED' },
    { name: '2^34 tags declared', hex: '80 80 80 80 7f', offset: 0, code: 'PROTOCOL_TAG_COUNT_EXCEEDED' },
    { name: '-2^34 tags declared', hex: 'ff ff ff ff 7f', offset: 0, code: 'PROTOCOL_TAG_COUNT_EXCEEDED' },
  ]
  test.each(refused)('refuses $name', ({ hex, offset, code = 'PROTOCOL_TAGS_MALFORMED' }) => {
    expect(() => decodeTags(bytesOf(hex), 1_000)).toThrow(
      expect.objectContaining({ info: expect.objectContaining({ code, offset: 1_000 + offset }) }),
    )
  })

  test('the limit of 128 holds across blocks', () => {
    const block = encodeTags(tagsOf(100)).slice(0, -1)
    expect(() => decodeTags(Uint8Array.of(...block, ...block, 0))).toThrow(
      expect.objectContaining({ info: expect.objectContaining({ count: 200, offset: block.length }) }),
    )
  })

  test('no cut of valid tags is valid', () => {
    const bytes = bytesOf(actionEvalHex)
    for (let size = 1; size < bytes.length; size++) {
      expect(() => decodeTags(bytes.subarray(0, size))).toThrow(
        expect.objectContaining({ code: 'PROTOCOL_TAGS_MALFORMED' }),
      )
    }
  })
})
