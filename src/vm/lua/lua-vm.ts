import { errorCode } from '../../protocol/loom-error.ts'
import { VmError } from '../errors.ts'
import type { StatePath } from '../state-path.ts'
import type {
  Evaluation,
  Inspection,
  InspectionBounds,
  Snapshot,
  Vm,
  VmEnvironment,
  VmLimits,
  VmMessage,
} from '../types.ts'
import { fillHoles } from './heap-holes.ts'
import { LuaInstance } from './lua-instance.ts'
import { isUnusedTable, LuaValues } from './lua-values.ts'
import { compileLuaWasm } from './lua-wasm.ts'
import {
  captureImage,
  checkBreak,
  findBreakAddress,
  freezeImage,
  hashImage,
  imageOf,
  type MemoryImage,
  pageSizeBytes,
  pagesOf,
  restoreImage,
  sharePages,
} from './memory-image.ts'
import { type Answer, readAnswer } from './packet-reader.ts'
import { PacketWriter } from './packet-writer.ts'
import { globalNames, inspectState, type ModuleNames } from './state-json.ts'

export type { VmLimits } from '../types.ts'

/**
 * Defaults and ceilings of the limits. Part of the engine's version: results depend on them.
 *
 * A gas unit is about one WASM instruction on the charged paths; 10 billion are at most some 10 seconds.
 */
export const vmLimits = {
  gasPerMessage: 10_000_000_000,
  memoryBytesDefault: 256 * 1024 * 1024,
  memoryBytesMax: 1024 * 1024 * 1024,
  outputBytes: 32 * 1024 * 1024,
} as const

const defaultLimits: VmLimits = {
  gasPerMessage: vmLimits.gasPerMessage,
  memoryBytes: vmLimits.memoryBytesDefault,
}

/** Instances kept for the next process, so that a spawn does not pay for a new memory. */
const idleInstancesMax = 8

/**
 * How far evaluation may run from the base image before a new one is taken: 8 gas per byte of state keeps the copy below
 * a fiftieth of the work, and a failed message repeats at most this much.
 */
const gasPerImageByte = 8
const replayBytesMax = 4 * 1024 * 1024

/** `lua_type` of nil. */
const luaNil = 0

/**
 * Runs the module's chunk. The channel is captured here, before any other code of the guest. First the call records that
 * messages will use are made side by side: a process that has done little then differs from its template in few pages.
 * It leaves a function that goes on as far as the next `channel.settle`, and at last returns `step`.
 */
const bootSource = `
local function call(depth) if depth > 0 then return (call(depth - 1)) end end
call(24)
local read, write, unpack, output = io.read, io.write, string.unpack, io.output()
local flush = output.flush
local function receive() return read((unpack("<I4", read(4)))) end
local function send(text) write(text) flush(output) end
local channel = { receive = receive, send = send, settle = coroutine.yield }
local thread = coroutine.create(assert(load(receive(), "module", "t")))
local resume, status, collect = coroutine.resume, coroutine.status, collectgarbage
return function()
  local ok, step = resume(thread, channel)
  assert(ok, step)
  collect()
  if status(thread) == "suspended" then return nil end
  assert(type(step) == "function", "a module must return a function")
  return step
end
`

/** The engine: makes templates of modules, and processes from templates. One per thread. */
export interface LuaEngine {
  /**
   * Loads a module's Lua source, some 10 ms for the process library.
   *
   * @throws {VmError} `VM_MODULE_REJECTED` when the source does not compile, fails, or returns no function.
   */
  createTemplate(source: string): LuaTemplate
}

export interface LuaTemplate {
  /** A process as it is before its first message. Costs a copy of the template, not a Lua boot. */
  spawn(environment: VmEnvironment, limits?: Partial<VmLimits>): Vm
  /** A process before its first message that is told who it is with each of them. */
  spawnBare(limits?: Partial<VmLimits>, development?: boolean): BareVm
  /** A process in the state of a snapshot that a process of this template gave, here or elsewhere. */
  restore(snapshot: Pick<Snapshot, 'marks' | 'pages'>, limits?: Partial<VmLimits>): Vm
  /** What snapshots of its processes share. */
  readonly pages: ReadonlyMap<number, Uint8Array>
}

