import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { diffStates, type StateChange } from './state-diff.ts'

/** A value of a state: tables as maps by the text of their keys, all else as its JSON text. */
type Model = string | ReadonlyMap<string, Model>

const scalar = fc.constantFrom(
  'true',
  'false',
  '0',
  '5',
  '5.0',
  '-0.0',
  '0.1',
  '1e+21',
  '"5.0"',
  '"1e5"',
  '""',
  '{"$type":"function"}',
  '{"$type":"integer","value":"9007199254740993"}',
  '{"$ref":"V"}',
)
const key = fc.constantFrom(
  '[1]',
  '[2]',
  '[3]',
  'a',
  'b',
  '10',
  '9',
  '__proto__',
  'rawJSON',
  'before',
  '["$type"]',
  'é',
)
const { value } = fc.letrec<{ value: Model }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.dictionary(key, tie('value'), { maxKeys: 5 }).map((entries): Model => new Map(Object.entries(entries))),
    fc
      .array(tie('value'), { maxLength: 4 })
      .map((list): Model => new Map(list.map((member, i) => [`[${i + 1}]`, member]))),
  ),
}))

/** As a state is written: a table whose keys are 1 to n is a list. */
function toJson(model: Model): string {
  if (typeof model === 'string') return model
  const isList = [...Array(model.size).keys()].every((i) => model.has(`[${i + 1}]`))
  if (isList)
    return `[${[...Array(model.size).keys()].map((i) => toJson(model.get(`[${i + 1}]`) ?? 'null')).join(',')}]`
  return `{${[...model].map(([name, member]) => `${JSON.stringify(name)}:${toJson(member)}`).join(',')}}`
}

/** Undoes {@link toJson}, with keys in order. */
function read(json: string): Model {
  const parsed = JSON.parse(json, (_key, found: unknown, context?: { readonly source?: string }) => {
    if (context?.source !== undefined) return context.source
    if (Array.isArray(found)) return new Map(found.map((member: Model, i) => [`[${i + 1}]`, member]))
    const entries = Object.entries(found as { readonly [name: string]: Model })
    if (!entries[0]?.[0].startsWith('$')) return new Map(entries.sort(byKey))
    return `{${entries.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`
  }) as Model
  return parsed
}

function byKey([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1
}

function apply(model: Model | undefined, change: StateChange | undefined): Model | undefined {
  if (change === undefined) return model
  if (change.kind === 'removed') return undefined
  if (change.kind !== 'inside') return read(change.after)
  const members = typeof model === 'object' ? model : new Map<string, Model>()
  const entries = [...new Set([...members.keys(), ...change.entries.keys()])]
    .map((name) => [name, apply(members.get(name), change.entries.get(name))] as const)
    .filter((entry): entry is readonly [string, Model] => entry[1] !== undefined)
  return new Map([...entries].sort(byKey))
}

describe('the difference between two values', () => {
  test('leads from the one to the other, and is none when they are equal', () => {
    fc.assert(
      fc.property(value, value, (first, second) => {
        const [before, after] = [toJson(first), toJson(second)]
        const change = diffStates(before, after)
        expect(apply(read(before), change)).toEqual(read(after))
        expect(change === undefined).toBe(isDeepStrictEqual(read(before), read(after)))
        expect(diffStates(before, before)).toBeUndefined()
      }),
      { seed: 21, numRuns: 1_000 },
    )
  })

  const cases: { name: string; before: string; after: string; change: unknown }[] = [
    { name: 'nothing to something', before: 'null', after: '5', change: { kind: 'added', after: '5' } },
    { name: 'something to nothing', before: '[1]', after: 'null', change: { kind: 'removed', before: '[1]' } },
    {
      name: 'an integer to the float',
      before: '5',
      after: '5.0',
      change: { kind: 'changed', before: '5', after: '5.0' },
    },
    {
      name: 'a float to its integer, deep inside',
      before: '{"a":[5.0]}',
      after: '{"a":[5]}',
      change: { a: { '[1]': { kind: 'changed', before: '5.0', after: '5' } } },
    },
    {
      name: 'a number to its text',
      before: '{"a":5}',
      after: '{"a":"5"}',
      change: { a: { kind: 'changed', before: '5', after: '"5"' } },
    },
    { name: 'a list that grows', before: '[1]', after: '[1,2]', change: { '[2]': { kind: 'added', after: '2' } } },
    {
      name: 'a list that gets a name',
      before: '[1]',
      after: '{"[1]":1,"a":2}',
      change: { a: { kind: 'added', after: '2' } },
    },
    {
      name: 'a table to what is none',
      before: '{"a":{}}',
      after: '{"a":{"$type":"function"}}',
      change: { a: { kind: 'changed', before: '{}', after: '{"$type":"function"}' } },
    },
    {
      name: 'entries of a table that come and go',
      before: '{"a":1,"b":2,"c":3}',
      after: '{"b":2.5,"c":3,"d":4}',
      change: {
        a: { kind: 'removed', before: '1' },
        b: { kind: 'changed', before: '2', after: '2.5' },
        d: { kind: 'added', after: '4' },
      },
    },
  ]
  test.each(cases)('$name', ({ before, after, change }) => {
    expect(plain(diffStates(before, after))).toEqual(change)
  })
})

/** Tables as objects of their entries. */
function plain(change: StateChange | undefined): unknown {
  if (change?.kind !== 'inside') return change
  return Object.fromEntries([...change.entries].map(([name, inner]) => [name, plain(inner)]))
}
