/**
 * Random histories of replicas: drawn here, run in Lua by crdt-histories.lua, many to a message.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { createLibraryProcess } from './harness.ts'

export const kinds = ['GCounter', 'PNCounter', 'LWWRegister', 'MVRegister', 'AWSet', 'ORMap', 'Text'] as const
export type Kind = (typeof kinds)[number]

export interface Change {
  readonly method: string
  readonly args: readonly unknown[]
}

type Path = readonly (readonly [kind: Kind, key: string])[]

/** Replicas count from 1. The numbers of deltas are taken modulo how many there are by then. */
export type Step =
  | readonly ['change', replica: number, path: Path, method: string, args: readonly unknown[]]
  | readonly ['delta', replica: number, delta: number]
  | readonly ['group', replica: number, delta: number, other: number]
  | readonly ['state', replica: number, other: number]

export interface History {
  readonly kind: Kind
  readonly replicas: number
  readonly steps: readonly Step[]
  /** For the laws: which of the states and deltas that came up. */
  readonly triples: readonly (readonly [number, number, number])[]
  /** With which delta each replica begins to catch up at the end. */
  readonly order: readonly number[]
}

export interface Outcome {
  /** The value of the step's replica after it; of a change in a text, the index and what was inserted or how much deleted. */
  readonly trace: readonly { readonly value?: unknown; readonly done?: readonly [number, string | number] }[]
  /** What all replicas show in the end. */
  readonly value?: unknown
  /** Laws that did not hold. */
  readonly problems: readonly string[]
}

const interpreter = readFileSync(new URL('crdt-histories.lua', import.meta.url), 'utf8')

/** Makes a process that runs histories. It lives until the test ends. */
export function createRunner(): (histories: readonly History[]) => Outcome[] {
  const setup = `local run = (function() ${interpreter}\nend)()
    Handlers.add("Run", "Run", function(msg) print(run(msg.Data)) end)`
  const library = createLibraryProcess({ setup })
  return (histories) => {
    const { data } = library.send({ action: 'Run', data: JSON.stringify(histories) })
    return JSON.parse(String(data)) as Outcome[]
  }
}

const scalars = fc.constantFrom('a', 'b', 'B', 'é', '', 1, 2, -1, 0.5, true, false)
const amounts = fc.integer({ min: 1, max: 9 })
const keys = { tags: 'AWSet', likes: 'PNCounter', seen: 'GCounter', note: 'MVRegister', title: 'LWWRegister' } as const

type Draft = readonly [path: Path, method: string, args: readonly unknown[]]

const method = (name: string, ...args: readonly fc.Arbitrary<unknown>[]): fc.Arbitrary<Draft> =>
  fc.tuple(...args).map((drawn) => [[], name, drawn])

const clear = method('clear')
const changesOfParts = {
  GCounter: method('increment', amounts),
  PNCounter: fc.oneof(method('increment', amounts), method('decrement', amounts), clear),
  LWWRegister: fc.oneof({ weight: 4, arbitrary: method('set', scalars, fc.nat(3)) }, { weight: 1, arbitrary: clear }),
  MVRegister: fc.oneof({ weight: 4, arbitrary: method('set', scalars) }, { weight: 1, arbitrary: clear }),
  AWSet: fc.oneof(
    { weight: 5, arbitrary: method('add', scalars) },
    { weight: 3, arbitrary: method('remove', scalars) },
    { weight: 1, arbitrary: clear },
  ),
  Text: fc.oneof(
    { weight: 5, arbitrary: method('insert', fc.nat(50), fc.integer({ min: 1, max: 5 })) },
    { weight: 3, arbitrary: method('delete', fc.nat(50), fc.integer({ min: 1, max: 7 })) },
  ),
}

const below = (step: Path[number], changes: fc.Arbitrary<Draft>): fc.Arbitrary<Draft> =>
  changes.map(([path, name, args]) => [[step, ...path], name, args])

const keyed: readonly fc.Arbitrary<Draft>[] = Object.entries(keys).map(([key, kind]) =>
  below([kind, key], changesOfParts[kind]),
)
const removals = method('remove', fc.constantFrom(...Object.keys(keys)))
const inner = fc.oneof({ weight: 4, arbitrary: fc.oneof(...keyed) }, { weight: 1, arbitrary: removals })

const changes: { readonly [kind in Kind]: fc.Arbitrary<Draft> } = {
  ...changesOfParts,
  ORMap: fc.oneof(
    { weight: 5, arbitrary: fc.oneof(...keyed) },
    { weight: 3, arbitrary: below(['ORMap', 'inner'], inner) },
    { weight: 2, arbitrary: method('remove', fc.constantFrom('inner', ...Object.keys(keys))) },
    { weight: 1, arbitrary: clear },
  ),
}

/** Like those of a map, and with text in it, which the model does not have. */
const textBelow = below(['Text', 'body'], changesOfParts.Text)

function stepsOf(draft: fc.Arbitrary<Draft>, replicas: number): fc.Arbitrary<Step> {
  const replica = fc.integer({ min: 1, max: replicas })
  return fc.oneof(
    {
      weight: 5,
      arbitrary: fc.tuple(replica, draft).map(([at, [path, name, args]]): Step => ['change', at, path, name, args]),
    },
    { weight: 4, arbitrary: fc.tuple(fc.constant('delta' as const), replica, fc.nat(99)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('group' as const), replica, fc.nat(99), fc.nat(99)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('state' as const), replica, replica) },
  )
}

/** @param withText - Puts a text into maps. */
export function historiesOf(kind: Kind, { withText = false } = {}): fc.Arbitrary<History> {
  const body = method('remove', fc.constant('body'))
  const draft = withText ? fc.oneof(changes[kind], textBelow, textBelow, body) : changes[kind]
  return fc.integer({ min: 2, max: 4 }).chain((replicas) =>
    fc.record({
      kind: fc.constant(kind),
      replicas: fc.constant(replicas),
      steps: fc.array(stepsOf(draft, replicas), { minLength: 3, maxLength: 24, size: 'max' }),
      triples: fc.array(fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99)), { minLength: 3, maxLength: 3 }),
      order: fc.array(fc.nat(99), { minLength: replicas, maxLength: replicas }),
    }),
  )
}
