import { verifyEd25519, verifyRsaPss } from './crypto.ts'
import { verifyPersonalMessage } from './ethereum.ts'
import type { SignatureType } from './types.ts'

const hexDigits = new TextEncoder().encode('0123456789abcdef')

/** What a type-4 signer signs: the payload as lower-case hex, in ASCII. Spec: wire protocol 2.2. */
export function hexPayload(payload: Uint8Array): Uint8Array {
  const hex = new Uint8Array(2 * payload.length)
  for (const [index, byte] of payload.entries()) {
    hex[2 * index] = hexDigits[byte >> 4] ?? 0
    hex[2 * index + 1] = hexDigits[byte & 15] ?? 0
  }
  return hex
}

/**
 * Whether the owner signed the payload. RSA and Ed25519 take about 65 µs, Ethereum 1 ms.
 *
 * @param payload - 48 bytes, the deep hash of the item.
 * @param signature - Of the type's size, like `owner`.
 */
export async function isSignatureValid(
  signatureType: SignatureType,
  owner: Uint8Array,
  payload: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  switch (signatureType) {
    case 1:
      return verifyRsaPss(owner, payload, signature)
    case 2:
      return verifyEd25519(owner, payload, signature)
    case 3:
      return verifyPersonalMessage(payload, signature, owner)
    case 4:
      return verifyEd25519(owner, hexPayload(payload), signature)
  }
}
