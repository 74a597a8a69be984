import { describe, expect, test } from 'vitest'
import { createDataItem, parseDataItem, verifyDataItem } from './data-item.ts'
import { ProtocolError, type ProtocolErrorInfo } from './errors.ts'
import { signaturePayload } from './item-payload.ts'
import { createEd25519Signer, createEthereumSigner, createSolanaSigner } from './signers.ts'
import type { DataItem, Signer } from './types.ts'

const ed25519 = createEd25519Signer(new Uint8Array(32).fill(7))
const ethereum = createEthereumSigner(new Uint8Array(32).fill(1))
const target = Buffer.alloc(32, 1).toString('base64url')
const anchor = '1'.padStart(32, '0')
const tags = [
  { name: 'Action', value: 'Eval' },
  { name: 'Data-Protocol', value: 'ao' },
]
const full = createDataItem({ target, anchor, tags, data: 'hello ao' }, ed25519)

/** Bytes of the fields of `full`: type 2, signature 64, owner 32, target 1 + 32, anchor 1 + 32. */
const at = { type: 0, owner: 66, target: 98, anchor: 131, tagCount: 164, tagSize: 172, tags: 180, data: 211 }

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex')

function changed(item: DataItem, offset: number, ...values: number[]): Uint8Array {
  const bytes = item.bytes.slice()
  bytes.set(values, offset)
  return bytes
}

function refusal(run: () => unknown): ProtocolErrorInfo {
  try {
    run()
  } catch (error) {
    if (error instanceof ProtocolError) return error.info
    throw error
  }
  throw new Error('It was accepted.')
}

describe('vectors (wire protocol 16)', () => {
  test('ethereum item', async () => {
    const item = createDataItem({ target, anchor, tags, data: 'hello ao' }, ethereum)

    expect(hex(item.owner)).toBe(
      '041b84c5567b126440995d3ed5aaba0565d71e1834604819ff9c17f5e9d5dd078f70beaf8f588b541507fed6a642c5ab42dfdf8120a7f639de5122d47a69a8e8d1',
    )
    expect(item.ownerAddress).toBe('0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1')
    expect(hex(signaturePayload(item))).toBe(
      '9c010fcddab6221ad8f607f990ce72d71bb3329600d6cd34ca5aa323a6c00544a0f284c493c11b060cbf639028f03a09',
    )
    expect(hex(item.signature)).toBe(
      'c359dfe4bc5b5d5da187299107328bc9b93ef614c9fb9cb3a733f89a1f0f325208e0a6f4f96eb2d00347a3dd7c1573a5ca38b887618573f2d43164a0b61db2091b',
    )
    expect(item.id).toBe('jg5D1F9MQOuZV2UEbYxNQmu2Ap03c_83N2aL3GD8gYc')
    const one = '01'.repeat(32)
    expect(hex(item.bytes)).toBe(
      `0300${hex(item.signature)}${hex(item.owner)}01${one}01${hex(Buffer.from(anchor))}02000000000000001f00000000000000040c416374696f6e084576616c1a446174612d50726f746f636f6c04616f0068656c6c6f20616f`,
    )
    expect(item.bytes).toHaveLength(253)
    await verifyDataItem(parseDataItem(item.bytes))
  })

  test('ed25519 item', async () => {
    const item = createDataItem({ tags: [{ name: 'Type', value: 'Message' }], data: 'x' }, ed25519)

    expect(hex(item.bytes)).toBe(
      '0200f3bc8e0bc9030512e4c7e2ebaa4d92aec51200cd5d46f116ffcaf1da3bdac819d7f6e98f9511f38a2eda8294ea07ea157b785da0874ebbd05c85cd7313da0f09ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c000001000000000000000f000000000000000208547970650e4d6573736167650078',
    )
    expect(item.id).toBe('lN65hyP3xClTPhtTgKPj8PWpc-S2xIsmAnm5c1kq2pY')
    expect(item.ownerAddress).toBe('_oEsEvOrTOasXbaaw1L5BssbEe9D-zPiUu9_9VImOIk')
    await verifyDataItem(parseDataItem(item.bytes))
  })
})

