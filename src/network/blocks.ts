import { createHash } from 'node:crypto'
import type { ItemId } from '../protocol/ids.ts'

/** A virtual block. The chain is a pure function of time: it needs no miner, and every node agrees on it. */
export interface Block {
  readonly height: number
  /** When it began, milliseconds since 1970; the gateway shows seconds. */
  readonly timestampMs: number
  readonly id: ItemId
  readonly previousId: ItemId
}

/** Arweave's first block, and its intended pace: heights look like those that users know. */
const genesisMs = Date.UTC(2018, 5, 8)
const blockIntervalMs = 120_000

/** Height of the block that a moment falls into; 0 for all time before the first. */
export function blockHeightAt(timestampMs: number): number {
  return Math.max(0, Math.floor((timestampMs - genesisMs) / blockIntervalMs))
}

export function blockAt(timestampMs: number): Block {
  return blockByHeight(blockHeightAt(timestampMs))
}

/** @param height - 0 or above. */
export function blockByHeight(height: number): Block {
  return {
    height,
    timestampMs: genesisMs + height * blockIntervalMs,
    id: blockId(height),
    previousId: blockId(Math.max(0, height - 1)),
  }
}

function blockId(height: number): ItemId {
  return createHash('sha256').update(`loom block ${height}`).digest('base64url') as ItemId
}
