import type { Context, Hono } from 'hono'
import { blockByHeight } from '../../network/blocks.ts'
import type { Network } from '../../network/types.ts'
import { parseAddress } from '../../protocol/ids.ts'
import { HttpError } from '../errors.ts'
import { httpLimits } from '../limits.ts'
import type { Balances } from './balances.ts'
import { type BlockNode, findBlock } from './blocks.ts'

/** What arlocal asks for a thousand bytes. Wire protocol 9.3. */
const winstonPerThousandBytes = 65_595_508n

/** What a gateway says of its network: blocks, prices, wallets. Wire protocol 9.1. */
export function addNetworkRoutes(gateway: Hono, network: Network, balances: Balances): void {
  const info = (c: Context): Response => c.json(networkInfo(network))
  gateway.get('/', info)
  gateway.get('/info', info)
  gateway.get('/peers', (c) => c.json([]))
  gateway.get('/height', (c) => c.text(String(network.info().blockHeight)))
  gateway.get('/tx_anchor', (c) => c.text(blockByHeight(network.info().blockHeight).id))
  gateway.get('/price/:bytes/:address?', (c) => c.text(price(c.req.param('bytes'))))

  gateway.get('/wallet/:address/balance', (c) => c.text(String(balances.of(parseAddress(c.req.param('address'))))))
  // No transaction depends on another one here: clients take a block for their anchor.
  gateway.get('/wallet/:address/last_tx', (c) => {
    parseAddress(c.req.param('address'))
    return c.text('')
  })
  gateway.get('/account/balance/:address', (c) => {
    return c.json({ balance: String(balances.of(parseAddress(c.req.param('address')))) })
  })

  gateway.get('/block/current', (c) => c.json(blockJson(findBlock(network, null), 'current', network)))
  gateway.get('/block/hash/:id', (c) => {
    const id = c.req.param('id')
    return c.json(blockJson(findBlock(network, id), id, network))
  })
  gateway.get('/block/height/:height', (c) => {
    const given = c.req.param('height')
    return c.json(blockJson(blockAt(given, network.info().blockHeight), given, network))
  })
}

export function networkInfo(network: Network): object {
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

function blockAt(given: string, tip: number): BlockNode | null {
  const height = /^\d{1,12}$/.test(given) ? Number(given) : Number.NaN
  if (!(height <= tip)) return null
  const { id, timestampMs, previousId } = blockByHeight(height)
  return { id, timestamp: Math.floor(timestampMs / 1_000), height, previous: previousId }
}

/** Fields that only mining gives a meaning are empty. @throws {HttpError} `HTTP_BLOCK_UNKNOWN` */
function blockJson(block: BlockNode | null, given: string, network: Network): object {
  if (block === null) {
    throw new HttpError({ code: 'HTTP_BLOCK_UNKNOWN', given: given.slice(0, 80), height: network.info().blockHeight })
  }
  const { id, timestamp, height, previous } = block
  return {
    indep_hash: id,
    hash: id,
    previous_block: previous,
    height,
    timestamp,
    last_retarget: timestamp,
    nonce: '',
    diff: '0',
    cumulative_diff: '0',
    txs: [],
    tx_root: '',
    tx_tree: [],
    hash_list_merkle: '',
    wallet_list: '',
    reward_addr: 'unclaimed',
    reward_pool: '0',
    weave_size: '0',
    block_size: '0',
    tags: [],
    poa: { option: '1', tx_path: '', data_path: '', chunk: '' },
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
