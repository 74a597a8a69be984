import { isUtf8 } from 'node:buffer'
import { VmError } from '../errors.ts'
import { joinPath, keyText, type PathKey, type StatePath } from '../state-path.ts'
import type { Inspection, InspectionBounds } from '../types.ts'
import { isTable, type LuaMemory, type LuaTable, type LuaValue, LuaValues, type OpaqueType } from './lua-values.ts'

/**
 * A value of a process as JSON: docs/time-travel.md says what is written how. Equal values give equal texts, because keys
 * are sorted; and different values give different ones, because what JSON has no word for is an object whose first key
 * begins with `$`, which no key of the process does.
 *
 * @module
 */

/** What belongs to the module and not to its user: left out of the globals, and of what has them as keys. */
export interface ModuleNames {
  readonly globals: ReadonlySet<string>
  /** Says whether a table is one that the module made for itself, to have a key that nobody else has. */
  isPrivateKey(table: LuaTable): boolean
}

/** @throws {VmError} `VM_STATE_UNREADABLE` when the guest has damaged its memory; `VM_STATE_TOO_LARGE`. */
export function inspectState(
  values: LuaValues,
  { keys }: StatePath,
  bounds: InspectionBounds,
  module: ModuleNames,
): Inspection {
  const writer = new StateWriter(values, keys.map(keyText), bounds, module)
  let value: LuaValue = values.globals
  for (const key of keys) {
    if (!isTable(value)) return writer.write(undefined, noNames)
    value = values.get(value, key)
  }
  return writer.write(value, keys.length === 0 ? module.globals : noNames)
}

/** Names of all globals, in a process that has not run code of its user. None of a module that hides them. */
export function globalNames(memory: LuaMemory, state: number): ReadonlySet<string> {
  try {
    const values = new LuaValues(memory, state)
    return new Set([...values.entries(values.globals)].map(([key]) => (isPathKey(key) ? keyText(key) : '')))
  } catch {
    // Whether a module is accepted must not depend on whether it can be read.
    return noNames
  }
}

const noNames: ReadonlySet<string> = new Set()

/** A key with its text and its place among the others. */
interface Entry {
  readonly key: LuaValue
  readonly text: string
  readonly value: LuaValue
}

/** More than a process with the default memory limit can hold. */
const scanMaxDefault = 4_000_000

/** Room for a mark, so that what is left out can always be told. */
const markLength = 24

class StateWriter {
  readonly #values: LuaValues
  readonly #bounds: InspectionBounds
  readonly #module: ModuleNames
  readonly #parts: string[] = []
  /** Of the text's length. Closing what is open may go below 0. */
  #left: number
  #scanned = 0
  #isComplete = true
  /** Texts of the keys that lead to what is being written. */
  readonly #keys: string[]
  /** The tables around it, and how many of these keys lead to them. */
  readonly #open = new Map<number, number>()

  constructor(values: LuaValues, keys: string[], bounds: InspectionBounds, module: ModuleNames) {
    this.#values = values
    this.#keys = keys
    this.#bounds = bounds
    this.#module = module
    this.#left = bounds.lengthMax
  }

  /** @param without - Names of globals that are left out. */
  write(value: LuaValue, without: ReadonlySet<string>): Inspection {
    this.#value(value, without)
    return { json: this.#parts.join(''), isComplete: this.#isComplete }
  }

  #add(text: string): void {
    this.#parts.push(text)
    this.#left -= text.length
  }

