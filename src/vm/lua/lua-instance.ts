import { VmError } from '../errors.ts'
import { type BrokenDownTime, breakDown, formatTime, makeTime } from './calendar.ts'
import { type LuaExports, layout, namedExports } from './lua-wasm.ts'

/** Thrown by our `longjmp` and caught by our `invoke_vii`; anything else passes through both, so no `pcall` sees it. */
const longjmp = Symbol('longjmp')

/** A throw through the host costs microseconds: without this charge, a loop of errors would run for minutes. */
const longjmpGas = 5_000

const errno = { badFile: -8, noEntry: -44, notTerminal: -59, readOnly: -69 } as const
const wasiErrno = { badFile: 8, notSeekable: 70 } as const

/** The C library's clock never moves: processes take time from their messages (I8). Seconds since 1970. */
const fixedTimeSeconds = 10

/** 32-bit fields of `struct tm`, with `tm_isdst`, `tm_gmtoff` and `tm_zone`, which are 0. */
const tmFieldCount = 11

export interface LuaInstanceOptions {
  /** Most memory the guest may have; beyond it `malloc` fails in the guest. */
  readonly memoryLimitBytes: number
  /** Most bytes one answer may have; beyond it the evaluation traps. */
  readonly outputLimitBytes: number
}

/**
 * One Lua state in one WASM instance, and the host around it: two byte streams, memory limit, no world (I8).
 *
 * What the guest can observe follows from its own log: no clock, no entropy, no environment, growth in fixed steps.
 */
export class LuaInstance {
  readonly exports: LuaExports
  /** May be replaced between evaluations: an instance serves one process after another. */
  options: LuaInstanceOptions
  /** The whole linear memory. Replaced when it grows: ask again after the guest has run. */
  bytes: Uint8Array
  view: DataView
  #input: Uint8Array = new Uint8Array(0)
  #inputOffset = 0
  #output: Uint8Array[] = []
  #outputBytes = 0
  #temporary = 0

  constructor(module: WebAssembly.Module, options: LuaInstanceOptions) {
    this.options = options
    this.exports = namedExports(new WebAssembly.Instance(module, { a: this.#imports() }))
    this.bytes = new Uint8Array(this.exports.memory.buffer)
    this.view = new DataView(this.exports.memory.buffer)
  }

  /** Puts a packet on the guest's standard input and forgets the last output. */
  feed(packet: Uint8Array): void {
    this.#input = packet
    this.#inputOffset = 0
    this.#output = []
    this.#outputBytes = 0
  }

  /** What the guest has written since {@link feed}. */
  takeOutput(): Uint8Array {
    const [first] = this.#output
    const output = this.#output.length === 1 && first !== undefined ? first : Buffer.concat(this.#output)
    this.#output = []
    return output
  }

  /** A copy of the string at an index of the Lua stack, or undefined. `scratch` is 4 bytes of guest memory. */
  stringAt(state: number, index: number, scratch: number): Buffer | undefined {
    const pointer = this.exports.toLString(state, index, scratch)
    if (pointer === 0) return undefined
    const length = this.view.getUint32(scratch, true)
    return Buffer.from(this.bytes.slice(pointer, pointer + length).buffer)
  }

  /** Gives a fresh instance the memory size of the state it is to hold. @throws {VmError} `VM_HOST_FAULT`. */
  growTo(sizeBytes: number): void {
    const { memory } = this.exports
    const missing = sizeBytes - memory.buffer.byteLength
    if (missing <= 0) return
    try {
      memory.grow(Math.ceil(missing / layout.pageSizeBytes))
    } catch (cause) {
      throw new VmError({ code: 'VM_HOST_FAULT', reason: `no memory for ${sizeBytes} bytes` }, { cause })
    }
    this.bytes = new Uint8Array(memory.buffer)
    this.view = new DataView(memory.buffer)
  }

  /** Reads are in order; the guest asks for exactly what the packet says. */
  #read(iovs: number, count: number, resultPointer: number): number {
    const { bytes, view } = this
    let total = 0
    for (let i = 0; i < count; i++) {
      const pointer = view.getUint32(iovs + i * 8, true)
      const wanted = view.getUint32(iovs + i * 8 + 4, true)
      const given = Math.min(wanted, this.#input.length - this.#inputOffset)
      bytes.set(this.#input.subarray(this.#inputOffset, this.#inputOffset + given), pointer)
      this.#inputOffset += given
      total += given
      if (given < wanted) break
    }
    view.setUint32(resultPointer, total, true)
    return 0
  }

  #write(descriptor: number, iovs: number, count: number, resultPointer: number): number {
    const { bytes, view } = this
    let total = 0
    for (let i = 0; i < count; i++) {
      const pointer = view.getUint32(iovs + i * 8, true)
      const length = view.getUint32(iovs + i * 8 + 4, true)
      total += length
      if (length === 0 || descriptor !== 1) continue
      this.#outputBytes += length
      if (this.#outputBytes > this.options.outputLimitBytes) {
        throw new VmError({
          code: 'VM_TRAPPED',
          reason: `the result is larger than ${this.options.outputLimitBytes} bytes`,
        })
      }
      this.#output.push(bytes.slice(pointer, pointer + length))
    }
    view.setUint32(resultPointer, total, true)
    return 0
  }

  /**
   * Grows in the steps of a fifth, whole pages, as far as the limit allows.
   *
   * @throws {VmError} `VM_HOST_FAULT` when the limit allows it and the host cannot: the guest must not see that.
   */
  #resizeHeap(requestedBytes: number): number {
    const requested = requestedBytes >>> 0
    if (requested > this.options.memoryLimitBytes) return 0
    const current = this.bytes.length
    this.growTo(Math.min(Math.max(requested, current + Math.floor(current / 5)), this.options.memoryLimitBytes))
    return 1
  }

  /** For work the guest has done by the host, so that gas goes with time there too. */
  #charge(units: number): void {
    const { gas } = this.exports
    gas.value -= BigInt(units)
    if (gas.value < 0n) throw new WebAssembly.RuntimeError('unreachable')
  }

  /** Copies of 512 bytes and more come here. */
  #copyLarge(target: number, source: number, sizeBytes: number): number {
    this.#charge(sizeBytes >>> 1)
    this.bytes.copyWithin(target, source, source + sizeBytes)
    return 0
  }

