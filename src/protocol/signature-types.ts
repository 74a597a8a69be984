import { ProtocolError } from './errors.ts'
import type { SignatureType } from './types.ts'

/** Sizes of a signature type's fields, in bytes. */
export interface SignatureTypeSpec {
  readonly name: string
  readonly signatureSize: number
  readonly ownerSize: number
}

/** The signature types this node verifies. Spec: wire protocol 2.2. */
export const signatureTypes: { readonly [T in SignatureType]: SignatureTypeSpec } = {
  1: { name: 'arweave', signatureSize: 512, ownerSize: 512 },
  2: { name: 'ed25519', signatureSize: 64, ownerSize: 32 },
  3: { name: 'ethereum', signatureSize: 65, ownerSize: 65 },
  4: { name: 'solana', signatureSize: 64, ownerSize: 32 },
}

/**
 * Registered types that are refused: their verifiers differ between libraries (the threshold of type 6 is not even
 * looked at in the public one), and no AO client signs with them.
 */
const refusedNames: ReadonlyMap<number, string> = new Map([
  [5, 'injectedAptos'],
  [6, 'multiAptos'],
  [7, 'typedEthereum'],
  [101, 'kyve'],
])

/**
 * @param offset - Byte of the number in the item.
 * @throws {ProtocolError} `PROTOCOL_SIGNATURE_TYPE_UNSUPPORTED`, with the name of a registered type.
 */
export function parseSignatureType(given: number, offset = 0): SignatureType {
  if (given === 1 || given === 2 || given === 3 || given === 4) return given
  throw new ProtocolError({
    code: 'PROTOCOL_SIGNATURE_TYPE_UNSUPPORTED',
    signatureType: given,
    name: refusedNames.get(given),
    offset,
  })
}
