import { createDataItem } from '../protocol/data-item.ts'
import type { Address } from '../protocol/ids.ts'
import type { DataItem, Signer, Tag } from '../protocol/types.ts'
import type { ItemFilter, Store } from '../store/types.ts'

/**
 * Records of where schedulers are: items that a scheduler signs, found by clients through GraphQL (wire protocol 10).
 *
 * @module
 */

/** How long clients may remember a location. Short, because the node of a developer comes back under another port. */
const timeToLiveMs = 5 * 60_000

/**
 * The schedulers of the public network. Clients and tutorials name them where they spawn; a development node takes such
 * processes, so there it is what these stand for.
 */
const schedulerAliases: ReadonlySet<string> = new Set([
  '_GQ33BkPtZrqxA84vM8Zk-N2aO0toNNu_C-l-rawrBA',
  'n_XZJhUnmldNFo4dhajoPZWhBXuJk-OcQr5JQ49c4Zo',
])

const locationType = { name: 'Type', values: ['Scheduler-Location'] } as const

/** Has its time in a tag: a node that comes back to an earlier URL needs another item than the one it had then. */
export function createLocation(url: string, timestampMs: number, signer: Signer): DataItem {
  const tags = [
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Variant', value: 'ao.TN.1' },
    { name: 'Type', value: 'Scheduler-Location' },
    { name: 'Url', value: url },
    { name: 'Time-To-Live', value: String(timeToLiveMs) },
    { name: 'Timestamp', value: String(timestampMs) },
  ]
  return createDataItem({ tags, data: ' ' }, signer)
}

/**
 * Where the newest record of a scheduler says that it is.
 *
 * @returns a URL without a slash at its end; undefined without a record, or when that one is of no use.
 */
export async function findLocation(store: Pick<Store, 'queryItems'>, scheduler: string): Promise<string | undefined> {
  const filter = { owners: [scheduler], tags: [locationType] }
  const { items } = await store.queryItems(filter, { order: 'DESC', limit: 1 })
  const url = URL.parse(tagOf(items[0]?.tags ?? [], 'url') ?? '')
  // Anyone may publish a record, and clients are sent there.
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return undefined
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

/** @returns the query to ask in its place, when it is for the location of a scheduler that this node stands for. */
export function ownLocationFilter(filter: ItemFilter, own: Address): ItemFilter | undefined {
  const isForLocations = filter.tags?.some(
    ({ name, values, op }) => name === 'Type' && op !== 'NEQ' && values.includes('Scheduler-Location'),
  )
  const isForAlias = filter.owners?.some((owner) => schedulerAliases.has(owner))
  return isForLocations && isForAlias ? { ...filter, owners: [own] } : undefined
}

/** Case is of no matter in the names of these tags. */
function tagOf(tags: readonly Tag[], lowerCaseName: string): string | undefined {
  return tags.find(({ name }) => name.toLowerCase() === lowerCaseName)?.value
}
