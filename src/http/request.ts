import type { Context } from 'hono'
import { type ItemId, isItemId, type ProcessId, parseItemId } from '../protocol/ids.ts'
import { HttpError } from './errors.ts'
import { httpLimits } from './limits.ts'

/**
 * The body as bytes, read once.
 *
 * @throws {HttpError} `HTTP_BODY_TOO_LARGE`, before or as soon as the limit is passed.
 */
export async function readBody(c: Context): Promise<Uint8Array> {
  const sizeBytesMax = httpLimits.bodyBytesMax
  const declared = c.req.header('content-length')
  // A declared length is enforced by the HTTP parser, so the fast way is safe. Without one the stream is counted.
  if (declared !== undefined && c.req.header('transfer-encoding') === undefined) {
    if (Number(declared) > sizeBytesMax) throw new HttpError({ code: 'HTTP_BODY_TOO_LARGE', sizeBytesMax })
    return new Uint8Array(await c.req.arrayBuffer())
  }
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  const reader = c.req.raw.body?.getReader()
  for (let step = await reader?.read(); step !== undefined && !step.done; step = await reader?.read()) {
    sizeBytes += step.value.byteLength
    if (sizeBytes > sizeBytesMax) {
      await reader?.cancel()
      throw new HttpError({ code: 'HTTP_BODY_TOO_LARGE', sizeBytesMax })
    }
    chunks.push(step.value)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

/** @throws {HttpError} `HTTP_BODY_INVALID` */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new HttpError({ code: 'HTTP_BODY_INVALID', problem: 'it is not JSON' }, { cause })
  }
}

/** A parameter of the path that is an id. @throws {ProtocolError} `PROTOCOL_ID_INVALID` */
export function pathId(c: Context, name: string, field: string): ItemId {
  return parseItemId(c.req.param(name) ?? '', field)
}

export function pathProcessId(c: Context, name: string): ProcessId {
  return pathId(c, name, 'process id') as ProcessId
}

/** `process-id` of the query. @throws {HttpError} `HTTP_PARAMETER_INVALID` when it is missing or not an id. */
export function queryProcessId(c: Context): ProcessId {
  const given = c.req.query('process-id')
  if (given !== undefined && isItemId(given)) return given as ProcessId
  const allowed = 'the process id, 43 characters of base64url'
  throw new HttpError({ code: 'HTTP_PARAMETER_INVALID', parameter: 'process-id', given, allowed })
}

/**
 * A parameter of the query, or undefined. Clients write `limit=undefined` for one they do not mean (wire 11.2).
 */
export function queryText(c: Context, parameter: string): string | undefined {
  const given = c.req.query(parameter)
  return given === '' || given === 'undefined' || given === 'null' ? undefined : given
}

/** @throws {HttpError} `HTTP_PARAMETER_INVALID` unless it is absent or a whole number from `min`. */
export function queryInteger(c: Context, parameter: string, min: number): number | undefined {
  const given = queryText(c, parameter)
  if (given === undefined) return undefined
  const value = /^-?\d{1,16}$/.test(given) ? Number(given) : Number.NaN
  if (Number.isSafeInteger(value) && value >= min) return value
  throw new HttpError({ code: 'HTTP_PARAMETER_INVALID', parameter, given, allowed: `a whole number from ${min}` })
}
