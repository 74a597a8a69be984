import type { ItemId } from '../../protocol/ids.ts'
import { isItemId } from '../../protocol/ids.ts'

/** An id in a column: 32 bytes for 43 characters of canonical base64url, any other text as it is. */
export type PackedId = Uint8Array | string

export function packId(text: string): PackedId {
  return isItemId(text) ? Buffer.from(text, 'base64url') : text
}

/** Undoes {@link packId}. */
export function unpackId(packed: PackedId): string {
  if (typeof packed === 'string') return packed
  return Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength).toString('base64url')
}

/** {@link unpackId} of a column that only ids are written to. */
export function unpackItemId<Id extends ItemId>(packed: PackedId): Id {
  return unpackId(packed) as Id
}

/** Bytes of a column as lower-case hex: how hashes of pages are written. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
