import type { ProcessId } from '../protocol/ids.ts'
import { tagValue } from '../protocol/tags.ts'
import type { Signer } from '../protocol/types.ts'
import { VmError } from '../vm/errors.ts'
import type { LuaEngine, LuaTemplate } from '../vm/lua/lua-vm.ts'
import { RejectedVm } from '../vm/rejected-vm.ts'
import type { Vm } from '../vm/types.ts'
import { ComputeError } from './errors.ts'
import { outboxOf } from './outbox.ts'
import { resultJson } from './result-json.ts'
import type { EvaluatedEntry, LoadRequest, ThreadEntry, ThreadRequest } from './thread-protocol.ts'
import { toVmMessage } from './vm-message.ts'

interface Loaded {
  readonly vm: Vm
  readonly moduleId: string
  readonly scheduler: string
}

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
  readonly #templates = new Map<string, LuaTemplate | RejectedVm>()
  readonly #processes = new Map<string, Loaded>()

  constructor(engine: LuaEngine, signer: Signer) {
    this.#engine = engine
    this.#signer = signer
  }

  handle(request: ThreadRequest): unknown {
    if (request.type === 'prepare') return this.#prepare(request.moduleId, request.source)
    const { processId } = request
    switch (request.type) {
      case 'load':
        return this.#load(request)
      case 'evaluate':
        return request.entries.map((entry) => this.#evaluate(processId, entry))
      case 'replay': {
        const { vm } = this.#loaded(processId)
        for (const entry of request.entries) vm.evaluate(toVmMessage(processId, entry).message)
        return undefined
      }
      case 'dry-run':
        return resultJson(this.#loaded(processId).vm.dryRun(request.message))
      case 'state-hash':
        return this.#loaded(processId).vm.stateHash()
      case 'unload':
        return this.#unload(processId)
    }
  }

  #load(request: LoadRequest): undefined {
    this.#unload(request.processId)
    const template = this.#template(request)
    const { environment, limits, processId, moduleId } = request
    const scheduler = tagValue(environment.process.tags, 'Scheduler') ?? this.#signer.address
    const vm = template instanceof RejectedVm ? template : orRejected(() => template.spawn(environment, limits))
    this.#processes.set(processId, { vm, moduleId, scheduler })
  }

  #template({ moduleId, source, processId }: LoadRequest): LuaTemplate | RejectedVm {
    const known = this.#templates.get(moduleId)
    if (known !== undefined) return known
    if (source === undefined) throw new ComputeError({ code: 'COMPUTE_MODULE_MISSING', processId, moduleId })
    return this.#makeTemplate(moduleId, source)
  }

  #prepare(moduleId: string, source: string): undefined {
    if (!this.#templates.has(moduleId)) this.#makeTemplate(moduleId, source)
  }

  #makeTemplate(moduleId: string, source: string): LuaTemplate | RejectedVm {
    const template = orRejected(() => this.#engine.createTemplate(source))
    this.#templates.set(moduleId, template)
    return template
  }

  #evaluate(processId: string, entry: ThreadEntry): EvaluatedEntry {
    const { vm, moduleId, scheduler } = this.#loaded(processId)
    const { item, message } = toVmMessage(processId, entry)
    const evaluation = vm.evaluate(message)
    const outbox = outboxOf(evaluation, {
      processId: processId as ProcessId,
      nonce: entry.nonce,
      item,
      environment: { moduleId, scheduler },
      signer: this.#signer,
    })
    return {
      nonce: entry.nonce,
      json: resultJson(evaluation),
      failed: !evaluation.ok,
      gasUsed: evaluation.gasUsed,
      outbox,
    }
  }

  #loaded(processId: string): Loaded {
    const loaded = this.#processes.get(processId)
    if (loaded === undefined) throw new ComputeError({ code: 'COMPUTE_PROCESS_UNKNOWN', processId })
    return loaded
  }

  #unload(processId: string): undefined {
    this.#processes.get(processId)?.vm.close()
    this.#processes.delete(processId)
  }
}