/** A process under a host without a log: texts in, text out, and any earlier state at hand. Process API 1.1 and 1.2. */
export interface BareVm {
  /**
   * Calls `handle`. What it did stays, also when the text says that it failed; without a text, the state is as it was.
   *
   * @param message - JSON.
   * @param environment - JSON.
   */
  handle(message: string, environment: string): Handled
  /** Names the present state, at no cost. */
  savepoint(): Savepoint
  /** Goes to a state that this or another bare process of the template was in. */
  goTo(savepoint: Savepoint): void
  /** Gives the instance back. */
  close(): void
}

/** `json` is `{ ok, response }`. Without it the process ran out of gas, trapped, or left the channel's rules. */
export type Handled = { readonly ok: true; readonly json: string; readonly gasUsed: number } | Failure

type Failure = Extract<Evaluation, { readonly ok: false }>

/** A state of a bare process. Of use for as long as it is held, any number of times. */
export interface Savepoint {
  /** The limits under which the process came to this state. */
  readonly limits: VmLimits
}

/** @param module - from `compileLuaWasm`, perhaps posted by another thread; compiled here when absent. */
export function createLuaEngine(module: WebAssembly.Module = compileLuaWasm()): LuaEngine {
  const idle: LuaInstance[] = []
  const host: EngineHost = {
    create: (limits) => new LuaInstance(module, instanceOptions(limits)),
    take: () => idle.pop(),
    put: (instance) => {
      if (idle.length < idleInstancesMax) idle.push(instance)
    },
    writer: new PacketWriter(),
    breakAddress: findBreakAddress(new LuaInstance(module, instanceOptions(defaultLimits))),
  }
  return { createTemplate: (source) => createTemplate(host, source) }
}

interface EngineHost {
  create(limits: VmLimits): LuaInstance
  take(): LuaInstance | undefined
  put(instance: LuaInstance): void
  readonly writer: PacketWriter
  readonly breakAddress: number
}

interface TemplateState {
  readonly image: MemoryImage
  /** The pages of the image; snapshots share those that are still the same. */
  readonly pages: ReadonlyMap<number, Uint8Array>
  readonly lua: LuaPointers
  readonly names: ModuleNames
}

/** Addresses in the guest; the same in every process of a template. */
interface LuaPointers {
  readonly state: number
  readonly scratch: number
}

function instanceOptions(limits: VmLimits): LuaInstance['options'] {
  return { memoryLimitBytes: limits.memoryBytes, outputLimitBytes: vmLimits.outputBytes }
}

function createTemplate(host: EngineHost, source: string): LuaTemplate {
  const template = bootTemplate(host, source)
  const open = (image: MemoryImage, limits?: Partial<VmLimits>, development?: boolean): LuaVm =>
    new LuaVm(host, template, image, { ...defaultLimits, ...limits }, development)
  return {
    spawn(environment, limits) {
      const vm = open(template.image, limits)
      vm.start(environment)
      return vm
    },
    spawnBare: (limits, development) => open(template.image, limits, development),
    pages: template.pages,
    restore: (snapshot, limits) => open(imageOf(snapshot), limits),
  }
}

