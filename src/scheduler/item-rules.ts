import { isItemId, type ProcessId } from '../protocol/ids.ts'
import { tagValue } from '../protocol/tags.ts'
import type { DataItem } from '../protocol/types.ts'
import { SchedulerError } from './errors.ts'

/** What an item asks of the scheduler. Wire protocol 4.1, 6.5. */
export type ScheduledItem =
  | { readonly kind: 'process'; readonly processId: ProcessId; readonly module: string; readonly scheduler: string }
  | { readonly kind: 'message'; readonly processId: ProcessId }

/**
 * Reads the AO tags of an item. Where both types occur, the first in order wins.
 *
 * @throws {SchedulerError} `SCHEDULER_TAG_INVALID`, `SCHEDULER_TARGET_MISSING`.
 */
export function classifyItem(item: DataItem): ScheduledItem {
  const { tags } = item
  if (!tags.some(({ name, value }) => name === 'Data-Protocol' && value === 'ao')) {
    throw tagError('Data-Protocol', tagValue(tags, 'Data-Protocol'), "must contain 'ao'")
  }
  const link = tags.find(({ name, value }) => name.endsWith('+link') || value.endsWith('+link'))
  if (link !== undefined) throw tagError(link.name, link.value, 'names and values must not end in +link')
  const type = tags.find(({ name, value }) => name === 'Type' && (value === 'Process' || value === 'Message'))?.value
  if (type === 'Process') {
    const module = tagValue(tags, 'Module')
    const scheduler = tagValue(tags, 'Scheduler')
    if (module === undefined) throw tagError('Module', module, 'a process names the id of its module')
    if (scheduler === undefined) throw tagError('Scheduler', scheduler, 'a process names the address of its scheduler')
    return { kind: 'process', processId: item.id as ProcessId, module, scheduler }
  }
  if (type === undefined) throw tagError('Type', tagValue(tags, 'Type'), "must be either 'Process' or 'Message'")
  if (item.target === undefined || !isItemId(item.target))
    throw new SchedulerError({ code: 'SCHEDULER_TARGET_MISSING' })
  return { kind: 'message', processId: item.target as ProcessId }
}

export function tagError(tag: string, given: string | undefined, allowed: string): SchedulerError {
  return new SchedulerError({ code: 'SCHEDULER_TAG_INVALID', tag, given, allowed })
}
