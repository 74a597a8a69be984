import { StoreError } from './errors.ts'
import type { ItemFilter, StoredItem } from './types.ts'

type Matched = Pick<StoredItem, 'id' | 'ownerAddress' | 'target' | 'tags' | 'blockHeight'>

/** Whether an item passes every part of the filter. An empty list of allowed values matches nothing. */
export function matchesFilter(item: Matched, filter: ItemFilter): boolean {
  if (filter.ids !== undefined && !filter.ids.includes(item.id)) return false
  if (filter.owners !== undefined && !filter.owners.includes(item.ownerAddress)) return false
  if (filter.recipients !== undefined && (item.target === undefined || !filter.recipients.includes(item.target))) {
    return false
  }
  if (filter.blockHeightMin !== undefined && item.blockHeight < filter.blockHeightMin) return false
  if (filter.blockHeightMax !== undefined && item.blockHeight > filter.blockHeightMax) return false
  return (filter.tags ?? []).every(({ name, values, op }) => {
    const has = item.tags.some((tag) => tag.name === name && values.includes(tag.value))
    return op === 'NEQ' ? !has : has
  })
}

/** Most values (ids, owners, recipients, tag values) in one filter. */
export const filterValuesMax = 1_000

/** @throws {StoreError} `STORE_LIMIT_INVALID` when the filter has more values than {@link filterValuesMax}. */
export function checkFilter({ ids, owners, recipients, tags }: ItemFilter): void {
  const lists = [ids, owners, recipients, ...(tags ?? []).map(({ values }) => values)]
  const given = lists.reduce((sum, list) => sum + (list?.length ?? 0), 0)
  if (given <= filterValuesMax) return
  throw new StoreError({ code: 'STORE_LIMIT_INVALID', field: 'filter values', given, min: 0, max: filterValuesMax })
}
