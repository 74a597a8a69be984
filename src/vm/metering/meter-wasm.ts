import { VmError } from '../errors.ts'
import { endsStraightCode, nanResultType, op, skipImmediates, valueType } from './instructions.ts'
import { ByteSink, Cursor, encodeSigned, encodeUnsigned } from './leb128.ts'

/**
 * Rewrites a WASM module once so that it can be run for strangers.
 *
 * M1 Gas: an i64 global, exported as `gas`, goes down at every function entry and loop header by the number of
 *    instructions in the straight code behind it, and the code traps when it goes below zero. Every endless run passes
 *    loop headers or function entries, so it ends; the charge depends on the path alone, so it is the same everywhere.
 *    A function that calls nothing keeps the gas in a local while it runs, because its loops are the tightest.
 * M2 NaN: the result of each float instruction whose NaN bits the specification leaves to the processor is made the
 *    one quiet NaN `0x7ff8…`, so that memory, `string.pack` and `print` agree on every machine.
 * M3 Stack: the lowest stack pointer seen is kept in a global, exported as `stackLow` (the state below it is untouched),
 *    and going below `stackLimit` traps, before the stack can grow into static data.
 */
export interface MeterOptions {
  /** Index of the module's stack pointer global, which is exported as `stackPointer`. */
  readonly stackPointerGlobal: number
  /** Address that the stack pointer must not pass. */
  readonly stackLimit: number
  /** Initial value of the stack pointer: the first low-water mark. */
  readonly stackBase: number
  /** Memory pages of a new instance, in place of the module's own: what is declared weighs on the host's collector. */
  readonly initialPages: number
  /** False leaves out M1, so that a bench can tell what gas costs. Default: true. */
  readonly chargeGas?: boolean | undefined
}

export const gasExport = 'gas'
export const stackLowExport = 'stackLow'
export const stackPointerExport = 'stackPointer'

interface Section {
  readonly id: number
  readonly start: number
  readonly end: number
}

interface ModuleShape {
  readonly signatures: readonly Signature[]
  readonly typeOfFunction: readonly number[]
  readonly globalCount: number
}

interface Signature {
  readonly parameterCount: number
  /** Value type of the one result, `empty` without, undefined with several. */
  readonly result: number | undefined
}

const section = { type: 1, import: 2, function: 3, memory: 5, global: 6, export: 7, code: 10 } as const

/** @throws {VmError} `VM_WASM_UNSUPPORTED` on instructions that cannot be metered. */
export function meterWasm(bytes: Uint8Array, options: MeterOptions): Uint8Array<ArrayBuffer> {
  const sections = readSections(bytes)
  const shape = readShape(bytes, sections)
  const indexes = { gas: shape.globalCount, stackLow: shape.globalCount + 1 }
  const out = new ByteSink()
  out.append(bytes.subarray(0, 8))
  for (const { id, start, end } of sections) {
    const body = new ByteSink()
    if (id === section.memory) writeMemory(body, bytes, start, options)
    else if (id === section.global) writeGlobals(body, bytes, start, end, options)
    else if (id === section.export) writeExports(body, bytes, start, end, indexes, options)
    else if (id === section.code) writeCode(body, bytes, start, shape, indexes, options)
    else body.append(bytes.subarray(start, end))
    out.push([id])
    out.push(encodeUnsigned(body.length))
    out.append(body.view())
  }
  return out.view().slice()
}

function readSections(bytes: Uint8Array): Section[] {
  const cursor = new Cursor(bytes, 8)
  const sections: Section[] = []
  while (cursor.offset < bytes.length) {
    const id = cursor.byte()
    const size = cursor.u32()
    sections.push({ id, start: cursor.offset, end: cursor.offset + size })
    cursor.skip(size)
  }
  return sections
}

function readShape(bytes: Uint8Array, sections: readonly Section[]): ModuleShape {
  const signatures: Signature[] = []
  const typeOfFunction: number[] = []
  let globalCount = 0
  for (const { id, start } of sections) {
    const cursor = new Cursor(bytes, start)
    if (id === section.type) {
      for (let left = cursor.u32(); left > 0; left--) {
        cursor.skip(1)
        const parameterCount = cursor.u32()
        cursor.skip(parameterCount)
        const resultCount = cursor.u32()
        const result = resultCount === 0 ? valueType.empty : bytes[cursor.offset]
        signatures.push({ parameterCount, result: resultCount > 1 ? undefined : result })
        cursor.skip(resultCount)
      }
    } else if (id === section.import) {
      globalCount += countImportedGlobals(cursor)
    } else if (id === section.function) {
      for (let left = cursor.u32(); left > 0; left--) typeOfFunction.push(cursor.u32())
    } else if (id === section.global) {
      globalCount += cursor.u32()
    }
  }
  return { signatures, typeOfFunction, globalCount }
}

