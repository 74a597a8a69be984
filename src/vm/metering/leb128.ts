/** LEB128 integers of the WASM binary format. Values fit in 32 bits, but for the gas charges, which are small too. */

/** @returns the unsigned value at `offset` and the offset behind it, packed in the given cursor. */
export class Cursor {
  readonly bytes: Uint8Array
  offset: number

  constructor(bytes: Uint8Array, offset = 0) {
    this.bytes = bytes
    this.offset = offset
  }

  byte(): number {
    const value = this.bytes[this.offset]
    if (value === undefined) throw new RangeError(`The WASM module ends at byte ${this.offset}.`)
    this.offset += 1
    return value
  }

  u32(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
  }

  skipLeb(): void {
    while (this.byte() >= 0x80);
  }

  skip(count: number): void {
    this.offset += count
  }
}

export function encodeUnsigned(value: number): number[] {
  const out: number[] = []
  let rest = value
  do {
    const byte = rest & 0x7f
    rest >>>= 7
    out.push(rest === 0 ? byte : byte | 0x80)
  } while (rest !== 0)
  return out
}

export function encodeSigned(value: number): number[] {
  const out: number[] = []
  let rest = value
  for (;;) {
    const byte = rest & 0x7f
    rest >>= 7
    const done = (rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0)
    out.push(done ? byte : byte | 0x80)
    if (done) return out
  }
}

/** A growing byte buffer. */
export class ByteSink {
  #bytes = new Uint8Array(1 << 16)
  length = 0

  push(values: readonly number[]): void {
    this.#reserve(values.length)
    for (const value of values) this.#bytes[this.length++] = value
  }

  append(values: Uint8Array): void {
    this.#reserve(values.length)
    this.#bytes.set(values, this.length)
    this.length += values.length
  }

  view(): Uint8Array {
    return this.#bytes.subarray(0, this.length)
  }

  clear(): void {
    this.length = 0
  }

  #reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return
    const next = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + count))
    next.set(this.#bytes.subarray(0, this.length))
    this.#bytes = next
  }
}
