import fc from 'fast-check'
import { createDataItem } from '../../protocol/data-item.ts'
import { testSigner } from '../app.fixture.ts'
import { httpLimits } from '../limits.ts'
import type { BodyKind, ValueKind } from './route-inputs.ts'

/** Well-formed, and of nothing on this node. */
export const unknownId = 'A'.repeat(43)

/** Percent-encoded, as they go into a URL: nobody could mean these. */
const nonsense = [
  ...['%00', '%FF%FE', '%C0%AF', '%ED%A0%80', '%zz', '%', '%F0%9F%92%A5', "'%20OR%201=1--", '%0d%0aset-cookie:%20a=b'],
  ...['__proto__', 'constructor', '[object%20Object]', '{}', '~', '*', 'x'.repeat(5_000)],
]

/** By kind, what must be refused, percent-encoded. */
export const badValues: { readonly [kind in ValueKind]: readonly string[] } = {
  id: [...nonsense, 'abc', 'A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}=`, `${'A'.repeat(42)}%2B`, '0'],
  entry: [...nonsense, 'abc', '-1', '1.5', 'A'.repeat(42), '9'.repeat(44)],
  address: [...nonsense, 'abc', 'A'.repeat(42), 'A'.repeat(44)],
  integer: [...nonsense, '-5', '1.5', '1e3', '0x10', '99999999999999999999', '%201', '1,2', 'NaN', 'Infinity'],
  count: [...nonsense, '-5', '1.5', '1e3', '0x10', '9'.repeat(40), 'NaN'],
  cursor: [...nonsense, 'eyJvcmRpbmF0ZSI6LTF9', 'eyJ4Ijox', 'bnVsbA==', '-2'],
  word: [...nonsense, 'up', '0'],
  'state-path': ['a[', 'a..b', 'a["b', '.', 'a%20b', `${'a.'.repeat(300)}a`, `%22${'x'.repeat(5_000)}`],
  text: [],
}

const goodValues: { readonly [kind in ValueKind]: readonly string[] } = {
  id: [unknownId],
  entry: [unknownId, '0', '999999999999999'],
  address: [unknownId],
  integer: ['-1', '0', '1', '9007199254740991', '', 'undefined', 'null'],
  count: ['0', '1', '999999'],
  cursor: ['0', '1', '1.0', '9'.repeat(15), 'eyJvcmRpbmF0ZSI6IjEifQ==', 'm0.,r0.', 'm-1.'],
  word: ['ASC', 'DESC', 'pending', 'dead', 'message', 'state,message'],
  'state-path': ['Owner', 'Inbox[1]', '', '_G'],
  text: ['', 'true', 'ar', 'data'],
}

/** A value for a path or a query, percent-encoded: good, bad or anything. */
export function anyValue(kind: ValueKind): fc.Arbitrary<string> {
  const anything = fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), fc.string({ minLength: 1 }))
  return fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...goodValues[kind]) },
    fc.constantFrom(...badValues[kind], ...nonsense),
    anything.map((text) => encodeURIComponent(text.toWellFormed())),
  )
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const deep = httpLimits.jsonDepthMax + 1

const badJson: readonly Uint8Array[] = [
  ...['', 'x', '{', 'null', '[]', '"text"', '7', '1e999', '{"a":}', '[object Object]', '\ufeff{}', '\0', '{} {}'].map(
    utf8,
  ),
  utf8('['.repeat(deep) + ']'.repeat(deep)),
  utf8('['.repeat(100_000)),
  utf8('{"a":'.repeat(100_000)),
  Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d),
  Uint8Array.of(0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00),
]