function countImportedGlobals(cursor: Cursor): number {
  let globals = 0
  for (let left = cursor.u32(); left > 0; left--) {
    cursor.skip(cursor.u32())
    cursor.skip(cursor.u32())
    const kind = cursor.byte()
    if (kind === 0) cursor.skipLeb()
    else if (kind === 3) {
      cursor.skip(2)
      globals += 1
    } else {
      if (kind === 1) cursor.skip(1)
      const flags = cursor.byte()
      cursor.skipLeb()
      if ((flags & 1) === 1) cursor.skipLeb()
    }
  }
  return globals
}

/** One memory with an upper limit, as emscripten makes them. */
function writeMemory(body: ByteSink, bytes: Uint8Array, start: number, options: MeterOptions): void {
  const cursor = new Cursor(bytes, start)
  const count = cursor.u32()
  const flags = cursor.byte()
  if (count !== 1 || flags !== 1) {
    throw new VmError({ code: 'VM_WASM_UNSUPPORTED', what: 'a memory without an upper limit', offset: start })
  }
  cursor.skipLeb()
  const maximum = cursor.u32()
  body.push([1, 1, ...encodeUnsigned(options.initialPages), ...encodeUnsigned(maximum)])
}

function writeGlobals(body: ByteSink, bytes: Uint8Array, start: number, end: number, options: MeterOptions): void {
  const cursor = new Cursor(bytes, start)
  const count = cursor.u32()
  body.push(encodeUnsigned(count + 2))
  body.append(bytes.subarray(cursor.offset, end))
  body.push([valueType.i64, 1, op.i64Const, 0, op.end])
  body.push([valueType.i32, 1, op.i32Const, ...encodeSigned(options.stackBase), op.end])
}

function writeExports(
  body: ByteSink,
  bytes: Uint8Array,
  start: number,
  end: number,
  indexes: { gas: number; stackLow: number },
  options: MeterOptions,
): void {
  const cursor = new Cursor(bytes, start)
  const count = cursor.u32()
  body.push(encodeUnsigned(count + 3))
  body.append(bytes.subarray(cursor.offset, end))
  for (const [name, index] of [
    [gasExport, indexes.gas],
    [stackLowExport, indexes.stackLow],
    [stackPointerExport, options.stackPointerGlobal],
  ] as const) {
    const nameBytes = new TextEncoder().encode(name)
    body.push([nameBytes.length, ...nameBytes, 3, ...encodeUnsigned(index)])
  }
}

function writeCode(
  body: ByteSink,
  bytes: Uint8Array,
  start: number,
  shape: ModuleShape,
  indexes: { gas: number; stackLow: number },
  options: MeterOptions,
): void {
  const cursor = new Cursor(bytes, start)
  const count = cursor.u32()
  body.push(encodeUnsigned(count))
  const rewritten = new ByteSink()
  for (let i = 0; i < count; i++) {
    const size = cursor.u32()
    const end = cursor.offset + size
    const signature = shape.signatures[shape.typeOfFunction[i] ?? -1]
    if (signature === undefined) {
      throw new VmError({ code: 'VM_WASM_UNSUPPORTED', what: 'a function without a type', offset: cursor.offset })
    }
    rewritten.clear()
    rewriteFunction(rewritten, cursor, end, signature, indexes, options)
    body.push(encodeUnsigned(rewritten.length))
    body.append(rewritten.view())
  }
}

