import { sha256Base64Url } from './crypto.ts'
import { ethereumAddress } from './ethereum.ts'
import type { Address } from './ids.ts'
import type { SignatureType } from './types.ts'

/**
 * The address that modules see as `Owner` and `From`. Spec: wire protocol 1.3.
 *
 * @param owner - Public key as it stands in the item, of the type's size.
 * @returns EIP-55 `0x…` for type 3; else base64url of SHA-256 of the key, 43 characters.
 */
export function addressOf(signatureType: SignatureType, owner: Uint8Array): Address {
  return (signatureType === 3 ? ethereumAddress(owner) : sha256Base64Url(owner)) as Address
}