  #invoke(index: number, first: number, second: number): number {
    const { stackSave, stackRestore, setThrew, table } = this.exports
    const stackPointer = stackSave()
    const called = table.get(index)
    if (called === null) throw new WebAssembly.RuntimeError('null function')
    try {
      called(first, second)
    } catch (error) {
      if (error !== longjmp) throw error
      stackRestore(stackPointer)
      setThrew(1, 0)
    }
    return 0
  }

  #longjmp(environment: number, value: number): never {
    this.#charge(longjmpGas)
    this.exports.setThrew(environment, value === 0 ? 1 : value)
    throw longjmp
  }

  /** @returns `pointer`, or 0 when the year does not fit. */
  #storeTime(timeSeconds: number, pointer: number): number {
    const time = breakDown(timeSeconds)
    if (time === undefined) return 0
    const fields = [time.seconds, time.minutes, time.hours, time.day, time.month, time.year, time.weekday, time.yearday]
    for (let i = 0; i < tmFieldCount; i++) this.view.setInt32(pointer + i * 4, fields[i] ?? 0, true)
    return pointer
  }

  #readTime(pointer: number): BrokenDownTime {
    const field = (i: number) => this.view.getInt32(pointer + i * 4, true)
    return {
      ...{ seconds: field(0), minutes: field(1), hours: field(2), day: field(3) },
      ...{ month: field(4), year: field(5), weekday: field(6), yearday: field(7) },
    }
  }

  /** Normalises the fields in place, as C wants. */
  #makeTime(pointer: number): number {
    const seconds = makeTime(this.#readTime(pointer))
    if (seconds !== (seconds | 0) || this.#storeTime(seconds, pointer) === 0) return -1
    return seconds
  }

  #formatTime(target: number, capacity: number, formatPointer: number, timePointer: number): number {
    const { bytes } = this
    const format = Buffer.from(bytes.subarray(formatPointer, bytes.indexOf(0, formatPointer))).toString('latin1')
    const text = Buffer.from(formatTime(format, this.#readTime(timePointer)), 'latin1')
    if (text.length + 1 > capacity) return 0
    bytes.set(text, target)
    bytes[target + text.length] = 0
    return text.length
  }

  /** By the glue's one-letter names. The file system refuses everything; the rest is constant. */
  #imports(): Record<string, (...args: number[]) => number> {
    type Import = (a: number, b: number, c: number, d: number) => number
    const imports: Record<string, Import> = {
      a: (pointer) => {
        if (pointer !== 0) this.view.setInt32(pointer, fixedTimeSeconds, true)
        return fixedTimeSeconds
      },
      b: () => wasiErrno.badFile, // fd_close
      c: (value) => {
        this.#temporary = value
        return 0
      },
      d: () => errno.badFile, // fcntl
      e: () => this.#temporary,
      f: (environment, value) => this.#longjmp(environment, value),
      g: () => errno.noEntry, // unlink
      h: () => 0, // clock
      i: (descriptor, iovs, count, result) => this.#write(descriptor, iovs, count, result),
      j: () => errno.noEntry, // open
      k: (_descriptor, iovs, count, result) => this.#read(iovs, count, result),
      l: (index, first, second) => this.#invoke(index, first, second),
      m: (requested) => this.#resizeHeap(requested),
      n: () => wasiErrno.notSeekable, // fd_seek
      o: () => errno.noEntry, // lstat
      p: (pointer) => this.#makeTime(pointer),
      q: () => errno.readOnly, // rename
      r: () => errno.noEntry, // rmdir
      s: (status) => {
        throw new VmError({ code: 'VM_TRAPPED', reason: `the process called exit(${status})` })
      },
      t: () => 0, // system: no command processor
      u: (later, earlier) => later - earlier,
      v: (target, capacity, format, time) => this.#formatTime(target, capacity, format, time),
      w: (time, target) => this.#storeTime(this.view.getInt32(time, true), target),
      x: (time, target) => this.#storeTime(this.view.getInt32(time, true), target),
      y: () => {
        throw new VmError({ code: 'VM_TRAPPED', reason: 'the engine called abort()' })
      },
      z: (_clock, pointer) => {
        this.view.setInt32(pointer, fixedTimeSeconds, true)
        this.view.setInt32(pointer + 4, 0, true)
        return 0
      },
      A: () => 0, // environ_get: nothing
      B: (countPointer, sizePointer) => {
        this.view.setUint32(countPointer, 0, true)
        this.view.setUint32(sizePointer, 0, true)
        return 0
      },
      C: () => errno.badFile, // dup2
      D: () => errno.badFile, // dup3
      E: () => errno.notTerminal, // ioctl
      F: (target, source, sizeBytes) => this.#copyLarge(target, source, sizeBytes),
    }
    return imports as Record<string, (...args: number[]) => number>
  }
}
