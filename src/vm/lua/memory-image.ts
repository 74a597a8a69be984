import { createHash } from 'node:crypto'
import type { LuaInstance } from './lua-instance.ts'
import { layout } from './lua-wasm.ts'

/**
 * The state of a Lua instance: its linear memory and the globals that outlive a message.
 *
 * S1 Only two regions can be non-zero: static data, and from the lowest stack pointer seen to the program break (the
 *    stack ends where the heap starts). The metered code keeps the low mark; the break never moves down. Damaged byte code can
 *    write anywhere in its memory: what it leaves outside is cleared on restore, and a break that is none is found out.
 * S2 An image is exact: a restored instance cannot be told from the one that was captured, by the guest or by its hash.
 * S3 Memory size is part of the state, because the guest can see when it grows.
 */

/** Small, because a message writes few bytes in many places. */
export const pageSizeBytes = 2_048

/** A leaf function may use this much below the stack pointer without moving it. */
const redZoneBytes = 128

const staticRegionEnd = Math.ceil(layout.staticEnd / pageSizeBytes) * pageSizeBytes

interface Bounds {
  /** First address that may be non-zero above static data; a multiple of the page size. */
  readonly low: number
  readonly high: number
}

/** What belongs to a state besides its pages. */
export interface ImageMarks {
  readonly bounds: Bounds
  readonly stackLow: number
  readonly stackPointer: number
  readonly memorySizeBytes: number
}

export interface MemoryImage extends ImageMarks {
  readonly fixed: Buffer
  readonly body: Buffer
}

/** Where the engine keeps its program break: the one word of static data that holds the start of the heap at first. */
export function findBreakAddress(instance: LuaInstance): number {
  const { view } = instance
  const found: number[] = []
  for (let address = 1_024; address < layout.staticEnd; address += 4) {
    if (view.getUint32(address, true) === layout.heapStart) found.push(address)
  }
  const [address] = found
  if (address === undefined || found.length !== 1) {
    throw new RangeError(`Expected one program break in static data, found ${found.length}.`)
  }
  return address
}

function boundsOf(instance: LuaInstance, breakAddress: number): Bounds {
  const low = instance.exports.stackLow.value - redZoneBytes
  return {
    low: Math.floor(low / pageSizeBytes) * pageSizeBytes,
    high: instance.view.getUint32(breakAddress, true),
  }
}

/** @param reuse - an image that is no longer needed; its buffers are used again when they are large enough. */
export function captureImage(instance: LuaInstance, breakAddress: number, reuse?: MemoryImage): MemoryImage {
  const { bytes } = instance
  const bounds = boundsOf(instance, breakAddress)
  const sizeBytes = bounds.high - bounds.low
  const fixed = reuse?.fixed ?? Buffer.allocUnsafeSlow(staticRegionEnd)
  const storage =
    reuse !== undefined && reuse.body.buffer.byteLength >= sizeBytes
      ? reuse.body.buffer
      : new ArrayBuffer(Math.ceil(sizeBytes * 1.25))
  const body = Buffer.from(storage as ArrayBuffer, 0, sizeBytes)
  fixed.set(bytes.subarray(0, staticRegionEnd))
  body.set(bytes.subarray(bounds.low, bounds.high))
  return {
    ...{ fixed, body, bounds },
    stackLow: instance.exports.stackLow.value,
    stackPointer: instance.exports.stackPointer.value,
    memorySizeBytes: bytes.length,
  }
}

/**
 * Says whether the program break is still one.
 *
 * @throws {RangeError} when the guest has written over it: its memory cannot be told from what is free any more.
 */
export function checkBreak(instance: LuaInstance, breakAddress: number): void {
  const found = instance.view.getUint32(breakAddress, true)
  if (found < layout.heapStart || found > instance.bytes.length) {
    throw new RangeError(`the process has damaged its memory: its heap would end at ${found}`)
  }
}

/** Copies the image over the instance, and clears the rest. @returns false, touching nothing, when memory sizes differ (S3). */
export function restoreImage(instance: LuaInstance, image: MemoryImage): boolean {
  const { bytes, exports } = instance
  if (bytes.length !== image.memorySizeBytes) return false
  clear(bytes, staticRegionEnd, image.bounds.low)
  clear(bytes, image.bounds.high, bytes.length)
  bytes.set(image.fixed, 0)
  bytes.set(image.body, image.bounds.low)
  exports.stackLow.value = image.stackLow
  exports.stackPointer.value = image.stackPointer
  return true
}

