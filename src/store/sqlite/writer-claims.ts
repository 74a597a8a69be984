interface Claim {
  readonly workerId: string
  readonly untilMs: number
}

/**
 * Who delivers which outbox row, and until when; by the row's sequence number.
 *
 * In memory: claims of a dead owner are void, and the data directory has one owner. A row leaves the map when it is
 * settled, so the map is at most as long as what is claimed at once or was left to expire.
 */
export class OutboxClaims {
  readonly #claims = new Map<number, Claim>()

  set(seq: number, claim: Claim): void {
    this.#claims.set(seq, claim)
  }

  delete(seq: number): void {
    this.#claims.delete(seq)
  }

  clear(): void {
    this.#claims.clear()
  }

  /** The worker whose claim stands, or undefined. */
  holder(seq: number, nowMs: number): string | undefined {
    const claim = this.#claims.get(seq)
    return claim !== undefined && claim.untilMs > nowMs ? claim.workerId : undefined
  }
}
