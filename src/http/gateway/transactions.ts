import { blockByHeight } from '../../network/blocks.ts'
import type { Network } from '../../network/types.ts'
import { encodeBase64Url } from '../../protocol/base64url.ts'
import { parseDataItem } from '../../protocol/data-item.ts'
import type { ItemFilter, ItemPage, StoredItem } from '../../store/types.ts'
import { HttpError } from '../errors.ts'
import { httpLimits } from '../limits.ts'
import { collectPage, type Page } from '../paging.ts'
import { type BlockNode, blockNode } from './blocks.ts'

export interface TransactionsArguments {
  readonly ids?: readonly string[] | null
  readonly owners?: readonly string[] | null
  readonly recipients?: readonly string[] | null
  readonly tags?: readonly { name: string; values: readonly string[]; op: 'EQ' | 'NEQ' | null }[] | null
  readonly bundledIn?: readonly string[] | null
  readonly block?: { readonly min?: number | null; readonly max?: number | null } | null
  readonly first: number | null
  readonly after?: string | null
  readonly sort: 'HEIGHT_ASC' | 'HEIGHT_DESC' | null
}

/** A Transaction of the schema. Holds no view of the item's data, so that a page of large items stays small. */
export interface TransactionNode {
  readonly cursor: string
  readonly id: string
  readonly anchor: string
  readonly signature: string
  readonly recipient: string
  readonly owner: { readonly address: string; readonly key: string }
  readonly fee: typeof nothing
  readonly quantity: typeof nothing
  readonly data: { readonly size: string; readonly type: string | null }
  readonly tags: StoredItem['tags']
  readonly block: BlockNode
  readonly parent: null
  readonly bundledIn: null
}

const nothing = { winston: '0', ar: '0.000000000000' } as const

export async function queryTransactions(
  network: Network,
  given: TransactionsArguments,
): Promise<Page<TransactionNode>> {
  const limit = pageLimit(given.first)
  // Items are not kept in bundles here.
  if (listed(given.bundledIn) !== undefined) return { rows: [], hasNextPage: false }
  const filter: ItemFilter = {
    ids: listed(given.ids),
    // aos asks for a blank owner beside the real one; nobody is that, so it finds nothing more.
    owners: listed(given.owners),
    recipients: listed(given.recipients),
    tags: (given.tags ?? []).map(({ name, values, op }) => ({ name, values, op: op ?? 'EQ' })),
    blockHeightMin: given.block?.min ?? undefined,
    blockHeightMax: given.block?.max ?? undefined,
  }
  const order = given.sort === 'HEIGHT_ASC' ? 'ASC' : 'DESC'
  return collectPage(
    limit,
    async (last: StoredItem | undefined, count) => {
      const page: ItemPage = await network.queryItems(filter, {
        ...{ order, limit: count },
        after: last?.cursor ?? given.after ?? undefined,
      })
      return page.items
    },
    (item) => ({ row: transactionNode(item), sizeBytes: item.bytes.length }),
  )
}

export async function findTransaction(network: Network, id: string): Promise<TransactionNode | null> {
  const { items } = await network.queryItems({ ids: [id] }, { order: 'DESC', limit: 1 })
  return items[0] === undefined ? null : transactionNode(items[0])
}

/** `first` above the limit gives the limit, as public gateways do. */
export function pageLimit(first: number | null): number {
  const given = first ?? httpLimits.graphqlPageDefault
  if (given >= 1) return Math.min(given, httpLimits.graphqlPageMax)
  const allowed = `a whole number from 1 to ${httpLimits.graphqlPageMax}`
  throw new HttpError({ code: 'HTTP_PARAMETER_INVALID', parameter: 'first', given: String(given), allowed })
}

function transactionNode(stored: StoredItem): TransactionNode {
  const item = parseDataItem(stored.bytes)
  return {
    cursor: stored.cursor,
    // Not the item's own: a well-known module id answers under the id that was asked for.
    id: stored.id,
    anchor: item.anchor === undefined ? '' : encodeBase64Url(item.anchor),
    signature: encodeBase64Url(item.signature),
    recipient: item.target ?? '',
    owner: { address: item.ownerAddress, key: encodeBase64Url(item.owner) },
    ...{ fee: nothing, quantity: nothing },
    data: { size: String(item.data.length), type: contentType(stored.tags) ?? null },
    tags: stored.tags,
    block: blockNode(blockByHeight(stored.blockHeight)),
    ...{ parent: null, bundledIn: null },
  }
}

export function contentType(tags: StoredItem['tags']): string | undefined {
  return tags.find(({ name }) => name.toLowerCase() === 'content-type')?.value
}

/** An empty list is no filter, as on public gateways. */
function listed<T>(values: readonly T[] | null | undefined): readonly T[] | undefined {
  return values === null || values === undefined || values.length === 0 ? undefined : values
}