describe('an item', () => {
  test('reads back as it was made, as views of its bytes', () => {
    const item = parseDataItem(full.bytes)

    expect(item).toEqual(full)
    expect(item.data.buffer).toBe(full.bytes.buffer)
    expect(hex(item.anchor)).toBe(hex(Buffer.from(anchor)))
  })

  test('reads from the middle of a larger Buffer', async () => {
    const packed = Buffer.concat([Buffer.alloc(5, 9), full.bytes, Buffer.alloc(5, 9)])
    const item = parseDataItem(packed.subarray(5, 5 + full.bytes.length))

    expect(item).toEqual(full)
    expect(Object.getPrototypeOf(item.data)).toBe(Uint8Array.prototype)
    await verifyDataItem(item)
  })

  test('without target, anchor, tags and data', async () => {
    const item = parseDataItem(createDataItem({}, ed25519).bytes)

    expect(item).toMatchObject({ target: undefined, anchor: undefined, tags: [] })
    expect(item.data).toHaveLength(0)
    expect(item.bytes).toHaveLength(2 + 64 + 32 + 1 + 1 + 16)
    await verifyDataItem(item)
  })

  test('with data of a mebibyte, given as bytes', async () => {
    const data = new Uint8Array(1_048_576).map((_, index) => index & 255)
    const item = parseDataItem(createDataItem({ data }, ed25519).bytes)

    expect(hex(item.data)).toBe(hex(data))
    await verifyDataItem(item)
  })

  test('does not follow changes of its draft', () => {
    const draft = { tags: [{ name: 'a', value: 'b' }], data: Uint8Array.of(1), anchor: new Uint8Array(32) }
    const item = createDataItem(draft, ed25519)
    draft.data[0] = 2
    draft.anchor[0] = 2
    for (const tag of draft.tags) tag.value = 'c'

    expect(item.tags).toEqual([{ name: 'a', value: 'b' }])
    expect(parseDataItem(item.bytes)).toEqual(item)
  })
})

describe('a draft is refused', () => {
  const drafts = [
    { name: 'target too short', draft: { target: 'abc' }, code: 'PROTOCOL_ID_INVALID' },
    { name: 'target empty', draft: { target: '' }, code: 'PROTOCOL_ID_INVALID' },
    { name: 'target of Ethereum', draft: { target: ethereum.address }, code: 'PROTOCOL_ID_INVALID' },
    { name: 'anchor of 31 characters', draft: { anchor: 'x'.repeat(31) }, code: 'PROTOCOL_ANCHOR_INVALID' },
    {
      name: 'anchor of 33 bytes in 32 characters',
      draft: { anchor: `é${'x'.repeat(31)}` },
      code: 'PROTOCOL_ANCHOR_INVALID',
    },
    { name: 'anchor of no bytes', draft: { anchor: new Uint8Array(0) }, code: 'PROTOCOL_ANCHOR_INVALID' },
    { name: 'data with half a surrogate pair', draft: { data: '\ud83d' }, code: 'PROTOCOL_TEXT_MALFORMED' },
    {
      name: '129 tags',
      draft: { tags: Array(129).fill({ name: 'a', value: 'b' }) },
      code: 'PROTOCOL_TAG_COUNT_EXCEEDED',
    },
    {
      name: 'tags of 5,000 bytes',
      draft: { tags: [{ name: 'a', value: 'b'.repeat(5_000) }] },
      code: 'PROTOCOL_TAG_BYTES_EXCEEDED',
    },
  ]
  test.each(drafts)('$name', ({ draft, code }) => {
    expect(refusal(() => createDataItem(draft, ed25519)).code).toBe(code)
  })

  test('when the signer gives fields of a wrong size', () => {
    const shortOwner: Signer = { ...ed25519, owner: new Uint8Array(31) }
    const shortSignature: Signer = { ...ed25519, sign: () => new Uint8Array(63) }
    expect(refusal(() => createDataItem({}, shortOwner))).toMatchObject({
      code: 'PROTOCOL_SIGNER_INVALID',
      field: 'owner',
    })
    expect(refusal(() => createDataItem({}, shortSignature))).toMatchObject({
      code: 'PROTOCOL_SIGNER_INVALID',
      field: 'signature',
    })
  })
})

