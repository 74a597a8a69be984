/**
 * Stands in for the loader that suites of processes are written with (`@permaweb/ao-loader`): the same calls, with
 * Loom's engine and process library behind them.
 *
 * @example
 * ```ts
 * import AoLoader from 'ao-loom/loader'
 *
 * const handle = await AoLoader()
 * const { Memory } = await handle(null, processMessage, env)
 * const { Output, Messages } = await handle(Memory, message, env)
 * ```
 * @see docs/loader.md
 *
 * @module
 */
import process from 'node:process'
import { bundleLibrary, readLibraryFiles } from '../vm/lua/library-bundle.ts'
import {
  createLuaEngine,
  type Handled,
  type LuaTemplate,
  type Savepoint,
  type VmLimits,
  vmLimits,
} from '../vm/lua/lua-vm.ts'
import { Memory } from './memory.ts'
import type { AoHandle, AoLoaderOptions, AoResult } from './types.ts'

/** The code of the warning that a binary was given for nothing. */
const binaryWarningCode = 'LOOM_LOADER_BINARY_UNUSED'

/**
 * Makes a process of Loom's built-in library and gives the function that evaluates messages in it.
 *
 * The binary is not used: what was compiled into it besides the standard library is missing until it is evaluated.
 *
 * @param binary - Anything. Null or undefined: nothing is lost, so nobody is warned.
 */
async function AoLoader(binary?: unknown, options: AoLoaderOptions = {}): Promise<AoHandle> {
  if (binary !== null && binary !== undefined) warnOfUnusedBinary()
  const vm = libraryTemplate().spawnBare(limitsOf(options), options.development === true)
  /** What `null` stands for. */
  let latest = vm.savepoint()
  /** Where the VM is. Undefined during a call, so also after one in which the host failed. */
  let present: Savepoint | undefined = latest

  return async (memory, message, environment) => {
    const texts = [jsonOf(message), jsonOf(environment)] as const
    const start = memory === null || memory === undefined ? latest : Memory.savepointOf(memory)
    const isThere = start === present
    present = undefined
    if (!isThere) vm.goTo(start)
    const handled = vm.handle(...texts)
    latest = vm.savepoint()
    present = latest
    return resultOf(handled, new Memory(latest))
  }
}

let template: LuaTemplate | undefined

/** Loaded once: it takes as long as hundreds of messages. */
function libraryTemplate(): LuaTemplate {
  template ??= createLuaEngine().createTemplate(bundleLibrary(readLibraryFiles()))
  return template
}

function limitsOf({ computeLimit, memoryLimit }: AoLoaderOptions): VmLimits {
  return {
    gasPerMessage: Math.min(positive(computeLimit) ?? vmLimits.gasPerMessage, vmLimits.gasPerMessage),
    memoryBytes: Math.min(positive(memoryLimit) ?? vmLimits.memoryBytesDefault, vmLimits.memoryBytesMax),
  }
}

/** What is no number above 0 is as good as absent. */
function positive(value: unknown): number | undefined {
  const number = Math.floor(Number(value))
  return number > 0 ? number : undefined
}

/** Where there is no value, a text all the same: the process says what is missing. */
function jsonOf(value: unknown): string {
  return JSON.stringify(value) ?? 'null'
}

type Response = Partial<Omit<AoResult, 'Memory' | 'GasUsed'>> | undefined

/** @throws {string} when there is none. */
function resultOf(handled: Handled, memory: Memory): AoResult {
  if (!handled.ok) throw String(handled.error)
  const { ok, response } = JSON.parse(handled.json) as { ok: boolean; response: Response }
  if (!ok) throw response
  return {
    Memory: memory,
    Error: response?.Error,
    Output: response?.Output,
    Messages: response?.Messages,
    Spawns: response?.Spawns,
    Assignments: response?.Assignments,
    Patches: response?.Patches ?? [],
    GasUsed: handled.gasUsed,
  }
}

let isWarned = false

function warnOfUnusedBinary(): void {
  if (isWarned) return
  isWarned = true
  process.emitWarning(
    "ao-loom/loader does not run the binary it is given: it evaluates messages with Loom's own process library. " +
      'Evaluate code that was compiled into the binary. To silence this, give null in its place, or run Node with ' +
      `--disable-warning=${binaryWarningCode}.`,
    { code: binaryWarningCode },
  )
}

export { LoaderError, type LoaderErrorInfo } from './errors.ts'
export type { AoHandle, AoLoaderOptions, AoResult } from './types.ts'
// `require` gives the function itself, as that of the loader it stands in for does.
export { AoLoader as default, AoLoader as 'module.exports' }
