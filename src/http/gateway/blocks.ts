import { type Block, blockByHeight } from '../../network/blocks.ts'
import type { Network } from '../../network/types.ts'
import { HttpError } from '../errors.ts'
import { httpLimits } from '../limits.ts'
import type { Page } from '../paging.ts'
import { givenCursor, isAscending, type Range, type SortOrder } from './list-arguments.ts'

/** A Block of the schema. */
export interface BlockNode {
  readonly id: string
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly height: number
  readonly previous: string
}

export interface BlocksArguments {
  readonly ids?: readonly string[] | null
  readonly height?: Range | null
  readonly after?: string | null
  readonly sort: SortOrder | null
}

export function blockNode({ id, timestampMs, height, previousId }: Block): BlockNode {
  return { id, timestamp: Math.floor(timestampMs / 1_000), height, previous: previousId }
}

/** Virtual blocks from 0 to the current one. The cursor of a block is its height. */
export function queryBlocks(network: Network, limit: number, given: BlocksArguments): Page<BlockNode> {
  const tip = network.info().blockHeight
  const ascending = isAscending(given.sort)
  const after = afterHeight(given.after)
  // Both inclusive; the cursor narrows them from the side that the page begins at.
  const min = Math.max(given.height?.min ?? 0, ascending && after !== undefined ? after + 1 : 0)
  const max = Math.min(given.height?.max ?? tip, !ascending && after !== undefined ? after - 1 : tip, tip)

  if (given.ids !== null && given.ids !== undefined && given.ids.length > 0) {
    const found = blocksById(tip, new Set(given.ids)).filter(({ height }) => height >= min && height <= max)
    if (ascending) found.reverse()
    return { rows: found.slice(0, limit), hasNextPage: found.length > limit }
  }
  const count = Math.max(0, max - min + 1)
  const heights = Array.from({ length: Math.min(count, limit) }, (_, i) => (ascending ? min + i : max - i))
  return { rows: heights.map((height) => blockNode(blockByHeight(height))), hasNextPage: count > limit }
}

export function findBlock(network: Network, id: string | null | undefined): BlockNode | null {
  const tip = network.info().blockHeight
  if (id === null || id === undefined) return blockNode(blockByHeight(tip))
  return blocksById(tip, new Set([id]))[0] ?? null
}

/** Blocks with these ids among the newest {@link httpLimits.blocksByIdBack}, newest first. */
function blocksById(tip: number, ids: ReadonlySet<string>): BlockNode[] {
  const found: BlockNode[] = []
  const oldest = Math.max(0, tip - httpLimits.blocksByIdBack)
  // Each block names the one before it, so one hash is enough for a step.
  for (let height = tip, id = blockByHeight(tip).id; height >= oldest && found.length < ids.size; height--) {
    const block = blockByHeight(height)
    if (ids.has(id)) found.push(blockNode(block))
    id = block.previousId
  }
  return found
}

function afterHeight(given: string | null | undefined): number | undefined {
  const after = givenCursor(given)
  if (after === undefined) return undefined
  if (/^\d{1,12}$/.test(after)) return Number(after)
  const allowed = 'a cursor from an earlier page'
  throw new HttpError({ code: 'HTTP_PARAMETER_INVALID', parameter: 'after', given: after.slice(0, 80), allowed })
}