/** Signed, and then damaged: cut off, changed, or with more behind it. */
const badItems: readonly Uint8Array[] = (() => {
  const tags = [{ name: 'Type', value: 'Message' }]
  const { bytes } = createDataItem({ target: unknownId, tags, data: 'hello' }, testSigner(9))
  const changed = (index: number): Uint8Array => bytes.map((byte, i) => (i === index ? byte ^ 1 : byte))
  return [
    ...[1, 2, 66, 100, bytes.length - 1].map((length) => bytes.slice(0, length)),
    ...[0, 1, 2, 70, 98, 99, 131, 140, 150, bytes.length - 1].map(changed),
    new Uint8Array(1_000),
    new Uint8Array(1_000).fill(0xff),
    utf8('[object Object]'),
  ]
})()

const deepQuery = `{ ${'transactions { edges { node '.repeat(300)}`
const badGraphql = [
  ...['', '{', '{ x }', '{ transactions(first: -1) { count } }', 'query A { block { id } } query B { block { id } }'],
  ...['mutation { x }', 'subscription { x }', '{ transactions(first: 1e99) { count } }', deepQuery],
  '{ transactions(tags: [{ name: 1, values: {} }]) { count } }',
  '{ transactions(after: "nonsense") { edges { cursor } } }',
  '{ blocks(after: "-1") { edges { cursor } } }',
  `{ ${Array.from({ length: 20 }, (_, i) => `a${i}: blocks { edges { cursor } }`).join(' ')} }`,
  'fragment A on Query { ...A } { ...A }',
  `{ block(id: "${'x'.repeat(10_000)}") { id } }`,
].map((query) => utf8(JSON.stringify({ query })))

const jsonValue = fc.oneof(
  fc.constantFrom(null, true, -1, 1.5, 1e308, 2 ** 53, '', '\0', '\ud800', unknownId, 'Infinity', [], {}, [[]], [null]),
  fc.string({ unit: 'binary' }),
  fc.array(fc.record({ name: fc.anything(), value: fc.anything() }, { requiredKeys: [] }), { maxLength: 3 }),
  fc.jsonValue({ maxDepth: 4 }),
)

/** Bodies that must be refused, wherever one is needed. */
export function badBodies(kind: BodyKind): readonly Uint8Array[] {
  if (kind === 'item') return badItems
  if (kind === 'item or json') return [...badItems, ...badJson]
  if (kind === 'graphql') return [...badJson, utf8('{"query":7}'), utf8('{"query":"{block{id}}","variables":[]}')]
  return badJson.filter((body) => !['[]', '"text"', '7', 'null'].includes(new TextDecoder().decode(body)))
}

export function anyBody(kind: BodyKind | undefined): fc.Arbitrary<Uint8Array> {
  const noise = fc.uint8Array({ maxLength: 300 })
  if (kind === undefined) return noise
  const bad = fc.constantFrom(...badBodies(kind), ...badGraphql)
  if (typeof kind === 'string') return fc.oneof(noise, bad)
  const fields = Object.fromEntries(kind.jsonFields.map((name) => [name, jsonValue]))
  const object = fc.record(fields, { requiredKeys: [] }).map((value) => utf8(JSON.stringify(value)))
  return fc.oneof(noise, bad, { weight: 3, arbitrary: object })
}

const headerNames = ['last-event-id', 'range', 'if-none-match', 'if-range', 'accept', 'x-max-age', 'content-length']
const headerValues = [
  ...['', '-1', '9'.repeat(30), 'm0.,r0.', 'm1.AAAAAAAA,r1.AAAAAAAA', 'bytes=-', 'bytes=9-1', 'bytes=-0', 'items=0-1'],
  ...[
    `bytes=0-${'9'.repeat(30)}`,
    'bytes=0-1,0-1,0-1',
    `bytes=${'0-1,'.repeat(2_000)}0-1`,
    '"',
    'W/"',
    '*',
    '\xff\xfe',
  ],
]

export const anyHeader: fc.Arbitrary<readonly [string, string]> = fc.tuple(
  fc.constantFrom(...headerNames),
  fc.constantFrom(...headerValues),
)

export const contentTypes = [
  '',
  'application/json',
  'application/octet-stream',
  'text/plain; charset=utf-16',
  '*/*',
  ';;;',
]
