import type { Context, Hono, Next } from 'hono'
import { blockByHeight } from '../../network/blocks.ts'
import type { Network } from '../../network/types.ts'
import { type AnyItem, isTransaction, parseAnyItem } from '../../protocol/any-item.ts'
import { encodeBase64Url } from '../../protocol/base64url.ts'
import type { ItemId } from '../../protocol/ids.ts'
import { type TransactionJson, tagsToJson, transactionToJson } from '../../protocol/transaction.ts'
import type { DataItem } from '../../protocol/types.ts'
import { HttpError } from '../errors.ts'
import { pathId } from '../request.ts'
import type { ChunkUploads } from './chunk-uploads.ts'
import { dataResponse } from './data-response.ts'
import { isManifest, resolveManifestPath } from './path-manifest.ts'
import { WeaveOffsets } from './weave-offsets.ts'

interface ItemRouteDependencies {
  readonly network: Network
  readonly uploads: ChunkUploads
}

/** An item as it was asked for: a well-known module id is kept, though the item has another. */
type FoundItem = AnyItem & { readonly blockHeight: number }

const idPattern = '[A-Za-z0-9_-]{43}'

/** Data items and layer-1 transactions: their data, and what they are. Wire protocol 9.1. */
export function addItemRoutes(gateway: Hono, { network, uploads }: ItemRouteDependencies): void {
  const offsets = new WeaveOffsets()
  const item = (c: Context): Promise<FoundItem> => getItem(network, pathId(c, 'id', 'id'))

  gateway.get('/tx/pending', (c) => c.json(uploads.ids))
  gateway.get('/tx/:id', async (c) => {
    const pending = uploads.header(pathId(c, 'id', 'id'))
    return c.json(pending === undefined ? itemJson(await item(c)) : transactionToJson(pending))
  })
  gateway.get('/tx/:id/status', async (c) => {
    if (uploads.header(pathId(c, 'id', 'id')) !== undefined) return c.text('Pending', 202)
    const { blockHeight } = await item(c)
    return c.json({
      block_height: blockHeight,
      block_indep_hash: blockByHeight(blockHeight).id,
      number_of_confirmations: network.info().blockHeight - blockHeight + 1,
    })
  })
  gateway.get('/tx/:id/offset', async (c) => {
    const found = await item(c)
    const end = isTransaction(found) ? offsets.endOf(found) : undefined
    if (end === undefined) throw new HttpError({ code: 'HTTP_CHUNKS_NONE', id: found.id })
    return c.json({ size: String(found.data.length), offset: String(end) })
  })
  gateway.get('/tx/:id/:file{data\\.[A-Za-z0-9]+}', async (c) => dataResponse(c, await item(c)))
  gateway.get('/tx/:id/:field', async (c) => {
    const pending = uploads.header(pathId(c, 'id', 'id'))
    const field = c.req.param('field')
    if (pending !== undefined && field === 'data') return c.text('Pending', 202)
    if (pending !== undefined) return fieldResponse(c, transactionToJson(pending))
    const found = await item(c)
    return field === 'data' ? c.text(base64Url(found.data)) : fieldResponse(c, itemJson(found))
  })

  gateway.get('/chunk/:offset', async (c) => {
    const given = c.req.param('offset')
    const found = /^\d{1,16}$/.test(given) ? offsets.find(Number(given)) : undefined
    if (found === undefined) throw new HttpError({ code: 'HTTP_CHUNK_UNKNOWN', offset: given.slice(0, 80) })
    const { data } = await getItem(network, found.id)
    const { start, end, path } = found.chunk
    return c.json({
      chunk: base64Url(data.subarray(start, end)),
      data_path: base64Url(path),
      // Of the path from a block to the transaction: blocks have no trees here.
      tx_path: '',
      packing: 'unpacked',
    })
  })

  // Hono answers HEAD by the GET route, without the body.
  gateway.get('/raw/:id', async (c) => dataResponse(c, await item(c)))
  gateway.get(`/:id{${idPattern}}`, async (c) => {
    const found = await item(c)
    if (!isManifest(found)) return dataResponse(c, found)
    // Relative links of a page need the slash that the app takes off paths.
    const { pathname, search } = new URL(c.req.url)
    if (!pathname.endsWith('/')) return c.redirect(`/${found.id}/${search}`)
    return manifestPath(c, network, found, '')
  })
  gateway.get(`/:id{${idPattern}}/:path{.+}`, async (c: Context, next: Next) => {
    const found = await item(c)
    if (!isManifest(found)) return next()
    return manifestPath(c, network, found, c.req.param('path') ?? '')
  })
}

async function manifestPath(c: Context, network: Network, manifest: FoundItem, path: string): Promise<Response> {
  const id = resolveManifestPath(manifest, path)
  if (id !== undefined) return dataResponse(c, await getItem(network, id))
  throw new HttpError({ code: 'HTTP_MANIFEST_PATH_UNKNOWN', id: manifest.id, path: path.slice(0, 80) })
}

/** @throws {HttpError} `HTTP_ITEM_UNKNOWN` */
async function getItem(network: Network, id: ItemId): Promise<FoundItem> {
  const stored = await network.item(id)
  if (stored === undefined) throw new HttpError({ code: 'HTTP_ITEM_UNKNOWN', id })
  return { ...parseAnyItem(stored.bytes), id: stored.id, blockHeight: stored.blockHeight }
}

function itemJson(item: AnyItem): TransactionJson {
  return isTransaction(item) ? transactionToJson(item) : dataItemJson(item)
}

/** A data item in the form of a layer-1 transaction. Wire protocol 3.1. */
function dataItemJson(item: DataItem): TransactionJson {
  return {
    format: 2,
    id: item.id,
    last_tx: item.anchor === undefined ? '' : encodeBase64Url(item.anchor),
    owner: encodeBase64Url(item.owner),
    tags: tagsToJson(item.tags),
    target: item.target ?? '',
    quantity: '0',
    data: '',
    data_size: String(item.data.length),
    data_root: '',
    reward: '0',
    signature: encodeBase64Url(item.signature),
  }
}

/** @throws {HttpError} `HTTP_PARAMETER_INVALID` */
function fieldResponse(c: Context, json: TransactionJson): Response {
  const given = c.req.param('field') ?? ''
  const found = Object.entries(json).find(([name]) => name === given)
  if (found !== undefined) return typeof found[1] === 'object' ? c.json(found[1]) : c.text(String(found[1]))
  const allowed = `${Object.keys(json).join(', ')}, status or offset`
  throw new HttpError({ code: 'HTTP_PARAMETER_INVALID', parameter: 'field', given: given.slice(0, 80), allowed })
}

/** Of data, which may be large: ten times as fast as the codec of protocol/, which checks more when it reads. */
function base64Url({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64url')
}
