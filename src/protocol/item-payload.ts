import { foldDeepHash, startDeepHash } from './deep-hash.ts'
import { referenceSize } from './item-reader.ts'
import type { DataItem, SignatureType } from './types.ts'
import { encodeUtf8 } from './utf8.ts'

/** What of an item is signed. An absent target or anchor is empty; `tagBytes` are empty when there are no tags. */
export interface SignedFields {
  readonly signatureType: SignatureType
  readonly owner: Uint8Array
  readonly target: Uint8Array
  readonly anchor: Uint8Array
  readonly tagBytes: Uint8Array
  readonly data: Uint8Array
}

/** The hash of the payload's first three chunks, by signature type: they never change. */
const heads = new Map<SignatureType, Uint8Array>()

/**
 * The bytes that are signed: `deepHash(["dataitem", "1", type, owner, target, anchor, tagBytes, data])`.
 *
 * @returns 48 bytes. Spec: wire protocol 2.3.
 */
export function payloadOf(fields: SignedFields): Uint8Array {
  const { signatureType, owner, target, anchor, tagBytes, data } = fields
  let head = heads.get(signatureType)
  if (head === undefined) {
    const chunks = ['dataitem', '1', signatureType.toString()].map((text) => encodeUtf8(text))
    head = foldDeepHash(startDeepHash(8), chunks)
    heads.set(signatureType, head)
  }
  return foldDeepHash(head, [owner, target, anchor, tagBytes, data])
}

/** The payload of an item that exists. */
export function signaturePayload(item: DataItem): Uint8Array {
  const { bytes, signatureType, signature, owner, target, anchor = new Uint8Array(0), data } = item
  const targetStart = 2 + signature.length + owner.length + 1
  const targetEnd = targetStart + (target === undefined ? 0 : referenceSize)
  const tagsStart = targetEnd + 1 + anchor.length + 16
  return payloadOf({
    signatureType,
    owner,
    target: bytes.subarray(targetStart, targetEnd),
    anchor,
    tagBytes: bytes.subarray(tagsStart, bytes.length - data.length),
    data,
  })
}
