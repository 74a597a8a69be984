import { generateKeyPairSync } from 'node:crypto'
import type { RsaJwk } from './crypto.ts'

/** A fresh RSA key, for tests. Takes seconds at 4,096 bits: make one for each test file at most. */
export function generateRsaJwk(bits = 4_096): RsaJwk {
  const {
    n = '',
    e = '',
    d = '',
    p = '',
    q = '',
    dp = '',
    dq = '',
    qi = '',
  } = generateKeyPairSync('rsa', {
    modulusLength: bits,
  }).privateKey.export({ format: 'jwk' })
  return { kty: 'RSA', n, e, d, p, q, dp, dq, qi }
}
