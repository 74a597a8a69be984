/** A position in the results of a process. Clients read `ordinate`, so its form is fixed. Wire protocol 7.1. */
export interface ResultCursor {
  readonly timestamp: number
  /** The nonce, decimal. */
  readonly ordinate: string
  /** Which cron of the process it is a tick of, such as `0-10-seconds`. */
  readonly cron: string | null
  readonly sort: SortOrder
}

export type SortOrder = 'ASC' | 'DESC'

/** Where a result stands in the log. */
export interface ResultPlace {
  readonly nonce: number
  readonly timestampMs: number
  readonly cron?: string | undefined
}

/** @returns standard base64 (not base64url) of JSON. */
export function encodeCursor({ nonce, timestampMs, cron }: ResultPlace, sort: SortOrder): string {
  const cursor: ResultCursor = { timestamp: timestampMs, ordinate: String(nonce), cron: cron ?? null, sort }
  return Buffer.from(JSON.stringify(cursor)).toString('base64')
}

/** What `from` or `to` says: a place in the log, or a moment. */
export type ResultBound =
  | { readonly kind: 'nonce'; readonly nonce: number; readonly sort: SortOrder | undefined }
  | { readonly kind: 'time'; readonly timestampMs: number }

/** @returns undefined when the text is neither a cursor nor milliseconds. */
export function parseBound(text: string): ResultBound | undefined {
  if (/^\d{1,16}$/.test(text)) return { kind: 'time', timestampMs: Number(text) }
  try {
    const { ordinate, sort } = JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as Partial<ResultCursor>
    if (!/^\d{1,15}$/.test(String(ordinate))) return undefined
    return { kind: 'nonce', nonce: Number(ordinate), sort: sort === 'ASC' || sort === 'DESC' ? sort : undefined }
  } catch {
    return undefined
  }
}
