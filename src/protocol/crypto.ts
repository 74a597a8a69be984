/**
 * Hashes and keys of the platform: the one file of this room that imports `node:crypto`, so that a browser build can put
 * another in its place.
 *
 * @module
 */
import { constants, createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'

/** A private key that is loaded once and signs many times. */
export interface LoadedKey {
  /** Public key as it stands in a data item: 512 bytes (RSA modulus) or 32 bytes (Ed25519). */
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

/** Fields of a JSON web key of kind RSA, base64url each. */
export interface RsaJwk {
  readonly kty: string
  readonly n: string
  readonly e: string
  readonly d: string
  readonly p: string
  readonly q: string
  readonly dp: string
  readonly dq: string
  readonly qi: string
}

/** Public keys kept ready: importing one costs half as much as verifying with it. About 4 KiB each. */
const publicKeysMax = 1_024
const publicKeys = new Map<string, KeyObject>()

// A digest as text is three times as fast as a digest as a Buffer, which comes with an allocation of its own (Node 24).
function writeDigest(digest: string, out: Uint8Array, offset: number): void {
  for (let i = 0; i < digest.length; i++) out[offset + i] = digest.charCodeAt(i)
}

/** @returns 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(32)
  writeDigest(hash('sha256', bytes, 'binary'), out, 0)
  return out
}

/** @returns 43 characters. */
export function sha256Base64Url(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'base64url')
}

/** Writes the 48 bytes of SHA-384 into `out` at `offset`. `out` may hold `bytes`: they are read first. */
export function sha384Into(bytes: Uint8Array, out: Uint8Array, offset: number): void {
  writeDigest(hash('sha384', bytes, 'binary'), out, offset)
}

/** Verifies RSA-PSS with SHA-256 and any salt length (wire protocol 1.3), exponent 65537. About 65 µs. */
export function verifyRsaPss(modulus: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  return verifyWith(
    'sha256',
    () => ({
      key: publicKeyOf({ kty: 'RSA', n: base64Url(modulus), e: 'AQAB' }),
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_AUTO,
    }),
    message,
    signature,
  )
}

/** Verifies Ed25519 as RFC 8032 has it (no cofactor, canonical scalars). About 60 µs. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  return verifyWith(
    null,
    () => ({ key: publicKeyOf({ kty: 'OKP', crv: 'Ed25519', x: base64Url(publicKey) }) }),
    message,
    signature,
  )
}

/** A signer with RSA-PSS, SHA-256, salt of 32 bytes. @throws {Error} of the platform when the key is not valid. */
export function loadRsaKey(jwk: RsaJwk): LoadedKey {
  const { kty, n, e, d, p, q, dp, dq, qi } = jwk
  const key = createPrivateKey({ key: { kty, n, e, d, p, q, dp, dq, qi }, format: 'jwk' })
  const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
  return {
    publicKey: Uint8Array.from(Buffer.from(n, 'base64url')),
    sign: (message) => sign('sha256', message, options),
  }
}

/** @param seed - 32 bytes. @throws {Error} of the platform when the length is another. */
export function loadEd25519Key(seed: Uint8Array): LoadedKey {
  // PKCS #8 of RFC 8410: fixed bytes, then the seed.
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' })
  return { publicKey: Uint8Array.from(Buffer.from(x, 'base64url')), sign: (message) => sign(null, message, key) }
}

function base64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}

type PublicJwk = { kty: 'RSA'; n: string; e: string } | { kty: 'OKP'; crv: string; x: string }

/** Keys of the two kinds differ in length, so their text is the name. The least recently used goes first. */
function publicKeyOf(jwk: PublicJwk): KeyObject {
  const name = 'n' in jwk ? jwk.n : jwk.x
  const known = publicKeys.get(name)
  if (known !== undefined) {
    publicKeys.delete(name)
    publicKeys.set(name, known)
    return known
  }

  const key = createPublicKey({ key: jwk, format: 'jwk' })
  for (const oldest of publicKeys.keys()) {
    if (publicKeys.size < publicKeysMax) break
    publicKeys.delete(oldest)
  }
  publicKeys.set(name, key)
  return key
}

interface KeyAndOptions {
  readonly key: KeyObject
  readonly padding?: number
  readonly saltLength?: number
}

/** A key or a signature that the platform cannot read verifies nothing: the answer is false, not an error. */
/**
 * On the calling thread: waking a pool thread was measured to cost the caller more than the verification itself. A
 * promise all the same, because a browser has no other way.
 */
async function verifyWith(
  algorithm: 'sha256' | null,
  prepare: () => KeyAndOptions,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  try {
    return verify(algorithm, message, prepare(), signature)
  } catch {
    return false
  }
}
