import type { ProcessId } from '../protocol/ids.ts'
import { tagValue } from '../protocol/tags.ts'
import type { Signer } from '../protocol/types.ts'
import type { Page } from '../store/types.ts'
import { VmError } from '../vm/errors.ts'
import type { LuaEngine, LuaTemplate, VmLimits } from '../vm/lua/lua-vm.ts'
import { hashPages, hashState, pageSizeBytes } from '../vm/lua/memory-image.ts'
import { RejectedVm } from '../vm/rejected-vm.ts'
import type { Inspection, Vm } from '../vm/types.ts'
import { ComputeError } from './errors.ts'
import { outboxOf } from './outbox.ts'
import { resultJson } from './result-json.ts'
import type {
  EvaluatedEntry,
  ForkRequest,
  InspectRequest,
  LoadRequest,
  SnapshotToLoad,
  StateKey,
  TakenSnapshot,
  ThreadEntry,
  ThreadRequest,
  Traced,
  TraceRequest,
  ValueChange,
} from './thread-protocol.ts'
import { toVmMessage } from './vm-message.ts'

interface Loaded {
  readonly vm: Vm
  readonly moduleId: string
  readonly scheduler: string
  /** Pages of the last snapshot: they are in the store, or on their way there. */
  lastHashes: ReadonlySet<string>
}

/** A module as processes are made of it. */
interface Template extends LuaTemplate {
  /** Its pages by their hash. */
  readonly pagesByHash: ReadonlyMap<string, Uint8Array>
}

/** How much one request may do before others have their turn: the message that passes it is the last. */
interface Turn {
  readonly gasMax: number
  readonly bytesMax: number
}

/** Some 100 ms, and far below what the store takes in one call: a single result may have some 200 MiB. */
const turn: Turn = { gasMax: 500_000_000, bytesMax: 16 * 1_024 * 1_024 }
const endlessTurn: Turn = { gasMax: Number.POSITIVE_INFINITY, bytesMax: Number.POSITIVE_INFINITY }

/** A module that cannot be loaded is the process's fault, and its messages' result; a host that fails is ours. */
function orRejected<T>(load: () => T): T | RejectedVm {
  try {
    return load()
  } catch (error) {
    if (error instanceof VmError && error.code === 'VM_MODULE_REJECTED') return new RejectedVm(error.message)
    throw error
  }
}

/** What an evaluation thread does: holds the processes loaded in it and evaluates their entries in order. */
export class Evaluator {
  readonly #engine: LuaEngine
  readonly #signer: Signer
  /** By module id; the reason where the module was rejected, so that it is not tried for each process. */
  readonly #templates = new Map<string, Template | RejectedVm>()
  readonly #processes = new Map<string, Loaded>()

  constructor(engine: LuaEngine, signer: Signer) {
    this.#engine = engine
    this.#signer = signer
  }

