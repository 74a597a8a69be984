import { tagValue } from '../protocol/tags.ts'
import type { Tag } from '../protocol/types.ts'
import { type VmLimits, vmLimits } from '../vm/lua/lua-vm.ts'

/** `Module-Format` of a module whose data is Lua source that speaks docs/guest-channel.md. */
export const luaModuleFormat = 'loom-lua-5.3'

const unitBytes: Record<string, number> = { b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 }

/**
 * Limits of a process: its own tags over its module's, never above the engine's (wire protocol 4.4, 8.5). They follow
 * from the log, so they are the same on every machine (I2). A tag that is not understood is as good as absent.
 */
export function limitsOf(processTags: readonly Tag[], moduleTags: readonly Tag[]): VmLimits {
  const tags = [...processTags, ...moduleTags]
  const memory = /^(\d{1,12})-(b|kb|mb|gb)$/.exec(tagValue(tags, 'Memory-Limit') ?? '')
  const memoryBytes = memory === null ? undefined : Number(memory[1]) * (unitBytes[memory[2] ?? ''] ?? 0)
  const compute = /^\d{1,18}$/.exec(tagValue(tags, 'Compute-Limit') ?? '')
  return {
    memoryBytes: Math.min(memoryBytes ?? vmLimits.memoryBytesDefault, vmLimits.memoryBytesMax),
    gasPerMessage: Math.min(compute === null ? vmLimits.gasPerMessage : Number(compute[0]), vmLimits.gasPerMessage),
  }
}
