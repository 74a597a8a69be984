import { describe, expect, test } from 'vitest'
import { type AssignmentDraft, createAssignment, parseAssignment } from './assignment.ts'
import { createDataItem, parseDataItem, verifyDataItem } from './data-item.ts'
import { firstHashChain, nextHashChain } from './hash-chain.ts'
import { parseItemId, parseProcessId } from './ids.ts'
import { createEd25519Signer, createEthereumSigner } from './signers.ts'
import type { Tag } from './types.ts'

const signer = createEd25519Signer(new Uint8Array(32).fill(7))
const processId = parseProcessId('ERERERERERERERERERERERERERERERERERERERERERE')
const previousAssignmentId = parseItemId('IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI')
const first: AssignmentDraft = {
  processId,
  nonce: 0,
  previousHashChain: undefined,
  previousAssignmentId: undefined,
  timestampMs: 1_700_000_000_000,
  blockHeight: 1_393_008,
  messageId: undefined,
}
const later: AssignmentDraft = {
  ...first,
  nonce: 7,
  previousHashChain: 'AtRJox-7JnyPNS6ZaKeePl_JXBu-qlAv1kVOveWkvtw',
  previousAssignmentId,
  messageId: parseItemId('IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI'),
  exclude: ['Data', 'Anchor'],
  extraTags: [{ name: 'Authority', value: 'me' }],
}

test('hash chain: the vectors of wire protocol 16', () => {
  const head = firstHashChain(processId)
  expect(head).toBe('AtRJox-7JnyPNS6ZaKeePl_JXBu-qlAv1kVOveWkvtw')
  expect(nextHashChain(previousAssignmentId, head)).toBe('oinCuTv2z6I7dvFvIw7wVqWMchKWL3lurZnfVj8HGbI')
})

describe('an assignment', () => {
  test('of the process: its tags in order, nothing else', async () => {
    const { id, bytes, hashChain } = createAssignment(first, signer)
    const item = parseDataItem(bytes)

    expect(item.tags.map(({ name, value }) => `${name}=${value}`)).toEqual([
      `Process=${processId}`,
      'Epoch=0',
      'Nonce=0',
      'Hash-Chain=AtRJox-7JnyPNS6ZaKeePl_JXBu-qlAv1kVOveWkvtw',
      'Block-Height=000001393008',
      'Timestamp=1700000000000',
      'Data-Protocol=ao',
      'Type=Assignment',
      'Variant=ao.TN.1',
    ])
    expect(item).toMatchObject({ id, target: undefined, anchor: undefined, signatureType: 2 })
    expect(item.data).toHaveLength(0)
    expect(hashChain).toBe(firstHashChain(processId))
    await verifyDataItem(item)
  })

  test('of a message: Message, one Exclude a field, then the extra tags', () => {
    const { tags } = parseDataItem(createAssignment(later, signer).bytes)
    expect(tags.slice(9).map(({ name, value }) => `${name}=${value}`)).toEqual([
      `Message=${later.messageId}`,
      'Exclude=Data',
      'Exclude=Anchor',
      'Authority=me',
    ])
  })

  test('reads back as it was made', () => {
    const made = createAssignment(later, signer)
    expect(parseAssignment(made.bytes)).toEqual({
      ...made,
      processId,
      messageId: later.messageId,
      exclude: later.exclude,
      extraTags: later.extraTags,
      item: parseDataItem(made.bytes),
    })
    expect(parseAssignment(createAssignment(first, signer).bytes)).toMatchObject({ messageId: undefined, exclude: [] })
  })

  test('chains to the one before it', () => {
    const zero = createAssignment(first, signer)
    const previous = { previousHashChain: zero.hashChain, previousAssignmentId: zero.id }
    const one = createAssignment({ ...later, ...previous, nonce: 1 }, signer)
    expect(one.hashChain).toBe(nextHashChain(zero.id, zero.hashChain))
  })

  test('is the same each time, and has the type of its signer', () => {
    expect(createAssignment(later, signer)).toEqual(createAssignment(later, signer))
    const ethereum = createEthereumSigner(new Uint8Array(32).fill(1))
    expect(parseAssignment(createAssignment(later, ethereum).bytes).item.signatureType).toBe(3)
  })

  const drafts: { name: string; change: Partial<AssignmentDraft>; field: string }[] = [
    { name: 'nonce negative', change: { nonce: -1 }, field: 'nonce' },
    { name: 'nonce with a fraction', change: { nonce: 1.5 }, field: 'nonce' },
    { name: 'nonce beyond exact numbers', change: { nonce: 2 ** 53 }, field: 'nonce' },
    { name: 'timestamp not a number', change: { timestampMs: Number.NaN }, field: 'timestamp' },
    { name: 'block height of 13 digits', change: { blockHeight: 10 ** 12 }, field: 'block height' },
    {
      name: 'later without a predecessor',
      change: { previousAssignmentId: undefined, previousHashChain: undefined },
      field: 'hash chain',
    },
    { name: 'half a predecessor', change: { previousAssignmentId: undefined }, field: 'hash chain' },
    { name: 'nonce 0 with a predecessor', change: { nonce: 0 }, field: 'hash chain' },
    {
      name: 'extra tag with a name of the protocol',
      change: { extraTags: [{ name: 'Nonce', value: '9' }] },
      field: 'extra tag',
    },
  ]
  test.each(drafts)('is not made: $name', ({ change, field }) => {
    expect(() => createAssignment({ ...later, ...change }, signer)).toThrow(
      expect.objectContaining({ info: expect.objectContaining({ code: 'PROTOCOL_ASSIGNMENT_INVALID', field }) }),
    )
  })
})

describe('what is not an assignment is refused', () => {
  const good = parseDataItem(createAssignment(later, signer).bytes).tags
  const withTag = (name: string, value: string): Tag[] => good.map((tag) => (tag.name === name ? { name, value } : tag))
  const cases: { name: string; tags: Tag[]; field: string }[] = [
    { name: 'a message', tags: withTag('Type', 'Message'), field: 'Type' },
    { name: 'no type', tags: good.filter(({ name }) => name !== 'Type'), field: 'Type' },
    { name: 'no process', tags: good.filter(({ name }) => name !== 'Process'), field: 'Process' },
    { name: 'no nonce', tags: good.filter(({ name }) => name !== 'Nonce'), field: 'Nonce' },
    { name: 'no hash chain', tags: good.filter(({ name }) => name !== 'Hash-Chain'), field: 'Hash-Chain' },
    { name: 'nonce negative', tags: withTag('Nonce', '-1'), field: 'Nonce' },
    { name: 'nonce in hex', tags: withTag('Nonce', '0x1'), field: 'Nonce' },
    { name: 'nonce empty', tags: withTag('Nonce', ''), field: 'Nonce' },
    { name: 'nonce with a line break', tags: withTag('Nonce', '1\n'), field: 'Nonce' },
    { name: 'timestamp beyond exact numbers', tags: withTag('Timestamp', '9007199254740993'), field: 'Timestamp' },
    { name: 'block height in words', tags: withTag('Block-Height', 'high'), field: 'Block-Height' },
    { name: 'message not an id', tags: withTag('Message', 'abc'), field: 'Message' },
    { name: 'two nonces', tags: [...good, { name: 'Nonce', value: '8' }], field: 'Nonce' },
  ]
  test.each(cases)('$name', ({ tags, field }) => {
    const { bytes } = createDataItem({ tags }, signer)
    expect(() => parseAssignment(bytes)).toThrow(
      expect.objectContaining({ info: expect.objectContaining({ code: 'PROTOCOL_ASSIGNMENT_INVALID', field }) }),
    )
  })
})
