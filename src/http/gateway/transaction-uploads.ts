import type { Context, Hono } from 'hono'
import type { Network } from '../../network/types.ts'
import { decodeBase64Url } from '../../protocol/base64url.ts'
import { chunkSizeMax } from '../../protocol/merkle.ts'
import {
  createTransaction,
  parseTransactionJson,
  verifyTransaction,
  verifyTransactionData,
} from '../../protocol/transaction.ts'
import { type ChunkRefusal, HttpError } from '../errors.ts'
import { httpLimits } from '../limits.ts'
import { parseJson, readBody } from '../request.ts'
import type { ChunkUploads, UploadedChunk } from './chunk-uploads.ts'

export function addChunkUploadRoute(gateway: Hono, uploads: ChunkUploads): void {
  gateway.post('/chunk', async (c) => {
    await uploads.put(parseChunk(await readBody(c)))
    return c.json({})
  })
}

/**
 * A layer-1 transaction in its JSON form: stored when its data is in it, or when it has none; else it waits for its chunks.
 * Wire protocol 9.1.
 */
export async function uploadTransaction(
  c: Context,
  body: Uint8Array,
  { network, uploads }: { readonly network: Network; readonly uploads: ChunkUploads },
): Promise<Response> {
  const { header, data } = parseTransactionJson(parseJson(body))
  if (uploads.header(header.id) !== undefined || (await network.item(header.id)) !== undefined) {
    return c.text('Transaction already processed.', 208)
  }
  if (data.length === 0 && header.dataSize > 0) {
    await verifyTransaction(header)
    uploads.add(header)
  } else {
    await verifyTransactionData({ ...header, data })
    await network.uploadTransaction(createTransaction(header, data))
  }
  return c.text('OK')
}

/** Wire protocol 3.3. The texts of refusals are those that clients know: on most of them they do not try again. */
function parseChunk(body: Uint8Array): UploadedChunk {
  const fields = readChunkFields(body)
  const text = (field: string): string => {
    const given = fields[field]
    return typeof given === 'string' ? given : refuse('invalid_json')
  }
  const binary = (field: string, sizeBytesMax: number, reason: ChunkRefusal): Uint8Array => {
    const given = text(field)
    if (given.length > Math.ceil((sizeBytesMax * 4) / 3)) refuse(reason)
    try {
      return decodeBase64Url(given)
    } catch (cause) {
      return refuse('invalid_json', { cause })
    }
  }
  const number = (field: string, max: number, reason: ChunkRefusal): number => {
    const given = text(field)
    if (!/^\d+$/.test(given)) refuse('invalid_json')
    return Number(given) <= max ? Number(given) : refuse(reason)
  }
  const dataSize = number('data_size', httpLimits.transactionBytesMax, 'data_size_too_big')
  return {
    dataRoot: binary('data_root', 32, 'invalid_json'),
    dataSize,
    offset: number('offset', dataSize - 1, 'offset_too_big'),
    path: binary('data_path', httpLimits.chunkPathBytesMax, 'data_path_too_big'),
    chunk: binary('chunk', chunkSizeMax, 'chunk_too_big'),
  }
}

function readChunkFields(body: Uint8Array): Readonly<Record<string, unknown>> {
  let parsed: unknown
  try {
    parsed = parseJson(body)
  } catch (cause) {
    return refuse('invalid_json', { cause })
  }
  return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : refuse('invalid_json')
}

function refuse(reason: ChunkRefusal, options?: ErrorOptions): never {
  throw new HttpError({ code: 'HTTP_CHUNK_REFUSED', reason }, options)
}