  #value(value: LuaValue, without = noNames): void {
    if (isTable(value)) this.#table(value, without)
    else if (value instanceof Uint8Array) this.#string(value)
    else this.#add(scalarJson(value))
  }

  #string(bytes: Uint8Array): void {
    const room = Math.max(this.#left - markLength, 0)
    if (bytes.length <= room) return this.#add(stringJson(bytes))
    this.#isComplete = false
    const start = wholeCharacters(bytes, room)
    this.#add(`{"$type":"string","start":${stringJson(start)},"$more":${bytes.length - start.length}}`)
  }

  #table(table: LuaTable, without: ReadonlySet<string>): void {
    const outer = this.#open.get(table.table)
    if (outer !== undefined) {
      const path = this.#keys.slice(0, outer).reduce(joinPath, '')
      return this.#add(`{"$ref":${JSON.stringify(path)}}`)
    }
    const { entries, count, isList } = this.#entries(table, without)
    const isTooDeep = this.#open.size === this.#bounds.depthMax
    this.#open.set(table.table, this.#keys.length)
    this.#add(isList ? '[' : '{')
    let written = 0
    for (const { text, value } of isTooDeep ? [] : entries) {
      if (this.#left < markLength) break
      if (written > 0) this.#add(',')
      if (!isList) this.#add(`${JSON.stringify(text)}:`)
      this.#keys.push(text)
      this.#value(value)
      this.#keys.pop()
      written += 1
    }
    if (written < count) {
      this.#isComplete = false
      const more = `"$more":${count - written}`
      this.#add(`${written > 0 ? ',' : ''}${isList ? `{${more}}` : more}`)
    }
    this.#add(isList ? ']' : '}')
    this.#open.delete(table.table)
  }

  #tooLarge(scanMax: number): VmError {
    const path = this.#keys.reduce(joinPath, '')
    return new VmError({ code: 'VM_STATE_TOO_LARGE', path, limit: `${scanMax} entries` })
  }

  /** The first entries in their order, as many as may be written, and the number of all. */
  #entries(table: LuaTable, without: ReadonlySet<string>) {
    const { entriesMax, scanMax = scanMaxDefault } = this.#bounds
    const first: Entry[] = []
    let count = 0
    let listLength = 0
    let last: Entry | undefined
    const opaqueCounts = new Map<string, number>()
    for (const [key, value] of this.#values.entries(table)) {
      if (isTable(key) && this.#module.isPrivateKey(key) && this.#values.isUnused(key)) continue
      const text = isPathKey(key) ? keyText(key) : opaqueText(key, opaqueCounts)
      if (without.has(text)) continue
      count += 1
      if (++this.#scanned > scanMax) throw this.#tooLarge(scanMax)
      if (typeof key === 'bigint' && key > 0n) listLength = Math.max(listLength, Number(key))
      else listLength = Number.POSITIVE_INFINITY
      const entry = { key, text, value }
      if (last !== undefined && compareEntries(entry, last) > 0) continue
      first.push(entry)
      // Only now and then, so that each entry of a large table costs little.
      if (first.length < 2 * entriesMax) continue
      first.sort(compareEntries).length = entriesMax
      last = first.at(-1)
    }
    first.sort(compareEntries)
    if (first.length > entriesMax) first.length = entriesMax
    // An empty table is an empty list, as in every JSON that the library writes.
    return { entries: first, count, isList: listLength === count }
  }
}

function isPathKey(key: LuaValue): key is PathKey {
  return key instanceof Uint8Array || (typeof key !== 'object' && typeof key !== 'string' && key !== undefined)
}

/** Keys that no path can name are told apart by their order alone. */
function opaqueText(key: LuaTable | OpaqueType | undefined, counts: Map<string, number>): string {
  const type = typeof key === 'string' ? key : 'table'
  const count = (counts.get(type) ?? 0) + 1
  counts.set(type, count)
  return count === 1 ? `[${type}]` : `[${type} ${count}]`
}

/** Numbers, booleans, strings, others; each kind in its own order. */
function compareEntries(left: Entry, right: Entry): number {
  const kinds = kindOf(left.key) - kindOf(right.key)
  if (kinds !== 0) return kinds
  if (kindOf(left.key) === 0) return (left.key as bigint) < (right.key as bigint) ? -1 : 1
  return left.text < right.text ? -1 : 1
}

function kindOf(key: LuaValue): number {
  if (typeof key === 'bigint' || typeof key === 'number') return 0
  if (typeof key === 'boolean') return 1
  return key instanceof Uint8Array ? 2 : 3
}

function scalarJson(value: undefined | boolean | bigint | number | OpaqueType): string {
  switch (typeof value) {
    case 'undefined':
      return 'null'
    case 'boolean':
      return String(value)
    case 'bigint':
      return isExact(value) ? String(value) : `{"$type":"integer","value":"${value}"}`
    case 'number':
      return floatJson(value)
    default:
      return `{"$type":"${value}"}`
  }
}

function isExact(value: bigint): boolean {
  return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER
}

/** A float keeps its point, so that it is not taken for an integer: 5.0. */
function floatJson(value: number): string {
  if (Number.isNaN(value)) return '{"$type":"float","value":"nan"}'
  if (!Number.isFinite(value)) return `{"$type":"float","value":"${value > 0 ? 'inf' : '-inf'}"}`
  if (!Number.isInteger(value)) return String(value)
  const text = Object.is(value, -0) ? '-0' : String(value)
  return text.includes('e') ? text : `${text}.0`
}

function stringJson(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (isUtf8(buffer)) return JSON.stringify(buffer.toString('utf8'))
  return `{"$type":"bytes","base64":"${buffer.toString('base64')}"}`
}

/** The first bytes of a string, without a part of a character at their end. */
function wholeCharacters(bytes: Uint8Array, count: number): Uint8Array {
  let end = count
  while (end > 0 && end > count - 3 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return bytes.subarray(0, end)
}