  handle(request: ThreadRequest): unknown {
    switch (request.type) {
      case 'prepare':
        return this.#prepare(request.moduleId, request.source)
      case 'missing-pages':
        return this.#missingPages(request.moduleId, request.hashes)
      case 'load':
        return this.#load(request)
      case 'fork':
        return this.#fork(request)
      case 'evaluate':
        return this.#evaluateAll(request, request.entries, request.yields ? turn : endlessTurn)
      case 'replay':
        return this.#replay(request, request.entries)
      case 'dry-run':
        return resultJson(this.#loaded(request).vm.dryRun(request.message))
      case 'snapshot':
        return this.#snapshot(this.#loaded(request), request.full)
      case 'inspect':
        return this.#inspect(request)
      case 'trace':
        return this.#trace(request)
      case 'copy':
        return this.#copy(request, request.origin)
      case 'memory':
        return this.#loaded(request).vm.memoryBytes
      case 'memory-image':
        return memoryImage(this.#loaded(request).vm)
      case 'state-hash':
        return this.#loaded(request).vm.stateHash()
      case 'unload':
        return this.#unload(request)
    }
  }

  #load(request: LoadRequest): undefined {
    const template = this.#template(request)
    const { environment, limits, snapshot } = request
    const vm =
      template instanceof RejectedVm
        ? template
        : orRejected(() =>
            snapshot === undefined ? template.spawn(environment, limits) : restore(template, snapshot, limits),
          )
    this.#keep(request, vm, snapshot)
  }

  #fork(request: ForkRequest): undefined {
    const { vm } = this.#loaded(request.origin)
    this.#keep(
      request,
      orRejected(() => vm.fork(request.environment, request.limits)),
    )
  }

  #keep(request: LoadRequest | ForkRequest, vm: Vm, snapshot?: SnapshotToLoad): void {
    this.#unload(request)
    const { moduleId, environment } = request
    const scheduler = tagValue(environment.process.tags, 'Scheduler') ?? this.#signer.address
    this.#processes.set(nameOf(request), { vm, moduleId, scheduler, lastHashes: new Set(snapshot?.hashes.values()) })
  }

  #template({ moduleId, source, processId }: LoadRequest): Template | RejectedVm {
    const known = this.#templates.get(moduleId)
    if (known !== undefined) return known
    // Another thread had it, in the place of which this one is.
    if (source === undefined) throw new ComputeError({ code: 'COMPUTE_STATE_LOST', processId })
    return this.#makeTemplate(moduleId, source)
  }

  #prepare(moduleId: string, source: string): undefined {
    if (!this.#templates.has(moduleId)) this.#makeTemplate(moduleId, source)
  }

  #makeTemplate(moduleId: string, source: string): Template | RejectedVm {
    const template = orRejected((): Template => {
      const made = this.#engine.createTemplate(source)
      const hashes = hashPages(made.pages, made.pages)
      const pagesByHash = new Map([...made.pages].map(([index, page]) => [toHex(hashes.get(index)), page]))
      return { ...made, pagesByHash }
    })
    this.#templates.set(moduleId, template)
    return template
  }

  #missingPages(moduleId: string, hashes: readonly string[]): readonly string[] {
    const template = this.#templates.get(moduleId)
    if (template === undefined || template instanceof RejectedVm) return hashes
    return hashes.filter((hash) => !template.pagesByHash.has(hash))
  }

  #evaluateAll(key: StateKey, entries: readonly ThreadEntry[], { gasMax, bytesMax }: Turn): EvaluatedEntry[] {
    const evaluated: EvaluatedEntry[] = []
    let [gas, bytes] = [0, 0]
    for (const entry of entries) {
      const done = this.#evaluate(key, entry)
      evaluated.push(done)
      gas += done.gasUsed
      bytes += sizeBytesOf(done)
      if (gas >= gasMax || bytes >= bytesMax) break
    }
    return evaluated
  }

  #evaluate(key: StateKey, entry: ThreadEntry): EvaluatedEntry {
    const { vm, moduleId, scheduler } = this.#loaded(key)
    const { item, message } = toVmMessage(key.processId, entry)
    const evaluation = vm.evaluate(message)
    const outbox = outboxOf(evaluation, {
      processId: key.processId as ProcessId,
      nonce: entry.nonce,
      item,
      tick: entry.tick,
      environment: { moduleId, scheduler },
      signer: this.#signer,
    })
    return {
      nonce: entry.nonce,
      json: resultJson(evaluation),
      failed: !evaluation.ok,
      gasUsed: evaluation.gasUsed,
      outbox,
      memoryBytes: vm.memoryBytes,
    }
  }

  #replay(key: StateKey, entries: readonly ThreadEntry[]): number {
    const { vm } = this.#loaded(key)
    let gasUsed = 0
    for (const entry of entries) gasUsed += vm.evaluate(toVmMessage(key.processId, entry).message).gasUsed
    return gasUsed
  }

  #copy(key: StateKey, origin: StateKey): number {
    const loaded = this.#loaded(origin)
    this.#unload(key)
    const vm = loaded.vm.copy()
    this.#processes.set(nameOf(key), { ...loaded, vm })
    return vm.memoryBytes
  }

  #inspect(request: InspectRequest | TraceRequest): Inspection {
    return this.#loaded(request).vm.inspect(request.path, request.bounds)
  }

  #trace(request: TraceRequest): Traced {
    const { path, entries } = request
    const look = (): string => {
      const { json, isComplete } = this.#inspect(request)
      if (isComplete) return json
      throw new VmError({
        code: 'VM_STATE_TOO_LARGE',
        path: path.text,
        limit: `${request.bounds.lengthMax} characters of JSON`,
      })
    }
    let change: ValueChange | undefined
    let gasUsed = 0
    let lengthRead = 0
    let before = look()
    for (const entry of entries) {
      gasUsed += this.#replay(request, [entry])
      const after = look()
      if (after !== before) change = { nonce: entry.nonce, before, after }
      before = after
      lengthRead += after.length
    }
    return { change, gasUsed, lengthRead }
  }

  #snapshot(loaded: Loaded, full: boolean): TakenSnapshot {
    const template = this.#templates.get(loaded.moduleId)
    const shared = template === undefined || template instanceof RejectedVm ? undefined : template
    const { marks, pages, sizeBytes } = loaded.vm.snapshot()
    const digests = hashPages(pages, shared?.pages)
    const hashes = new Map<number, string>()
    const newPages: Page[] = []
    for (const [index, bytes] of pages) {
      const hash = toHex(digests.get(index))
      hashes.set(index, hash)
      const isStored = !full && loaded.lastHashes.has(hash)
      if (!isStored && !shared?.pagesByHash.has(hash)) newPages.push({ hash, bytes })
    }
    loaded.lastHashes = new Set(hashes.values())
    return { marks, stateHash: hashState(marks, digests), hashes, newPages, sizeBytes }
  }

  #loaded(key: StateKey): Loaded {
    const loaded = this.#processes.get(nameOf(key))
    if (loaded === undefined) throw new ComputeError({ code: 'COMPUTE_STATE_LOST', processId: key.processId })
    return loaded
  }

  #unload(key: StateKey): undefined {
    this.#processes.get(nameOf(key))?.vm.close()
    this.#processes.delete(nameOf(key))
  }
}

function nameOf({ processId, view }: StateKey): string {
  return view === undefined ? processId : `${processId} ${view}`
}

function restore(template: Template, { marks, hashes, pages }: SnapshotToLoad, limits: VmLimits): Vm {
  const found = new Map<number, Uint8Array>()
  for (const [index, hash] of hashes) {
    const page = template.pagesByHash.get(hash) ?? pages.get(hash)
    if (page === undefined) throw new RangeError(`Page ${index} of the snapshot was not given.`)
    found.set(index, page)
  }
  return template.restore({ marks, pages: found }, limits)
}

function memoryImage(vm: Vm): SharedArrayBuffer {
  const { pages, marks } = vm.snapshot()
  const image = new Uint8Array(new SharedArrayBuffer(marks.memorySizeBytes))
  for (const [index, page] of pages) image.set(page, index * pageSizeBytes)
  return image.buffer
}

function toHex(digest: Buffer | undefined): string {
  return digest?.toString('hex') ?? ''
}

/** About what it takes on its way to the store. */
function sizeBytesOf({ json, outbox }: EvaluatedEntry): number {
  return outbox.reduce((sum, { item, detail }) => sum + item.length + detail.length + 1_024, json.length)
}
