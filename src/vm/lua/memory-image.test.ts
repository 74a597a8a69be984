import { beforeEach, describe, expect, test } from 'vitest'
import { LuaInstance } from './lua-instance.ts'
import { compileLuaWasm, layout } from './lua-wasm.ts'
import { captureImage, checkBreak, findBreakAddress, hashImage, restoreImage } from './memory-image.ts'

const module = compileLuaWasm()
let instance: LuaInstance
let breakAddress: number

beforeEach(() => {
  instance = new LuaInstance(module, { memoryLimitBytes: 2 ** 28, outputLimitBytes: 2 ** 20 })
  breakAddress = findBreakAddress(instance)
  instance.exports.gas.value = 1_000_000_000n
  instance.exports.callConstructors()
  instance.exports.openLibs(instance.exports.newState())
})

/** What code that has broken out of Lua could write to, besides what is saved. */
const outside = [
  ['between static data and stack', () => layout.staticEnd + 100_000],
  ['at the very end of memory', () => instance.bytes.length - 1],
  ['right above the heap', () => instance.view.getUint32(breakAddress, true)],
] as const

describe('restoreImage', () => {
  test.each(outside)('clears what was written %s', (_where, address) => {
    const image = captureImage(instance, breakAddress)
    const at = address()
    expect(instance.bytes[at]).toBe(0)
    instance.bytes[at] = 1
    expect(restoreImage(instance, image)).toBe(true)
    expect(instance.bytes[at]).toBe(0)
  })

  test('gives the same state in an instance that held another', () => {
    const image = captureImage(instance, breakAddress)
    const other = new LuaInstance(module, instance.options)
    other.bytes.fill(7, layout.staticEnd)
    expect(restoreImage(other, image)).toBe(true)
    expect(hashImage(captureImage(other, breakAddress))).toBe(hashImage(image))
    expect(Buffer.compare(other.bytes, instance.bytes)).toBe(0)
  })
})

describe('checkBreak', () => {
  test('takes the break of a healthy instance', () => {
    expect(() => checkBreak(instance, breakAddress)).not.toThrow()
  })

  test.each([0, layout.heapStart - 1, 2 ** 31, 2 ** 32 - 1])('refuses %i', (damaged) => {
    instance.view.setUint32(breakAddress, damaged, true)
    expect(() => checkBreak(instance, breakAddress)).toThrow(RangeError)
  })
})
