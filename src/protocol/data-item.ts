/**
 * ANS-104 data items. Spec: wire protocol 2.1 and 2.3.
 *
 * ```
 * type 2 | signature | owner | 0 or 1 + target 32 | 0 or 1 + anchor 32 | tag count 8 | tag size 8 | tags | data
 * ```
 *
 * Integers are little-endian; the sizes of signature and owner follow from the type; the data is the rest.
 *
 * @module
 */
import { addressOf } from './address.ts'
import { decodeBase64Url, encodeBase64Url } from './base64url.ts'
import { ProtocolError } from './errors.ts'
import { itemIdOf, parseItemId } from './ids.ts'
import { payloadOf, signaturePayload } from './item-payload.ts'
import { ItemReader, referenceSize } from './item-reader.ts'
import { parseSignatureType, signatureTypes } from './signature-types.ts'
import { isSignatureValid } from './signatures.ts'
import { decodeTags, encodeTags, tagBytesMax, tagCountMax } from './tags.ts'
import type { DataItem, DataItemDraft, SignatureType, Signer, Tag } from './types.ts'
import { encodeUtf8 } from './utf8.ts'

const noBytes = new Uint8Array(0)

/**
 * Reads the structure of a data item. The signature is not checked: see {@link verifyDataItem}.
 *
 * @param bytes - The whole item; its end is the end of the data. Not copied: the item's fields are views of it, so it
 *   must not change afterwards.
 * @throws {ProtocolError} whose `info.offset` is the byte that is wrong: `PROTOCOL_ITEM_TRUNCATED`,
 *   `PROTOCOL_SIGNATURE_TYPE_UNSUPPORTED`, `PROTOCOL_OWNER_INVALID`, `PROTOCOL_PRESENCE_BYTE_INVALID`,
 *   `PROTOCOL_TAG_BYTES_EXCEEDED`, `PROTOCOL_TAG_COUNT_EXCEEDED`, `PROTOCOL_TAG_COUNT_MISMATCH`,
 *   `PROTOCOL_TAGS_MALFORMED`.
 */
export function parseDataItem(bytes: Uint8Array): DataItem {
  const reader = new ItemReader(bytes)
  const signatureType = parseSignatureType(reader.takeUnsigned(2, 'signature type'))
  const { signatureSize, ownerSize } = signatureTypes[signatureType]

  const signature = reader.take(signatureSize, 'signature')
  const ownerOffset = reader.position
  const owner = reader.take(ownerSize, 'owner')
  if (signatureType === 3 && owner[0] !== 4) {
    const problem = 'an Ethereum key begins with 0x04 (uncompressed)'
    throw new ProtocolError({ code: 'PROTOCOL_OWNER_INVALID', problem, offset: ownerOffset })
  }
  const target = reader.takeOptional('target')
  const anchor = reader.takeOptional('anchor')
  const tags = takeTags(reader)

  return {
    id: itemIdOf(signature),
    signatureType,
    signature,
    owner,
    ownerAddress: addressOf(signatureType, owner),
    target: target === undefined ? undefined : encodeBase64Url(target),
    anchor,
    tags,
    data: reader.rest(),
    bytes: reader.bytes,
  }
}

/**
 * Builds and signs a data item. Text becomes UTF-8.
 *
 * @param draft - `target`: 43 characters of base64url; at most 128 tags in 4,096 encoded bytes. Copied.
 * @throws {ProtocolError} `PROTOCOL_ID_INVALID` (target), `PROTOCOL_ANCHOR_INVALID`, `PROTOCOL_TAG_COUNT_EXCEEDED`,
 *   `PROTOCOL_TAG_BYTES_EXCEEDED`, `PROTOCOL_TEXT_MALFORMED`, `PROTOCOL_SIGNER_INVALID`.
 */
