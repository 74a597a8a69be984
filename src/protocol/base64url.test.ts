import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBase64Url, encodeBase64Url } from './base64url.ts'

describe('base64url', () => {
  test('agrees with the platform in both directions', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64url')
        expect(encodeBase64Url(bytes)).toBe(text)
        expect(decodeBase64Url(text)).toEqual(bytes)
        expect(decodeBase64Url(Buffer.from(bytes).toString('base64'))).toEqual(bytes)
      }),
    )
  })

  test('encodes a view, not the array behind it', () => {
    expect(encodeBase64Url(Uint8Array.of(9, 1, 2, 3, 9).subarray(1, 4))).toBe('AQID')
  })

  const refused: { text: string; offset: number; why: string }[] = [
    { text: 'A', offset: 0, why: 'one character carries no byte' },
    { text: 'AAAAA', offset: 4, why: 'one character is left over' },
    { text: 'AB', offset: 1, why: 'bits beyond the last byte' },
    { text: 'AAB', offset: 2, why: 'bits beyond the last byte' },
    { text: 'AA A', offset: 2, why: 'a space' },
    { text: 'AAé', offset: 2, why: 'not ASCII' },
    { text: 'A=AA', offset: 1, why: 'padding in the middle' },
    { text: 'AA===', offset: 2, why: 'more padding than there can be' },
  ]
  test.each(refused)('refuses $text: $why', ({ text, offset }) => {
    expect(() => decodeBase64Url(text)).toThrow(
      expect.objectContaining({ info: expect.objectContaining({ code: 'PROTOCOL_BASE64URL_INVALID', offset }) }),
    )
  })
})
