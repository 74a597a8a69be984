/**
 * Arweave's layer-1 transactions of format 2. Spec: wire protocol 3.1 and 3.2.
 *
 * @module
 */
import { addressOf } from './address.ts'
import { decodeBase64Url, encodeBase64Url } from './base64url.ts'
import { verifyRsaPss } from './crypto.ts'
import { deepHash } from './deep-hash.ts'
import { ProtocolError } from './errors.ts'
import { type Address, type ItemId, isItemId, itemIdOf } from './ids.ts'
import { createDataTree } from './merkle.ts'
import { tagCountMax } from './tags.ts'
import type { Tag } from './types.ts'
import { decodeUtf8, encodeUtf8 } from './utf8.ts'

/** A transaction without its data. Byte arrays are never modified. */
export interface TransactionHeader {
  /** base64url of SHA-256 of the signature. */
  readonly id: ItemId
  readonly signature: Uint8Array
  /** RSA modulus, 512 bytes. */
  readonly owner: Uint8Array
  readonly ownerAddress: Address
  /** Address of a wallet as base64url, or undefined. */
  readonly target: string | undefined
  /** At most 48 bytes: the id of a transaction or of a block. May be empty. */
  readonly lastTx: Uint8Array
  readonly tags: readonly Tag[]
  /** Winston, as digits. */
  readonly quantity: string
  readonly reward: string
  readonly dataSize: number
  /** Root of the tree over the data (`merkle.ts`), 32 bytes; empty when there is no data. */
  readonly dataRoot: Uint8Array
}

/** A transaction with all its data, as it is stored. */
export interface Transaction extends TransactionHeader {
  readonly data: Uint8Array
  /** See {@link parseTransaction}. */
  readonly bytes: Uint8Array
}

/** The form in which clients send and read a transaction. Binary fields are base64url. */
export interface TransactionJson {
  readonly format: 2
  readonly id: string
  readonly last_tx: string
  readonly owner: string
  readonly tags: readonly Tag[]
  readonly target: string
  readonly quantity: string
  readonly data: string
  readonly data_size: string
  readonly data_root: string
  readonly reward: string
  readonly signature: string
}

const ownerSize = 512
const lastTxSizeMax = 48
const hashSize = 32
/** Names and values of all tags together: as on the public network. */
const tagTextBytesMax = 2_048
/** 66,000,000 AR in winston has 20 digits. */
const digitsMax = 21

/** No signature type of a data item: what tells a stored transaction from a stored item. */
const mark = Uint8Array.of(0, 0)
const headStart = mark.length + 4

/**
 * Reads a transaction in its JSON form. The signature is not checked: see {@link verifyTransaction}; nor is the data, which
 * is empty when it comes in chunks.
 *
 * @throws {ProtocolError} `PROTOCOL_TRANSACTION_INVALID`, `PROTOCOL_TAG_COUNT_EXCEEDED`, `PROTOCOL_TAG_BYTES_EXCEEDED`.
 */
export function parseTransactionJson(given: unknown): {
  readonly header: TransactionHeader
  readonly data: Uint8Array
} {
  if (typeof given !== 'object' || given === null) fail('body', 'is not a JSON object')
  const fields = given as Readonly<Record<string, unknown>>
  if (fields.format !== 2) fail('format', `is ${JSON.stringify(fields.format) ?? 'missing'}, only 2 is taken`)

  const signature = binary(fields, 'signature')
  const owner = binary(fields, 'owner')
  if (owner.length !== ownerSize)
    fail('owner', `has ${owner.length} bytes, not ${ownerSize} (an RSA key of 4,096 bits)`)
  const lastTx = binary(fields, 'last_tx')
  if (lastTx.length > lastTxSizeMax) fail('last_tx', `has ${lastTx.length} bytes, more than ${lastTxSizeMax}`)
  const target = text(fields, 'target')
  if (target !== '' && !isItemId(target)) fail('target', 'is not an address of 43 characters of base64url')
  const dataSize = Number(digits(fields, 'data_size'))
  if (!Number.isSafeInteger(dataSize)) fail('data_size', 'is above 2^53')
  const dataRoot = binary(fields, 'data_root')
  if (dataRoot.length !== (dataSize === 0 ? 0 : hashSize)) {
    fail('data_root', `has ${dataRoot.length} bytes; 32 are needed, and none when there is no data`)
  }
  const id = itemIdOf(signature)
  if (fields.id !== id) fail('id', `is not ${id}, the SHA-256 of the signature`)

  const header: TransactionHeader = {
    ...{ id, signature, owner, ownerAddress: addressOf(1, owner), lastTx, dataSize, dataRoot },
    target: target === '' ? undefined : target,
    tags: tagsOf(fields.tags),
    quantity: digits(fields, 'quantity'),
    reward: digits(fields, 'reward'),
  }
  return { header, data: fields.data === undefined ? new Uint8Array(0) : binary(fields, 'data') }
}

/** The JSON form, with empty `data`: clients of format 2 read the data by other ways. */
export function transactionToJson(header: TransactionHeader): TransactionJson {
  return {
    format: 2,
    id: header.id,
    last_tx: encodeBase64Url(header.lastTx),
    owner: encodeBase64Url(header.owner),
    tags: tagsToJson(header.tags),
    target: header.target ?? '',
    quantity: header.quantity,
    data: '',
    data_size: String(header.dataSize),
    data_root: encodeBase64Url(header.dataRoot),
    reward: header.reward,
    signature: encodeBase64Url(header.signature),
  }
}