describe('bytes are refused, with the byte that is wrong', () => {
  const refused: { name: string; bytes: Uint8Array; expected: Partial<ProtocolErrorInfo> & { offset: number } }[] = [
    {
      name: 'empty',
      bytes: new Uint8Array(0),
      expected: { code: 'PROTOCOL_ITEM_TRUNCATED', field: 'signature type', offset: 0 },
    },
    {
      name: 'type 0',
      bytes: changed(full, at.type, 0),
      expected: { code: 'PROTOCOL_SIGNATURE_TYPE_UNSUPPORTED', name: undefined, offset: 0 },
    },
    {
      name: 'type 5',
      bytes: changed(full, at.type, 5),
      expected: { code: 'PROTOCOL_SIGNATURE_TYPE_UNSUPPORTED', name: 'injectedAptos', offset: 0 },
    },
    {
      name: 'type 6',
      bytes: changed(full, at.type, 6),
      expected: { code: 'PROTOCOL_SIGNATURE_TYPE_UNSUPPORTED', name: 'multiAptos', offset: 0 },
    },
    {
      name: 'type 7',
      bytes: changed(full, at.type, 7),
      expected: { code: 'PROTOCOL_SIGNATURE_TYPE_UNSUPPORTED', name: 'typedEthereum', offset: 0 },
    },
    {
      name: 'type 101',
      bytes: changed(full, at.type, 101),
      expected: { code: 'PROTOCOL_SIGNATURE_TYPE_UNSUPPORTED', name: 'kyve', offset: 0 },
    },
    {
      name: 'type 258, whose low byte is 2',
      bytes: changed(full, at.type, 2, 1),
      expected: { code: 'PROTOCOL_SIGNATURE_TYPE_UNSUPPORTED', signatureType: 258, offset: 0 },
    },
    {
      name: 'target presence 2',
      bytes: changed(full, at.target, 2),
      expected: { code: 'PROTOCOL_PRESENCE_BYTE_INVALID', field: 'target', given: 2, offset: at.target },
    },
    {
      name: 'target presence 255',
      bytes: changed(full, at.target, 255),
      expected: { code: 'PROTOCOL_PRESENCE_BYTE_INVALID', field: 'target', given: 255, offset: at.target },
    },
    {
      name: 'anchor presence 2',
      bytes: changed(full, at.anchor, 2),
      expected: { code: 'PROTOCOL_PRESENCE_BYTE_INVALID', field: 'anchor', given: 2, offset: at.anchor },
    },
    {
      name: 'one tag fewer declared',
      bytes: changed(full, at.tagCount, 1),
      expected: { code: 'PROTOCOL_TAG_COUNT_MISMATCH', declared: 1, decoded: 2, offset: at.tagCount },
    },
    {
      name: 'one tag more declared',
      bytes: changed(full, at.tagCount, 3),
      expected: { code: 'PROTOCOL_TAG_COUNT_MISMATCH', declared: 3, decoded: 2, offset: at.tagCount },
    },
    {
      name: 'no tags declared',
      bytes: changed(full, at.tagCount, 0),
      expected: { code: 'PROTOCOL_TAG_COUNT_MISMATCH', declared: 0, decoded: 2, offset: at.tagCount },
    },
    {
      name: '129 tags declared',
      bytes: changed(full, at.tagCount, 129),
      expected: { code: 'PROTOCOL_TAG_COUNT_EXCEEDED', offset: at.tagCount },
    },
    {
      name: '2 + 2^56 tags declared',
      bytes: changed(full, at.tagCount + 7, 1),
      expected: { code: 'PROTOCOL_TAG_COUNT_EXCEEDED', offset: at.tagCount },
    },
    {
      name: '4,097 tag bytes declared',
      bytes: changed(full, at.tagSize, 1, 16),
      expected: { code: 'PROTOCOL_TAG_BYTES_EXCEEDED', sizeBytes: 4_097, offset: at.tagSize },
    },
    {
      name: '31 + 2^63 tag bytes declared',
      bytes: changed(full, at.tagSize + 7, 128),
      expected: { code: 'PROTOCOL_TAG_BYTES_EXCEEDED', offset: at.tagSize },
    },
    {
      name: 'tag bytes beyond the end',
      bytes: changed(full, at.tagSize, 0, 16),
      expected: { code: 'PROTOCOL_ITEM_TRUNCATED', field: 'tags', offset: at.tags },
    },
    {
      name: 'a tag byte too few',
      bytes: changed(full, at.tagSize, 30),
      expected: { code: 'PROTOCOL_TAGS_MALFORMED', offset: at.data - 1 },
    },
    {
      name: 'a tag byte too many',
      bytes: changed(full, at.tagSize, 32),
      expected: { code: 'PROTOCOL_TAGS_MALFORMED', offset: at.data },
    },
    {
      name: 'tags declared, no bytes',
      bytes: changed(full, at.tagSize, 0),
      expected: { code: 'PROTOCOL_TAG_COUNT_MISMATCH', decoded: 0, offset: at.tagCount },
    },
    {
      name: 'a tag that is not UTF-8',
      bytes: changed(full, at.tags + 2, 0xff),
      expected: { code: 'PROTOCOL_TAGS_MALFORMED', offset: at.tags + 2 },
    },
  ]
  test.each(refused)('$name', ({ bytes, expected }) => {
    expect(refusal(() => parseDataItem(bytes))).toMatchObject(expected)
  })

  test('an Ethereum owner that is not an uncompressed key', () => {
    const item = createDataItem({}, ethereum)
    for (const first of [0, 2, 3, 5, 6, 7, 255]) {
      expect(refusal(() => parseDataItem(changed(item, 67, first)))).toMatchObject({
        code: 'PROTOCOL_OWNER_INVALID',
        offset: 67,
      })
    }
  })
})

