import type { ProcessId } from '../protocol/ids.ts'
import type { Signer } from '../protocol/types.ts'
import type { LuaEngine, LuaTemplate } from '../vm/lua/lua-vm.ts'
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

/** What an evaluation thread does: holds the processes loaded in it and evaluates their entries in order. */
export class Evaluator {
  readonly #engine: LuaEngine
  readonly #signer: Signer
  readonly #templates = new Map<string, LuaTemplate>()
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
    const scheduler = environment.process.tags.find(({ name }) => name === 'Scheduler')?.value ?? this.#signer.address
    this.#processes.set(processId, { vm: template.spawn(environment, limits), moduleId, scheduler })
  }

  #template({ moduleId, source, processId }: LoadRequest): LuaTemplate {
    const known = this.#templates.get(moduleId)
    if (known !== undefined) return known
    if (source === undefined) throw new ComputeError({ code: 'COMPUTE_MODULE_MISSING', processId, moduleId })
    return this.#makeTemplate(moduleId, source)
  }

  #prepare(moduleId: string, source: string): undefined {
    if (!this.#templates.has(moduleId)) this.#makeTemplate(moduleId, source)
  }

  #makeTemplate(moduleId: string, source: string): LuaTemplate {
    const template = this.#engine.createTemplate(source)
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
