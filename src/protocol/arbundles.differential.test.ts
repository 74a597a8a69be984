/**
 * Comparison with the library that the clients sign with, in both directions, and on hostile bytes.
 *
 * The rule: what it writes we read, what we write it reads, and what it refuses we refuse. What we refuse and it accepts
 * is listed in {@link stricter}, each with its reason; anything else fails.
 */
import {
  ArweaveSigner,
  AVSCTap,
  Bundle,
  bundleAndSignData,
  Curve25519,
  createData,
  EthereumSigner,
  HexInjectedSolanaSigner,
  DataItem as TheirItem,
  type Signer as TheirSigner,
} from '@dha-team/arbundles'
import fc from 'fast-check'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { createBundle, parseBundle } from './bundle.ts'
import { createDataItem, parseDataItem, verifyDataItem } from './data-item.ts'
import { ProtocolError, type ProtocolErrorCode, type ProtocolErrorInfo } from './errors.ts'
import { generateRsaJwk } from './rsa-key.fixture.ts'
import { createEd25519Signer, createEthereumSigner, createRsaSigner, createSolanaSigner } from './signers.ts'
import { encodeTags } from './tags.ts'
import type { DataItem, DataItemDraft, Signer } from './types.ts'

const secret = Buffer.alloc(32, 7)
const jwk = generateRsaJwk()
const ed25519 = createEd25519Signer(secret)
const ethereum = createEthereumSigner(secret)

class TheirEd25519 extends Curve25519 {
  override get key(): Uint8Array {
    return secret
  }
  override get publicKey(): Buffer {
    return Buffer.from(ed25519.owner)
  }
}

/** Only what their class calls; its type asks for a whole wallet adapter. */
const solanaWallet = {
  publicKey: { toBuffer: () => Buffer.from(ed25519.owner) },
  signMessage: async (message: Uint8Array) => ed25519.sign(message),
} as unknown as ConstructorParameters<typeof HexInjectedSolanaSigner>[0]

const pairs: { name: string; ours: Signer; theirs: TheirSigner; runs: number }[] = [
  { name: 'rsa', ours: createRsaSigner(jwk), theirs: new ArweaveSigner(jwk), runs: 25 },
  { name: 'ed25519', ours: ed25519, theirs: new TheirEd25519('', ''), runs: 100 },
  { name: 'ethereum', ours: ethereum, theirs: new EthereumSigner(secret.toString('hex')), runs: 50 },
  { name: 'solana', ours: createSolanaSigner(secret), theirs: new HexInjectedSolanaSigner(solanaWallet), runs: 50 },
]

const text = (maxLength: number): fc.Arbitrary<string> =>
  fc.oneof(fc.string({ maxLength }), fc.string({ unit: 'binary', maxLength }))
const drafts = fc.record({
  target: fc.option(
    fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
    { nil: undefined },
  ),
  anchor: fc.option(fc.string({ unit: 'grapheme-ascii', minLength: 32, maxLength: 32 }), { nil: undefined }),
  tags: fc.array(fc.record({ name: text(70), value: text(70) }), { maxLength: 7 }),
  data: fc.oneof(text(300), fc.uint8Array({ maxLength: 300 })),
}) satisfies fc.Arbitrary<DataItemDraft>

/** Their reading of the fields in our form. */
function theirView(item: TheirItem): object {
  return {
    id: item.id,
    signatureType: item.signatureType,
    signature: Uint8Array.from(item.rawSignature),
    owner: Uint8Array.from(item.rawOwner),
    target: item.target === '' ? undefined : item.target,
    anchor: item.rawAnchor.length === 0 ? undefined : Uint8Array.from(item.rawAnchor),
    tags: item.tags,
    data: Uint8Array.from(item.rawData),
  }
}

function ourView({ ownerAddress: _, bytes: __, ...fields }: DataItem): object {
  return fields
}

beforeAll(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => undefined) // arweave-js prints each RSA signature that fails
})

