import { parseAssignment } from '../protocol/assignment.ts'
import { parseDataItem } from '../protocol/data-item.ts'
import type { Address, ProcessId } from '../protocol/ids.ts'
import { tagValue } from '../protocol/tags.ts'
import type { LogEntry, Store } from '../store/types.ts'
import { type CronSchedule, createCronSchedule, parseCrons } from './cron-schedule.ts'
import { genesisTags } from './genesis-tags.ts'
import { impersonatedBy } from './impersonation.ts'

/** The crons of a process, and as whose its ticks count. */
export interface ProcessCrons {
  readonly schedule: CronSchedule
  readonly owner: Address
}

/**
 * The crons that the scheduler recorded in the entry of nonce 0; undefined: none. Tags of the item alone say nothing (I2): it
 * may be from a scheduler, or a version, that made no ticks.
 */
export function cronsOf(genesis: Pick<LogEntry, 'item' | 'assignment'>): ProcessCrons | undefined {
  const { extraTags, timestampMs, blockHeight } = parseAssignment(genesis.assignment)
  if (tagValue(extraTags, genesisTags.cron) !== 'true') return undefined
  const { tags, ownerAddress } = parseDataItem(genesis.item)
  const schedule = createCronSchedule(parseCrons(tags), { timestampMs, blockHeight })
  return { schedule, owner: impersonatedBy(genesis.assignment) ?? ownerAddress }
}

/** Processes remembered; the oldest beyond it are read again. */
const rememberedMax = 50_000

/** Knows the crons of processes, most of which have none. */
export class CronDirectory {
  readonly #store: Pick<Store, 'readLog'>
  /** Null: the process has none. */
  readonly #known = new Map<ProcessId, ProcessCrons | null>()

  constructor(store: Pick<Store, 'readLog'>) {
    this.#store = store
  }

  /** Undefined: it is not known here, or has none. */
  get(processId: ProcessId): ProcessCrons | undefined {
    return this.#known.get(processId) ?? undefined
  }

  isKnown(processId: ProcessId): boolean {
    return this.#known.has(processId)
  }

  async load(processId: ProcessId): Promise<ProcessCrons | undefined> {
    if (this.isKnown(processId)) return this.get(processId)
    const [genesis] = await this.#store.readLog(processId, 0, 0, 1)
    // Its spawn may be on its way to the disk: then it was learned meanwhile, or will be.
    if (genesis !== undefined && !this.isKnown(processId)) this.learn(processId, cronsOf(genesis))
    return this.get(processId)
  }

  learn(processId: ProcessId, crons: ProcessCrons | undefined): void {
    const oldest = this.#known.size >= rememberedMax ? this.#known.keys().next().value : undefined
    if (oldest !== undefined) this.#known.delete(oldest)
    this.#known.set(processId, crons ?? null)
  }
}