function bootTemplate(host: EngineHost, source: string): TemplateState {
  const instance = host.create(defaultLimits)
  const { exports } = instance
  exports.gas.value = BigInt(vmLimits.gasPerMessage)
  try {
    exports.callConstructors()
    const state = exports.newState()
    exports.openLibs(state)
    const scratch = exports.malloc(8)
    const boot = Buffer.from(`${bootSource}\0`)
    const bootPointer = exports.malloc(boot.length)
    instance.bytes.set(boot, bootPointer)
    const body = Buffer.from(source)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(body.length)
    instance.feed(Buffer.concat([length, body]))
    const check = (status: number): void => {
      if (status === 0) return
      const reason = instance.stringAt(state, -1, scratch)?.toString('utf8') ?? 'an error without text'
      throw new VmError({ code: 'VM_MODULE_REJECTED', reason })
    }
    check(exports.loadString(state, bootPointer))
    check(exports.pcall(state, 0, 1, 0, 0, 0))
    do {
      exports.setTop(state, 1)
      exports.pushValue(state, 1)
      check(exports.pcall(state, 0, 1, 0, 0, 0))
      fillHoles(instance, host.breakAddress)
    } while (exports.typeOf(state, -1) === luaNil)
    // Only `step` stays on the stack.
    exports.rotate(state, 1, 1)
    exports.setTop(state, 1)
    const image = freezeImage(captureImage(instance, host.breakAddress))
    return { image, pages: pagesOf(image), lua: { state, scratch }, names: moduleNames(instance, state, image) }
  } catch (cause) {
    if (exports.gas.value < 0n)
      throw new VmError({ code: 'VM_MODULE_REJECTED', reason: 'it runs out of gas' }, { cause })
    if (cause instanceof VmError && cause.code !== 'VM_TRAPPED') throw cause
    throw new VmError({ code: 'VM_MODULE_REJECTED', reason: String(cause) }, { cause })
  }
}

function moduleNames(instance: LuaInstance, state: number, { body, marks }: MemoryImage): ModuleNames {
  const memory = new DataView(body.buffer, body.byteOffset, body.byteLength)
  return {
    globals: globalNames(instance, state),
    isPrivateKey: ({ table }) => isUnusedTable(memory, table - marks.low),
  }
}

/** The state is that of the base after the first `count` packets; evaluation is deterministic (I2). */
interface ReplaySavepoint extends Savepoint {
  base: MemoryImage
  replay: readonly Buffer[]
  count: number
}

class LuaVm implements Vm, BareVm {
  readonly #host: EngineHost
  readonly #template: TemplateState
  readonly #limits: VmLimits
  /** Of a bare process; others are told with their environment. */
  readonly #development: boolean
  #instance: LuaInstance
  /** The state some messages ago; with {@link #replay} it gives the state before the current message (I4). */
  #base: MemoryImage
  /** False while the base belongs to a template or a snapshot and must not be written over. */
  #ownsBase = false
  #replay: Buffer[] = []
  #replayBytes = 0
  #replayGas = 0
  #closed = false

  constructor(host: EngineHost, template: TemplateState, image: MemoryImage, limits: VmLimits, development = false) {
    this.#host = host
    this.#template = template
    this.#limits = limits
    this.#development = development
    this.#base = image
    this.#instance = this.#instanceWith(host.take(), image)
  }

  /** Tells the process who it is. @throws {VmError} when the module does not understand its environment. */
  start(environment: VmEnvironment): void {
    const packet = this.#host.writer.environment(environment)
    const { answer, gasUsed } = this.#runStart(packet)
    // The template stays the base: a process that is spawned and left alone costs no image of its own.
    if (answer.status === 'ready') return this.#remember(packet, gasUsed)
    const reason = answer.status === 'failed' ? String(answer.error) : 'it did not answer the environment'
    throw new VmError({ code: 'VM_MODULE_REJECTED', reason })
  }

