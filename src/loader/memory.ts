import type { Savepoint } from '../vm/lua/lua-vm.ts'
import { LoaderError } from './errors.ts'

/** The `Memory` of a result. Users pass it on and cannot look inside. */
export class Memory {
  readonly #savepoint: Savepoint

  constructor(savepoint: Savepoint) {
    this.#savepoint = savepoint
  }

  /** @throws {LoaderError} `LOADER_MEMORY_UNKNOWN` unless the value is a memory. */
  static savepointOf(value: unknown): Savepoint {
    if (typeof value === 'object' && value !== null && #savepoint in value) return value.#savepoint
    throw new LoaderError({ code: 'LOADER_MEMORY_UNKNOWN', given: Object.prototype.toString.call(value).slice(8, -1) })
  }
}