describe.each(pairs)('$name', ({ ours, theirs, runs }) => {
  test('what we write, they read and verify', async () => {
    await fc.assert(
      fc.asyncProperty(drafts, async (draft) => {
        const item = createDataItem(draft, ours)
        const read = new TheirItem(Buffer.from(item.bytes))
        expect(theirView(read)).toEqual(ourView(item))
        expect(await read.isValid()).toBe(true)
      }),
      { numRuns: runs },
    )
  })

  test('what they write, we read and verify, and would have written to the byte', async () => {
    await fc.assert(
      fc.asyncProperty(drafts, async ({ target, anchor, tags, data }) => {
        const options = { tags, ...(target && { target }), ...(anchor && { anchor }) }
        const written = createData(data, theirs, options)
        await written.sign(theirs)
        const item = parseDataItem(written.getRaw())
        await verifyDataItem(item)
        expect(ourView(item)).toEqual(theirView(written))

        const again = createDataItem({ target, anchor, tags, data }, ours)
        const signatureEnd = 2 + item.signature.length
        const from = ours.signatureType === 1 ? signatureEnd : 0 // RSA is salted
        expect(Buffer.from(again.bytes.subarray(from)).equals(written.getRaw().subarray(from))).toBe(true)
      }),
      { numRuns: runs },
    )
  })
})

/** Undefined when the item is accepted. */
async function ourVerdict(bytes: Uint8Array): Promise<ProtocolErrorInfo | undefined> {
  try {
    await verifyDataItem(parseDataItem(bytes))
    return undefined
  } catch (error) {
    if (error instanceof ProtocolError) return error.info
    throw error
  }
}

// At a negative length their reader steps back, and some bytes keep it going round for ever. Here it gives up.
const readsMax = 20_000
let reads = 0
const theirReader = AVSCTap.prototype as unknown as { readLong(): number }
const { readLong } = theirReader
theirReader.readLong = function (this: unknown) {
  if (++reads > readsMax) throw new Error('Their reader of tags does not end.')
  return readLong.call(this)
}

async function theyAccept(bytes: Uint8Array): Promise<boolean> {
  reads = 0
  try {
    return await TheirItem.verify(Buffer.from(bytes))
  } catch {
    return false
  }
}

/** What we refuse and they accept, and why none of it comes from a client. */
const stricter: { readonly [C in ProtocolErrorCode]?: string } = {
  PROTOCOL_SIGNATURE_TYPE_UNSUPPORTED:
    'types 5, 6, 7: no AO client signs with them, and type 6 passes without any signature',
  PROTOCOL_OWNER_INVALID: 'hybrid secp256k1 keys (0x06, 0x07): a second form of the same key, which no client writes',
  PROTOCOL_PRESENCE_BYTE_INVALID: 'they take every byte but 1 for absent; writers write 0',
  PROTOCOL_ITEM_TRUNCATED: 'they read fields beyond the end as if they were shorter or 0',
  PROTOCOL_TAG_COUNT_EXCEEDED: 'ANS-104 allows 128 tags; they bound the bytes alone',
  PROTOCOL_TAG_COUNT_MISMATCH: 'with a count of 0 they do not look at the tag bytes',
  PROTOCOL_TAGS_MALFORMED:
    'they accept a missing terminator, bytes after it, numbers in a longer form, wrong block sizes and negative lengths, and replace what is not UTF-8',
  PROTOCOL_SIGNATURE_INVALID:
    'Ethereum: they ignore v, so that one signature has 256 ids. Ed25519: keys and points of small order, which RFC 8032 as OpenSSL has it refuses',
}