  #runStart(packet: Buffer): { answer: Answer; gasUsed: number } {
    try {
      return this.#run(packet)
    } catch (error) {
      if (errorCode(error) === 'VM_HOST_FAULT') throw error
      return { answer: { status: 'failed', error: this.#failureText(error) }, gasUsed: this.#gasUsed() }
    }
  }

  evaluate(message: VmMessage): Evaluation {
    return this.#settle(this.#host.writer.message(message), toEvaluation)
  }

  handle(message: string, environment: string): Handled {
    return this.#settle(this.#host.writer.texts(message, environment, this.#development), toHandled)
  }

  dryRun(message: VmMessage): Evaluation {
    if (this.#replay.length > 0) this.#rebase()
    try {
      return this.#attempt(this.#host.writer.message(message), toEvaluation)
    } finally {
      this.#restoreBase()
    }
  }

  fork(environment: VmEnvironment, limits: VmLimits): Vm {
    const image = this.#currentImage()
    // From now on the fork starts from the base: it must not be written over.
    this.#ownsBase = false
    // The state keeps the memory that it has, whatever the limit; it cannot get more.
    const fork = new LuaVm(this.#host, this.#template, image, limits)
    try {
      fork.start(environment)
      return fork
    } catch (error) {
      fork.close()
      throw error
    }
  }

  copy(): Vm {
    const image = this.#currentImage()
    // From now on the copy starts from the base: it must not be written over.
    this.#ownsBase = false
    return new LuaVm(this.#host, this.#template, image, this.#limits)
  }

  snapshot(): Snapshot {
    const image = this.#currentImage()
    const { pages, ownPageCount } = sharePages(image, this.#template.pages)
    const sizes = { sizeBytes: pages.size * pageSizeBytes, ownSizeBytes: ownPageCount * pageSizeBytes }
    return { marks: image.marks, ...sizes, pages }
  }

  inspect(path: StatePath, bounds: InspectionBounds): Inspection {
    const { lua, names } = this.#template
    try {
      return inspectState(new LuaValues(this.#instance, lua.state), path, bounds, names)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw new VmError({ code: 'VM_STATE_UNREADABLE', reason: 'it has damaged its memory' }, { cause: error })
    }
  }

  get memoryBytes(): number {
    return this.#instance.bytes.length
  }

  stateHash(): string {
    return hashImage(this.#currentImage())
  }

  savepoint(): ReplaySavepoint {
    // From now on others may start from the base: it must not be written over.
    this.#ownsBase = false
    return { limits: this.#limits, base: this.#base, replay: this.#replay, count: this.#replay.length }
  }

  goTo(savepoint: Savepoint): void {
    const target = savepoint as ReplaySavepoint
    if (target.count > 0 && target.limits !== this.#limits) {
      // The packets have to be replayed under the limits that they were evaluated under.
      const other = new LuaVm(this.#host, this.#template, target.base, target.limits)
      other.goTo(target)
      other.close()
    }
    this.#forgetReplay()
    this.#base = target.base
    this.#replay = target.replay.slice(0, target.count)
    this.#undo()
    // Who goes back once will do so again: from now on there is nothing to replay on the way.
    Object.assign(target, this.savepoint())
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#host.put(this.#instance)
  }

  #currentImage(): MemoryImage {
    if (this.#replay.length > 0) this.#rebase()
    return this.#base
  }

  #settle<Outcome extends Evaluation | Handled>(packet: Buffer, read: Reader<Outcome>): Outcome | Failure {
    const outcome = this.#attempt(packet, read)
    if (outcome.ok) this.#remember(packet, outcome.gasUsed)
    else this.#undo()
    return outcome
  }

  /** @throws {VmError} `VM_HOST_FAULT`, with the state as it was; the message may be tried again. */
  #attempt<Outcome>(packet: Buffer, read: Reader<Outcome>): Outcome | Failure {
    try {
      const { answer, gasUsed } = this.#run(packet)
      return read(answer, gasUsed)
    } catch (error) {
      if (errorCode(error) !== 'VM_HOST_FAULT')
        return { ok: false, error: this.#failureText(error), gasUsed: this.#gasUsed() }
      this.#undo()
      throw error
    }
  }

  #run(packet: Buffer): { answer: Answer; gasUsed: number } {
    const { exports } = this.#instance
    const { state, scratch } = this.#template.lua
    exports.gas.value = BigInt(this.#limits.gasPerMessage)
    this.#instance.feed(packet)
    exports.pushValue(state, 1)
    const status = exports.pcall(state, 0, 0, 0, 0, 0)
    checkBreak(this.#instance, this.#host.breakAddress)
    if (status !== 0) {
      const text = this.#instance.stringAt(state, -1, scratch)?.toString('utf8') ?? '(error without text)'
      return { answer: { status: 'failed', error: text }, gasUsed: this.#gasUsed() }
    }
    return { answer: readAnswer(this.#instance.takeOutput()), gasUsed: this.#gasUsed() }
  }

  #gasUsed(): number {
    const left = Number(this.#instance.exports.gas.value)
    return this.#limits.gasPerMessage - Math.max(left, 0)
  }

  #failureText(error: unknown): string {
    if (this.#instance.exports.gas.value < 0n) {
      return new VmError({ code: 'VM_OUT_OF_GAS', gasLimit: this.#limits.gasPerMessage }).message
    }
    if (error instanceof VmError) return error.message
    if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
      return new VmError({ code: 'VM_TRAPPED', reason: error.message }).message
    }
    // What the engine unwinds its stack with: damaged byte code can make it look for a frame that is not there.
    if (typeof error === 'symbol') {
      return new VmError({ code: 'VM_TRAPPED', reason: 'the process has damaged its stack' }).message
    }
    throw error
  }

  #remember(packet: Buffer, gasUsed: number): void {
    this.#replay.push(Buffer.from(packet))
    this.#replayBytes += packet.length
    this.#replayGas += gasUsed
    const far = this.#replayGas > gasPerImageByte * this.#base.body.length
    if (far || this.#replayBytes > replayBytesMax) this.#rebase()
  }

  #rebase(): void {
    this.#base = captureImage(this.#instance, this.#host.breakAddress, this.#ownsBase ? this.#base : undefined)
    this.#ownsBase = true
    this.#forgetReplay()
  }

  #forgetReplay(): void {
    this.#replay = []
    this.#replayBytes = 0
    this.#replayGas = 0
  }

  /** Back to the state before the last message. A process that fails often gets a base close by. */
  #undo(): void {
    this.#restoreBase()
    if (this.#replay.length === 0) return
    for (const packet of this.#replay) this.#run(packet)
    this.#rebase()
  }

  #restoreBase(): void {
    this.#instance = this.#instanceWith(this.#instance, this.#base)
  }

  #instanceWith(candidate: LuaInstance | undefined, image: MemoryImage): LuaInstance {
    const options = instanceOptions(this.#limits)
    if (candidate !== undefined) {
      candidate.options = options
      if (restoreImage(candidate, image)) return candidate
    }
    const instance = this.#host.create(this.#limits)
    instance.growTo(image.marks.memorySizeBytes)
    if (!restoreImage(instance, image)) {
      throw new VmError({
        code: 'VM_HOST_FAULT',
        reason: `cannot make a memory of ${image.marks.memorySizeBytes} bytes`,
      })
    }
    return instance
  }
}

type Reader<Outcome> = (answer: Answer, gasUsed: number) => Outcome

function toEvaluation(answer: Answer, gasUsed: number): Evaluation {
  switch (answer.status) {
    case 'ok': {
      const { data, prompt, print, test, hints, messages, spawns, assignments } = answer
      return { ok: true, output: { data, prompt, print, test, hints }, messages, spawns, assignments, gasUsed }
    }
    case 'failed':
      return { ok: false, error: answer.error, gasUsed }
    default:
      return wrongStatus(answer)
  }
}

function toHandled(answer: Answer, gasUsed: number): Handled {
  switch (answer.status) {
    case 'text':
      return { ok: true, json: answer.json, gasUsed }
    case 'failed':
      return { ok: false, error: answer.error, gasUsed }
    default:
      return wrongStatus(answer)
  }
}

function wrongStatus({ status }: Answer): never {
  throw new VmError({ code: 'VM_RESULT_MALFORMED', what: `the status '${status}' for this packet`, offset: 0 })
}
