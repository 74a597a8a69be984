import { generateKeyPairSync } from 'node:crypto'
import type { RsaJwk } from '../src/protocol/crypto.ts'
import { createDataItem } from '../src/protocol/data-item.ts'
import { createRsaSigner } from '../src/protocol/signers.ts'
import type { DataItem, Signer, Tag } from '../src/protocol/types.ts'

/** An RSA-4096 wallet, as most users have. Takes a second or so to make. */
export function rsaWallet(): Signer {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 4_096, publicExponent: 65_537 })
  return createRsaSigner(privateKey.export({ format: 'jwk' }) as unknown as RsaJwk)
}

let lastSequence = 0

export function aoItem(
  wallet: Signer,
  type: 'Process' | 'Message',
  target: string | undefined,
  tags: Record<string, string>,
  data = ' ',
): DataItem {
  lastSequence += 1
  const all: Tag[] = Object.entries({
    ...tags,
    ...{ Sequence: String(lastSequence), 'Data-Protocol': 'ao', Variant: 'ao.TN.1', Type: type },
  }).map(([name, value]) => ({ name, value }))
  return createDataItem({ target, tags: all, data }, wallet)
}
