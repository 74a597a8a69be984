import { constants, createPrivateKey, sign } from 'node:crypto'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { describe, expect, test } from 'vitest'
import { createDataItem, parseDataItem, verifyDataItem } from './data-item.ts'
import { ethereumAddress, personalMessageDigest } from './ethereum.ts'
import { signaturePayload } from './item-payload.ts'
import { generateRsaJwk } from './rsa-key.fixture.ts'
import { createEd25519Signer, createEthereumSigner, createRsaSigner, createSolanaSigner } from './signers.ts'
import type { DataItem, Signer } from './types.ts'

const seed = new Uint8Array(32).fill(7)
const jwk = generateRsaJwk()
const rsa = createRsaSigner(jwk)
const signers: { name: string; signer: Signer; type: number; deterministic: boolean }[] = [
  { name: 'rsa', signer: rsa, type: 1, deterministic: false },
  { name: 'ed25519', signer: createEd25519Signer(seed), type: 2, deterministic: true },
  { name: 'ethereum', signer: createEthereumSigner(seed), type: 3, deterministic: true },
  { name: 'solana', signer: createSolanaSigner(seed), type: 4, deterministic: true },
]
const draft = { tags: [{ name: 'a', value: 'b' }], data: 'c' }
const invalid = { code: 'PROTOCOL_SIGNATURE_INVALID' }

/** The item with another signature in its place, read anew. */
function signedWith(item: DataItem, signature: Uint8Array): DataItem {
  const bytes = item.bytes.slice()
  bytes.set(signature, 2)
  return parseDataItem(bytes)
}

describe.each(signers)('$name', ({ signer, type, deterministic }) => {
  test('what it signs verifies, under its address', async () => {
    const item = parseDataItem(createDataItem(draft, signer).bytes)
    expect(item).toMatchObject({ signatureType: type, owner: signer.owner, ownerAddress: signer.address })
    await verifyDataItem(item)
  })

  test('not with a flipped bit at either end of the signature, nor under another payload', async () => {
    const item = createDataItem(draft, signer)
    for (const offset of [0, item.signature.length - 1]) {
      const signature = item.signature.slice()
      signature[offset] = (signature[offset] ?? 0) ^ 1
      await expect(verifyDataItem(signedWith(item, signature))).rejects.toMatchObject(invalid)
    }
    const other = createDataItem({ ...draft, data: 'd' }, signer)
    await expect(verifyDataItem(signedWith(item, other.signature))).rejects.toMatchObject(invalid)
  })

  test(`gives ${deterministic ? 'the same id' : 'another id'} each time`, () => {
    const ids = new Set([createDataItem(draft, signer).id, createDataItem(draft, signer).id])
    expect(ids.size).toBe(deterministic ? 1 : 2)
  })

  test.each([0, 255])('an owner and a signature of bytes %i verify nothing', async (fill) => {
    const bytes = createDataItem(draft, signer).bytes.slice()
    const start = 2 + signer.sign(new Uint8Array(48)).length
    bytes.fill(fill, 2, start + signer.owner.length)
    if (type === 3) bytes[start] = 4
    await expect(verifyDataItem(parseDataItem(bytes))).rejects.toMatchObject(invalid)
  })
})

test('types 2 and 4 have keys of one kind and different signatures', async () => {
  const plain = createDataItem(draft, createEd25519Signer(seed))
  const bytes = plain.bytes.slice()
  bytes[0] = 4
  await expect(verifyDataItem(parseDataItem(bytes))).rejects.toMatchObject(invalid)
})

test('type 4 signs the lower-case hex of the payload', () => {
  const item = createDataItem(draft, createSolanaSigner(seed))
  const hex = Buffer.from(signaturePayload(item)).toString('hex')
  expect(createEd25519Signer(seed).sign(Buffer.from(hex))).toEqual(Buffer.from(item.signature))
})

