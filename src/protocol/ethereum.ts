/**
 * Keys, addresses and personal messages of Ethereum: secp256k1 and keccak-256, as signature type 3 uses them.
 *
 * @module
 */
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'

/** `v` of a signature is 27 plus the parity of the nonce point's y. */
const recoveryBase = 27

const hexDigits = '0123456789abcdef'

/** @param key - 65 bytes, uncompressed, leading 0x04. @returns `0x` and 40 hex digits in the mixed case of EIP-55. */
export function ethereumAddress(key: Uint8Array): string {
  const digits = hexOf(keccak_256(key.subarray(1)).subarray(12))
  const casing = keccak_256(asciiBytes(digits))
  let address = '0x'
  for (let i = 0; i < digits.length; i++) {
    const nibble = ((casing[i >> 1] ?? 0) >> (i % 2 === 0 ? 4 : 0)) & 15
    const digit = digits.charAt(i)
    address += nibble >= 8 ? digit.toUpperCase() : digit
  }
  return address
}

/** @returns 32 bytes: keccak-256 of the message under the EIP-191 prefix of `personal_sign`. */
export function personalMessageDigest(message: Uint8Array): Uint8Array {
  const prefix = asciiBytes(`\x19Ethereum Signed Message:\n${message.length}`)
  const prefixed = new Uint8Array(prefix.length + message.length)
  prefixed.set(prefix)
  prefixed.set(message, prefix.length)
  return keccak_256(prefixed)
}

/** Whether the bytes are a private key: 32 bytes, between 1 and the order of the curve. */
export function isEthereumPrivateKey(privateKey: Uint8Array): boolean {
  return secp256k1.utils.isValidSecretKey(privateKey)
}

/** @returns 65 bytes, uncompressed, leading 0x04. */
export function ethereumPublicKey(privateKey: Uint8Array): Uint8Array {
  return secp256k1.getPublicKey(privateKey, false)
}

/** Deterministic (RFC 6979). @returns 65 bytes: r, s (the lower of the two), v = 27 or 28. About 0.4 ms. */
export function signPersonalMessage(message: Uint8Array, privateKey: Uint8Array): Uint8Array {
  const digest = personalMessageDigest(message)
  const recovered = secp256k1.sign(digest, privateKey, { prehash: false, format: 'recovered' })
  const signature = new Uint8Array(65)
  signature.set(recovered.subarray(1))
  signature[64] = recoveryBase + (recovered[0] ?? 0)
  return signature
}

/**
 * Whether the owner of the key signed the message. About 1 ms.
 *
 * Exactly one signature can be made from another by a stranger (s to n − s), and `v` could take any value if it were
 * ignored. An id is the hash of the signature, so either would let a stranger repeat a message under a new id. So s must
 * be the lower one, and v must be the 27 or 28 that recovers the key: what every client writes.
 *
 * @param signature - 65 bytes: r, s, v.
 * @param key - 65 bytes, uncompressed.
 */
export function verifyPersonalMessage(message: Uint8Array, signature: Uint8Array, key: Uint8Array): boolean {
  const parity = (signature[64] ?? 0) - recoveryBase
  if (parity !== 0 && parity !== 1) return false
  try {
    const parsed = secp256k1.Signature.fromBytes(signature.subarray(0, 64), 'compact')
    if (parsed.hasHighS()) return false
    const recovered = parsed.addRecoveryBit(parity).recoverPublicKey(personalMessageDigest(message)).toBytes(false)
    return recovered.length === key.length && recovered.every((byte, index) => byte === key[index])
  } catch {
    return false // r or s out of range, or no point of the curve has this r
  }
}

function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

function hexOf(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += hexDigits.charAt(byte >> 4) + hexDigits.charAt(byte & 15)
  return hex
}
