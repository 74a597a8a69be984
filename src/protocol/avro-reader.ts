import { ProtocolError } from './errors.ts'
import { decodeUtf8 } from './utf8.ts'

/** Longest number in bytes: five carry 35 bits, and no count or length within the limits needs more than two. */
const longBytesMax = 5

/**
 * Reads the Avro values that tags are made of, front to back, from a stranger's bytes.
 *
 * `offset` in errors is the position in the whole item: `base` says where `bytes` begins in it.
 */
export class AvroReader {
  readonly bytes: Uint8Array
  readonly base: number
  position = 0

  constructor(bytes: Uint8Array, base: number) {
    this.bytes = bytes
    this.base = base
  }

  /** Offset of the next byte in the whole item. */
  get offset(): number {
    return this.base + this.position
  }

  /** A zigzag number in its shortest form. @throws {ProtocolError} `PROTOCOL_TAGS_MALFORMED` */
  long(what: string): number {
    const start = this.offset
    let raw = 0
    let scale = 1
    for (let size = 1; size <= longBytesMax; size++) {
      const byte = this.bytes[this.position]
      if (byte === undefined) this.fail(`they end inside the ${what}`)
      this.position++
      raw += (byte & 0x7f) * scale
      scale *= 128
      if (byte < 0x80) {
        if (byte === 0 && size > 1) this.fail(`the ${what} is written longer than it needs to be`, start)
        return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2
      }
    }
    return this.fail(`the ${what} is longer than ${longBytesMax} bytes`, start)
  }

  /** Text preceded by its length. @throws {ProtocolError} `PROTOCOL_TAGS_MALFORMED` */
  text(what: string): string {
    const start = this.offset
    const length = this.long(`length of a ${what}`)
    if (length < 0) this.fail(`the length of a ${what} is ${length}`, start)
    const left = this.bytes.length - this.position
    if (length > left) this.fail(`a ${what} of ${length} bytes has only ${left} left`, start)

    const text = decodeUtf8(this.bytes.subarray(this.position, this.position + length))
    if (text === undefined) this.fail(`a ${what} is not valid UTF-8`)
    this.position += length
    return text
  }

  fail(problem: string, offset = this.offset): never {
    throw new ProtocolError({ code: 'PROTOCOL_TAGS_MALFORMED', problem, offset })
  }
}
