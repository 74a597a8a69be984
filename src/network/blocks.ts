import { createHash } from 'node:crypto'
import type { ItemId } from '../protocol/ids.ts'
import { blockHeightAt, blockStartMs } from '../scheduler/block-time.ts'

/** A virtual block. */
export interface Block {
  readonly height: number
  /** When it began, milliseconds since 1970; the gateway shows seconds. */
  readonly timestampMs: number
  readonly id: ItemId
  readonly previousId: ItemId
}

export function blockAt(timestampMs: number): Block {
  return blockByHeight(blockHeightAt(timestampMs))
}

/** @param height - 0 or above. */
export function blockByHeight(height: number): Block {
  return {
    height,
    timestampMs: blockStartMs(height),
    id: blockId(height),
    previousId: blockId(Math.max(0, height - 1)),
  }
}

function blockId(height: number): ItemId {
  return createHash('sha256').update(`loom block ${height}`).digest('base64url') as ItemId
}
