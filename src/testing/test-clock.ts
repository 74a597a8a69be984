import { TestingError } from './errors.ts'

/** A clock that stands still until the test moves it. */
export interface TestClock {
  /** Milliseconds since 1970. Needs no `this`: pass it on as it is. */
  readonly now: () => number
  /** @throws {TestingError} `TESTING_CLOCK_BACKWARDS`. */
  advance(byMs: number): void
}

/**
 * Makes deadlines testable without waiting for them.
 *
 * The network keeps the timestamps of one process apart, so each message is at least 1 ms later than the one before even
 * when the clock stands: leave a margin around a deadline.
 *
 * @example
 * ```ts
 * const clock = createTestClock()
 * const loom = await createTestNetwork({ now: clock.now })
 * clock.advance(60 * 60 * 1_000) // messages sent from here on are an hour later
 * ```
 * @param startMs - Default: the beginning of 2025, UTC.
 */
export function createTestClock(startMs: number = Date.UTC(2025, 0, 1)): TestClock {
  let nowMs = startMs
  return {
    now: () => nowMs,
    advance(byMs) {
      if (!(byMs >= 0)) throw new TestingError({ code: 'TESTING_CLOCK_BACKWARDS', byMs })
      nowMs += byMs
    },
  }
}
