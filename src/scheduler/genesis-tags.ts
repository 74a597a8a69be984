import { parseAssignment } from '../protocol/assignment.ts'
import { parseDataItem } from '../protocol/data-item.ts'
import type { ProcessId } from '../protocol/ids.ts'
import { tagValue } from '../protocol/tags.ts'
import type { LogEntry } from '../store/types.ts'

/** Tags that the assignment of nonce 0 may carry, so that replay elsewhere sees what this node decided. */
export const genesisTags = {
  /** An authority besides those of the process: the development node itself. */
  authority: 'Authority',
  /** The item whose data the process finds as `/data/<id>` and boots from (process API 11.2). */
  bootItem: 'Boot-Item',
  /** `true` when the scheduler makes the ticks of the crons in the item's tags. */
  cron: 'Cron',
  /** `true` when errors of the process shall explain themselves. */
  development: 'Development',
  /** The process whose state a fork begins with. */
  forkedFrom: 'Forked-From',
  /** The entry of that process after which the state stood. */
  forkNonce: 'Fork-Nonce',
  /** The module that a well-known id stood for. */
  resolvedModule: 'Resolved-Module',
} as const

/** A state of a process: the one after the evaluation of entry `nonce`. */
export interface ForkOrigin {
  readonly processId: ProcessId
  readonly nonce: number
}

/** What the process was forked from, as its scheduler recorded it; the tags of the process item alone say nothing (I2). */
export function forkOriginOf({ assignment }: Pick<LogEntry, 'assignment'>): ForkOrigin | undefined {
  const { extraTags } = parseAssignment(assignment)
  const processId = tagValue(extraTags, genesisTags.forkedFrom)
  const nonce = tagValue(extraTags, genesisTags.forkNonce)
  return processId === undefined ? undefined : { processId: processId as ProcessId, nonce: Number(nonce) }
}

/** The module that a process runs: the one that it names, or the one that this stood for. */
export function moduleIdOf({ item, assignment }: Pick<LogEntry, 'item' | 'assignment'>): string {
  const resolved = tagValue(parseAssignment(assignment).extraTags, genesisTags.resolvedModule)
  return resolved ?? tagValue(parseDataItem(item).tags, 'Module') ?? ''
}