describe('hostile bytes', () => {
  test.each(pairs)('$name: mutations of a signed item', async ({ ours, runs }) => {
    const edit = fc.record({
      at: fc.nat(),
      value: fc.nat({ max: 255 }),
      kind: fc.constantFrom('set', 'cut', 'insert', 'end'),
    })
    await fc.assert(
      fc.asyncProperty(drafts, fc.array(edit, { minLength: 1, maxLength: 3 }), async (draft, edits) => {
        let bytes = [...createDataItem(draft, ours).bytes]
        for (const { at, value, kind } of edits) {
          const index = at % Math.max(bytes.length, 1)
          if (kind === 'set') bytes[index] = value
          if (kind === 'cut') bytes.splice(index, 1 + (value % 4))
          if (kind === 'insert') bytes.splice(index, 0, value)
          if (kind === 'end') bytes = bytes.slice(0, index)
        }
        await compare(Uint8Array.from(bytes))
      }),
      { numRuns: runs * 2 },
    )
  })

  // A wrong signature hides what else is wrong, so these are signed as they are read by the library.
  const word = fc.constantFrom('', 'b', 'ace', 'b'.repeat(70))
  const tagBytes = fc
    .tuple(
      fc.array(fc.record({ name: word, value: word }), { maxLength: 4 }).map((tags) => [...encodeTags(tags)]),
      fc.array(fc.record({ at: fc.nat(), value: fc.nat({ max: 255 }), insert: fc.boolean() }), { maxLength: 3 }),
    )
    .map(([bytes, edits]) => {
      for (const { at, value, insert } of edits) bytes.splice(at % (bytes.length + 1), insert ? 0 : 1, value)
      return bytes
    })
  const raw = fc.record({
    presence: fc.tuple(fc.constantFrom(0, 0, 0, 1, 2), fc.constantFrom(0, 0, 0, 1, 255)),
    count: fc.oneof(fc.constant(undefined), fc.nat({ max: 5 })),
    size: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: -3, max: 3 })),
    tagBytes,
    data: fc.uint8Array({ maxLength: 6 }),
  })

  test('structures of every kind, with a signature that fits', async () => {
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(raw, async ({ presence: [target, anchor], count, size, tagBytes, data }) => {
        const declared = count ?? (tagBytes[0] ?? 0) >> 1
        const bytes = rawItem([
          ...(target === 1 ? [1, ...secret] : [target]),
          ...(anchor === 1 ? [1, ...secret] : [anchor]),
          ...[declared, 0, 0, 0, 0, 0, 0, 0],
          ...[Math.max(0, tagBytes.length + size), 0, 0, 0, 0, 0, 0, 0],
          ...tagBytes,
          ...data,
        ])
        seen.add(await compare(await signAsTheyRead(bytes)))
      }),
      { numRuns: 1_000 },
    )
    // The generator reaches what it is there for.
    expect([...seen]).toEqual(
      expect.arrayContaining([
        'accepted',
        'PROTOCOL_PRESENCE_BYTE_INVALID',
        'PROTOCOL_TAGS_MALFORMED',
        'PROTOCOL_TAG_COUNT_MISMATCH',
      ]),
    )
  })

  /** Fails unless both agree or the difference is listed. @returns our verdict. */
  async function compare(bytes: Uint8Array): Promise<string> {
    const refused = await ourVerdict(bytes)
    const accepted = await theyAccept(bytes)
    if (refused === undefined) expect(accepted, 'accepted by us alone').toBe(true)
    else if (accepted) expect(Object.keys(stricter), 'refused by us alone').toContain(refused.code)
    return refused?.code ?? 'accepted'
  }
})

function rawItem(afterOwner: readonly number[]): Buffer {
  return Buffer.from([2, 0, ...new Uint8Array(64), ...ed25519.owner, ...afterOwner])
}

async function signAsTheyRead(bytes: Buffer): Promise<Buffer> {
  bytes.set(ed25519.sign(await new TheirItem(bytes).getSignatureData()), 2)
  return bytes
}