/** Copies one function with the inserted code. The cursor stands at the function's locals. */
function rewriteFunction(
  out: ByteSink,
  cursor: Cursor,
  end: number,
  { parameterCount, result }: Signature,
  indexes: { gas: number; stackLow: number },
  options: MeterOptions,
): void {
  const { bytes } = cursor
  const groupCount = cursor.u32()
  const groupsStart = cursor.offset
  let localCount = parameterCount
  for (let i = 0; i < groupCount; i++) {
    localCount += cursor.u32()
    cursor.skip(1)
  }
  // Three locals of ours: the gas left, and a float of each width to compare with itself.
  const locals = { gas: localCount, f32: localCount + 1, f64: localCount + 2 }
  out.push(encodeUnsigned(groupCount + 3))
  out.append(bytes.subarray(groupsStart, cursor.offset))
  out.push([1, valueType.i64, 1, valueType.f32, 1, valueType.f64])

  const stackPointer = encodeUnsigned(options.stackPointerGlobal)
  const codeStart = cursor.offset
  const inLocal = options.chargeGas !== false && result !== undefined && isTightLoop(bytes, codeStart, end)
  const gas = { global: encodeUnsigned(indexes.gas), local: encodeUnsigned(locals.gas) }
  const charge = (from: number): readonly number[] => {
    if (options.chargeGas === false) return []
    const cost = straightCost(bytes, from, end)
    return inLocal ? localChargeCode(cost, gas) : globalChargeCode(cost, gas)
  }
  // The body becomes a block that all ways out lead through, so that the local is written back.
  if (inLocal) out.push([op.globalGet, ...gas.global, op.localSet, ...gas.local, op.block, result])
  out.push(charge(codeStart))
  let depth = 0
  let copiedTo = codeStart
  let previous = -1
  const insert = (code: readonly number[]): void => {
    out.append(bytes.subarray(copiedTo, cursor.offset))
    out.push(code)
    copiedTo = cursor.offset
  }
  while (cursor.offset < end) {
    const at = cursor.offset
    const opcode = cursor.byte()
    skipImmediates(cursor, opcode)
    const nan = nanResultType(opcode)
    if (opcode === op.block || opcode === op.loop || opcode === op.if) depth += 1
    else if (opcode === op.end) depth -= 1
    if (opcode === op.return && inLocal) {
      out.append(bytes.subarray(copiedTo, at))
      out.push([op.br, ...encodeUnsigned(depth)])
      copiedTo = cursor.offset
    } else if (opcode === op.loop) {
      insert(charge(cursor.offset))
    } else if (nan !== undefined) {
      insert(canonicalNanCode(nan, locals[nan]))
    } else if (opcode === op.globalSet && previous === op.localTee && bytes[at + 1] === options.stackPointerGlobal) {
      insert(stackLowCode(stackPointer, encodeUnsigned(indexes.stackLow), options.stackLimit))
    }
    previous = opcode
  }
  out.append(bytes.subarray(copiedTo, end))
  if (inLocal) out.push([op.localGet, ...gas.local, op.globalSet, ...gas.global, op.end])
}

/** Whether the code has loops and no calls: nobody else can see the gas while it runs. */
function isTightLoop(bytes: Uint8Array, start: number, end: number): boolean {
  const cursor = new Cursor(bytes, start)
  let hasLoop = false
  while (cursor.offset < end) {
    const opcode = cursor.byte()
    if (opcode === op.call || opcode === op.callIndirect) return false
    if (opcode === op.loop) hasLoop = true
    skipImmediates(cursor, opcode)
  }
  return hasLoop
}

/** Instructions from `start` up to the first that may leave the straight line; at least 1. */
function straightCost(bytes: Uint8Array, start: number, end: number): number {
  const cursor = new Cursor(bytes, start)
  let cost = 1
  while (cursor.offset < end) {
    const opcode = cursor.byte()
    if (endsStraightCode(opcode)) break
    skipImmediates(cursor, opcode)
    cost += 1
  }
  return cost
}

interface GasPlaces {
  readonly global: readonly number[]
  readonly local: readonly number[]
}

function globalChargeCode(cost: number, { global, local }: GasPlaces): number[] {
  return [
    ...[op.globalGet, ...global, op.i64Const, ...encodeSigned(cost), op.i64Sub, op.localTee, ...local],
    ...[op.globalSet, ...global, op.localGet, ...local, op.i64Const, 0, op.i64LtS],
    ...[op.if, valueType.empty, op.unreachable, op.end],
  ]
}

/** Writes back before the trap, because the host reads from the global that gas has run out. */
function localChargeCode(cost: number, { global, local }: GasPlaces): number[] {
  return [
    ...[op.localGet, ...local, op.i64Const, ...encodeSigned(cost), op.i64Sub, op.localTee, ...local],
    ...[op.i64Const, 0, op.i64LtS, op.if, valueType.empty],
    ...[op.localGet, ...local, op.globalSet, ...global, op.unreachable, op.end],
  ]
}

function canonicalNanCode(type: 'f32' | 'f64', local: number): number[] {
  const index = encodeUnsigned(local)
  const nan = type === 'f64' ? [op.f64Const, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f] : [op.f32Const, 0, 0, 0xc0, 0x7f]
  const equal = type === 'f64' ? op.f64Eq : op.f32Eq
  return [op.localTee, ...index, ...nan, op.localGet, ...index, op.localGet, ...index, equal, op.select]
}

function stackLowCode(stackPointer: readonly number[], stackLow: readonly number[], stackLimit: number): number[] {
  return [
    ...[op.globalGet, ...stackPointer, op.globalGet, ...stackLow, op.i32LtU, op.if, valueType.empty],
    ...[op.globalGet, ...stackPointer, op.globalSet, ...stackLow],
    ...[op.globalGet, ...stackPointer, op.i32Const, ...encodeSigned(stackLimit), op.i32LtU],
    ...[op.if, valueType.empty, op.unreachable, op.end, op.end],
  ]
}
