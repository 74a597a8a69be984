import Arweave from 'arweave'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseAnyItem, verifyAnyItem } from './any-item.ts'
import { createDataItem } from './data-item.ts'
import { createDataTree } from './merkle.ts'
import { generateRsaJwk } from './rsa-key.fixture.ts'
import { createEd25519Signer } from './signers.ts'
import {
  createTransaction,
  isTransactionBytes,
  parseTransaction,
  parseTransactionJson,
  type TransactionJson,
  transactionToJson,
  verifyTransaction,
} from './transaction.ts'

const arweave = Arweave.init({})
const jwk = generateRsaJwk()
const anchor = 'A'.repeat(64)
const target = `${'T'.repeat(42)}A`

/** As arweave-js makes, signs and sends it. */
async function signed(fields: Parameters<typeof arweave.createTransaction>[0]): Promise<TransactionJson> {
  const transaction = await arweave.createTransaction({ last_tx: anchor, reward: '12', ...fields }, jwk)
  transaction.addTag('Content-Type', 'text/plain')
  transaction.addTag('Näme', 'välue')
  await arweave.transactions.sign(transaction, jwk)
  return JSON.parse(JSON.stringify(transaction))
}

let json: TransactionJson
beforeAll(async () => {
  json = await signed({ data: 'four', target, quantity: '5' })
})

describe('a transaction of arweave-js', () => {
  test('is read as it was made', () => {
    const { header, data } = parseTransactionJson(json)
    expect(Buffer.from(data).toString()).toBe('four')
    expect(header).toMatchObject({ id: json.id, target, quantity: '5', reward: '12', dataSize: 4 })
    expect(header.tags).toEqual([
      { name: 'Content-Type', value: 'text/plain' },
      { name: 'Näme', value: 'välue' },
    ])
    expect(header.dataRoot).toEqual(createDataTree(data).root)
    expect({ ...transactionToJson(header), data: json.data }).toEqual({ ...json, data_tree: undefined })
  })

  test('is verified, with data and without', async () => {
    await verifyTransaction(parseTransactionJson(json).header)
    await verifyTransaction(parseTransactionJson(await signed({ target, quantity: '1' })).header)
  })

  test('has an address as arweave-js has it', async () => {
    const address = await arweave.wallets.jwkToAddress(jwk)
    expect(parseTransactionJson(json).header.ownerAddress).toBe(address)
  })

  test.each([
    ['quantity', '6'],
    ['reward', '13'],
    ['target', `${'U'.repeat(42)}A`],
    ['last_tx', 'B'.repeat(64)],
    ['data_size', '5'],
    ['data_root', 'A'.repeat(43)],
    ['tags', []],
  ] as const)('with another %s is not what was signed', async (field, value) => {
    const { header } = parseTransactionJson({ ...json, [field]: value })
    await expect(verifyTransaction(header)).rejects.toMatchObject({ code: 'PROTOCOL_SIGNATURE_INVALID' })
  })
})

describe('refused', () => {
  const tag = { name: 'YQ', value: 'YQ' }
  test.each([
    { field: 'format', value: 1 },
    { field: 'format', value: undefined },
    { field: 'id', value: 'A'.repeat(43) },
    { field: 'owner', value: 'AQAB' },
    { field: 'signature', value: '*' },
    { field: 'last_tx', value: 'A'.repeat(68) },
    { field: 'target', value: 'x' },
    { field: 'quantity', value: '-1' },
    { field: 'quantity', value: 1 },
    { field: 'reward', value: '1'.repeat(22) },
    { field: 'data_size', value: '99999999999999999' },
    { field: 'data_size', value: '0', blamed: 'data_root' },
    { field: 'data_root', value: 'AAAA' },
    { field: 'data', value: 1 },
    { field: 'tags', value: 'x' },
    { field: 'tags', value: [{ name: 'YQ' }], blamed: 'value' },
    { field: 'tags', value: [{ name: 'YQ', value: '_w' }] },
    { field: 'tags', value: [null] },
  ])('$field $value', ({ field, value, blamed }) => {
    expect(() => parseTransactionJson({ ...json, [field]: value })).toThrow(
      expect.objectContaining({
        info: expect.objectContaining({ code: 'PROTOCOL_TRANSACTION_INVALID', field: blamed ?? field }),
      }),
    )
  })

  test('too many tags, or too long ones', () => {
    const code = (tags: unknown): unknown => {
      try {
        return parseTransactionJson({ ...json, tags })
      } catch (error) {
        return error
      }
    }
    expect(code(Array.from({ length: 129 }, () => tag))).toMatchObject({ code: 'PROTOCOL_TAG_COUNT_EXCEEDED' })
    const long = { name: 'YQ', value: Buffer.alloc(2_048, 'x').toString('base64url') }
    expect(code([long])).toMatchObject({ code: 'PROTOCOL_TAG_BYTES_EXCEEDED', info: { sizeBytes: 2_049 } })
  })

  test.each([null, 'x', 1, undefined])('%s', (given) => {
    expect(() => parseTransactionJson(given)).toThrow(expect.objectContaining({ code: 'PROTOCOL_TRANSACTION_INVALID' }))
  })
})

describe('stored', () => {
  test('reads back as it was, and is no data item', () => {
    const { header, data } = parseTransactionJson(json)
    const stored = createTransaction(header, data)
    expect(parseTransaction(stored.bytes)).toEqual(stored)
    expect(parseAnyItem(stored.bytes)).toEqual(stored)
    expect(stored.data).toEqual(data)
  })

  test('is verified with its data', async () => {
    const { header, data } = parseTransactionJson(json)
    await verifyAnyItem(createTransaction(header, data))
    for (const other of ['for', 'five', 'five!']) {
      const changed = createTransaction(header, Buffer.from(other))
      await expect(verifyAnyItem(changed)).rejects.toMatchObject({ code: 'PROTOCOL_TRANSACTION_INVALID' })
    }
    const unsigned = createTransaction({ ...header, reward: '0' }, data)
    await expect(verifyAnyItem(unsigned)).rejects.toMatchObject({ code: 'PROTOCOL_SIGNATURE_INVALID' })
  })

  test('a data item is not taken for one', async () => {
    const item = createDataItem({ data: 'x' }, createEd25519Signer(new Uint8Array(32)))
    expect(isTransactionBytes(item.bytes)).toBe(false)
    expect(parseAnyItem(item.bytes)).toEqual(item)
    await verifyAnyItem(item)
    expect(() => parseTransaction(item.bytes)).toThrow(
      expect.objectContaining({ code: 'PROTOCOL_TRANSACTION_INVALID' }),
    )
  })
})
