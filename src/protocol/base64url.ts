import { ProtocolError } from './errors.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const codeOf = Uint8Array.from(alphabet, (character) => character.charCodeAt(0))
const decoder = new TextDecoder()

/** Six bits by character code; 255 for what is not in the alphabet. The standard alphabet's `+` and `/` count too. */
const bitsOf = new Uint8Array(128).fill(255)
for (const [bits, code] of codeOf.entries()) bitsOf[code] = bits
bitsOf['+'.charCodeAt(0)] = 62
bitsOf['/'.charCodeAt(0)] = 63

/** @returns base64url without padding: `ceil(4/3 · size)` characters. Spec: wire protocol 1.1. */
export function encodeBase64Url(bytes: Uint8Array): string {
  const out = new Uint8Array(Math.ceil((bytes.length * 4) / 3))
  let position = 0
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (at(bytes, i) << 16) | (at(bytes, i + 1) << 8) | at(bytes, i + 2)
    // Writing past the end of `out` does nothing: the last group may have fewer than four characters.
    out[position++] = at(codeOf, group >> 18)
    out[position++] = at(codeOf, (group >> 12) & 63)
    out[position++] = at(codeOf, (group >> 6) & 63)
    out[position++] = at(codeOf, group & 63)
  }
  return decoder.decode(out)
}

/**
 * Decodes base64url, and what other writers make of it: `=` padding and the standard alphabet.
 *
 * @throws {ProtocolError} `PROTOCOL_BASE64URL_INVALID` on another character, an impossible length, or bits beyond the
 *   last byte that are not zero (two texts must not stand for the same bytes more than the alphabets make them).
 */
export function decodeBase64Url(text: string): Uint8Array {
  let length = text.length
  while (length > 0 && text.length - length < 2 && text[length - 1] === '=') length--
  if (length % 4 === 1) fail('a single character is left over', length - 1)

  const out = new Uint8Array(Math.floor((length * 3) / 4))
  let position = 0
  let group = 0
  let bitCount = 0
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    const bits = code < 128 ? at(bitsOf, code) : 255
    if (bits === 255) fail(`${JSON.stringify(text[i])} is not in the alphabet`, i)
    group = ((group << 6) | bits) & 0xffff
    bitCount += 6
    if (bitCount < 8) continue
    bitCount -= 8
    out[position++] = group >> bitCount
  }
  if ((group & ((1 << bitCount) - 1)) !== 0) fail('the bits after the last byte are not zero', length - 1)
  return out
}

function at(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0
}

function fail(problem: string, offset: number): never {
  throw new ProtocolError({ code: 'PROTOCOL_BASE64URL_INVALID', problem, offset })
}
