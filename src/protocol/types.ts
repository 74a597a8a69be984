import type { Address, ItemId } from './ids.ts'

/** A tag of a data item. Order and duplicates matter; names and values are valid UTF-8. Spec: wire protocol 2.4. */
export interface Tag {
  readonly name: string
  readonly value: string
}

/** 1 Arweave RSA-4096, 2 Ed25519, 3 Ethereum, 4 Solana. Others are refused by name. Spec: wire protocol 2.2. */
export type SignatureType = 1 | 2 | 3 | 4

/** A parsed ANS-104 data item. All byte arrays are views of `bytes`, never modified. Spec: wire protocol 2.1. */
export interface DataItem {
  /** base64url of SHA-256 of the signature. */
  readonly id: ItemId
  readonly signatureType: SignatureType
  readonly signature: Uint8Array
  /** Public key as it stands in the item: 512, 32 or 65 bytes by type. */
  readonly owner: Uint8Array
  /** Address of the owner: EIP-55 for type 3, else base64url of SHA-256 of the key. Spec: wire protocol 1.3. */
  readonly ownerAddress: Address
  /** 32 bytes as base64url, or undefined. A process id or a wallet address; they cannot be told apart by form. */
  readonly target: string | undefined
  /** 32 bytes, or undefined. Usually ASCII text. */
  readonly anchor: Uint8Array | undefined
  readonly tags: readonly Tag[]
  readonly data: Uint8Array
  /** The whole item as signed. */
  readonly bytes: Uint8Array
}

/** What a new data item is made of. `anchor` is 32 bytes or a string of 32 UTF-8 bytes. */
export interface DataItemDraft {
  readonly target?: string | undefined
  readonly anchor?: Uint8Array | string | undefined
  readonly tags?: readonly Tag[]
  readonly data?: Uint8Array | string
}

/** Signs payloads of data items. `sign` is synchronous; RSA takes 2–5 ms, Ed25519 about 35 µs. */
export interface Signer {
  readonly signatureType: SignatureType
  readonly owner: Uint8Array
  readonly address: Address
  /** @param payload - 48 bytes, the deep hash of the item. @returns the signature, of the type's length. */
  sign(payload: Uint8Array): Uint8Array
}
