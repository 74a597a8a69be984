/** Time as the units of a network use it: given from outside, so that tests and simulations own it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Resolves after so many milliseconds. Does not keep the program alive. */
  delay(ms: number): Promise<void>
  /** Calls `work` again and again, until the returned function is called. Does not keep the program alive. */
  every(ms: number, work: () => void): () => void
}

/** The machine's timers, with a time of day that may be another. */
export function createClock(now: () => number = Date.now): Clock {
  return {
    now,
    delay: (ms) => new Promise((resolve) => setTimeout(resolve, ms).unref()),
    every(ms, work) {
      const timer = setInterval(work, ms)
      timer.unref()
      return () => clearInterval(timer)
    },
  }
}
