import type { Tag } from '../../protocol/types.ts'
import type { VmEnvironment, VmIdentity, VmMessage } from '../types.ts'

/** Writes packets of docs/guest-channel.md: a 4-byte length, then the body. The buffer is used again each time. */
export class PacketWriter {
  #buffer = Buffer.allocUnsafe(1 << 16)
  #offset = 0

  /** @returns a view that the next packet overwrites. */
  message(message: VmMessage): Buffer {
    const { id, data, anchor, forwardedBy, hashChain, nonce, epoch } = message
    const presence =
      (id === undefined ? 0 : 1) |
      (data === undefined ? 0 : 2) |
      (anchor === undefined ? 0 : 4) |
      (forwardedBy === undefined ? 0 : 8) |
      (hashChain === undefined ? 0 : 16) |
      (nonce === undefined ? 0 : 32) |
      (epoch === undefined ? 0 : 64) |
      (message.cron ? 128 : 0) |
      (message.readOnly ? 256 : 0)
    this.#start(2)
    this.#u4(presence)
    this.#text(id ?? '')
    this.#text(message.target)
    this.#text(message.from)
    this.#text(message.owner)
    if (data === undefined || typeof data === 'string') this.#text(data ?? '')
    else this.#bytes(data)
    this.#text(anchor ?? '')
    this.#text(forwardedBy ?? '')
    this.#text(hashChain ?? '')
    this.#i8(message.timestampMs)
    this.#i8(message.blockHeight)
    this.#i8(nonce ?? 0)
    this.#i8(epoch ?? 0)
    this.#tags(message.tags)
    return this.#finish()
  }

  /** @returns a view that the next packet overwrites. */
  texts(message: string, environment: string, development: boolean): Buffer {
    this.#start(3)
    this.#text(message)
    this.#text(environment)
    this.#u1(development ? 1 : 0)
    return this.#finish()
  }

  /** @returns a view that the next packet overwrites. */
  environment(environment: VmEnvironment): Buffer {
    this.#start(1)
    this.#identity(environment.process)
    this.#identity(environment.module)
    this.#u1(environment.development === true ? 1 : 0)
    const files = environment.files ?? new Map<string, Uint8Array>()
    this.#u4(files.size)
    for (const [path, content] of files) {
      this.#text(path)
      this.#bytes(content)
    }
    return this.#finish()
  }

  #identity({ id, owner, tags }: VmIdentity): void {
    this.#text(id)
    this.#text(owner)
    this.#tags(tags)
  }

  #start(kind: number): void {
    this.#offset = 4
    this.#reserve(1)
    this.#buffer[this.#offset++] = kind
  }

  #finish(): Buffer {
    this.#buffer.writeUInt32LE(this.#offset - 4, 0)
    return this.#buffer.subarray(0, this.#offset)
  }

  #tags(tags: readonly Tag[]): void {
    this.#u4(tags.length)
    for (const { name, value } of tags) {
      this.#text(name)
      this.#text(value)
    }
  }

  #text(text: string): void {
    this.#reserve(4 + text.length * 3)
    const written = this.#buffer.write(text, this.#offset + 4, 'utf8')
    this.#buffer.writeUInt32LE(written, this.#offset)
    this.#offset += 4 + written
  }

  #bytes(bytes: Uint8Array): void {
    this.#reserve(4 + bytes.length)
    this.#buffer.writeUInt32LE(bytes.length, this.#offset)
    this.#buffer.set(bytes, this.#offset + 4)
    this.#offset += 4 + bytes.length
  }

  #u1(value: number): void {
    this.#reserve(1)
    this.#offset = this.#buffer.writeUInt8(value, this.#offset)
  }

  #u4(value: number): void {
    this.#reserve(4)
    this.#buffer.writeUInt32LE(value, this.#offset)
    this.#offset += 4
  }

  /** Integers up to 2^53, as two words: BigInt would cost more than the rest of the packet. */
  #i8(value: number): void {
    this.#reserve(8)
    const high = Math.floor(value / 0x1_0000_0000)
    this.#buffer.writeUInt32LE(value - high * 0x1_0000_0000, this.#offset)
    this.#buffer.writeInt32LE(high, this.#offset + 4)
    this.#offset += 8
  }

  #reserve(count: number): void {
    if (this.#offset + count <= this.#buffer.length) return
    const next = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#offset + count))
    this.#buffer.copy(next, 0, 0, this.#offset)
    this.#buffer = next
  }
}
