import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import { VmError } from '../errors.ts'
import { encodeSigned } from '../metering/leb128.ts'
import { meterWasm } from '../metering/meter-wasm.ts'

/**
 * PUC Lua 5.3.6 as WebAssembly, from `lua-wasm-bindings` 0.5.3, with the facts of that very file.
 *
 * Imports and exports have one-letter names; the package's glue file holds the map. The SHA-256 is checked because a
 * different build would give different states for the same log (I2).
 */
const file = 'lua-wasm-bindings/dist/glue/glue-lua-5.3.6.wasm'
const sha256 = 'f80b99b5246b87d841a7e49059a83e21542c9533c494845c6a1f55aef8b5d900'

/** Where the file has the top of its stack and the start of its heap: 5 MiB above static data. */
const fileHeapStart = 5_265_776

/**
 * Memory as instances have it: static data, then the stack growing down, then the heap growing up.
 *
 * The heap is moved down from where the file has it, because declared memory weighs on the host's collector. Lua's own
 * limit of 200 nested C calls needs 890 KB of stack at the most (nested `string.gsub`, whose frames are the largest).
 */
export const layout = {
  /** First address behind static data; the stack must stay above it, with room for the deepest leaf function. */
  staticEnd: 22_896,
  stackBase: 1_064_960,
  heapStart: 1_064_960,
  pageSizeBytes: 65_536,
  /** Static data, stack and 1.3 MB of heap, which the process library fits into. */
  initialPages: 36,
} as const

const stackMarginBytes = 65_536

/** Version of the engine: part of what a result depends on. Change it with the file, the rewriting or the layout of templates. */
export const luaEngineVersion = 'lua-5.3.6/2'

/**
 * Reads, checks, meters and compiles the engine. About 20 ms; the module can be posted to worker threads.
 *
 * @param options - `chargeGas: false` is for benches alone.
 * @throws {VmError} `VM_ENGINE_MISMATCH` when the installed file is not the pinned one.
 */
export function compileLuaWasm(options: { readonly chargeGas?: boolean } = {}): WebAssembly.Module {
  keepCompiledCode()
  const bytes = readFileSync(createRequire(import.meta.url).resolve(file))
  const found = createHash('sha256').update(bytes).digest('hex')
  if (found !== sha256) throw new VmError({ code: 'VM_ENGINE_MISMATCH', file, sha256: found, expected: sha256 })
  const metered = meterWasm(moveHeap(bytes), {
    stackPointerGlobal: 0,
    stackBase: layout.stackBase,
    stackLimit: layout.staticEnd + stackMarginBytes,
    initialPages: layout.initialPages,
    chargeGas: options.chargeGas,
  })
  return new WebAssembly.Module(metered)
}

/**
 * V8 frees machine code that better code has replaced, and on rare occasions aborts the whole program while it does so, when
 * instances come and go on several threads (nodejs/node#64500: `jit_page_->allocations_.erase(addr) == 1`; seen here with
 * Node 24.21). Some hundred KB of kept code are the better part of that bargain. Holds for the whole program.
 */
function keepCompiledCode(): void {
  setFlagsFromString('--no-wasm-code-gc')
}

/** Puts the new address in place of the old in both places that hold it: the stack pointer and the program break. */
function moveHeap(bytes: Uint8Array): Uint8Array {
  const moved = Buffer.from(bytes)
  const word = (value: number): Buffer => {
    const buffer = Buffer.alloc(4)
    buffer.writeUInt32LE(value)
    return buffer
  }
  const places: readonly [Buffer, Buffer][] = [
    [Buffer.from([0x41, ...encodeSigned(fileHeapStart)]), Buffer.from([0x41, ...encodeSigned(layout.heapStart)])],
    [word(fileHeapStart), word(layout.heapStart)],
  ]
  for (const [before, after] of places) {
    const at = moved.indexOf(before)
    if (before.length !== after.length || at < 0 || moved.indexOf(before, at + 1) >= 0) {
      throw new VmError({ code: 'VM_WASM_UNSUPPORTED', what: 'an unexpected place for its heap', offset: at })
    }
    after.copy(moved, at)
  }
  return moved
}

/** The exports used, by the glue's names. */
export interface LuaExports {
  readonly memory: WebAssembly.Memory
  readonly callConstructors: () => void
  readonly setTop: (state: number, index: number) => void
  readonly rotate: (state: number, index: number, count: number) => void
  readonly typeOf: (state: number, index: number) => number
  readonly pushValue: (state: number, index: number) => void
  readonly toLString: (state: number, index: number, lengthPointer: number) => number
  readonly pcall: (state: number, args: number, results: number, handler: number, context: number, k: number) => number
  readonly loadString: (state: number, source: number) => number
  readonly newState: () => number
  readonly openLibs: (state: number) => void
  readonly stackSave: () => number
  readonly stackRestore: (stackPointer: number) => void
  readonly setThrew: (threw: number, value: number) => void
  readonly malloc: (sizeBytes: number) => number
  readonly table: WebAssembly.Table
  readonly gas: WebAssembly.Global<'i64'>
  readonly stackLow: WebAssembly.Global<'i32'>
  readonly stackPointer: WebAssembly.Global<'i32'>
}

const exportNames: Record<keyof LuaExports, string> = {
  memory: 'G',
  callConstructors: 'H',
  setTop: 'J',
  rotate: 'K',
  typeOf: 'N',
  pushValue: 'M',
  toLString: 'Q',
  pcall: 'Y',
  loadString: '_',
  newState: '$',
  openLibs: 'ga',
  stackSave: 'la',
  stackRestore: 'ma',
  setThrew: 'oa',
  malloc: 'pa',
  table: 'qa',
  gas: 'gas',
  stackLow: 'stackLow',
  stackPointer: 'stackPointer',
}

export function namedExports(instance: WebAssembly.Instance): LuaExports {
  const entries = Object.entries(exportNames).map(([name, short]) => [name, instance.exports[short]])
  return Object.fromEntries(entries) as LuaExports
}
