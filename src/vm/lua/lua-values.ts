import { VmError } from '../errors.ts'
import type { PathKey } from '../state-path.ts'

/**
 * Reads Lua values where they lie in the memory of an instance, between two messages.
 *
 * Nothing of the guest runs: no metamethod, no hook, no collector. So reading costs no gas, works on every module, and
 * cannot change the state, whatever user code has done (I5).
 *
 * V1 The layout is that of the one pinned file (see `lua-wasm.ts`): Lua 5.3 with pointers of 32 bits.
 * V2 Every address may be a lie, since damaged byte code can write anywhere: reads outside the memory throw, and sizes are
 *    held against the memory before anything of that size is done.
 */

/** Offsets of the fields that are read, in bytes. Names are Lua's own: lstate.h, lobject.h. */
const luaState = { l_G: 16 } as const
const globalState = { l_registry: 40, seed: 56 } as const
const object = { tt: 4 } as const
const shortString = { shrlen: 7 } as const
const longString = { lnglen: 12 } as const
const stringHeaderBytes = 16
const tableFields = { lsizenode: 7, sizearray: 8, array: 12, node: 16, lastfree: 20 } as const
/** A value, its type behind it; a node is a value and a key, whose type is followed by the distance to the next node. */
const typedValue = { tt: 8, sizeBytes: 16 } as const
const nodeFields = { key: 16, keyType: 24, next: 28, sizeBytes: 32 } as const
/** Where the registry's list has the table of globals. */
const globalsIndex = 2

/** Type tags, without the bit that says that the collector looks after it. */
const collectableBit = 64
const tags = { nil: 0, boolean: 1, float: 3, integer: 19, shortString: 4, longString: 20, table: 5 } as const
const opaqueTypes: { readonly [tag: number]: OpaqueType } = {
  2: 'userdata',
  6: 'function',
  7: 'userdata',
  8: 'thread',
  22: 'function',
  38: 'function',
}

/** What has no content that could be read. */
export type OpaqueType = 'function' | 'thread' | 'userdata'

/** A table of the guest, by its address. */
export interface LuaTable {
  readonly table: number
}

/**
 * A value: nil is undefined, an integer is a bigint, a float a number, a string its bytes (a view of the memory, of use
 * until the guest runs again).
 */
export type LuaValue = undefined | boolean | bigint | number | Uint8Array | LuaTable | OpaqueType

/** The linear memory of an instance. */
export interface LuaMemory {
  readonly bytes: Uint8Array
  readonly view: DataView
}

export class LuaValues {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  /** Of the guest's string hashes. */
  readonly #seed: number
  readonly globals: LuaTable

