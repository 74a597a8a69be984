import { blockByHeight } from '../../network/blocks.ts'
import type { Network } from '../../network/types.ts'
import { isTransaction, parseAnyItem } from '../../protocol/any-item.ts'
import { encodeBase64Url } from '../../protocol/base64url.ts'
import type { ItemFilter, StoredItem } from '../../store/types.ts'
import { httpLimits } from '../limits.ts'
import type { Page } from '../paging.ts'
import { type BlockNode, blockNode } from './blocks.ts'
import { givenCursor, isAscending, pageLimit, type Range, type SortOrder } from './list-arguments.ts'

export interface TransactionsArguments {
  readonly ids?: readonly string[] | null
  readonly owners?: readonly string[] | null
  readonly recipients?: readonly string[] | null
  readonly tags?: readonly { name: string; values: readonly string[]; op: 'EQ' | 'NEQ' | null }[] | null
  readonly bundledIn?: readonly string[] | null
  readonly block?: Range | null
  /** Seconds since 1970. */
  readonly ingested_at?: Range | null
  readonly first: number | null
  readonly after?: string | null
  readonly sort: SortOrder | null
}

/** A Transaction of the schema. Holds no view of the item's data, so that a page of large items stays small. */
export interface TransactionNode {
  readonly cursor: string
  readonly id: string
  readonly anchor: string
  readonly signature: string
  readonly recipient: string
  readonly owner: { readonly address: string; readonly key: string }
  readonly fee: Amount
  readonly quantity: Amount
  readonly data: { readonly size: string; readonly type: string | null }
  readonly tags: StoredItem['tags']
  readonly block: () => BlockNode
  /** Seconds since 1970. */
  readonly ingested_at: number
  readonly parent: { readonly id: string } | null
  readonly bundledIn: { readonly id: string } | null
}

/** 1 AR is 10^12 winston. */
interface Amount {
  readonly winston: string
  readonly ar: string
}

export async function queryTransactions(
  network: Network,
  given: TransactionsArguments,
): Promise<Page<TransactionNode>> {
  const limit = pageLimit(given.first)
  const filter = toFilter(given)
  const order = isAscending(given.sort) ? 'ASC' : 'DESC'
  const after = givenCursor(given.after)
  const bytesMax = httpLimits.pageBytesMax
  const { items, hasNextPage } = await network.queryItems(filter, { order, limit, after, bytesMax })
  return { rows: items.map(transactionNode), hasNextPage }
}

/** How many transactions the arguments find, on all pages; null when too much would have to be looked at. */
export async function countTransactions(network: Network, given: TransactionsArguments): Promise<string | null> {
  const count = await network.countItems(toFilter(given))
  return count === undefined ? null : String(count)
}

function toFilter(given: TransactionsArguments): ItemFilter {
  const { block, ingested_at: ingested } = given
  return {
    ids: listed(given.ids),
    // aos asks for a blank owner beside the real one; nobody is that, so it finds nothing more.
    owners: listed(given.owners),
    recipients: listed(given.recipients),
    bundledIn: listed(given.bundledIn),
    tags: (given.tags ?? []).map(({ name, values, op }) => ({ name, values, op: op ?? 'EQ' })),
    blockHeightMin: block?.min ?? undefined,
    blockHeightMax: block?.max ?? undefined,
    timestampMsMin: typeof ingested?.min === 'number' ? ingested.min * 1_000 : undefined,
    timestampMsMax: typeof ingested?.max === 'number' ? ingested.max * 1_000 + 999 : undefined,
  }
}

export async function findTransaction(network: Network, id: string): Promise<TransactionNode | null> {
  const { items } = await network.queryItems({ ids: [id] }, { order: 'DESC', limit: 1 })
  return items[0] === undefined ? null : transactionNode(items[0])
}

function transactionNode(stored: StoredItem): TransactionNode {
  const item = parseAnyItem(stored.bytes)
  const anchor = isTransaction(item) ? item.lastTx : item.anchor
  const bundle = stored.bundledIn === undefined ? null : { id: stored.bundledIn }
  return {
    cursor: stored.cursor,
    // Not the item's own: a well-known module id answers under the id that was asked for.
    id: stored.id,
    anchor: anchor === undefined ? '' : encodeBase64Url(anchor),
    signature: encodeBase64Url(item.signature),
    recipient: item.target ?? '',
    owner: { address: item.ownerAddress, key: encodeBase64Url(item.owner) },
    fee: amount(isTransaction(item) ? item.reward : '0'),
    quantity: amount(isTransaction(item) ? item.quantity : '0'),
    data: { size: String(item.data.length), type: contentType(stored.tags) ?? null },
    tags: stored.tags,
    block: () => blockNode(blockByHeight(stored.blockHeight)),
    ingested_at: Math.floor(stored.timestampMs / 1_000),
    ...{ parent: bundle, bundledIn: bundle },
  }
}

/** @param winston - Digits. */
function amount(winston: string): Amount {
  const digits = winston.padStart(13, '0')
  return { winston, ar: `${digits.slice(0, -12)}.${digits.slice(-12)}` }
}

export function contentType(tags: StoredItem['tags']): string | undefined {
  return tags.find(({ name }) => name.toLowerCase() === 'content-type')?.value
}

/** An empty list is no filter, as on public gateways. */
function listed<T>(values: readonly T[] | null | undefined): readonly T[] | undefined {
  return values === null || values === undefined || values.length === 0 ? undefined : values
}
