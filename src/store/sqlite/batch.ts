import type { Slice, ToWriter, WriterCall } from './writer-protocol.ts'

const arenaBytesMin = 65_536

/** Calls that will be one transaction, and the bytes they carry, copied at once so that callers may reuse theirs. */
export class Batch {
  readonly number: number
  readonly generation: number
  readonly #calls: WriterCall[] = []
  #arena = Buffer.allocUnsafeSlow(arenaBytesMin)
  #used = 0

  constructor(number: number, generation: number) {
    this.number = number
    this.generation = generation
  }

  get sizeBytes(): number {
    return this.#used
  }

  get callCount(): number {
    return this.#calls.length
  }

  add(call: WriterCall): void {
    this.#calls.push(call)
  }

  /** Copies the bytes into the batch. */
  put(bytes: Uint8Array): Slice {
    const offset = this.#used
    const end = offset + bytes.byteLength
    if (end > this.#arena.byteLength) {
      const larger = Buffer.allocUnsafeSlow(Math.max(end, this.#arena.byteLength * 2))
      larger.set(this.#arena.subarray(0, offset))
      this.#arena = larger
    }
    this.#arena.set(bytes, offset)
    this.#used = end
    return [offset, bytes.byteLength]
  }

  /** The message, and what moves with it instead of being copied. The batch is empty afterwards. */
  take(): { readonly message: ToWriter; readonly transfer: readonly ArrayBuffer[] } {
    const arena = this.#arena
    const message = {
      type: 'batch',
      batch: this.number,
      generation: this.generation,
      calls: this.#calls,
      arena,
    } as const
    return { message, transfer: [arena.buffer] }
  }
}
