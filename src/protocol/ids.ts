import { sha256Base64Url } from './crypto.ts'
import { ProtocolError } from './errors.ts'

declare const brand: unique symbol
// The names are keys: as values, two of them would exclude each other, and a ProcessId would be `never`.
type Brand<Name extends string> = string & { readonly [brand]: { readonly [N in Name]: true } }

/** Id of a data item or transaction: base64url of 32 bytes, 43 characters, no padding. Spec: wire protocol 1.1. */
export type ItemId = Brand<'ItemId'>

/** Id of a process: the item id of the process item that spawned it. */
export type ProcessId = ItemId & Brand<'ProcessId'>

/** Address of a signer: 43 characters of base64url, or an EIP-55 `0x…` address. Spec: wire protocol 1.3. */
export type Address = Brand<'Address'>

const idPattern = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/
const ethereumAddressPattern = /^0x[0-9a-fA-F]{40}$/

/** Whether the text has the shape of an id. Addresses of Arweave wallets have the same shape. */
export function isItemId(text: string): text is ItemId {
  return idPattern.test(text)
}

/** @throws {ProtocolError} `PROTOCOL_ID_INVALID` unless the text is 43 characters of canonical base64url. */
export function parseItemId(text: string, field = 'id'): ItemId {
  if (!isItemId(text)) throw new ProtocolError({ code: 'PROTOCOL_ID_INVALID', field, given: text.slice(0, 80) })
  return text
}

/** @throws {ProtocolError} `PROTOCOL_ID_INVALID` unless the text is 43 characters of canonical base64url. */
export function parseProcessId(text: string, field = 'process id'): ProcessId {
  return parseItemId(text, field) as ProcessId
}

/** The id of the item with this signature: it depends on nothing else. Spec: wire protocol 2.1. */
export function itemIdOf(signature: Uint8Array): ItemId {
  return sha256Base64Url(signature) as ItemId
}

/** @throws {ProtocolError} `PROTOCOL_ADDRESS_INVALID` unless the text is a 43-character or an `0x…` address. */
export function parseAddress(text: string, field = 'address'): Address {
  if (!isItemId(text) && !ethereumAddressPattern.test(text)) {
    throw new ProtocolError({ code: 'PROTOCOL_ADDRESS_INVALID', field, given: text.slice(0, 80) })
  }
  return text as string as Address
}
