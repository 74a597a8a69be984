import { hash } from 'node:crypto'
import { Evaluator } from '../../src/compute/evaluator.ts'
import { ModuleReader } from '../../src/compute/module-reader.ts'
import { createBuiltinModule } from '../../src/network/builtin-module.ts'
import { createEd25519Signer } from '../../src/protocol/signers.ts'
import type { DataItem, Signer } from '../../src/protocol/types.ts'
import type { Store } from '../../src/store/types.ts'
import { createLuaEngine, type LuaEngine, type LuaTemplate } from '../../src/vm/lua/lua-vm.ts'
import type { EvaluatorPool } from './thread.ts'

/** Ed25519 seed of every simulated node: with it the module of the process library is always the same item. */
export const nodeSeed: Uint8Array = Buffer.from('the key of the simulated node   ')

/** Signatures remembered; about 200 bytes each. */
const signaturesMax = 20_000

/**
 * What histories share, because it is costly to make and follows from its inputs alone: the engine with its templates,
 * evaluators without processes, and signatures, which are deterministic.
 */
export class SimulationHost implements EvaluatorPool {
  readonly signer: Signer = rememberSignatures(createEd25519Signer(nodeSeed))
  readonly modules: ModuleReader
  readonly builtin: DataItem = createBuiltinModule(this.signer)
  readonly #engine: LuaEngine = rememberTemplates(createLuaEngine())
  readonly #idle: Evaluator[] = []
  #store: Pick<Store, 'getItem'> | undefined

  constructor() {
    this.modules = new ModuleReader({ getItem: async (id) => this.#store?.getItem(id) })
  }

  take(): Evaluator {
    return this.#idle.pop() ?? new Evaluator(this.#engine, this.signer)
  }

  put(evaluator: Evaluator): void {
    this.#idle.push(evaluator)
  }

  /** Where modules are read from. */
  readFrom(store: Pick<Store, 'getItem'>): void {
    this.#store = store
  }
}

function rememberTemplates(engine: LuaEngine): LuaEngine {
  const templates = new Map<string, LuaTemplate>()
  return {
    createTemplate(source) {
      const known = templates.get(source) ?? engine.createTemplate(source)
      templates.set(source, known)
      return known
    },
  }
}

/** An entry is signed again when it is evaluated again. */
function rememberSignatures(signer: Signer): Signer {
  const signatures = new Map<string, Uint8Array>()
  return {
    ...signer,
    sign(payload) {
      const name = hash('sha256', payload, 'base64')
      const known = signatures.get(name) ?? signer.sign(payload)
      if (signatures.size >= signaturesMax) signatures.clear()
      signatures.set(name, known)
      return known
    },
  }
}
