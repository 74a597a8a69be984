import { parseAssignment } from '../protocol/assignment.ts'
import { parseDataItem } from '../protocol/data-item.ts'
import { tagValue } from '../protocol/tags.ts'
import { genesisTags } from '../scheduler/scheduler.ts'
import type { LogEntry } from '../store/types.ts'
import type { VmEnvironment } from '../vm/types.ts'
import { limitsOf } from './module-format.ts'
import type { ModuleReader } from './module-reader.ts'
import type { LoadRequest } from './thread-protocol.ts'

/**
 * What a process is loaded with, from the store alone: its item, the assignment of nonce 0 with what the scheduler
 * recorded there, and its module's item (I2).
 *
 * @throws {ComputeError} `COMPUTE_MODULE_MISSING`.
 */
export async function loadRequestFor(
  genesis: LogEntry,
  modules: ModuleReader,
): Promise<LoadRequest & { source: string }> {
  const { processId } = genesis
  const process = parseDataItem(genesis.item)
  const recorded = parseAssignment(genesis.assignment).extraTags
  const moduleId = tagValue(recorded, genesisTags.resolvedModule) ?? tagValue(process.tags, 'Module') ?? ''
  const module = await modules.read(processId, moduleId)
  const authorities = recorded.filter(({ name }) => name === genesisTags.authority)
  const environment: VmEnvironment = {
    process: { id: processId, owner: process.ownerAddress, tags: [...process.tags, ...authorities] },
    module: { id: moduleId, owner: module.ownerAddress, tags: module.tags },
    development: tagValue(recorded, genesisTags.development) === 'true',
  }
  return {
    ...{ type: 'load', processId, moduleId, environment },
    source: module.source,
    limits: limitsOf(process.tags, module.tags),
  }
}
