import { createHash, hash } from 'node:crypto'
import type { Snapshot, SnapshotMarks } from '../types.ts'
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

export interface MemoryImage {
  readonly marks: SnapshotMarks
  readonly fixed: Buffer
  /** From `marks.low` to `marks.high`. */
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

function marksOf({ exports, view, bytes }: LuaInstance, breakAddress: number): SnapshotMarks {
  const stackLow = exports.stackLow.value
  return {
    low: Math.floor((stackLow - redZoneBytes) / pageSizeBytes) * pageSizeBytes,
    high: view.getUint32(breakAddress, true),
    stackLow,
    stackPointer: exports.stackPointer.value,
    memorySizeBytes: bytes.length,
  }
}

/** @param reuse - an image that is no longer needed; its buffers are used again when they are large enough. */
export function captureImage(instance: LuaInstance, breakAddress: number, reuse?: MemoryImage): MemoryImage {
  const { bytes } = instance
  const marks = marksOf(instance, breakAddress)
  const sizeBytes = marks.high - marks.low
  const fixed = reuse?.fixed ?? Buffer.allocUnsafeSlow(staticRegionEnd)
  const storage =
    reuse !== undefined && reuse.body.buffer.byteLength >= sizeBytes
      ? reuse.body.buffer
      : new ArrayBuffer(Math.ceil(sizeBytes * 1.25))
  const body = Buffer.from(storage as ArrayBuffer, 0, sizeBytes)
  fixed.set(bytes.subarray(0, staticRegionEnd))
  body.set(bytes.subarray(marks.low, marks.high))
  return { marks, fixed, body }
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
  const { low, high, stackLow, stackPointer, memorySizeBytes } = image.marks
  if (bytes.length !== memorySizeBytes) return false
  clear(bytes, staticRegionEnd, low)
  clear(bytes, high, bytes.length)
  bytes.set(image.fixed, 0)
  bytes.set(image.body, low)
  exports.stackLow.value = stackLow
  exports.stackPointer.value = stackPointer
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
  add(image.body, image.marks.low)
  return pages
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

/** The image that the pages were taken of. @throws {RangeError} when pages and marks do not go together. */
export function imageOf({ marks, pages }: Pick<Snapshot, 'marks' | 'pages'>): MemoryImage {
  const { low, high } = marks
  const fixed = Buffer.alloc(staticRegionEnd)
  const body = Buffer.alloc(high - low)
  for (const [index, page] of pages) {
    const start = index * pageSizeBytes
    if (start < staticRegionEnd) fixed.set(page, start)
    else if (start < low) throw new RangeError(`Page ${index} lies below the stack of this state.`)
    else body.set(start + pageSizeBytes > high ? page.subarray(0, high - start) : page, start - low)
  }
  return { marks, fixed, body }
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

/** SHA-256 of pages that are shared: known once for all processes. */
const knownHashes = new WeakMap<Uint8Array, Buffer>()

function hashOf(page: Uint8Array, isShared: boolean): Buffer {
  const known = knownHashes.get(page)
  if (known !== undefined) return known
  const digest = hash('sha256', page, 'buffer')
  if (isShared) knownHashes.set(page, digest)
  return digest
}

/** SHA-256 of each page by its number, ascending. @param shared - Pages of the template: theirs are kept. */
export function hashPages(
  pages: ReadonlyMap<number, Uint8Array>,
  shared: ReadonlyMap<number, Uint8Array> = new Map(),
): Map<number, Buffer> {
  const hashes = new Map<number, Buffer>()
  for (const [index, page] of pages) hashes.set(index, hashOf(page, shared.get(index) === page))
  return hashes
}

/** Merkle root: SHA-256 over memory size, stack marks, and (page number, SHA-256 of page) of each non-zero page. Hex. */
export function hashState(marks: SnapshotMarks, hashes: ReadonlyMap<number, Uint8Array>): string {
  const root = createHash('sha256')
  const number = Buffer.alloc(4)
  const add = (value: number): void => {
    number.writeUInt32LE(value)
    root.update(number)
  }
  for (const value of [marks.memorySizeBytes, marks.stackLow, marks.stackPointer]) add(value)
  for (const [index, digest] of hashes) {
    add(index)
    root.update(digest)
  }
  return root.digest('hex')
}

export function hashImage(image: MemoryImage): string {
  return hashState(image.marks, hashPages(pagesOf(image)))
}
