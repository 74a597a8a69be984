import { randomInt } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RsaJwk } from '../protocol/crypto.ts'
import type { Address } from '../protocol/ids.ts'
import { createRsaSigner } from '../protocol/signers.ts'
import { developmentPrimes } from './development-primes.ts'
import { CliError } from './errors.ts'

/**
 * Wallets to develop with: real RSA-4096 keys that every Arweave client takes, made in milliseconds instead of the
 * seconds that finding new primes takes.
 */

export interface DevelopmentWallet {
  readonly path: string
  readonly address: Address
}

const walletCount = 3
const publicExponent = 65_537n
const primeBytes = 256
const modulusBytes = 512

const readme = `These wallets are worthless on purpose.

They are made from prime numbers that stand in Loom's public source code, so anyone can
compute their private keys. Use them for development on this machine, and nowhere else.
Never send anything of value to their addresses.
`

/** The folder of the wallets in a data directory. */
export function walletDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'wallets')
}

/**
 * The wallets of a data directory, made at the first call: folder 0700, files 0600.
 *
 * @throws {CliError} `CLI_WALLET_UNREADABLE` when a file there is not a wallet.
 */
export function openDevelopmentWallets(dataDirectory: string): readonly DevelopmentWallet[] {
  const directory = walletDirectory(dataDirectory)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const names = Array.from({ length: walletCount }, (_, i) => `wallet-${i + 1}.json`)
  const missing = names.filter((name) => !existsSync(join(directory, name)))
  if (missing.length > 0) {
    writeFileSync(join(directory, 'README.txt'), readme, { mode: 0o600 })
    const pairs = drawPairs(missing.length)
    for (const [i, name] of missing.entries()) {
      const [first, second] = pairs[i] ?? [0, 1]
      writeWhole(join(directory, name), `${JSON.stringify(jwkOf(prime(first), prime(second)))}\n`)
    }
  }
  return names.map((name) => {
    const path = join(directory, name)
    return { path, address: createRsaSigner(readWallet(path)).address }
  })
}

/** The path of the first development wallet, or undefined when the data directory has none. */
export function firstDevelopmentWallet(dataDirectory: string): string | undefined {
  const directory = walletDirectory(dataDirectory)
  if (!existsSync(directory)) return undefined
  const [first] = readdirSync(directory)
    .filter((name) => /^wallet-\d+\.json$/.test(name))
    .sort()
  return first === undefined ? undefined : join(directory, first)
}

/** @throws {CliError} `CLI_WALLET_UNREADABLE` */
export function readWallet(path: string): RsaJwk {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as RsaJwk
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? 'it is not JSON' : messageOf(cause)
    throw new CliError({ code: 'CLI_WALLET_UNREADABLE', path, reason }, { cause })
  }
}

/** The key whose modulus is the product of two different primes. Exported for tests. */
export function jwkOf(first: bigint, second: bigint): RsaJwk {
  const [p, q] = first > second ? [first, second] : [second, first]
  const order = ((p - 1n) * (q - 1n)) / greatestDivisor(p - 1n, q - 1n)
  const d = inverse(publicExponent, order)
  return {
    kty: 'RSA',
    n: base64Url(p * q, modulusBytes),
    e: 'AQAB',
    d: base64Url(d, modulusBytes),
    p: base64Url(p, primeBytes),
    q: base64Url(q, primeBytes),
    dp: base64Url(d % (p - 1n), primeBytes),
    dq: base64Url(d % (q - 1n), primeBytes),
    qi: base64Url(inverse(q, p), primeBytes),
  }
}

/** Different pairs of indexes into the primes. */
function drawPairs(count: number): readonly (readonly [number, number])[] {
  const pairs = new Map<number, readonly [number, number]>()
  while (pairs.size < count) {
    const first = randomInt(developmentPrimes.length)
    const second = randomInt(developmentPrimes.length)
    if (first < second) pairs.set(first * developmentPrimes.length + second, [first, second])
  }
  return [...pairs.values()]
}

function prime(index: number): bigint {
  const found = developmentPrimes[index]
  if (found === undefined) throw new RangeError(`there is no prime ${index}`)
  return found
}

/** Inverse of `value` modulo `modulus`, which must have no common divisor. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [r, s] = [modulus, value % modulus]
  let [x, y] = [0n, 1n]
  while (s !== 0n) {
    const quotient = r / s
    ;[r, s] = [s, r - quotient * s]
    ;[x, y] = [y, x - quotient * y]
  }
  return x < 0n ? x + modulus : x
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestDivisor(b, a % b)
}

function base64Url(value: bigint, sizeBytes: number): string {
  return Buffer.from(value.toString(16).padStart(2 * sizeBytes, '0'), 'hex').toString('base64url')
}

/** Written beside its place, then renamed: a crash leaves no half wallet. */
function writeWhole(path: string, text: string): void {
  const temporary = `${path}.new`
  writeFileSync(temporary, text, { mode: 0o600 })
  renameSync(temporary, path)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
