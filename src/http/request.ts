import type { Context } from 'hono'
import { type ItemId, isItemId, type ProcessId, parseItemId } from '../protocol/ids.ts'
import { HttpError } from './errors.ts'
import { httpLimits } from './limits.ts'

/**
 * The body as bytes, read once.
 *
 * @throws {HttpError} `HTTP_BODY_TOO_LARGE`, before or as soon as the limit is passed; `HTTP_BODY_INCOMPLETE`.
 */
export async function readBody(c: Context): Promise<Uint8Array> {
  try {
    return await readBytes(c)
  } catch (cause) {
    // All else that can go wrong here is that the client, or the connection, ended.
    throw cause instanceof HttpError ? cause : new HttpError({ code: 'HTTP_BODY_INCOMPLETE' }, { cause })
  }
}

async function readBytes(c: Context): Promise<Uint8Array> {
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
  const problem = sizeProblem(bytes)
  if (problem !== undefined) throw new HttpError({ code: 'HTTP_BODY_INVALID', problem })
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new HttpError({ code: 'HTTP_BODY_INVALID', problem: 'it is not JSON' }, { cause })
  }
}

/** Counts brackets and commas outside of strings, so that nothing has to be built for it. */
function sizeProblem(json: Uint8Array): string | undefined {
  const { jsonDepthMax, jsonValuesMax } = httpLimits
  let [depth, values] = [0, 0]
  for (let i = 0; i < json.length; i++) {
    const byte = json[i]
    if (byte === jsonBytes.quote) i = endOfText(json, i)
    else if (byte === jsonBytes.comma) values += 1
    else if (byte === jsonBytes.listEnd || byte === jsonBytes.objectEnd) depth -= 1
    else if (byte === jsonBytes.list || byte === jsonBytes.object) {
      depth += 1
      values += 1
      if (depth > jsonDepthMax) return `it has more than ${jsonDepthMax} lists and objects inside each other`
    }
  }
  return values > jsonValuesMax ? `it has more than ${jsonValuesMax} values` : undefined
}

/** Where the quote is that ends the string beginning at `start`; the length when there is none. */
function endOfText(json: Uint8Array, start: number): number {
  for (let end = json.indexOf(jsonBytes.quote, start + 1); end >= 0; end = json.indexOf(jsonBytes.quote, end + 1)) {
    let backslashes = 0
    while (json[end - 1 - backslashes] === jsonBytes.backslash) backslashes += 1
    if (backslashes % 2 === 0) return end
  }
  return json.length
}

const jsonBytes = {
  quote: 0x22,
  comma: 0x2c,
  backslash: 0x5c,
  list: 0x5b,
  listEnd: 0x5d,
  object: 0x7b,
  objectEnd: 0x7d,
} as const

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
