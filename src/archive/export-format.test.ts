import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ProcessId } from '../protocol/ids.ts'
import { sealExport, splitExport, streamOf } from './archive.fixture.ts'
import { readCanonicalJson, writeCanonicalJson } from './canonical-json.ts'
import { decodeHistory, encodeHistory } from './export-format.ts'
import type { HistoryPart } from './history.ts'

const id = 'A'.repeat(43)

/** A history of some logs; only its form is one. */
const histories = fc
  .array(
    fc.record({
      bootItem: fc.option(fc.uint8Array(), { nil: undefined }),
      module: fc.uint8Array(),
      entries: fc.array(
        fc.record({
          item: fc.uint8Array(),
          assignment: fc.uint8Array(),
          result: fc.record({ json: fc.string(), failed: fc.boolean(), gasUsed: fc.nat() }),
        }),
        { minLength: 1, maxLength: 150 },
      ),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((logs) =>
    logs.flatMap(({ bootItem, module, entries }): HistoryPart[] => {
      const bootItemId = bootItem && id
      const same = { engine: 'some/1', scheduler: id, moduleId: id, assignmentId: id, hashChain: id }
      const summary = { ...same, bootItemId, processId: id as ProcessId, lastNonce: entries.length - 1 }
      return [
        { type: 'log', summary, module, bootItem, evaluated: entries.length },
        { type: 'entries', entries },
      ]
    }),
  )

async function encoded(parts: readonly HistoryPart[]): Promise<Buffer> {
  const history = (async function* () {
    yield* parts
  })()
  const chunks: Uint8Array[] = []
  for await (const chunk of encodeHistory(history)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** With all entries of a log in one part, and bytes as plain arrays. */
async function decoded(bytes: Uint8Array, chunkBytes?: number): Promise<unknown[]> {
  const parts: unknown[] = []
  let entries: unknown[] = []
  for await (const part of decodeHistory(streamOf(bytes, chunkBytes))) {
    if (part.type === 'log') {
      entries = []
      parts.push(plain({ ...part }), entries)
    } else {
      entries.push(...part.entries.map(plain))
    }
  }
  return parts
}

function plain(value: object): unknown {
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, field instanceof Uint8Array ? Array.from(field) : field]),
  )
}

const invalid = (problem: RegExp) => ({
  code: 'ARCHIVE_FORMAT_INVALID',
  info: { problem: expect.stringMatching(problem) },
})

describe('an export', () => {
  test('is read as it was written, in whatever pieces it comes', async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.integer({ min: 1, max: 500 }), async (parts, chunkBytes) => {
        const expected = parts.map((part) => (part.type === 'log' ? plain(part) : part.entries.map(plain)))
        expect(await decoded(await encoded(parts), chunkBytes)).toEqual(expected)
      }),
      { seed: 21, numRuns: 40 },
    )
  })

  test('is of the form that the page says, to the byte', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (parts) => {
        const bytes = await encoded(parts)
        expect(sealExport(splitExport(bytes).slice(0, -1))).toEqual(bytes)
      }),
      { seed: 22, numRuns: 20 },
    )
  })

  test('is none when its end is missing, wherever it was cut', async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.nat(), async (parts, cut) => {
        const bytes = await encoded(parts)
        await expect(decoded(bytes.subarray(0, cut % bytes.length))).rejects.toMatchObject(invalid(/ends/))
      }),
      { seed: 23, numRuns: 60 },
    )
  })

  const [small] = fc.sample(histories, { seed: 24, numRuns: 1 })

  test.each([
    ['nothing', () => Buffer.alloc(0), invalid(/ends/)],
    ['other bytes', () => Buffer.from('{"some": "json"}'), invalid(/does not begin/)],
    ['more bytes after its end', (bytes: Buffer) => Buffer.concat([bytes, Buffer.of(0)]), invalid(/follow its seal/)],
    [
      'a later version',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 7), Buffer.of(2), bytes.subarray(8)]),
      { code: 'ARCHIVE_VERSION_UNKNOWN', info: { found: 2, known: 1 } },
    ],
    [
      'a record of another kind',
      (bytes: Buffer) => sealExport([{ kind: 'X', payload: Buffer.of(1) }, ...splitExport(bytes)]),
      invalid(/no record of kind/),
    ],
    [
      'a record that is too large',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 9), Buffer.from('ffffffff', 'hex'), bytes.subarray(13)]),
      invalid(/4294967295 bytes, 268435456 are allowed/),
    ],
    ['a seal and nothing more', () => sealExport([]), invalid(/ends where a record of kind H/)],
  ])('of %s is none', async (_name, change, error) => {
    await expect(decoded(change(await encoded(small ?? [])))).rejects.toMatchObject(error)
  })

  test('lets go of the stream when it is not read to its end', async () => {
    let closed = false
    const bytes = await encoded(small ?? [])
    async function* stream(): AsyncGenerator<Uint8Array> {
      try {
        yield* streamOf(bytes, 10)
      } finally {
        closed = true
      }
    }
    for await (const part of decodeHistory(stream())) {
      expect(part.type).toBe('log')
      break
    }
    expect(closed).toBe(true)
  })
})

describe('canonical JSON', () => {
  const shape = { a: 'text', b: 'count', c: 'optional text' } as const
  const read = (text: string) => readCanonicalJson(Buffer.from(text), shape)

  test('is one text for the same fields', () => {
    expect(writeCanonicalJson({ c: undefined, b: 1, a: 'ä"\n' })).toBe('{"a":"ä\\"\\n","b":1}')
    expect(read('{"a":"ä","b":1}')).toEqual({ a: 'ä', b: 1, c: undefined })
    expect(read('{"a":"","b":0,"c":"x"}')).toEqual({ a: '', b: 0, c: 'x' })
  })

  test.each([
    ...[
      '{"b":1,"a":""}',
      '{"a":"", "b":1}',
      '{"a":"","b":1.0}',
      '{"a":"","b":1e0}',
      '{"a":"","b":-1}',
      '{"a":"","b":1.5}',
    ],
    ...['{"a":"","b":9007199254740992}', '{"a":"","b":"1"}', '{"a":1,"b":1}', '{"a":""}', '{"a":"","b":1,"c":null}'],
    ...[
      '{"a":"","b":1,"d":1}',
      '{"a":"x","a":"","b":1}',
      '{"a":"\\u0041","b":1}',
      '[]',
      'null',
      '',
      '{"a":"","b":1}\n',
    ],
  ])('is not %s', (text) => {
    expect(read(text)).toBeUndefined()
  })

  test('is UTF-8', () => {
    expect(readCanonicalJson(Buffer.from('{"a":"\xff","b":1}', 'latin1'), shape)).toBeUndefined()
  })
})
