import { ProtocolError } from './errors.ts'

const encoder = new TextEncoder()
// Without `ignoreBOM` a leading byte order mark would vanish, and bytes would not survive a round trip.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * @param field - Names the text in the error.
 * @throws {ProtocolError} `PROTOCOL_TEXT_MALFORMED` when half of a surrogate pair stands alone. Encoders disagree on it
 *   (a replacement character, or bytes that are not UTF-8), so it is not signed at all.
 */
export function encodeUtf8(text: string, field = 'text'): Uint8Array {
  if (!text.isWellFormed()) throw new ProtocolError({ code: 'PROTOCOL_TEXT_MALFORMED', field })
  return encoder.encode(text)
}

/** The text, or undefined when the bytes are not valid UTF-8. Keeps a byte order mark. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