describe('rsa', () => {
  const key = createPrivateKey({ key: { ...jwk }, format: 'jwk' })
  const item = createDataItem(draft, rsa)
  const pss = (saltLength: number, hash = 'sha256'): Uint8Array =>
    sign(hash, signaturePayload(item), { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength })

  test.each([0, 20, 32, 478])('a salt of %i bytes verifies', async (saltLength) => {
    await verifyDataItem(signedWith(item, pss(saltLength)))
  })

  test('SHA-512 and PKCS #1 v1.5 do not', async () => {
    await expect(verifyDataItem(signedWith(item, pss(32, 'sha512')))).rejects.toMatchObject(invalid)
    const v15 = sign('sha256', signaturePayload(item), { key, padding: constants.RSA_PKCS1_PADDING })
    await expect(verifyDataItem(signedWith(item, v15))).rejects.toMatchObject(invalid)
  })

  test('a modulus of 0, of 1 and an even one verify nothing', async () => {
    const even = rsa.owner.slice()
    even[511] = (even[511] ?? 0) & 254
    const one = new Uint8Array(512)
    one[511] = 1
    for (const modulus of [new Uint8Array(512), one, even]) {
      const bytes = item.bytes.slice()
      bytes.set(modulus, 2 + 512)
      await expect(verifyDataItem(parseDataItem(bytes))).rejects.toMatchObject(invalid)
    }
  })
})

describe('ethereum', () => {
  const key = new Uint8Array(32).fill(1)
  const item = createDataItem(draft, createEthereumSigner(key))

  test('EIP-55: the examples of the proposal', () => {
    // Any 64 bytes have an address; these keys are those of private keys 1 and 2.
    const privateKey = new Uint8Array(32)
    privateKey[31] = 1
    expect(createEthereumSigner(privateKey).address).toBe('0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf')
    privateKey[31] = 2
    expect(createEthereumSigner(privateKey).address).toBe('0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF')
    expect(ethereumAddress(item.owner)).toBe(item.ownerAddress)
  })

  test('EIP-191 digest: wire protocol 16', () => {
    const payload = '9c010fcddab6221ad8f607f990ce72d71bb3329600d6cd34ca5aa323a6c00544a0f284c493c11b060cbf639028f03a09'
    expect(Buffer.from(personalMessageDigest(Buffer.from(payload, 'hex'))).toString('hex')).toBe(
      '8bf23a6aea9dedea55d12eff351e9f7b395aa3cba53142fdf825e8d3c97b9bdf',
    )
  })

  test('a stranger cannot give a signature a second form, and the item a second id', async () => {
    const { r, s } = secp256k1.Signature.fromBytes(item.signature.subarray(0, 64))
    const mirrored = new secp256k1.Signature(r, secp256k1.Point.CURVE().n - s).toBytes()
    const v = item.signature[64] ?? 0
    const forms = [Uint8Array.of(...mirrored, v), Uint8Array.of(...mirrored, v ^ 27 ^ 28)]
    for (let other = 0; other < 256; other++) {
      if (other !== v) forms.push(Uint8Array.of(...item.signature.subarray(0, 64), other))
    }
    for (const form of forms) {
      await expect(verifyDataItem(signedWith(item, form))).rejects.toMatchObject(invalid)
    }
  })
})

describe('a key is refused', () => {
  const keys: { name: string; create: () => Signer }[] = [
    { name: 'ed25519 seed of 31 bytes', create: () => createEd25519Signer(new Uint8Array(31)) },
    { name: 'solana secret key of 64 bytes', create: () => createSolanaSigner(new Uint8Array(64)) },
    { name: 'ethereum key of 33 bytes', create: () => createEthereumSigner(new Uint8Array(33)) },
    { name: 'ethereum key 0', create: () => createEthereumSigner(new Uint8Array(32)) },
    { name: 'ethereum key above the order', create: () => createEthereumSigner(new Uint8Array(32).fill(255)) },
    { name: 'rsa of 2,048 bits', create: () => createRsaSigner(generateRsaJwk(2_048)) },
    { name: 'rsa with exponent 3', create: () => createRsaSigner({ ...jwk, e: 'Aw' }) },
    { name: 'rsa of another kind', create: () => createRsaSigner({ ...jwk, kty: 'EC' }) },
    { name: 'rsa without a modulus', create: () => createRsaSigner({ ...jwk, n: '' }) },
    {
      name: 'rsa public key only',
      create: () => createRsaSigner(JSON.parse(JSON.stringify({ ...jwk, d: undefined }))),
    },
  ]
  test.each(keys)('$name', ({ create }) => {
    expect(create).toThrow(expect.objectContaining({ code: 'PROTOCOL_KEY_INVALID' }))
  })
})

test('more owners than are kept ready still verify', async () => {
  // The memory of public keys is bounded; what falls out of it is imported again.
  const first = createDataItem(draft, createEd25519Signer(seed))
  await verifyDataItem(first)
  for (let n = 0; n < 1_100; n++) {
    const other = new Uint8Array(32).fill(n & 255)
    other[0] = n >> 8
    await verifyDataItem(createDataItem(draft, createEd25519Signer(other)))
  }
  await verifyDataItem(first)
})
