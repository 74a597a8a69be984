import { VmError } from '../errors.ts'
import type { Cursor } from './leb128.ts'

export const op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  select: 0x1b,
  selectTyped: 0x1c,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  i32LtU: 0x49,
  i64LtS: 0x53,
  f32Eq: 0x5b,
  f64Eq: 0x61,
  i64Sub: 0x7d,
} as const

export const valueType = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, empty: 0x40 } as const

/** Opcodes whose immediates are one LEB128 integer. */
const oneLeb = new Set([0x02, 0x03, 0x04, 0x0c, 0x0d, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x41, 0x42, 0xd2])

/** Moves the cursor, which stands behind the opcode, over the immediates. */
export function skipImmediates(cursor: Cursor, opcode: number): void {
  if (oneLeb.has(opcode)) return cursor.skipLeb()
  if (opcode >= 0x28 && opcode <= 0x3e) {
    cursor.skipLeb()
    return cursor.skipLeb()
  }
  switch (opcode) {
    case op.brTable: {
      const count = cursor.u32()
      for (let i = 0; i <= count; i++) cursor.skipLeb()
      return
    }
    case op.callIndirect:
      cursor.skipLeb()
      return cursor.skipLeb()
    case op.selectTyped:
      return cursor.skip(cursor.u32())
    case 0x3f:
    case 0x40:
    case 0xd0:
      return cursor.skip(1)
    case op.f32Const:
      return cursor.skip(4)
    case op.f64Const:
      return cursor.skip(8)
    case 0xfc:
      return skipExtended(cursor)
    case 0xfd:
    case 0xfe:
      throw new VmError({ code: 'VM_WASM_UNSUPPORTED', what: 'SIMD or atomics', offset: cursor.offset })
    default:
  }
}

/** How many LEB128 immediates each `0xfc` instruction has: saturating conversions none, then memory and table ones. */
const extendedLebs = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1]

function skipExtended(cursor: Cursor): void {
  const lebs = extendedLebs[cursor.u32()]
  if (lebs === undefined) {
    throw new VmError({ code: 'VM_WASM_UNSUPPORTED', what: 'an unknown instruction', offset: cursor.offset })
  }
  for (let i = 0; i < lebs; i++) cursor.skipLeb()
}

/** Whether control may leave the straight line at this instruction. Calls come back, so they do not count. */
export function endsStraightCode(opcode: number): boolean {
  return (
    opcode === op.unreachable || (opcode >= op.loop && opcode <= op.else) || (opcode >= op.br && opcode <= op.return)
  )
}

/**
 * Which float an arithmetic instruction may turn into a NaN whose bits the WASM specification leaves open.
 * Sign operations (`abs neg copysign`), loads and reinterpretations pass bits on and are left alone.
 */
export function nanResultType(opcode: number): 'f32' | 'f64' | undefined {
  if ((opcode >= 0x8d && opcode <= 0x97) || opcode === 0xb6) return 'f32'
  if ((opcode >= 0x9b && opcode <= 0xa5) || opcode === 0xbb) return 'f64'
  return undefined
}
