/**
 * Tags of a data item, as one Avro array of records `{ name, value }`. Spec: wire protocol 2.4.
 *
 * ```
 * array  := block* 0x00
 * block  := zigzag(count) [ if count < 0: |count| records, and zigzag(byteSize) comes first ] record*
 * record := zigzag(length) name zigzag(length) value
 * ```
 *
 * Empty names and values are read and written, as the JavaScript clients do. Every array has its terminator, ends with
 * it, and writes each number in its shortest form.
 *
 * @module
 */
import { AvroReader } from './avro-reader.ts'
import { ProtocolError } from './errors.ts'
import type { Tag } from './types.ts'

/** Largest size of the encoded tags, in bytes, array overhead included: what the clients enforce. */
export const tagBytesMax = 4_096

/** Most tags of an item (ANS-104). */
export const tagCountMax = 128

const noBytes = new Uint8Array(0)
const encoder = new TextEncoder()

// Tags are written here and copied out, with no allocation for each text. Room for what has just crossed the limit: a
// text of at most `tagBytesMax` characters, of up to three bytes each, after `tagBytesMax` bytes.
const scratch = new Uint8Array(4 * tagBytesMax + 16)

/**
 * @returns one block and its terminator; no byte at all when there are no tags.
 * @throws {ProtocolError} `PROTOCOL_TAG_COUNT_EXCEEDED`, `PROTOCOL_TAG_BYTES_EXCEEDED`, `PROTOCOL_TEXT_MALFORMED`
 */
export function encodeTags(tags: readonly Tag[]): Uint8Array {
  if (tags.length === 0) return noBytes
  if (tags.length > tagCountMax) throw countExceeded(tags.length, undefined)

  let position = writeLong(tags.length, scratch, 0)
  for (const { name, value } of tags) {
    position = writeText(name, 'tag name', position)
    position = position > tagBytesMax ? position : writeText(value, 'tag value', position)
    if (position >= tagBytesMax) throw bytesExceeded(tags)
  }
  position = writeLong(0, scratch, position)
  return scratch.slice(0, position)
}

/**
 * @param bytes - Field 10 of a data item; empty when it has no tags. At most {@link tagBytesMax} are meant: the caller checks.
 * @param base - Where `bytes` begins in the item, for `offset` in errors.
 * @throws {ProtocolError} `PROTOCOL_TAGS_MALFORMED`, `PROTOCOL_TAG_COUNT_EXCEEDED`
 */
export function decodeTags(bytes: Uint8Array, base = 0): Tag[] {
  const tags: Tag[] = []
  if (bytes.length === 0) return tags

  const reader = new AvroReader(bytes, base)
  for (;;) {
    const start = reader.offset
    const declared = reader.long('count of a block')
    if (declared === 0) break

    const count = Math.abs(declared)
    if (tags.length + count > tagCountMax) throw countExceeded(tags.length + count, start)
    const blockSize = declared < 0 ? reader.long('size of a block') : undefined
    const blockStart = reader.position
    for (let i = 0; i < count; i++) tags.push({ name: reader.text('tag name'), value: reader.text('tag value') })
    const blockBytes = reader.position - blockStart
    if (blockSize !== undefined && blockSize !== blockBytes) {
      reader.fail(`a block declares ${blockSize} bytes and has ${blockBytes}`, start)
    }
  }
  if (reader.position < bytes.length) reader.fail(`${bytes.length - reader.position} bytes follow the last tag`)
  return tags
}

/** Writes text and its length into the scratch. @returns the position after it, which may be above the limit. */
function writeText(text: string, field: string, start: number): number {
  if (!text.isWellFormed()) throw new ProtocolError({ code: 'PROTOCOL_TEXT_MALFORMED', field })
  if (text.length > tagBytesMax) return start + text.length

  // The length comes first and is known last. Text of one byte a character, which is nearly all, needs no move.
  const prefixSize = longSize(text.length)
  const { written: length } = encoder.encodeInto(text, scratch.subarray(start + prefixSize))
  if (longSize(length) !== prefixSize) {
    scratch.copyWithin(start + longSize(length), start + prefixSize, start + prefixSize + length)
  }
  return writeLong(length, scratch, start) + length
}

function countExceeded(count: number, offset: number | undefined): ProtocolError {
  return new ProtocolError({ code: 'PROTOCOL_TAG_COUNT_EXCEEDED', count, countMax: tagCountMax, offset })
}

function bytesExceeded(tags: readonly Tag[]): ProtocolError {
  let sizeBytes = longSize(tags.length) + 1
  for (const text of tags.flatMap(({ name, value }) => [name, value])) {
    const { length } = encoder.encode(text)
    sizeBytes += longSize(length) + length
  }
  const info = { code: 'PROTOCOL_TAG_BYTES_EXCEEDED', sizeBytesMax: tagBytesMax } as const
  return new ProtocolError({ ...info, sizeBytes, offset: undefined })
}

/** Size of a zigzag number, exact below 2^20: what is longer is over the limit by any count. */
function longSize(value: number): number {
  return value < 64 ? 1 : value < 8_192 ? 2 : 3
}

/** Writes a zigzag number, for 0 ≤ value < 2^20. @returns the position after it. */
function writeLong(value: number, out: Uint8Array, start: number): number {
  let position = start
  let rest = value * 2
  while (rest > 127) {
    out[position++] = (rest & 127) | 128
    rest >>>= 7
  }
  out[position++] = rest
  return position
}

/** Value of the first tag of that name. */
export function tagValue(tags: readonly Tag[], name: string): string | undefined {
  return tags.find((tag) => tag.name === name)?.value
}
