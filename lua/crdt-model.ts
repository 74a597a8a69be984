/**
 * What CRDTs mean, said with sets of changes: no dots, no contexts, no merging of states.
 *
 * A replica is the set of changes that it knows. A change adds things at places, and takes away those that its replica saw
 * there. A thing is there as long as no known change takes it away. Counters know how many of each replica's changes
 * they have, and how many of them were cleared.
 *
 * @module
 */
import type { Change, Kind, Step } from './crdt-histories.ts'

type Scalar = string | number | boolean
export type ModelValue = Scalar | readonly ModelValue[] | { readonly [key: string]: ModelValue } | undefined

/** One thing that a change added: an element, a written value, or that a key is there. */
interface Added {
  readonly id: string
  readonly place: string
  readonly value: Scalar
  readonly timestamp: number
  readonly replica: string
}

/** That `replica` has counted this often at a place, or that so many of its countings there were cleared. */
interface Counted {
  readonly place: string
  readonly replica: string
  readonly count: number
}

interface ChangeRecord {
  readonly added: Added[]
  readonly removed: Set<string>
  readonly counted: Counted[]
  readonly cleared: Counted[]
}

/** Names of the replicas as in crdt-histories.lua: their order decides between equal timestamps. */
export const replicaNames = ['d', 'b', 'c', 'a'] as const

const nameOf = (replica: number): string => replicaNames[replica - 1] ?? ''

export class Model {
  readonly #kind: Kind
  readonly #changes: ChangeRecord[] = []
  readonly #known: Set<number>[]
  /** place and replica → the amounts that it counted there, in order. */
  readonly #amounts = new Map<string, number[]>()

  constructor(kind: Kind, replicas: number) {
    this.#kind = kind
    this.#known = Array.from({ length: replicas }, () => new Set<number>())
  }

