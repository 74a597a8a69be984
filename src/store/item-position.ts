/**
 * Where an item stands among all items: by block height, within one by the order of storing. A number, so that one
 * comparison decides and one column of an index holds it.
 */
export type ItemPosition = number

/** 2^30: items that a store can have. Above it are 23 bits of height: virtual blocks reach that in the year 2050. */
export const itemsMax = 1_073_741_824
/** Items above this height stand at it, among themselves in the order of storing. */
export const positionHeightMax = 8_388_607

/** @param place - Place in the order of storing, 1 to {@link itemsMax} - 1. */
export function itemPosition(blockHeight: number, place: number): ItemPosition {
  return clampHeight(blockHeight) * itemsMax + place
}

/** First and last position that items of these heights can have. */
export function positionSpan(
  heightMin: number,
  heightMax: number,
): { readonly first: ItemPosition; readonly last: ItemPosition } {
  return { first: clampHeight(heightMin) * itemsMax, last: clampHeight(heightMax) * itemsMax + itemsMax - 1 }
}

/** Place in the order of storing of the item at this position. */
export function placeOf(position: ItemPosition): number {
  return position % itemsMax
}

/** Heights of a group of blocks, whose times are kept together: few rows tell where the items of some time are. */
const groupHeights = 256

export function blockGroupOf(blockHeight: number): number {
  return Math.floor(Math.max(blockHeight, 0) / groupHeights)
}

/** Heights of these groups, both inclusive. */
export function groupSpan(first: number, last: number): { readonly heightMin: number; readonly heightMax: number } {
  return { heightMin: first * groupHeights, heightMax: (last + 1) * groupHeights - 1 }
}

function clampHeight(height: number): number {
  return Math.min(Math.max(height, 0), positionHeightMax)
}
