import { checkLimit } from './checks.ts'
import type { ItemFilter, StoredItem } from './types.ts'

type Matched = Omit<StoredItem, 'bytes' | 'cursor'>

/** Whether an item passes every part of the filter. An empty list of allowed values matches nothing. */
export function matchesFilter(item: Matched, filter: ItemFilter): boolean {
  if (filter.ids !== undefined && !filter.ids.includes(item.id)) return false
  if (filter.owners !== undefined && !filter.owners.includes(item.ownerAddress)) return false
  if (filter.recipients !== undefined && (item.target === undefined || !filter.recipients.includes(item.target))) {
    return false
  }
  if (filter.bundledIn !== undefined && (item.bundledIn === undefined || !filter.bundledIn.includes(item.bundledIn))) {
    return false
  }
  if (filter.timestampMsMin !== undefined && item.timestampMs < filter.timestampMsMin) return false
  if (filter.timestampMsMax !== undefined && item.timestampMs > filter.timestampMsMax) return false
  if (filter.blockHeightMin !== undefined && item.blockHeight < filter.blockHeightMin) return false
  if (filter.blockHeightMax !== undefined && item.blockHeight > filter.blockHeightMax) return false
  return (filter.tags ?? []).every(({ name, values, op }) => {
    const has = item.tags.some((tag) => tag.name === name && values.includes(tag.value))
    return op === 'NEQ' ? !has : has
  })
}

/** Most values (ids, owners, recipients, bundles, tag values) in one filter. */
export const filterValuesMax = 1_000
/** Most tag filters in one filter. */
export const filterTagsMax = 64

/** @throws {StoreError} `STORE_LIMIT_INVALID` beyond {@link filterValuesMax} or {@link filterTagsMax}. */
export function checkFilter({ ids, owners, recipients, bundledIn, tags = [] }: ItemFilter): void {
  checkLimit('tag filters', tags.length, filterTagsMax, 0)
  const lists = [ids, owners, recipients, bundledIn, ...tags.map(({ values }) => values)]
  const given = lists.reduce((sum, list) => sum + (list?.length ?? 0), 0)
  checkLimit('filter values', given, filterValuesMax, 0)
}