  /** Does a step, and gives the value of its replica. */
  step(step: Step): ModelValue {
    const [kind, replica] = step
    const known = this.#knownTo(replica)
    const count = this.#changes.length
    if (kind === 'change') {
      const [, , path, method, args] = step
      this.#changes.push(new View(this, known).change(nameOf(replica), path, this.#kind, { method, args }))
      known.add(count)
    } else if (kind === 'state') {
      for (const index of this.#knownTo(step[2])) known.add(index)
    } else if (count > 0) {
      for (const number of step.slice(2)) known.add(Number(number) % count)
    }
    return this.value(replica)
  }

  value(replica: number): ModelValue {
    return new View(this, this.#knownTo(replica)).valueAt('', this.#kind)
  }

  /** The value of a replica that knows everything. */
  finalValue(): ModelValue {
    return new View(this, new Set(this.#changes.keys())).valueAt('', this.#kind)
  }

  records(known: ReadonlySet<number>): ChangeRecord[] {
    return [...known].flatMap((index) => this.#changes[index] ?? [])
  }

  get changeCount(): number {
    return this.#changes.length
  }

  amounts(place: string, replica: string): number[] {
    const key = JSON.stringify([place, replica])
    const amounts = this.#amounts.get(key) ?? []
    this.#amounts.set(key, amounts)
    return amounts
  }

  #knownTo(replica: number): Set<number> {
    const known = this.#known[replica - 1]
    if (known === undefined) throw new Error(`there is no replica ${replica}`)
    return known
  }
}

/** What is to be seen by one who knows some of the changes. */
class View {
  readonly #model: Model
  readonly #added: readonly Added[]
  readonly #counted = new Map<string, Map<string, number>>()
  readonly #cleared = new Map<string, Map<string, number>>()

  constructor(model: Model, known: ReadonlySet<number>) {
    this.#model = model
    const records = model.records(known)
    const removed = new Set(records.flatMap((record) => [...record.removed]))
    this.#added = records.flatMap((record) => record.added).filter(({ id }) => !removed.has(id))
    for (const { counted, cleared } of records) {
      for (const entry of counted) raise(this.#counted, entry)
      for (const entry of cleared) {
        raise(this.#counted, entry)
        raise(this.#cleared, entry)
      }
    }
  }

  change(replica: string, path: readonly (readonly [Kind, string])[], rootKind: Kind, change: Change): ChangeRecord {
    const record: ChangeRecord = { added: [], removed: new Set(), counted: [], cleared: [] }
    const place = path.reduce((outer, [kind, key]) => placeOf(outer, kind, key), '')
    const kind = path.at(-1)?.[0] ?? rootKind
    if (this.#apply(record, replica, place, kind, change)) {
      // What adds something says that the keys above it are there.
      path.reduce((outer, [childKind, key]) => {
        const inner = placeOf(outer, childKind, key)
        this.#put(record, replica, `${inner}#`, true)
        return inner
      }, '')
    }
    return record
  }

  valueAt(place: string, kind: Kind): ModelValue {
    switch (kind) {
      case 'GCounter':
      case 'PNCounter':
        return this.#sum(place)
      case 'AWSet':
        return sortScalars(new Set(this.#under(place).map(({ value }) => value)))
      case 'MVRegister':
        return sortTexts(new Set(this.#under(place).map(({ value }) => value)))
      case 'LWWRegister':
        return this.#latest(place)?.value
      case 'ORMap':
        return Object.fromEntries(
          this.#keys(place).map(([childKind, key]) => [key, this.valueAt(placeOf(place, childKind, key), childKind)]),
        )
      case 'Text':
        return undefined
    }
  }

  /** Fills the record; true if something was added. */
  #apply(record: ChangeRecord, replica: string, place: string, kind: Kind, { method, args }: Change): boolean {
    const [first, second] = args
    switch (method) {
      case 'increment':
      case 'decrement': {
        const amounts = this.#model.amounts(place, replica)
        amounts.push(method === 'increment' ? Number(first) : -Number(first))
        record.counted.push({ place, replica, count: amounts.length })
        return true
      }
      case 'add':
        this.#put(record, replica, `${place}=${JSON.stringify(first)}`, scalar(first))
        return true
      case 'set': {
        const latest = kind === 'LWWRegister' ? this.#latest(place) : undefined
        const timestamp = Number(second ?? 0)
        if (latest && compareWrites({ timestamp, replica }, latest) < 0) return false
        this.#put(record, replica, `${place}=`, scalar(first), timestamp)
        return true
      }
      case 'remove':
        if (kind === 'AWSet') this.#remove(record, `${place}=${JSON.stringify(first)}`)
        for (const [childKind, key] of kind === 'ORMap' ? this.#keys(place) : []) {
          if (key !== first) continue
          this.#clear(record, placeOf(place, childKind, key))
          this.#remove(record, `${placeOf(place, childKind, key)}#`)
        }
        return false
      case 'clear':
        if (this.#isLive(place, kind)) this.#clear(record, place)
        return false
      default:
        throw new Error(`the model has no ${method}`)
    }
  }

  #put(record: ChangeRecord, replica: string, place: string, value: Scalar, timestamp = 0): void {
    this.#remove(record, place)
    const id = `${this.#model.changeCount}.${record.added.length}`
    record.added.push({ id, place, value, timestamp, replica })
  }

  #remove(record: ChangeRecord, place: string): void {
    for (const added of this.#added) if (added.place === place) record.removed.add(added.id)
  }

  /** Takes away all that is seen at a place and below it, but not the place itself. */
  #clear(record: ChangeRecord, place: string): void {
    for (const added of this.#added) {
      if (added.place.startsWith(place) && added.place !== `${place}#`) record.removed.add(added.id)
    }
    for (const [counter, counts] of this.#counted) {
      if (!counter.startsWith(place)) continue
      for (const [replica, count] of counts) record.cleared.push({ place: counter, replica, count })
    }
  }

  #under(place: string): Added[] {
    return this.#added.filter((added) => added.place.startsWith(`${place}=`))
  }

  #latest(place: string): Added | undefined {
    return this.#under(place).sort(compareWrites).at(-1)
  }

  #sum(place: string): number {
    let total = 0
    for (const [replica, count] of this.#counted.get(place) ?? []) {
      const cleared = this.#cleared.get(place)?.get(replica) ?? 0
      for (const amount of this.#model.amounts(place, replica).slice(cleared, count)) total += amount
    }
    return total
  }

  /** Whether there is anything that a clear would take away. */
  #isLive(place: string, kind: Kind): boolean {
    if (kind === 'ORMap') return this.#keys(place).length > 0
    return this.#under(place).length > 0 || this.#counting().includes(place)
  }

  /** The counters that have counted since they were cleared. */
  #counting(): string[] {
    return [...this.#counted].flatMap(([counter, counts]) =>
      [...counts].some(([replica, count]) => count > (this.#cleared.get(counter)?.get(replica) ?? 0)) ? [counter] : [],
    )
  }

  /** A key is there if someone says so, or if something below it is there. */
  #keys(place: string): (readonly [Kind, string])[] {
    const places = [...this.#added.map((added) => added.place), ...this.#counting()]
    const keys = new Map(
      places.filter((inner) => inner.startsWith(place)).flatMap((inner) => firstStep(inner.slice(place.length))),
    )
    return [...keys].map(([key, kind]) => [kind, key] as const)
  }
}

const placeOf = (outer: string, kind: Kind, key: string): string => `${outer}/${kind}:${key}`

function firstStep(rest: string): (readonly [string, Kind])[] {
  const match = /^\/(\w+):(\w+)/.exec(rest)
  return match === null ? [] : [[String(match[2]), match[1] as Kind]]
}

function raise(counts: Map<string, Map<string, number>>, { place, replica, count }: Counted): void {
  const byReplica = counts.get(place) ?? new Map<string, number>()
  counts.set(place, byReplica.set(replica, Math.max(count, byReplica.get(replica) ?? 0)))
}

type Write = Pick<Added, 'timestamp' | 'replica'> & { readonly id?: string }

function compareWrites(a: Write, b: Write): number {
  return a.timestamp - b.timestamp || compare(a.replica, b.replica) || changeOf(a) - changeOf(b)
}

/** A write that is being made is later than all that its replica has made. */
const changeOf = ({ id }: Write): number => (id === undefined ? Number.POSITIVE_INFINITY : Number.parseInt(id, 10))

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function scalar(value: unknown): Scalar {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  throw new Error(`the model has no values like ${JSON.stringify(value)}`)
}

const ranks: { readonly [type: string]: number } = { boolean: 1, number: 2, string: 3 }

function sortScalars(values: ReadonlySet<Scalar>): Scalar[] {
  return [...values].sort((a, b) => {
    const byType = (ranks[typeof a] ?? 0) - (ranks[typeof b] ?? 0)
    if (byType !== 0 || typeof a === 'string') return byType || compare(String(a), String(b))
    return Number(a) - Number(b)
  })
}

function sortTexts(values: ReadonlySet<Scalar>): Scalar[] {
  return [...values].sort((a, b) => compare(JSON.stringify(a), JSON.stringify(b)))
}