export function tagsToJson(tags: readonly Tag[]): readonly Tag[] {
  const encode = (given: string): string => encodeBase64Url(encodeUtf8(given))
  return tags.map(({ name, value }) => ({ name: encode(name), value: encode(value) }))
}

/**
 * Checks that the owner signed the header, and by its data root the data.
 *
 * @throws {ProtocolError} `PROTOCOL_SIGNATURE_INVALID` (as a rejection).
 */
export async function verifyTransaction(header: TransactionHeader): Promise<void> {
  const { id, owner, target = '', quantity, reward, lastTx, tags, dataSize, dataRoot, signature } = header
  const payload = deepHash([
    encodeUtf8('2'),
    owner,
    decodeBase64Url(target),
    encodeUtf8(quantity),
    encodeUtf8(reward),
    lastTx,
    tags.map(({ name, value }) => [encodeUtf8(name), encodeUtf8(value)]),
    encodeUtf8(String(dataSize)),
    dataRoot,
  ])
  if (await verifyRsaPss(owner, payload, signature)) return
  throw new ProtocolError({ code: 'PROTOCOL_SIGNATURE_INVALID', id, signatureType: 1 })
}

/**
 * Like {@link verifyTransaction}, and checks that the data is what the data root was made of.
 *
 * @throws {ProtocolError} also `PROTOCOL_TRANSACTION_INVALID` when it is not, or was cut in chunks in a way of its own.
 */
export async function verifyTransactionData(
  transaction: TransactionHeader & { readonly data: Uint8Array },
): Promise<void> {
  const { data, dataSize, dataRoot } = transaction
  if (data.length !== dataSize) fail('data', `has ${data.length} bytes, its data_size is ${dataSize}`)
  if (dataSize > 0 && encodeBase64Url(createDataTree(data).root) !== encodeBase64Url(dataRoot)) {
    fail('data', 'does not have its data_root')
  }
  await verifyTransaction(transaction)
}

/** Puts header and data together. The data is copied, and trusted to be that of the header's data root. */
export function createTransaction(header: TransactionHeader, data: Uint8Array): Transaction {
  const head = encodeUtf8(JSON.stringify(transactionToJson(header)))
  const bytes = new Uint8Array(headStart + head.length + data.length)
  bytes.set(mark)
  new DataView(bytes.buffer).setUint32(mark.length, head.length, true)
  bytes.set(head, headStart)
  bytes.set(data, headStart + head.length)
  return { ...header, data: bytes.subarray(headStart + head.length), bytes }
}

/** Whether these are the bytes of a transaction, and not of a data item. */
export function isTransactionBytes(bytes: Uint8Array): boolean {
  return bytes[0] === mark[0] && bytes[1] === mark[1]
}

/**
 * Reads a stored transaction: `0 0 | size of the head, 4 bytes little-endian | head: JSON form without data | data`.
 *
 * @param bytes - From {@link createTransaction}. Not copied: the data is a view of it.
 * @throws {ProtocolError} `PROTOCOL_TRANSACTION_INVALID` when they are not.
 */
export function parseTransaction(bytes: Uint8Array): Transaction {
  if (!isTransactionBytes(bytes) || bytes.length < headStart) fail('form', 'is not that of a stored transaction')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const dataStart = headStart + view.getUint32(mark.length, true)
  const head = decodeUtf8(bytes.subarray(headStart, dataStart))
  const { header } = parseTransactionJson(JSON.parse(head ?? ''))
  return { ...header, data: bytes.subarray(dataStart), bytes }
}

function tagsOf(given: unknown): readonly Tag[] {
  if (!Array.isArray(given)) fail('tags', 'is not a list')
  const count = given.length
  if (count > tagCountMax) {
    throw new ProtocolError({ code: 'PROTOCOL_TAG_COUNT_EXCEEDED', count, countMax: tagCountMax, offset: undefined })
  }
  let sizeBytes = 0
  const decode = (fields: Readonly<Record<string, unknown>>, field: 'name' | 'value'): string => {
    const bytes = binary(fields, field)
    sizeBytes += bytes.length
    return decodeUtf8(bytes) ?? fail('tags', `have a ${field} that is not UTF-8`)
  }
  const tags = given.map((tag: unknown) => {
    if (typeof tag !== 'object' || tag === null) fail('tags', 'have an entry that is no object')
    const fields = tag as Readonly<Record<string, unknown>>
    return { name: decode(fields, 'name'), value: decode(fields, 'value') }
  })
  if (sizeBytes > tagTextBytesMax) {
    const info = { code: 'PROTOCOL_TAG_BYTES_EXCEEDED', sizeBytesMax: tagTextBytesMax } as const
    throw new ProtocolError({ ...info, sizeBytes, offset: undefined })
  }
  return tags
}

function text(fields: Readonly<Record<string, unknown>>, field: string): string {
  const given = fields[field]
  return typeof given === 'string' ? given : fail(field, given === undefined ? 'is missing' : 'is not a text')
}

function binary(fields: Readonly<Record<string, unknown>>, field: string): Uint8Array {
  const given = text(fields, field)
  try {
    return decodeBase64Url(given)
  } catch (cause) {
    return fail(field, 'is not base64url', { cause })
  }
}

function digits(fields: Readonly<Record<string, unknown>>, field: string): string {
  const given = text(fields, field)
  const isNumber = /^(?:0|[1-9]\d*)$/.test(given) && given.length <= digitsMax
  return isNumber ? given : fail(field, `is not a number of at most ${digitsMax} digits, written as text`)
}

function fail(field: string, problem: string, options?: ErrorOptions): never {
  throw new ProtocolError({ code: 'PROTOCOL_TRANSACTION_INVALID', field, problem }, options)
}
