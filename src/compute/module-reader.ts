import { parseAnyItem } from '../protocol/any-item.ts'
import { type Address, isItemId, type ProcessId } from '../protocol/ids.ts'
import type { Tag } from '../protocol/types.ts'
import type { Store } from '../store/types.ts'
import { ComputeError } from './errors.ts'

/** Modules kept parsed; each is as large as its source. */
const modulesMax = 32

export interface Module {
  readonly ownerAddress: Address
  readonly tags: readonly Tag[]
  readonly source: string
}

/** Reads Module items. They never change, so the last ones are kept: most processes share one. */
export class ModuleReader {
  readonly #store: Pick<Store, 'getItem'>
  readonly #known = new Map<string, Module>()

  constructor(store: Pick<Store, 'getItem'>) {
    this.#store = store
  }

  /** @throws {ComputeError} `COMPUTE_MODULE_MISSING` when the store has no such item. */
  async read(processId: ProcessId, moduleId: string): Promise<Module> {
    const known = this.#known.get(moduleId)
    if (known !== undefined) return known
    const stored = isItemId(moduleId) ? await this.#store.getItem(moduleId) : undefined
    if (stored === undefined) throw new ComputeError({ code: 'COMPUTE_MODULE_MISSING', processId, moduleId })
    const { ownerAddress, tags, data } = parseAnyItem(stored.bytes)
    const module = { ownerAddress, tags, source: Buffer.from(data).toString('utf8') }
    if (this.#known.size >= modulesMax) this.#known.clear()
    this.#known.set(moduleId, module)
    return module
  }
}
