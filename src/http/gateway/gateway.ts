import { type Context, Hono } from 'hono'
import { blockByHeight } from '../../network/blocks.ts'
import type { Network } from '../../network/types.ts'
import { encodeBase64Url } from '../../protocol/base64url.ts'
import { parseDataItem } from '../../protocol/data-item.ts'
import { parseAddress } from '../../protocol/ids.ts'
import { encodeUtf8 } from '../../protocol/utf8.ts'
import type { StoredItem } from '../../store/types.ts'
import { HttpError } from '../errors.ts'
import { lazy } from '../lazy.ts'
import { httpLimits } from '../limits.ts'
import { parseJson, pathId, readBody } from '../request.ts'
import { addBundlerRoutes } from './bundler.ts'
import { tagHeaders } from './item-headers.ts'
import { contentType } from './transactions.ts'

export interface GatewayDependencies {
  readonly network: Network
  readonly fundedAddresses: ReadonlySet<string>
}

/** 1 AR is 10^12 winston. */
const fundedWinston = 1_000n * 10n ** 12n
/** What arlocal asks for a thousand bytes. Wire protocol 9.3. */
const winstonPerThousandBytes = 65_595_508n

const graphql = lazy(() => import('./graphql.ts'))

/** The Arweave gateway: what AO clients ask of one. Wire protocol 9. */
export function createGateway({ network, fundedAddresses }: GatewayDependencies): Hono {
  const gateway = new Hono()

  const info = (c: Context): Response => c.json(networkInfo(network))
  gateway.get('/', info)
  gateway.get('/info', info)
  gateway.get('/tx_anchor', (c) => c.text(blockByHeight(network.info().blockHeight).id))
  gateway.get('/price/:bytes/:address?', (c) => c.text(price(c.req.param('bytes'))))
  gateway.get('/wallet/:address/balance', (c) => {
    const address = parseAddress(c.req.param('address'))
    return c.text(fundedAddresses.has(address) ? String(fundedWinston) : '0')
  })
  // Wallets have no layer-1 transactions here.
  gateway.get('/wallet/:address/last_tx', (c) => c.text(''))

  gateway.post('/graphql', async (c) => {
    const body = parseJson(await readBody(c))
    const { answerGraphql, parseGraphqlRequest } = await graphql()
    const answer = await answerGraphql(network, parseGraphqlRequest(body))
    return c.json(answer.body, answer.status)
  })
  gateway.get('/graphql', async (c) => {
    const { query, variables, operationName } = c.req.query()
    const { answerGraphql, parseGraphqlRequest } = await graphql()
    const parsed = variables === undefined ? undefined : parseJson(encodeUtf8(variables))
    const answer = await answerGraphql(network, parseGraphqlRequest({ query, variables: parsed, operationName }))
    return c.json(answer.body, answer.status)
  })

  addBundlerRoutes(gateway, network)
  gateway.post('/chunk', () => {
    const instead = 'Upload signed data items to POST /tx instead.'
    throw new HttpError({ code: 'HTTP_NOT_SUPPORTED', what: 'Uploading by chunks', instead })
  })

  gateway.get('/tx/:id', async (c) => c.json(transactionJson(await findItem(c, network))))
  // Hono answers HEAD by the GET route, without the body.
  gateway.get('/raw/:id', async (c) => itemData(c, await findItem(c, network)))
  gateway.get('/:id{[A-Za-z0-9_-]{43}}', async (c) => itemData(c, await findItem(c, network)))
  return gateway
}

async function findItem(c: Context, network: Network): Promise<StoredItem> {
  const id = pathId(c, 'id', 'id')
  const item = await network.item(id)
  if (item === undefined) throw new HttpError({ code: 'HTTP_ITEM_UNKNOWN', id })
  return item
}

function itemData(c: Context, { bytes, tags }: StoredItem): Response {
  const { data } = parseDataItem(bytes)
  const type = contentType(tags) ?? ''
  return c.body(new Uint8Array(data), 200, {
    ...tagHeaders(tags),
    'content-type': /^[\x21-\x7e][\x20-\x7e]*$/.test(type) ? type : 'application/octet-stream',
    'content-length': String(data.length),
    'x-content-type-options': 'nosniff',
  })
}

/** A data item in the form of a layer-1 transaction. Wire protocol 3.1. */
function transactionJson({ id, bytes }: StoredItem): object {
  const item = parseDataItem(bytes)
  return {
    format: 2,
    id,
    last_tx: item.anchor === undefined ? '' : encodeBase64Url(item.anchor),
    owner: encodeBase64Url(item.owner),
    tags: item.tags.map(({ name, value }) => ({
      name: encodeBase64Url(encodeUtf8(name)),
      value: encodeBase64Url(encodeUtf8(value)),
    })),
    target: item.target ?? '',
    quantity: '0',
    data: '',
    data_size: String(item.data.length),
    data_root: '',
    reward: '0',
    signature: encodeBase64Url(item.signature),
  }
}

function networkInfo(network: Network): object {
  const { blockHeight } = network.info()
  return {
    network: 'loom',
    version: 5,
    release: 1,
    height: blockHeight,
    current: blockByHeight(blockHeight).id,
    blocks: blockHeight + 1,
    peers: 0,
    queue_length: 0,
    node_state_latency: 0,
  }
}

/** @throws {HttpError} `HTTP_PARAMETER_INVALID` */
function price(bytes: string): string {
  const digits = httpLimits.priceDigitsMax
  if (/^\d+$/.test(bytes) && bytes.length <= digits) {
    return String((BigInt(bytes) * winstonPerThousandBytes + 500n) / 1_000n)
  }
  const allowed = `a number of bytes, at most ${digits} digits`
  throw new HttpError({ code: 'HTTP_PARAMETER_INVALID', parameter: 'bytes', given: bytes.slice(0, 80), allowed })
}
