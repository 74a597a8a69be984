import type { ProcessId } from '../protocol/ids.ts'
import type { Tag } from '../protocol/types.ts'
import { genesisTags } from '../scheduler/genesis-tags.ts'

export interface ForkDraft {
  readonly processId: ProcessId
  /** Tags of the item of that process. */
  readonly processTags: readonly Tag[]
  /** The fork begins with the state after this entry; absent: after the last. */
  readonly nonce?: number | undefined
  /** Absent: the name of the process. */
  readonly name?: string | undefined
}

/** Said of one process alone: how it came to be, and what it did at its start. */
const notInherited: ReadonlySet<string> = new Set([
  ...['From-Process', 'From-Module', 'Pushed-For', 'From-Outbox', 'Reference', 'On-Boot'],
  ...[genesisTags.forkedFrom, genesisTags.forkNonce],
])

/**
 * Tags for the item of a fork. It has those of the process, module, limits and authorities among them, so that code which
 * reads them goes on as it did.
 */
export function forkTags({ processId, processTags, nonce, name }: ForkDraft): Tag[] {
  const inherited = processTags.filter(
    (tag) => !notInherited.has(tag.name) && !(name !== undefined && tag.name === 'Name'),
  )
  return [
    ...(name === undefined ? [] : [{ name: 'Name', value: name }]),
    ...inherited,
    { name: genesisTags.forkedFrom, value: processId },
    ...(nonce === undefined ? [] : [{ name: genesisTags.forkNonce, value: String(nonce) }]),
  ]
}
