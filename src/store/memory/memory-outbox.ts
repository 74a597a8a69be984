import type { ProcessId } from '../../protocol/ids.ts'
import { causeKey } from '../checks.ts'
import { StoreError } from '../errors.ts'
import type {
  Cause,
  ClaimedOutboxEntry,
  CommitClaim,
  ListedOutboxEntry,
  OutboxEntry,
  OutboxSettlement,
  OutboxState,
  Store,
} from '../types.ts'

interface Row {
  readonly entry: OutboxEntry
  state: OutboxState
  tries: number
  dueMs: number
  reason: string
  claim: { readonly workerId: string; readonly untilMs: number } | undefined
}

/** How many entries had been sent, and those of them that were not delivered yet. */
export interface OutboxMark {
  readonly sent: number
  readonly undelivered: readonly { readonly row: Row; readonly was: Readonly<Row> }[]
}

/** Outbox rows by cause, and the pending ones of each (source, target) in the order they were sent. */
export class MemoryOutbox {
  readonly #rows = new Map<string, Row>()
  readonly #waiting = new Map<string, Row[]>()
  #delivered = 0
  #dead = 0

  mark(): OutboxMark {
    const rows = [...this.#rows.values()]
    const undelivered = rows.filter(({ state }) => state !== 'delivered').map((row) => ({ row, was: { ...row } }))
    return { sent: rows.length, undelivered }
  }

  /** Forgets what was sent since; what was not delivered then is to be delivered again. Nobody has a claim on it. */
  revert({ sent, undelivered }: OutboxMark): void {
    for (const key of [...this.#rows.keys()].slice(sent)) this.#rows.delete(key)
    this.#waiting.clear()
    this.#dead = 0
    for (const { row, was } of undelivered) {
      Object.assign(row, was, { claim: undefined })
      if (row.state === 'dead') this.#dead += 1
      else this.#wait(row)
    }
    this.#delivered = this.#rows.size - undelivered.length
  }

  /** @returns the entries that `claim` covers now. */
  add(entries: readonly OutboxEntry[], claim: CommitClaim | undefined, nowMs: number): readonly OutboxEntry[] {
    const claimed: OutboxEntry[] = []
    for (const entry of entries) {
      const row: Row = { entry, state: 'pending', tries: 0, dueMs: nowMs, reason: '', claim: undefined }
      const pair = this.#waiting.get(pairKey(entry)) ?? []
      if (claim !== undefined && pair.every((earlier) => liveClaim(earlier, nowMs)?.workerId === claim.workerId)) {
        row.claim = { workerId: claim.workerId, untilMs: nowMs + claim.ttlMs }
        claimed.push(entry)
      }
      pair.push(row)
      this.#waiting.set(pairKey(entry), pair)
      this.#rows.set(causeKey(entry.cause), row)
    }
    return claimed
  }

  claim({ workerId, max, ttlMs }: Parameters<Store['claimOutbox']>[0], nowMs: number): readonly ClaimedOutboxEntry[] {
    const due = this.#free(nowMs).filter((row) => row.dueMs <= nowMs)
    due.sort((a, b) => a.dueMs - b.dueMs)
    return due.slice(0, max).map((row) => {
      row.claim = { workerId, untilMs: nowMs + ttlMs }
      return { ...row.entry, tries: row.tries }
    })
  }

  settle(settlements: readonly OutboxSettlement[]): void {
    for (const { cause, outcome } of settlements) {
      const row = this.#rows.get(causeKey(cause))
      if (row?.state !== 'pending') continue
      row.claim = undefined
      if (outcome.state === 'retry') {
        row.tries += 1
        row.dueMs = outcome.atMs
        row.reason = outcome.reason
        continue
      }
      row.state = outcome.state
      if (outcome.state === 'dead') row.reason = outcome.reason
      this.#leave(row)
    }
  }

  /** @param processIds all processes, in the order of their spawns. */
  list(
    { state, processId, after, limit }: Parameters<Store['listOutbox']>[0],
    processIds: readonly ProcessId[],
  ): readonly ListedOutboxEntry[] {
    const last = after && this.#rows.get(causeKey(after))
    if (after !== undefined && last === undefined) {
      throw new StoreError({ code: 'STORE_CURSOR_INVALID', given: causeKey(after).slice(0, 80) })
    }
    const order = (a: Row, b: Row): number =>
      processIds.indexOf(a.entry.cause.processId) - processIds.indexOf(b.entry.cause.processId) ||
      compareTexts(a.entry.target, b.entry.target) ||
      compareCauses(a.entry.cause, b.entry.cause)
    return [...this.#rows.values()]
      .filter(({ entry }) => processId === undefined || entry.cause.processId === processId)
      .filter((row) => last === undefined || order(row, last) > 0)
      .sort(order)
      .flatMap((row) => toListed(row))
      .filter((entry) => state === undefined || entry.state === state)
      .slice(0, limit)
  }

  /** @returns how many were dead. */
  revive(causes: readonly Cause[], nowMs: number): number {
    let revived = 0
    for (const cause of causes) {
      const row = this.#rows.get(causeKey(cause))
      if (row?.state !== 'dead') continue
      row.state = 'pending'
      row.tries = 0
      row.dueMs = nowMs
      this.#wait(row)
      this.#dead -= 1
      revived += 1
    }
    return revived
  }

  status(nowMs: number): Awaited<ReturnType<Store['outboxStatus']>> {
    const pending = this.#rows.size - this.#delivered - this.#dead
    const dueAtMs = this.#free(nowMs).reduce<number | undefined>(
      (least, { dueMs }) => Math.min(least ?? dueMs, dueMs),
      undefined,
    )
    return { pending, delivered: this.#delivered, dead: this.#dead, dueAtMs }
  }

  /** The first waiting row of each pair, unless it is claimed. */
  #free(nowMs: number): Row[] {
    return [...this.#waiting.values()].flatMap((pair) => pair.slice(0, 1)).filter((row) => !liveClaim(row, nowMs))
  }

  /** Puts a row in its place among those of its pair. */
  #wait(row: Row): void {
    const key = pairKey(row.entry)
    const pair = [...(this.#waiting.get(key) ?? []), row]
    this.#waiting.set(
      key,
      pair.sort((a, b) => compareCauses(a.entry.cause, b.entry.cause)),
    )
  }

  #leave(row: Row): void {
    if (row.state === 'dead') this.#dead += 1
    else this.#delivered += 1
    const key = pairKey(row.entry)
    const rest = (this.#waiting.get(key) ?? []).filter((other) => other !== row)
    if (rest.length > 0) this.#waiting.set(key, rest)
    else this.#waiting.delete(key)
  }
}

function pairKey({ cause, target }: OutboxEntry): string {
  return `${cause.processId}/${target}`
}

function liveClaim(row: Row, nowMs: number): Row['claim'] {
  return row.claim !== undefined && row.claim.untilMs > nowMs ? row.claim : undefined
}

function toListed({ entry, state, tries, dueMs: dueAtMs, reason }: Row): ListedOutboxEntry[] {
  if (state === 'delivered') return []
  const { cause, kind, target, itemId } = entry
  return [{ cause, kind, target, itemId, state, tries, dueAtMs, reason }]
}

/** Order of sending within one process. */
function compareCauses(a: Cause, b: Cause): number {
  return a.nonce - b.nonce || a.index - b.index
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
