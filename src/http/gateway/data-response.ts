import type { Context } from 'hono'
import type { AnyItem } from '../../protocol/any-item.ts'
import { HttpError } from '../errors.ts'
import { parseByteRange } from './byte-range.ts'
import { tagHeaders } from './item-headers.ts'
import { contentType } from './transactions.ts'

/**
 * The data of an item, or the range of it that was asked for, with its type and its tags as headers. Wire protocol 9.1.
 *
 * What an id stands for never changes, so the id is the `ETag`.
 *
 * @throws {HttpError} `HTTP_RANGE_UNSATISFIABLE`
 */
export function dataResponse(c: Context, { id, tags, data }: Pick<AnyItem, 'id' | 'tags' | 'data'>): Response {
  const type = contentType(tags) ?? ''
  const etag = `"${id}"`
  const sizeBytes = data.length
  const headers = {
    ...tagHeaders(tags),
    'content-type': /^[\x21-\x7e][\x20-\x7e]*$/.test(type) ? type : 'application/octet-stream',
    'x-content-type-options': 'nosniff',
    'accept-ranges': 'bytes',
    etag,
  }
  if (names(c.req.header('if-none-match'), etag)) return c.body(null, 304, headers)

  const range = parseByteRange(rangeHeader(c, etag), sizeBytes)
  if (range === 'unsatisfiable') {
    c.header('content-range', `bytes */${sizeBytes}`)
    throw new HttpError({ code: 'HTTP_RANGE_UNSATISFIABLE', given: c.req.header('range') ?? '', sizeBytes })
  }
  if (range === undefined) return c.body(new Uint8Array(data), 200, { ...headers, 'content-length': String(sizeBytes) })

  const { start, end } = range
  return c.body(new Uint8Array(data.subarray(start, end)), 206, {
    ...headers,
    'content-length': String(end - start),
    'content-range': `bytes ${start}-${end - 1}/${sizeBytes}`,
  })
}

/** A range means something for GET only, and only of the version that the client knows a part of (RFC 9110, 14.2). */
function rangeHeader(c: Context, etag: string): string | undefined {
  const ifRange = c.req.header('if-range')
  return c.req.method === 'GET' && (ifRange === undefined || ifRange === etag) ? c.req.header('range') : undefined
}

/** Whether the list of an `If-None-Match` names the tag, weakly or not. */
function names(ifNoneMatch: string | undefined, etag: string): boolean {
  const listed = ifNoneMatch?.split(',').map((given) => given.trim().replace(/^W\//, '')) ?? []
  return listed.includes(etag) || listed.includes('*')
}
