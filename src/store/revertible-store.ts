import type { Store } from './types.ts'

/** A moment of a store, known to that store alone. Of use until the store goes back to an earlier one. */
export type StoreMark = object

/**
 * A store that can go back to an earlier moment: what was appended, committed, sent and stored since is gone, and what
 * was waiting for delivery waits again, claimed by nobody. Leases stay with who has them.
 *
 * Nobody may write while it goes back, and who keeps anything of its content in mind has to forget it.
 */
export interface RevertibleStore extends Store {
  /** Costs next to nothing for what is in the logs, and a little for each entry of the outbox. */
  mark(): StoreMark
  revert(mark: StoreMark): void
}

export function isRevertible(store: Store): store is RevertibleStore {
  return 'mark' in store && 'revert' in store
}