describe('a cut at any byte', () => {
  const signers: { name: string; signer: Signer }[] = [
    { name: 'ed25519', signer: ed25519 },
    { name: 'ethereum', signer: ethereum },
    { name: 'solana', signer: createSolanaSigner(new Uint8Array(32).fill(9)) },
  ]
  test.each(signers)(
    'of a $name item is refused; within the data, the signature no longer matches',
    async ({ signer }) => {
      const item = createDataItem({ target, anchor, tags, data: 'hello ao' }, signer)
      const dataStart = item.bytes.length - item.data.length

      for (let size = 0; size < dataStart; size++) {
        const info = refusal(() => parseDataItem(item.bytes.subarray(0, size)))
        expect(info.code).toBe('PROTOCOL_ITEM_TRUNCATED')
        expect('offset' in info && info.offset !== undefined && info.offset <= size).toBe(true)
      }
      for (let size = dataStart; size < item.bytes.length; size++) {
        await expect(verifyDataItem(parseDataItem(item.bytes.subarray(0, size)))).rejects.toMatchObject({
          code: 'PROTOCOL_SIGNATURE_INVALID',
        })
      }
      await verifyDataItem(item)
    },
  )
})

test('with any bit flipped, an item is refused or its signature no longer matches', async () => {
  const accepted: string[] = []
  for (let offset = 0; offset < full.bytes.length; offset++) {
    for (let bit = 0; bit < 8; bit++) {
      const bytes = changed(full, offset, (full.bytes[offset] ?? 0) ^ (1 << bit))
      try {
        await verifyDataItem(parseDataItem(bytes))
        accepted.push(`byte ${offset}, bit ${bit}`)
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError)
      }
    }
  }
  expect(accepted).toEqual([])
})

test('bytes appended to an item are data that was not signed', async () => {
  const item = parseDataItem(Uint8Array.of(...full.bytes, 0))
  await expect(verifyDataItem(item)).rejects.toMatchObject({ code: 'PROTOCOL_SIGNATURE_INVALID' })
})
