import { ProtocolError } from './errors.ts'

/** Size of target and anchor, in bytes. */
export const referenceSize = 32

/** Takes the fields of a data item front to back, as views; every error names the field and its byte. */
export class ItemReader {
  readonly bytes: Uint8Array
  position = 0

  /** @param bytes - A Buffer is seen as the plain byte array it is. */
  constructor(bytes: Uint8Array) {
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** @throws {ProtocolError} `PROTOCOL_ITEM_TRUNCATED` */
  take(size: number, field: string): Uint8Array {
    const offset = this.position
    const end = offset + size
    if (end > this.bytes.length) {
      const haveBytes = this.bytes.length - offset
      throw new ProtocolError({ code: 'PROTOCOL_ITEM_TRUNCATED', field, offset, needBytes: size, haveBytes })
    }
    this.position = end
    return this.bytes.subarray(offset, end)
  }

  /** A presence byte, then 32 bytes if it is 1. @throws {ProtocolError} `PROTOCOL_PRESENCE_BYTE_INVALID` and above */
  takeOptional(field: 'target' | 'anchor'): Uint8Array | undefined {
    const offset = this.position
    const [given] = this.take(1, `presence byte of the ${field}`)
    if (given === 0) return undefined
    if (given === 1) return this.take(referenceSize, field)
    throw new ProtocolError({ code: 'PROTOCOL_PRESENCE_BYTE_INVALID', field, given: given ?? 0, offset })
  }

  /** Little-endian. Inexact above 2^53, which is far over every limit that a result is compared with. */
  takeUnsigned(size: number, field: string): number {
    const bytes = this.take(size, field)
    let value = 0
    for (let i = size - 1; i >= 0; i--) value = value * 256 + (bytes[i] ?? 0)
    return value
  }

  rest(): Uint8Array {
    return this.bytes.subarray(this.position)
  }
}
