import { createHash } from 'node:crypto'
import { ArchiveError } from './errors.ts'

/**
 * The frame of an export: a magic, records, and a seal over all of it. docs/proof.md has it to the byte.
 *
 * ```
 * export := magic 8 | record* | seal
 * record := kind 1 | size of payload 4, big-endian | payload
 * seal   := "E" | 32, big-endian | SHA-256 of all bytes before this record
 * ```
 *
 * @module
 */

/** "LoomLog" and the version of the format. */
const formatVersion = 1
const formatName = Buffer.from('LoomLog', 'latin1')
export const magic: Buffer = Buffer.concat([formatName, Buffer.of(formatVersion)])

/** What records are, by the letter that each begins with. */
export const recordKinds = {
  /** What the log of a process will turn out to be, as canonical JSON. */
  header: 'H',
  module: 'M',
  bootItem: 'B',
  assignment: 'A',
  item: 'I',
  result: 'R',
  seal: 'E',
} as const

export type RecordKind = keyof typeof recordKinds

export interface ExportRecord {
  readonly kind: RecordKind
  readonly payload: Uint8Array
  /** Byte of the export at which it begins. */
  readonly offset: number
}

const kindOf = new Map(Object.entries(recordKinds).map(([kind, letter]) => [letter.charCodeAt(0), kind as RecordKind]))
const frameBytes = 5
const digestBytes = 32
/** An item has 12 MiB, and a result 32 MiB before it is written as JSON. */
export const recordBytesMax = 268_435_456

/** Writes records one after another; what it returns is to be written in that order. */
export class RecordWriter {
  readonly #hash = createHash('sha256').update(magic)

  /** The records, ready to be written. */
  write(records: readonly (readonly [RecordKind, Uint8Array])[]): Buffer {
    const bytes = Buffer.concat(records.flatMap(([kind, payload]) => [frameOf(kind, payload.byteLength), payload]))
    this.#hash.update(bytes)
    return bytes
  }

  /** The last record. */
  seal(): Buffer {
    return Buffer.concat([frameOf('seal', digestBytes), this.#hash.digest()])
  }
}

function frameOf(kind: RecordKind, sizeBytes: number): Buffer {
  const frame = Buffer.alloc(frameBytes)
  frame.write(recordKinds[kind], 'latin1')
  frame.writeUInt32BE(sizeBytes, 1)
  return frame
}

/**
 * Reads the records of an export, without the seal, which it checks.
 *
 * @throws {ArchiveError} `ARCHIVE_FORMAT_INVALID`, `ARCHIVE_VERSION_UNKNOWN`. What was read before is then worth nothing.
 */
export async function* readRecords(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ExportRecord> {
  const input = new ByteQueue(chunks)
  try {
    yield* readFrom(input)
  } finally {
    await input.close()
  }
}

async function* readFrom(input: ByteQueue): AsyncGenerator<ExportRecord> {
  const hash = createHash('sha256')
  checkMagic(await input.take(magic.length, 'its beginning'))
  hash.update(magic)
  for (;;) {
    const { offset } = input
    const frame = await input.take(frameBytes, 'the beginning of a record')
    const kind = kindOf.get(frame[0] ?? 0)
    if (kind === undefined) throw formatInvalid(`there is no record of kind ${frame[0]}`, offset)
    const sizeBytes = frame.readUInt32BE(1)
    if (sizeBytes > recordBytesMax) {
      throw formatInvalid(`a record has ${sizeBytes} bytes, ${recordBytesMax} are allowed`, offset)
    }
    const payload = await input.take(sizeBytes, 'a record')
    if (kind === 'seal') {
      if (!hash.digest().equals(payload)) throw formatInvalid('its bytes are not those that were sealed', offset)
      if (await input.hasMore()) throw formatInvalid('bytes follow its seal', input.offset)
      return
    }
    hash.update(frame).update(payload)
    yield { kind, payload, offset }
  }
}

function checkMagic(found: Buffer): void {
  if (!found.subarray(0, formatName.length).equals(formatName)) throw formatInvalid('it does not begin like one', 0)
  const version = found[formatName.length] ?? 0
  if (version !== formatVersion) {
    throw new ArchiveError({ code: 'ARCHIVE_VERSION_UNKNOWN', found: version, known: formatVersion })
  }
}

export function formatInvalid(problem: string, offset: number): ArchiveError {
  return new ArchiveError({ code: 'ARCHIVE_FORMAT_INVALID', problem, offset })
}

/** Takes bytes off a stream in the sizes that are asked for. */
class ByteQueue {
  readonly #chunks: AsyncIterator<Uint8Array>
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  /** How many bytes were taken. */
  offset = 0

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** A copy. @throws {ArchiveError} `ARCHIVE_FORMAT_INVALID` when the stream ends before. */
  async take(sizeBytes: number, what: string): Promise<Buffer> {
    while (this.#waitingBytes < sizeBytes) {
      if (!(await this.#fill())) throw formatInvalid(`it ends inside ${what}`, this.offset + this.#waitingBytes)
    }
    const taken = Buffer.allocUnsafeSlow(sizeBytes)
    for (let filled = 0; filled < sizeBytes; ) {
      const chunk = this.#waiting[0] as Uint8Array
      const part = chunk.subarray(0, sizeBytes - filled)
      taken.set(part, filled)
      filled += part.length
      if (part.length < chunk.length) this.#waiting[0] = chunk.subarray(part.length)
      else this.#waiting.shift()
    }
    this.#waitingBytes -= sizeBytes
    this.offset += sizeBytes
    return taken
  }

  async hasMore(): Promise<boolean> {
    while (this.#waitingBytes === 0) if (!(await this.#fill())) return false
    return true
  }

  /** Lets go of the stream, wherever it is. */
  async close(): Promise<void> {
    await this.#chunks.return?.()
  }

  async #fill(): Promise<boolean> {
    const { value, done } = await this.#chunks.next()
    if (done === true) return false
    this.#waiting.push(value)
    this.#waitingBytes += value.length
    return true
  }
}