const zeroes = Buffer.alloc(65_536)

/** Looks before it writes: memory that nobody wrote to is not there yet, and costs nothing while it is only read. */
function clear(bytes: Uint8Array, from: number, to: number): void {
  for (let start = from; start < to; start += zeroes.length) {
    const end = Math.min(start + zeroes.length, to)
    if (zeroes.compare(bytes, start, end, 0, end - start) !== 0) bytes.fill(0, start, end)
  }
}

/** The non-zero pages of an image by page number, ascending. Views of the image, but for a last partial page. */
export function pagesOf(image: MemoryImage): Map<number, Uint8Array> {
  const pages = new Map<number, Uint8Array>()
  const add = (region: Buffer, start: number): void => {
    for (let offset = 0; offset < region.length; offset += pageSizeBytes) {
      const page = region.subarray(offset, Math.min(offset + pageSizeBytes, region.length))
      if (isZero(page)) continue
      pages.set((start + offset) / pageSizeBytes, page.length === pageSizeBytes ? page : padded(page))
    }
  }
  add(image.fixed, 0)
  add(image.body, image.bounds.low)
  return pages
}

export function marksOf({ bounds, stackLow, stackPointer, memorySizeBytes }: MemoryImage): ImageMarks {
  return { bounds, stackLow, stackPointer, memorySizeBytes }
}

/** Images that share what they have in common: snapshots of the processes of one template. */
export interface SharedPages {
  readonly pages: ReadonlyMap<number, Uint8Array>
  /** Pages that are not the shared ones. */
  readonly ownPageCount: number
}

/** The pages of an image, which may then be written over: those that `shared` has too are taken from there. */
export function sharePages(image: MemoryImage, shared: ReadonlyMap<number, Uint8Array>): SharedPages {
  const pages = new Map<number, Uint8Array>()
  let ownPageCount = 0
  for (const [index, page] of pagesOf(image)) {
    const same = shared.get(index)
    const isShared = same !== undefined && Buffer.compare(same, page) === 0
    if (!isShared) ownPageCount++
    pages.set(index, isShared ? same : Uint8Array.from(page))
  }
  return { pages, ownPageCount }
}

/** The image that the pages were taken of. */
export function imageOf(snapshot: ImageMarks & Pick<SharedPages, 'pages'>): MemoryImage {
  const { pages, bounds, stackLow, stackPointer, memorySizeBytes } = snapshot
  const { low, high } = bounds
  const fixed = Buffer.alloc(staticRegionEnd)
  const body = Buffer.alloc(high - low)
  for (const [index, page] of pages) {
    const start = index * pageSizeBytes
    if (start < staticRegionEnd) fixed.set(page, start)
    else body.set(start + pageSizeBytes > high ? page.subarray(0, high - start) : page, start - low)
  }
  return { fixed, body, bounds, stackLow, stackPointer, memorySizeBytes }
}

const zeroPage = Buffer.alloc(pageSizeBytes)

function isZero(page: Buffer): boolean {
  return page.equals(page.length === pageSizeBytes ? zeroPage : zeroPage.subarray(0, page.length))
}

function padded(page: Buffer): Buffer {
  const whole = Buffer.alloc(pageSizeBytes)
  whole.set(page)
  return whole
}

/** A compact copy that later evaluations do not touch. */
export function freezeImage(image: MemoryImage): MemoryImage {
  return { ...image, fixed: Buffer.from(image.fixed), body: Buffer.from(image.body) }
}

/** Merkle root: SHA-256 over memory size, stack marks, and (page number, SHA-256 of page) of each non-zero page. Hex. */
export function hashImage(image: MemoryImage): string {
  const root = createHash('sha256')
  const number = Buffer.alloc(4)
  const add = (value: number): void => {
    number.writeUInt32LE(value)
    root.update(number)
  }
  for (const value of [image.memorySizeBytes, image.stackLow, image.stackPointer]) add(value)
  for (const [index, page] of pagesOf(image)) {
    add(index)
    root.update(createHash('sha256').update(page).digest())
  }
  return root.digest('hex')
}
