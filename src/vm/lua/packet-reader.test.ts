import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Answer, answerLimits, readAnswer } from './packet-reader.ts'

/** Writes answers the way docs/guest-channel.md says, independently of the library. */
const u4 = (n: number): Buffer => {
  const b = Buffer.alloc(4)
  b.writeUInt32LE(n)
  return b
}
const s4 = (text: string | Buffer): Buffer => Buffer.concat([u4(Buffer.byteLength(text)), Buffer.from(text)])
const value = (type: number, text: string | Buffer = ''): Buffer => Buffer.concat([Buffer.from([type]), s4(text)])
const tag = (name: string, v: Buffer): Buffer => Buffer.concat([s4(name), v])
const list = (items: Buffer[]): Buffer => Buffer.concat([u4(items.length), ...items])
const success = (parts: {
  flags?: number
  data?: Buffer
  messages?: Buffer[]
  spawns?: Buffer[]
  assignments?: Buffer[]
}) =>
  Buffer.concat([
    Buffer.from([0, parts.flags ?? 0]),
    ...[parts.data ?? value(0), value(1, '> '), s4('test')],
    ...[list(parts.messages ?? []), list(parts.spawns ?? []), list(parts.assignments ?? [])],
  ])

const full = success({
  flags: 3,
  data: value(1, 'hello'),
  messages: [
    Buffer.concat([
      value(1, 'T'),
      value(2, '5'),
      value(1, 'A'),
      list([tag('X', value(3)), tag('Y', value(5, '{"a":[1]}'))]),
    ]),
  ],
  spawns: [Buffer.concat([value(1, 'd'), value(0), list([tag('Z', value(0))])])],
  assignments: [s4('{"Message":"m"}')],
})

describe('readAnswer', () => {
  test('reads every part', () => {
    expect(readAnswer(full)).toStrictEqual({
      ...{ status: 'ok', data: 'hello', prompt: '> ', print: true, test: 'test', hints: [] },
      messages: [
        {
          target: 'T',
          data: 5,
          anchor: 'A',
          tags: [
            { name: 'X', value: true },
            { name: 'Y', value: { a: [1] } },
          ],
        },
      ],
      spawns: [{ data: 'd', anchor: undefined, tags: [{ name: 'Z', value: undefined }] }],
      assignments: [{ Message: 'm' }],
    } satisfies Answer)
  })

  test('keeps bytes that are not UTF-8, and text with a replacement character as text', () => {
    const bytes = Buffer.from([0x66, 0xff, 0x00])
    const data = (v: Buffer) => {
      const answer = readAnswer(success({ data: v }))
      return answer.status === 'ok' ? answer.data : undefined
    }
    expect(data(value(1, bytes))).toEqual(new Uint8Array(bytes))
    expect(data(value(1, 'a\ufffdb'))).toBe('a\ufffdb')
  })

  test.each([
    { name: 'a failure', bytes: Buffer.concat([Buffer.from([1]), value(1, 'boom')]), error: 'boom' },
    { name: 'a failure with a table', bytes: Buffer.concat([Buffer.from([1]), value(5, '{"a":1}')]), error: { a: 1 } },
    { name: 'a class E failure', bytes: Buffer.concat([Buffer.from([2]), s4('outside')]), error: 'outside' },
  ])('reads $name', ({ bytes, error }) => {
    expect(readAnswer(bytes)).toStrictEqual({ status: 'failed', error })
  })

  test.each([
    { name: 'nothing', bytes: Buffer.alloc(0), what: /the end/ },
    { name: 'an unknown status', bytes: Buffer.from([9]), what: /status 9/ },
    { name: 'an unknown value type', bytes: Buffer.concat([Buffer.from([1]), value(6)]), what: /type 6/ },
    { name: 'a number that is none', bytes: Buffer.concat([Buffer.from([1]), value(2, '"x"')]), what: /number/ },
    { name: 'a number JSON does not know', bytes: Buffer.concat([Buffer.from([1]), value(2, 'nan')]), what: /JSON/ },
    { name: 'bytes after the end', bytes: Buffer.concat([full, Buffer.from([0])]), what: /after the end/ },
    {
      name: 'too many entries',
      bytes: Buffer.concat([success({}).subarray(0, -12), u4(answerLimits.entries + 1)]),
      what: /entries/,
    },
    { name: 'a length beyond the answer', bytes: Buffer.concat([Buffer.from([1, 1]), u4(0xffffffff)]), what: /longer/ },
  ])('refuses $name', ({ bytes, what }) => {
    expect(() => readAnswer(bytes)).toThrow(expect.objectContaining({ code: 'VM_RESULT_MALFORMED' }))
    expect(() => readAnswer(bytes)).toThrow(what)
  })

  test('refuses every truncation', () => {
    for (let length = 0; length < full.length; length++) {
      expect(() => readAnswer(full.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'VM_RESULT_MALFORMED' }),
      )
    }
  })

  test('never throws anything else, whatever a stranger sends', () => {
    const mutated = fc
      .array(fc.tuple(fc.nat(full.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
      .map((edits) => {
        const bytes = Buffer.from(full)
        for (const [offset, byte] of edits) bytes[offset] = byte
        return bytes
      })
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        try {
          readAnswer(bytes)
        } catch (error) {
          expect(error).toMatchObject({ code: 'VM_RESULT_MALFORMED' })
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
