import { httpLimits } from './limits.ts'

export interface Page<Row> {
  readonly rows: readonly Row[]
  readonly hasNextPage: boolean
}

/** The first read of a page is small, because nobody knows how large its records are. */
const readCountMin = 16
/** Most that one read of the store gives. */
const readCountMax = 1_000

/**
 * Collects a page by reads that grow as long as the records turn out small, so that neither a read nor the page takes
 * memory without bound (I9). A page has at least one record, however large.
 *
 * @param read - Up to `count` records after `last`, or from the start.
 * @param convert - Makes what is kept of a record, and its size; called once for each record of the page.
 */
export async function collectPage<Raw, Row>(
  limit: number,
  read: (last: Raw | undefined, count: number) => Promise<readonly Raw[]>,
  convert: (raw: Raw) => { readonly row: Row; readonly sizeBytes: number },
): Promise<Page<Row>> {
  const rows: Row[] = []
  let sizeBytes = 0
  let last: Raw | undefined
  for (let count = readCountMin; ; count = sizeBytes < httpLimits.pageBytesMax / 16 ? count * 4 : readCountMin) {
    // One more than the page holds tells whether there is a next page.
    const wanted = Math.min(count, limit - rows.length + 1, readCountMax)
    const found = await read(last, wanted)
    for (const raw of found) {
      if (rows.length === limit || (rows.length > 0 && sizeBytes >= httpLimits.pageBytesMax)) {
        return { rows, hasNextPage: true }
      }
      const converted = convert(raw)
      rows.push(converted.row)
      sizeBytes += converted.sizeBytes
      last = raw
    }
    if (found.length < wanted) return { rows, hasNextPage: false }
  }
}