  /** @param state - Address of the main thread, from `lua_newstate`. */
  constructor(memory: LuaMemory, state: number) {
    this.#bytes = memory.bytes
    this.#view = memory.view
    const global = this.#u32(state + luaState.l_G)
    this.#seed = this.#u32(global + globalState.seed)
    const globals = this.get({ table: this.#u32(global + globalState.l_registry) }, BigInt(globalsIndex))
    if (!isTable(globals)) throw unreadable('it has no table of globals')
    this.globals = globals
  }

  /** As `rawget`. */
  get({ table }: LuaTable, key: PathKey): LuaValue {
    const { array, sizeArray, node, sizeNode } = this.#parts(table)
    if (typeof key === 'bigint' && key >= 1n && key <= sizeArray) {
      return this.#value(array + (Number(key) - 1) * typedValue.sizeBytes)
    }
    const hash = this.#hash(key)
    // Floats are looked for everywhere: their hash depends on the C library, and they are rare.
    if (hash === undefined) {
      for (let i = 0; i < sizeNode; i++) {
        const at = node + i * nodeFields.sizeBytes
        if (this.#hasKey(at, key)) return this.#value(at)
      }
      return undefined
    }
    let at = node + (hash & (sizeNode - 1)) * nodeFields.sizeBytes
    for (let steps = 0; steps < sizeNode; steps++) {
      if (this.#hasKey(at, key)) return this.#value(at)
      const next = this.#view.getInt32(at + nodeFields.next, true)
      if (next === 0) return undefined
      at += next * nodeFields.sizeBytes
    }
    return undefined
  }

  /** Every entry, in the order of `next`. */
  *entries({ table }: LuaTable): Generator<readonly [key: LuaValue, value: LuaValue]> {
    const { array, sizeArray, node, sizeNode } = this.#parts(table)
    for (let i = 0; i < sizeArray; i++) {
      const value = this.#value(array + i * typedValue.sizeBytes)
      if (value !== undefined) yield [BigInt(i + 1), value]
    }
    for (let i = 0; i < sizeNode; i++) {
      const at = node + i * nodeFields.sizeBytes
      // Only of living entries: the key of another may be gone.
      const value = this.#value(at)
      if (value !== undefined) yield [this.#value(at + nodeFields.key), value]
    }
  }

  /** Says whether the table has never had a key, or at least not since it lies there. */
  isUnused({ table }: LuaTable): boolean {
    return isUnusedTable(this.#view, table)
  }

  #parts(table: number) {
    const sizeArray = this.#u32(table + tableFields.sizearray)
    const sizeNode = 2 ** this.#view.getUint8(table + tableFields.lsizenode)
    const array = this.#u32(table + tableFields.array)
    const node = this.#u32(table + tableFields.node)
    const end = Math.max(array + sizeArray * typedValue.sizeBytes, node + sizeNode * nodeFields.sizeBytes)
    if (end > this.#bytes.length) throw unreadable('it has damaged its memory')
    return { array, sizeArray, node, sizeNode }
  }

  #value(at: number): LuaValue {
    const tag = this.#u32(at + typedValue.tt) & ~collectableBit
    switch (tag) {
      case tags.nil:
        return undefined
      case tags.boolean:
        return this.#u32(at) !== 0
      case tags.float:
        return this.#view.getFloat64(at, true)
      case tags.integer:
        return this.#view.getBigInt64(at, true)
      case tags.shortString:
      case tags.longString:
        return this.#string(this.#u32(at))
      case tags.table:
        return { table: this.#u32(at) }
      default:
        return opaqueTypes[tag] ?? unknownType(tag)
    }
  }

  #string(at: number): Uint8Array {
    const isShort = this.#view.getUint8(at + object.tt) === tags.shortString
    const length = isShort ? this.#view.getUint8(at + shortString.shrlen) : this.#u32(at + longString.lnglen)
    const start = at + stringHeaderBytes
    if (start + length > this.#bytes.length) throw unreadable('it has damaged its memory')
    return this.#bytes.subarray(start, start + length)
  }

  #hasKey(node: number, key: PathKey): boolean {
    // A dead entry keeps a key that may be gone.
    if (this.#u32(node + typedValue.tt) === tags.nil) return false
    const found = this.#value(node + nodeFields.key)
    if (!(key instanceof Uint8Array)) return found === key
    return found instanceof Uint8Array && Buffer.compare(found, key) === 0
  }

  /** As `mainposition` of ltable.c; undefined for floats. */
  #hash(key: PathKey): number | undefined {
    if (typeof key === 'number') return undefined
    if (typeof key === 'boolean') return key ? 1 : 0
    if (typeof key === 'bigint') return Number(BigInt.asUintN(32, key))
    return hashString(key, this.#seed)
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, true)
  }
}

/** `luaS_hash` of lstring.c: of long strings it takes some 32 bytes. */
function hashString(bytes: Uint8Array, seed: number): number {
  let hash = seed ^ bytes.length
  const step = (bytes.length >> 5) + 1
  for (let length = bytes.length; length >= step; length -= step) {
    hash ^= (hash << 5) + (hash >>> 2) + (bytes[length - 1] ?? 0)
  }
  return hash
}

/** Says whether a table that has never had a key lies at an offset, whatever else may lie there. */
export function isUnusedTable(memory: DataView, at: number): boolean {
  if (at < 0 || at + tableFields.lastfree + 4 > memory.byteLength) return false
  return (
    memory.getUint8(at + object.tt) === tags.table &&
    memory.getUint32(at + tableFields.sizearray, true) === 0 &&
    memory.getUint32(at + tableFields.lastfree, true) === 0
  )
}

export function isTable(value: LuaValue): value is LuaTable {
  return typeof value === 'object' && 'table' in value
}

function unknownType(tag: number): never {
  throw unreadable(`it has damaged its memory: there is no type ${tag}`)
}

function unreadable(reason: string): VmError {
  return new VmError({ code: 'VM_STATE_UNREADABLE', reason })
}
