/**
 * The chain is a pure function of time: it needs no miner, and every node, and every replay, agrees on it.
 *
 * @module
 */

/** Arweave's first block, and its intended pace: heights look like those that users know. */
const firstBlockMs = Date.UTC(2018, 5, 8)
const blockIntervalMs = 120_000

/** Height of the block that a moment falls into; 0 for all time before the first. */
export function blockHeightAt(timestampMs: number): number {
  return Math.max(0, Math.floor((timestampMs - firstBlockMs) / blockIntervalMs))
}

/** When a block began, milliseconds since 1970. @param height - 0 or above. */
export function blockStartMs(height: number): number {
  return firstBlockMs + height * blockIntervalMs
}
