import { describe, expect, test } from 'vitest'
import { meterWasm } from './meter-wasm.ts'

const i32 = 0x7f
const [get, set, tee, constant, add, greaterOrEqual] = [0x20, 0x21, 0x22, 0x41, 0x6a, 0x4f]

function sectionOf(id: number, body: readonly number[]): number[] {
  return [id, body.length, ...body]
}

/** A module with one function `f: (i32) → i32`, one i32 global (the stack pointer, 1000) and a memory of one page. */
function moduleWith(locals: readonly number[], code: readonly number[]): Uint8Array {
  const body = [...locals, ...code]
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...sectionOf(1, [1, 0x60, 1, i32, 1, i32]),
    ...sectionOf(3, [1, 0]),
    ...sectionOf(5, [1, 1, 1, 10]),
    ...sectionOf(6, [1, i32, 1, constant, 0xe8, 7, 0x0b]),
    ...sectionOf(7, [1, 1, 0x66, 0, 0]),
    ...sectionOf(10, [1, body.length, ...body]),
  ])
}

const options = { stackPointerGlobal: 0, stackBase: 1_000, stackLimit: 100, initialPages: 2 }

function instantiate(bytes: Uint8Array) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(meterWasm(bytes, options)))
  const f = exports.f as (n: number) => number
  const gas = exports.gas as WebAssembly.Global<'i64'>
  const run = (n: number, limit: bigint): { result: number; used: number } => {
    gas.value = limit
    const result = f(n)
    return { result, used: Number(limit - gas.value) }
  }
  return { exports, gas, run }
}

/** Counts a local up to the parameter and returns it from inside the loop. */
const count = [
  0x03,
  0x40,
  get,
  1,
  constant,
  1,
  add,
  tee,
  1,
  get,
  0,
  greaterOrEqual,
  0x04,
  0x40,
  get,
  1,
  0x0f,
  0x0b,
  0x0c,
  0,
  0x0b,
]
const localsOne = [1, 1, i32]
/** Calls nothing: its gas is kept in a local. */
const tight = moduleWith(localsOne, [...count, 0x00, 0x0b])
/** The same with a call of itself that is never reached: its gas stays in the global. */
const calling = moduleWith(localsOne, [...count, get, 0, 0x10, 0, 0x0b])

describe('meterWasm', () => {
  test.each([
    { name: 'kept in a local', bytes: tight },
    { name: 'kept in the global', bytes: calling },
  ])('gas $name: same result, same charge for each turn, trap at the limit', ({ bytes }) => {
    const { gas, run } = instantiate(bytes)
    expect(run(7, 1_000n).result).toBe(7)
    const used = [1, 2, 3, 50].map((n) => run(n, 10_000n).used)
    const [one = 0, two = 0, three = 0, fifty = 0] = used
    const turn = two - one
    expect(turn).toBeGreaterThan(5)
    expect(three - two).toBe(turn)
    expect(fifty - one).toBe(49 * turn)
    expect(run(50, BigInt(fifty)).result).toBe(50)
    expect(() => run(50, BigInt(fifty - 1))).toThrow(WebAssembly.RuntimeError)
    expect(gas.value).toBeLessThan(0n)
  })

  test('charges both ways alike', () => {
    expect(instantiate(tight).run(20, 10_000n)).toEqual(instantiate(calling).run(20, 10_000n))
  })

  test('keeps the lowest stack pointer, and traps below the limit', () => {
    // local = stackPointer - parameter; stackPointer = local; then put it back and return the local.
    const frame = [0x23, 0, get, 0, 0x6b, tee, 1, 0x24, 0, get, 1, get, 0, add, 0x24, 0, get, 1, 0x0b]
    const { exports, run } = instantiate(moduleWith(localsOne, frame))
    const low = exports.stackLow as WebAssembly.Global<'i32'>
    expect(low.value).toBe(1_000)
    run(300, 1_000n)
    run(200, 1_000n)
    expect(low.value).toBe(700)
    expect(() => run(901, 1_000n)).toThrow(WebAssembly.RuntimeError)
  })

  test('declares the memory it was told to', () => {
    const sizeCode = moduleWith(localsOne, [0x3f, 0, set, 1, get, 1, 0x0b])
    expect(instantiate(sizeCode).run(0, 100n).result).toBe(options.initialPages)
  })

  test('refuses what it cannot meter', () => {
    const simd = moduleWith([0], [0xfd, 0x0c, 0x0b])
    expect(() => meterWasm(simd, options)).toThrow(expect.objectContaining({ code: 'VM_WASM_UNSUPPORTED' }))
  })
})
