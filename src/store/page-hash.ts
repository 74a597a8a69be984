import { hash } from 'node:crypto'
import { StoreError } from './errors.ts'
import type { Page } from './types.ts'

/** The page that has these bytes. */
export function toPage(bytes: Uint8Array): Page {
  return { hash: hash('sha256', bytes, 'hex'), bytes }
}

/** @throws {StoreError} `STORE_PAGE_CORRUPT` unless `expected` is the SHA-256 of the bytes in lower-case hex. */
export function checkPage(expected: string, bytes: Uint8Array, at: 'given' | 'stored'): void {
  const actual = hash('sha256', bytes, 'hex')
  if (actual !== expected) throw new StoreError({ code: 'STORE_PAGE_CORRUPT', hash: expected, actual, at })
}
