import { createReadStream } from 'node:fs'
import { ComputeThread } from '../compute/compute-thread.ts'
import { createSqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { Store } from '../store/types.ts'
import { compileLuaWasm } from '../vm/lua/lua-wasm.ts'
import { importExport } from './import.ts'

/** What this program is told. It imports an export into a directory and kills itself at a call to the store. */
export interface ImportChildOptions {
  readonly directory: string
  readonly file: string
  readonly method: 'putItems' | 'append' | 'commitResults' | 'putPages' | 'putCheckpoint'
  /** Of the calls: 1, 2, … */
  readonly nth: number
  readonly moment: 'before' | 'after'
}

const options = JSON.parse(process.argv[2] ?? '') as ImportChildOptions
const store = await createSqliteStore({ directory: options.directory })
const thread = new ComputeThread({ module: compileLuaWasm(), signerSeed: new Uint8Array(32) })
await importExport(() => createReadStream(options.file), { store: dyingStore(store, options), thread })
process.stdout.write('imported to the end\n')

function dyingStore(inner: Store, { method, nth, moment }: ImportChildOptions): Store {
  let count = 0
  const call = inner[method].bind(inner) as (request: unknown) => Promise<unknown>
  const dying = async (request: unknown): Promise<unknown> => {
    count += 1
    if (count === nth && moment === 'before') return die()
    const answer = await call(request)
    return count === nth ? die() : answer
  }
  return new Proxy(inner, {
    get(_, name) {
      if (name === method) return dying
      const value = inner[name as keyof Store]
      return typeof value === 'function' ? value.bind(inner) : value
    },
  })
}

/** Nothing is flushed, nothing is closed, and nothing runs after it. */
function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => undefined)
}
