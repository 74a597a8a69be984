import { addressOf } from './address.ts'
import { type LoadedKey, loadEd25519Key, loadRsaKey, type RsaJwk } from './crypto.ts'
import { ProtocolError } from './errors.ts'
import { ethereumPublicKey, isEthereumPrivateKey, signPersonalMessage } from './ethereum.ts'
import { signatureTypes } from './signature-types.ts'
import { hexPayload } from './signatures.ts'
import type { Signer } from './types.ts'

/** Size of an Ed25519 seed and of an Ethereum private key, in bytes. */
const secretSize = 32

/**
 * Signs with type 2. Deterministic: the same item gets the same id every time.
 *
 * @param seed - 32 bytes.
 * @throws {ProtocolError} `PROTOCOL_KEY_INVALID`
 */
export function createEd25519Signer(seed: Uint8Array): Signer {
  const { publicKey, sign } = loadSeed('ed25519', seed)
  return { signatureType: 2, owner: publicKey, address: addressOf(2, publicKey), sign }
}

/**
 * Signs with type 4, the hex form: what Solana wallets do. Deterministic.
 *
 * @param seed - 32 bytes: the first half of a Solana secret key.
 * @throws {ProtocolError} `PROTOCOL_KEY_INVALID`
 */
export function createSolanaSigner(seed: Uint8Array): Signer {
  const { publicKey, sign } = loadSeed('solana', seed)
  return {
    signatureType: 4,
    owner: publicKey,
    address: addressOf(4, publicKey),
    sign: (payload) => sign(hexPayload(payload)),
  }
}

/**
 * Signs with type 1: RSA-PSS, SHA-256, salt of 32 random bytes, so the same item gets another id each time.
 *
 * @param jwk - RSA, 4096 bits, exponent 65537 (`AQAB`).
 * @throws {ProtocolError} `PROTOCOL_KEY_INVALID`
 */
export function createRsaSigner(jwk: RsaJwk): Signer {
  if (jwk.kty !== 'RSA') throw keyInvalid('arweave', `kty is ${JSON.stringify(jwk.kty)}, not "RSA"`)
  if (jwk.e !== 'AQAB') throw keyInvalid('arweave', `the exponent e is ${JSON.stringify(jwk.e)}, not "AQAB"`)
  const { publicKey, sign } = load('arweave', () => loadRsaKey(jwk))
  const { ownerSize } = signatureTypes[1]
  if (publicKey.length !== ownerSize) {
    throw keyInvalid('arweave', `it has ${publicKey.length * 8} bits; an item has room for ${ownerSize * 8}`)
  }
  return { signatureType: 1, owner: publicKey, address: addressOf(1, publicKey), sign }
}

/**
 * Signs with type 3: secp256k1 over the EIP-191 form of the payload. Deterministic (RFC 6979).
 *
 * @param privateKey - 32 bytes.
 * @throws {ProtocolError} `PROTOCOL_KEY_INVALID`
 */
export function createEthereumSigner(privateKey: Uint8Array): Signer {
  const key = privateKey.slice()
  checkSecretSize('ethereum', key)
  if (!isEthereumPrivateKey(key)) throw keyInvalid('ethereum', 'it is 0 or not below the order of secp256k1')
  const owner = ethereumPublicKey(key)
  return {
    signatureType: 3,
    owner,
    address: addressOf(3, owner),
    sign: (payload) => signPersonalMessage(payload, key),
  }
}

function loadSeed(kind: string, seed: Uint8Array): LoadedKey {
  checkSecretSize(kind, seed)
  return load(kind, () => loadEd25519Key(seed))
}

function load(kind: string, create: () => LoadedKey): LoadedKey {
  try {
    return create()
  } catch (cause) {
    throw keyInvalid(kind, 'the platform cannot read it', { cause })
  }
}

function checkSecretSize(kind: string, secret: Uint8Array): void {
  if (secret.length !== secretSize) throw keyInvalid(kind, `it has ${secret.length} bytes, not ${secretSize}`)
}

function keyInvalid(kind: string, problem: string, options?: ErrorOptions): ProtocolError {
  return new ProtocolError({ code: 'PROTOCOL_KEY_INVALID', kind, problem }, options)
}
