import { parseAnyItem } from '../protocol/any-item.ts'
import { parseAssignment } from '../protocol/assignment.ts'
import { parseDataItem } from '../protocol/data-item.ts'
import { isItemId, type ProcessId } from '../protocol/ids.ts'
import { tagValue } from '../protocol/tags.ts'
import { genesisTags, moduleIdOf } from '../scheduler/genesis-tags.ts'
import { impersonatedBy } from '../scheduler/impersonation.ts'
import type { LogEntry, Store } from '../store/types.ts'
import type { VmEnvironment } from '../vm/types.ts'
import { ComputeError } from './errors.ts'
import { limitsOf } from './module-format.ts'
import type { ModuleReader } from './module-reader.ts'
import type { LoadRequest } from './thread-protocol.ts'

/**
 * What a process is loaded with, from the store alone: its item, the assignment of nonce 0 with what the scheduler
 * recorded there, and its module's item (I2).
 *
 * @throws {ComputeError} `COMPUTE_MODULE_MISSING`, `COMPUTE_BOOT_ITEM_MISSING`.
 */
export async function loadRequestFor(
  genesis: LogEntry,
  modules: ModuleReader,
  items: Pick<Store, 'getItem'>,
): Promise<LoadRequest & { source: string }> {
  const { processId } = genesis
  const process = parseDataItem(genesis.item)
  const recorded = parseAssignment(genesis.assignment).extraTags
  const moduleId = moduleIdOf(genesis)
  const module = await modules.read(processId, moduleId)
  const authorities = recorded.filter(({ name }) => name === genesisTags.authority)
  const environment: VmEnvironment = {
    process: {
      id: processId,
      owner: impersonatedBy(genesis.assignment) ?? process.ownerAddress,
      tags: [...process.tags, ...authorities],
    },
    module: { id: moduleId, owner: module.ownerAddress, tags: module.tags },
    files: await readBootFile(processId, tagValue(recorded, genesisTags.bootItem), items),
    development: tagValue(recorded, genesisTags.development) === 'true',
  }
  return {
    ...{ type: 'load', processId, moduleId, environment },
    source: module.source,
    limits: limitsOf(process.tags, module.tags),
  }
}

/** The data of the item that `On-Boot` names, where the process looks for it (process API 11.2). */
async function readBootFile(
  processId: ProcessId,
  itemId: string | undefined,
  items: Pick<Store, 'getItem'>,
): Promise<ReadonlyMap<string, Uint8Array>> {
  if (itemId === undefined) return new Map()
  const stored = isItemId(itemId) ? await items.getItem(itemId) : undefined
  if (stored === undefined) throw new ComputeError({ code: 'COMPUTE_BOOT_ITEM_MISSING', processId, itemId })
  return new Map([[`/data/${itemId}`, parseAnyItem(stored.bytes).data]])
}