export function createDataItem(draft: DataItemDraft, signer: Signer): DataItem {
  const { signatureType, owner } = signer
  const { signatureSize, ownerSize } = signatureTypes[signatureType]
  checkSignerField('owner', signatureType, ownerSize, owner)
  const target = draft.target === undefined ? noBytes : decodeBase64Url(parseItemId(draft.target, 'target'))
  const anchor = anchorBytes(draft.anchor)
  const tags = draft.tags ?? []
  const tagBytes = encodeTags(tags)
  const { data: given = noBytes } = draft
  const data = typeof given === 'string' ? encodeUtf8(given, 'data') : given

  const signature = signer.sign(payloadOf({ signatureType, owner, target, anchor, tagBytes, data }))
  checkSignerField('signature', signatureType, signatureSize, signature)

  const headSize = 2 + signatureSize + ownerSize + 1 + target.length + 1 + anchor.length + 16 + tagBytes.length
  const bytes = new Uint8Array(headSize + data.length)
  bytes[0] = signatureType
  bytes.set(signature, 2)
  bytes.set(owner, 2 + signatureSize)
  let position = 2 + signatureSize + ownerSize
  bytes[position++] = target.length === 0 ? 0 : 1
  bytes.set(target, position)
  position += target.length
  bytes[position++] = anchor.length === 0 ? 0 : 1
  const anchorStart = position
  bytes.set(anchor, position)
  position += anchor.length
  bytes[position] = tags.length // at most 128: one byte of the eight
  bytes[position + 8] = tagBytes.length & 255
  bytes[position + 9] = tagBytes.length >> 8 // at most 4,096: two bytes of the eight
  bytes.set(tagBytes, position + 16)
  bytes.set(data, headSize)

  return {
    id: itemIdOf(signature),
    signatureType,
    signature: bytes.subarray(2, 2 + signatureSize),
    owner: bytes.subarray(2 + signatureSize, 2 + signatureSize + ownerSize),
    ownerAddress: signer.address,
    target: draft.target,
    anchor: anchor.length === 0 ? undefined : bytes.subarray(anchorStart, anchorStart + referenceSize),
    tags: tags.map(({ name, value }) => ({ name, value })),
    data: bytes.subarray(headSize),
    bytes,
  }
}

/**
 * Checks that the owner signed the item's content.
 *
 * @param item - From {@link parseDataItem} or {@link createDataItem}: its fields are trusted to be views of its bytes.
 * @throws {ProtocolError} `PROTOCOL_SIGNATURE_INVALID` (as a rejection).
 */
export async function verifyDataItem(item: DataItem): Promise<void> {
  const { id, signatureType, owner, signature } = item
  if (await isSignatureValid(signatureType, owner, signaturePayload(item), signature)) return
  throw new ProtocolError({ code: 'PROTOCOL_SIGNATURE_INVALID', id, signatureType })
}

function takeTags(reader: ItemReader): Tag[] {
  const countOffset = reader.position
  const declared = reader.takeUnsigned(8, 'tag count')
  if (declared > tagCountMax) {
    const info = { code: 'PROTOCOL_TAG_COUNT_EXCEEDED', countMax: tagCountMax } as const
    throw new ProtocolError({ ...info, count: declared, offset: countOffset })
  }

  const sizeOffset = reader.position
  const sizeBytes = reader.takeUnsigned(8, 'tag size')
  if (sizeBytes > tagBytesMax) {
    const info = { code: 'PROTOCOL_TAG_BYTES_EXCEEDED', sizeBytesMax: tagBytesMax } as const
    throw new ProtocolError({ ...info, sizeBytes, offset: sizeOffset })
  }

  const tagsOffset = reader.position
  const tags = decodeTags(reader.take(sizeBytes, 'tags'), tagsOffset)
  if (tags.length !== declared) {
    const decoded = tags.length
    throw new ProtocolError({ code: 'PROTOCOL_TAG_COUNT_MISMATCH', declared, decoded, offset: countOffset })
  }
  return tags
}

function anchorBytes(given: Uint8Array | string | undefined): Uint8Array {
  if (given === undefined) return noBytes
  const bytes = typeof given === 'string' ? encodeUtf8(given, 'anchor') : given
  if (bytes.length === referenceSize) return bytes
  throw new ProtocolError({ code: 'PROTOCOL_ANCHOR_INVALID', sizeBytes: bytes.length })
}

function checkSignerField(
  field: 'owner' | 'signature',
  signatureType: SignatureType,
  needBytes: number,
  given: Uint8Array,
): void {
  if (given.length === needBytes) return
  const haveBytes = given.length
  throw new ProtocolError({ code: 'PROTOCOL_SIGNER_INVALID', field, signatureType, needBytes, haveBytes })
}
