import type { Context, Hono } from 'hono'
import type { Network } from '../../network/types.ts'
import { HttpError } from '../errors.ts'
import { readBody } from '../request.ts'
import type { ChunkUploads } from './chunk-uploads.ts'
import { uploadTransaction } from './transaction-uploads.ts'

/** How long a bundler promises to take, in blocks. Here an item is stored when it is acknowledged. */
const deadlineBlocks = 200
/** `{`: no signature type begins with it. */
const openingBrace = 0x7b

interface BundlerDependencies {
  readonly network: Network
  readonly uploads: ChunkUploads
}

/** Uploads of signed data items, under the paths of the known bundlers, and of layer-1 transactions. Wire protocol 9.4. */
export function addBundlerRoutes(gateway: Hono, dependencies: BundlerDependencies): void {
  for (const path of ['/tx', '/tx/:currency', '/v1/tx', '/v1/tx/:currency']) {
    gateway.post(path, (c) => upload(c, dependencies))
  }
}

async function upload(c: Context, dependencies: BundlerDependencies): Promise<Response> {
  const { network } = dependencies
  const body = await readBody(c)
  if (body.length === 0) {
    throw new HttpError({ code: 'HTTP_BODY_MISSING', expected: 'a signed data item, or a transaction as JSON' })
  }
  if (body[0] === openingBrace) return uploadTransaction(c, body, dependencies)
  const { id, ownerAddress } = await network.upload(body)
  const { blockHeight, timestampMs, publicKey } = network.info()
  return c.json({
    id,
    timestamp: timestampMs,
    version: '1.0.0',
    public: publicKey,
    // A receipt would be signed for a bundler that keeps its promise later; nothing is promised here.
    signature: '',
    deadlineHeight: blockHeight + deadlineBlocks,
    block: blockHeight,
    validatorSignatures: [],
    owner: ownerAddress,
    winc: '0',
    dataCaches: [],
    fastFinalityIndexes: [],
  })
}