describe('each listed difference, once', () => {
  const tagSection = (count: number, size: number, ...tagBytes: number[]): number[] => [
    ...[0, 0, count, 0, 0, 0, 0, 0, 0, 0],
    ...[size & 255, size >> 8, 0, 0, 0, 0, 0, 0],
    ...tagBytes,
  ]
  const plain = tagSection(1, 6, 2, 2, 110, 2, 118, 0)
  const cases: { name: string; afterOwner: number[]; code: ProtocolErrorCode }[] = [
    { name: 'target presence 2', afterOwner: [2, ...plain.slice(1)], code: 'PROTOCOL_PRESENCE_BYTE_INVALID' },
    { name: 'tag size beyond the end', afterOwner: tagSection(0, 4_000), code: 'PROTOCOL_ITEM_TRUNCATED' },
    { name: 'no tag section at all', afterOwner: [0, 0], code: 'PROTOCOL_ITEM_TRUNCATED' },
    {
      name: '129 tags',
      afterOwner: tagSection(129, 261, 130, 2, ...new Uint8Array(259)),
      code: 'PROTOCOL_TAG_COUNT_EXCEEDED',
    },
    {
      name: 'tag bytes under a count of 0',
      afterOwner: tagSection(0, 6, ...plain.slice(18)),
      code: 'PROTOCOL_TAG_COUNT_MISMATCH',
    },
    { name: 'no terminator', afterOwner: tagSection(1, 5, 2, 2, 110, 2, 118), code: 'PROTOCOL_TAGS_MALFORMED' },
    { name: 'bytes after it', afterOwner: tagSection(1, 7, ...plain.slice(18), 9), code: 'PROTOCOL_TAGS_MALFORMED' },
    {
      name: 'a number in a longer form',
      afterOwner: tagSection(1, 7, 130, 0, 2, 110, 2, 118, 0),
      code: 'PROTOCOL_TAGS_MALFORMED',
    },
    {
      name: 'a wrong block size',
      afterOwner: tagSection(1, 7, 1, 2, 2, 110, 2, 118, 0),
      code: 'PROTOCOL_TAGS_MALFORMED',
    },
    {
      name: 'a name of length -2, after which the count is read again as a length',
      afterOwner: tagSection(1, 3, 2, 3, 0),
      code: 'PROTOCOL_TAGS_MALFORMED',
    },
    {
      name: 'a value that is not UTF-8',
      afterOwner: tagSection(1, 6, 2, 2, 110, 2, 255, 0),
      code: 'PROTOCOL_TAGS_MALFORMED',
    },
  ]
  test.each(cases)('$name', async ({ afterOwner, code }) => {
    const bytes = await signAsTheyRead(rawItem(afterOwner))
    expect(await theyAccept(bytes)).toBe(true)
    expect(await ourVerdict(bytes)).toMatchObject({ code })
    expect(stricter[code]).toBeDefined()
  })

  test('the structure that these are changes of is accepted by both', async () => {
    const bytes = await signAsTheyRead(rawItem(plain))
    expect(await theyAccept(bytes)).toBe(true)
    expect(await ourVerdict(bytes)).toBeUndefined()
  })

  test('half a surrogate pair in a tag: they sign bytes that are not UTF-8', async () => {
    const signer = new TheirEd25519('', '')
    const item = createData('', signer, { tags: [{ name: 'n', value: '\ud800' }] })
    await item.sign(signer)
    expect(await item.isValid()).toBe(true)
    expect(await ourVerdict(item.getRaw())).toMatchObject({ code: 'PROTOCOL_TAGS_MALFORMED' })
  })

  test('v of an Ethereum signature', async () => {
    const bytes = createDataItem({ data: 'x' }, ethereum).bytes.slice()
    bytes[66] = 99
    expect(await theyAccept(bytes)).toBe(true)
    expect(await ourVerdict(bytes)).toMatchObject({ code: 'PROTOCOL_SIGNATURE_INVALID' })
  })

  test('an Ed25519 key of small order, for which everything is signed', async () => {
    const bytes = rawItem(plain)
    bytes.fill(0, 2, 98)
    bytes[2] = 1
    bytes[66] = 1
    expect(await theyAccept(bytes)).toBe(true)
    expect(await ourVerdict(bytes)).toMatchObject({ code: 'PROTOCOL_SIGNATURE_INVALID' })
  })

  test('type 6 with no signature in it', async () => {
    const bytes = Buffer.from([6, 0, ...new Uint8Array(2_052 + 1_025), ...plain])
    expect(await theyAccept(bytes)).toBe(true)
    expect(await ourVerdict(bytes)).toMatchObject({ code: 'PROTOCOL_SIGNATURE_TYPE_UNSUPPORTED', name: 'multiAptos' })
  })
})

describe('bundles', () => {
  test('what we write, they read and verify', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(drafts, { maxLength: 5 }), async (given) => {
        const items = given.map((draft) => createDataItem(draft, ed25519))
        const bundle = new Bundle(Buffer.from(createBundle(items)))
        expect(bundle.items.map(theirView)).toEqual(items.map(ourView))
        expect(bundle.getIds()).toEqual(items.map(({ id }) => id))
        expect(await bundle.verify()).toBe(true)
      }),
      { numRuns: 25 },
    )
  })

  test('what they write, we read, and would have written to the byte', async () => {
    const signer = new TheirEd25519('', '')
    await fc.assert(
      fc.asyncProperty(fc.array(drafts, { maxLength: 5 }), async (given) => {
        const written = await bundleAndSignData(
          given.map(({ data, tags }) => createData(data, signer, { tags })),
          signer,
        )
        const items = parseBundle(written.getRaw())
        await Promise.all(items.map(verifyDataItem))
        expect(items.map(({ id }) => id)).toEqual(written.getIds())
        expect(Buffer.from(createBundle(items)).equals(written.getRaw())).toBe(true)
      }),
      { numRuns: 25 },
    )
  })

  test('differences: they check neither the ids of the header nor that the sizes add up', async () => {
    const bundle = createBundle([createDataItem({ data: 'x' }, ed25519)])
    const otherId = bundle.slice()
    otherId.fill(1, 64, 96)
    const longer = Uint8Array.of(...bundle, 0)
    for (const bytes of [otherId, longer]) {
      expect(await new Bundle(Buffer.from(bytes)).verify()).toBe(true)
      expect(() => parseBundle(bytes)).toThrow(ProtocolError)
    }
  })
})
