/**
 * ANS-104 bundles: `count 32 | count × ( size 32 | id 32 ) | items back to back`, integers little-endian.
 * Spec: wire protocol 2.6.
 *
 * @module
 */
import { decodeBase64Url, encodeBase64Url } from './base64url.ts'
import { parseDataItem } from './data-item.ts'
import { ProtocolError } from './errors.ts'
import type { ItemId } from './ids.ts'
import type { DataItem, Tag } from './types.ts'

/** Tags of an item or transaction whose data is a bundle. */
export const bundleTags: readonly Tag[] = [
  { name: 'Bundle-Format', value: 'binary' },
  { name: 'Bundle-Version', value: '2.0.0' },
]

/** Whether the tags say that the data is a bundle. */
export function isBundle(tags: readonly Tag[]): boolean {
  return bundleTags.every(({ name, value }) => tags.some((tag) => tag.name === name && tag.value === value))
}

/** Size of a number and of an id in the header, in bytes. */
const fieldSize = 32
const entrySize = 2 * fieldSize

/** Where an item stands in a bundle. `id` is what the header says. */
export interface BundleEntry {
  readonly id: ItemId
  /** Byte of the bundle at which the item begins. */
  readonly offset: number
  /** View of the bundle. */
  readonly bytes: Uint8Array
}

/**
 * Reads the header, and cuts the bundle into its items without reading them: for callers who want the good ones of a
 * bundle with bad ones.
 *
 * @throws {ProtocolError} `PROTOCOL_BUNDLE_MALFORMED` unless the sizes add up to the length of the bundle.
 */
export function readBundleEntries(bytes: Uint8Array): readonly BundleEntry[] {
  if (bytes.length < fieldSize) throw malformed(`it has ${bytes.length} bytes, the count alone takes ${fieldSize}`, 0)
  const count = readNumber(bytes, 0)
  const room = Math.floor((bytes.length - fieldSize) / entrySize)
  if (count > room) throw malformed(`it declares ${count} items and has room for ${room} headers`, 0)

  const entries: BundleEntry[] = []
  let offset = fieldSize + count * entrySize
  for (let header = fieldSize; entries.length < count; header += entrySize) {
    const size = readNumber(bytes, header)
    const left = bytes.length - offset
    if (size > left) throw malformed(`item ${entries.length} has a size of ${size} bytes, ${left} are left`, header)
    entries.push({
      id: encodeBase64Url(bytes.subarray(header + fieldSize, header + entrySize)) as ItemId,
      offset,
      bytes: bytes.subarray(offset, offset + size),
    })
    offset += size
  }
  if (offset < bytes.length) throw malformed(`${bytes.length - offset} bytes follow the last item`, offset)
  return entries
}

/**
 * Reads a bundle and the structure of all its items; their signatures are not checked.
 *
 * @param bytes - Not copied; the items are views of it.
 * @throws {ProtocolError} `PROTOCOL_BUNDLE_MALFORMED`; `PROTOCOL_BUNDLE_ITEM_INVALID` when an item does not parse (the
 *   reason is the `cause`) or its id is not the one in the header.
 */
export function parseBundle(bytes: Uint8Array): readonly DataItem[] {
  return readBundleEntries(bytes).map(readBundleItem)
}

/**
 * Reads the structure of one item of a bundle; its signature is not checked.
 *
 * @param index - Its place in the bundle, for the error.
 * @throws {ProtocolError} `PROTOCOL_BUNDLE_ITEM_INVALID`, as above.
 */
export function readBundleItem(entry: BundleEntry, index: number): DataItem {
  const item = parseItem(entry, index)
  if (item.id === entry.id) return item
  const problem = `its id is ${item.id}, the header says ${entry.id}.`
  throw new ProtocolError({ code: 'PROTOCOL_BUNDLE_ITEM_INVALID', index, problem, offset: entry.offset })
}

/** Writes a bundle of the items, in their order. */
export function createBundle(items: readonly DataItem[]): Uint8Array {
  const headSize = fieldSize + items.length * entrySize
  const bytes = new Uint8Array(items.reduce((size, item) => size + item.bytes.length, headSize))
  writeNumber(items.length, bytes, 0)
  let header = fieldSize
  let offset = headSize
  for (const item of items) {
    writeNumber(item.bytes.length, bytes, header)
    bytes.set(decodeBase64Url(item.id), header + fieldSize)
    bytes.set(item.bytes, offset)
    header += entrySize
    offset += item.bytes.length
  }
  return bytes
}

function parseItem({ bytes, offset }: BundleEntry, index: number): DataItem {
  try {
    return parseDataItem(bytes)
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw new ProtocolError({ code: 'PROTOCOL_BUNDLE_ITEM_INVALID', index, problem: cause.message, offset }, { cause })
  }
}

/** Inexact above 2^53, which is over the length of any bundle. */
function readNumber(bytes: Uint8Array, offset: number): number {
  let value = 0
  for (let i = offset + fieldSize - 1; i >= offset; i--) value = value * 256 + (bytes[i] ?? 0)
  return value
}

function writeNumber(value: number, out: Uint8Array, offset: number): void {
  let rest = value
  for (let i = offset; rest > 0; i++) {
    out[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
}

function malformed(problem: string, offset: number): ProtocolError {
  return new ProtocolError({ code: 'PROTOCOL_BUNDLE_MALFORMED', problem, offset })
}
