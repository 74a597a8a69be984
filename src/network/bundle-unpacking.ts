import { setImmediate } from 'node:timers/promises'
import type { AnyItem } from '../protocol/any-item.ts'
import { type BundleEntry, isBundle, readBundleEntries, readBundleItem } from '../protocol/bundle.ts'
import { verifyDataItem } from '../protocol/data-item.ts'
import { ProtocolError } from '../protocol/errors.ts'
import type { ItemId } from '../protocol/ids.ts'
import type { DataItem } from '../protocol/types.ts'
import { NetworkError } from './errors.ts'
import type { Logger } from './types.ts'

/** Items of one upload, those of nested bundles included: a second of signatures (I9). */
export const bundleItemsMax = 10_000
/** Bundles in bundles; each level stores its bytes once more. */
export const bundleDepthMax = 4

/** After that many items, others have their turn. */
const turnItems = 16

export interface UnpackedItem {
  readonly item: DataItem
  /** The item or transaction whose data it was cut out of. */
  readonly bundledIn: ItemId
}

/**
 * The verified items of a bundle, and of the bundles in it, each after what it was in. None when it is no bundle.
 *
 * What is malformed, not signed by its owner, or nested deeper than {@link bundleDepthMax} is left out, with one warning for
 * each bundle: the rest of the upload is as good without it.
 *
 * @throws {NetworkError} `NETWORK_BUNDLE_TOO_LARGE`
 */
export async function unpackBundle(carrier: AnyItem, log: Pick<Logger, 'warn'>): Promise<readonly UnpackedItem[]> {
  const unpacked: UnpackedItem[] = []
  let count = 0
  let readCount = 0

  async function open(bundle: AnyItem, depth: number): Promise<void> {
    const { id } = bundle
    const entries = await attempt(() => readBundleEntries(bundle.data))
    if (entries instanceof ProtocolError) return log.warn({ id, reason: entries.message }, 'bundle not unpacked')
    count += entries.length
    if (count > bundleItemsMax) {
      throw new NetworkError({ code: 'NETWORK_BUNDLE_TOO_LARGE', id: carrier.id, countMax: bundleItemsMax })
    }
    const reasons: string[] = []
    for (const [index, entry] of entries.entries()) {
      readCount += 1
      if (readCount % turnItems === 0) await setImmediate()
      const item = await attempt(() => readVerified(entry, index))
      if (item instanceof ProtocolError) {
        reasons.push(item.message)
        continue
      }
      unpacked.push({ item, bundledIn: id })
      if (!isBundle(item.tags)) continue
      if (depth === bundleDepthMax) reasons.push(`item ${index} is a bundle below level ${bundleDepthMax}`)
      else await open(item, depth + 1)
    }
    if (reasons.length > 0) log.warn({ id, count: reasons.length, first: reasons[0] }, 'bundle not wholly unpacked')
  }

  if (isBundle(carrier.tags)) await open(carrier, 1)
  return unpacked
}

async function readVerified(entry: BundleEntry, index: number): Promise<DataItem> {
  const item = readBundleItem(entry, index)
  await verifyDataItem(item)
  return item
}

/** What is wrong with a stranger's bytes is an answer, not an error. */
async function attempt<T>(read: () => T | Promise<T>): Promise<T | ProtocolError> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof ProtocolError) return error
    throw error
  }
}
