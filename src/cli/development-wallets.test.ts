import { checkPrimeSync, constants, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDataItemSigner } from '@permaweb/aoconnect'
import Arweave from 'arweave'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RsaJwk } from '../protocol/crypto.ts'
import { createDataItem, parseDataItem, verifyDataItem } from '../protocol/data-item.ts'
import { createRsaSigner } from '../protocol/signers.ts'
import { temporaryDirectory } from './cli.fixture.ts'
import { developmentPrimes } from './development-primes.ts'
import { firstDevelopmentWallet, jwkOf, openDevelopmentWallets } from './development-wallets.ts'

let directory: ReturnType<typeof temporaryDirectory>
beforeEach(() => {
  directory = temporaryDirectory()
})
afterEach(() => directory.remove())

const read = (path: string): RsaJwk => JSON.parse(readFileSync(path, 'utf8')) as RsaJwk
const mode = (path: string): number => statSync(path).mode & 0o777

describe('the primes', () => {
  test('are primes, and all different', () => {
    expect(new Set(developmentPrimes).size).toBe(16)
    for (const prime of developmentPrimes) expect(checkPrimeSync(prime)).toBe(true)
  })

  test('make moduli of 4,096 bits with an inverse of the exponent, whichever pair', () => {
    for (const prime of developmentPrimes) {
      expect(prime >> 2_046n).toBe(3n)
      expect((prime - 1n) % 65_537n).not.toBe(0n)
    }
  })
})

describe('the wallets of a data directory', () => {
  test('are made once: three different ones, for the owner alone', () => {
    const wallets = openDevelopmentWallets(directory.path)
    expect(new Set(wallets.map(({ address }) => address)).size).toBe(3)
    expect(readdirSync(join(directory.path, 'wallets')).sort()).toEqual([
      'README.txt',
      'wallet-1.json',
      'wallet-2.json',
      'wallet-3.json',
    ])
    expect(mode(join(directory.path, 'wallets'))).toBe(0o700)
    for (const { path } of wallets) expect(mode(path)).toBe(0o600)
    expect(readFileSync(join(directory.path, 'wallets', 'README.txt'), 'utf8')).toContain('worthless')
    expect(openDevelopmentWallets(directory.path)).toEqual(wallets)
  })

  test('one that is gone is made again, the others stay', () => {
    const [first, second, third] = openDevelopmentWallets(directory.path)
    rmSync(second?.path ?? '')
    const again = openDevelopmentWallets(directory.path)
    expect([again[0], again[2]]).toEqual([first, third])
    expect(again[1]?.path).toBe(second?.path)
  })

  test('one that cannot be read is an error that names it', () => {
    const [first] = openDevelopmentWallets(directory.path)
    writeFileSync(first?.path ?? '', '{')
    expect(() => openDevelopmentWallets(directory.path)).toThrow(
      expect.objectContaining({ code: 'CLI_WALLET_UNREADABLE', message: expect.stringContaining('wallet-1.json') }),
    )
  })

  test('the first one is found; without any there is none', () => {
    expect(firstDevelopmentWallet(directory.path)).toBeUndefined()
    const [first] = openDevelopmentWallets(directory.path)
    expect(firstDevelopmentWallet(directory.path)).toBe(first?.path)
  })
})

describe('a wallet works', () => {
  const pairs = [
    { name: 'one order', jwk: () => jwkOf(developmentPrimes[0] ?? 0n, developmentPrimes[1] ?? 0n) },
    { name: 'the other order', jwk: () => jwkOf(developmentPrimes[1] ?? 0n, developmentPrimes[0] ?? 0n) },
  ]

  test.each(pairs)('with node:crypto, $name', ({ jwk: make }) => {
    const jwk = make()
    const key = createPrivateKey({ key: { ...jwk }, format: 'jwk' })
    expect(key.asymmetricKeyDetails).toMatchObject({ modulusLength: 4_096, publicExponent: 65_537n })
    // As OpenSSL makes them, and some libraries expect them.
    expect(number(jwk.p) > number(jwk.q)).toBe(true)
    const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
    const signature = sign('sha256', Buffer.from('text'), { key, ...padding })
    expect(verify('sha256', Buffer.from('text'), { key: createPublicKey(key), ...padding }, signature)).toBe(true)
    // OpenSSL signs by p, q, dp, dq and qi alone; d is for who has no other.
    const n = number(jwk.n)
    expect(power(power(42n, 65_537n, n), number(jwk.d), n)).toBe(42n)
  })

  test('with our signer', async () => {
    const item = createDataItem({ data: 'text' }, createRsaSigner(pairs[0]?.jwk() ?? ({} as RsaJwk)))
    await verifyDataItem(parseDataItem(item.bytes))
  })

  test('with arweave-js', async () => {
    const [wallet] = openDevelopmentWallets(directory.path)
    const jwk = read(wallet?.path ?? '')
    const arweave = Arweave.init({})
    expect(await arweave.wallets.jwkToAddress(jwk)).toBe(wallet?.address)
    const transaction = await arweave.createTransaction({ data: 'text', last_tx: '', reward: '1' }, jwk)
    await arweave.transactions.sign(transaction, jwk)
    expect(await arweave.transactions.verify(transaction)).toBe(true)
  })

  test("with aoconnect's signer", async () => {
    const [wallet] = openDevelopmentWallets(directory.path)
    const signer = createDataItemSigner(read(wallet?.path ?? ''))
    const payload = new Uint8Array(48).fill(7)
    const { signature, address } = await signer(async () => payload, 'ans104')
    expect(address).toBe(wallet?.address)
    const key = createPublicKey({ key: { ...read(wallet?.path ?? '') }, format: 'jwk' })
    const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO }
    expect(verify('sha256', payload, { key, ...padding }, signature)).toBe(true)
  })
})

function number(base64Url: string): bigint {
  return BigInt(`0x${Buffer.from(base64Url, 'base64url').toString('hex')}`)
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  for (let [square, rest] = [base, exponent]; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}
