import { Hono } from 'hono'
import type { Network } from '../../network/types.ts'
import { encodeUtf8 } from '../../protocol/utf8.ts'
import { lazy } from '../lazy.ts'
import { parseJson, readBody } from '../request.ts'
import { addArlocalRoutes } from './arlocal-routes.ts'
import { Balances } from './balances.ts'
import { addBundlerRoutes } from './bundler.ts'
import { ChunkUploads } from './chunk-uploads.ts'
import { addItemRoutes } from './item-routes.ts'
import { addNetworkRoutes } from './network-routes.ts'
import { addChunkUploadRoute } from './transaction-uploads.ts'

export interface GatewayDependencies {
  readonly network: Network
  readonly fundedAddresses: ReadonlySet<string>
}

const graphql = lazy(() => import('./graphql.ts'))

/** The Arweave gateway: what AO clients ask of one. Wire protocol 9. */
export function createGateway({ network, fundedAddresses }: GatewayDependencies): Hono {
  const gateway = new Hono()
  const balances = new Balances(fundedAddresses)
  const uploads = new ChunkUploads(network)

  addNetworkRoutes(gateway, network, balances)
  addArlocalRoutes(gateway, network, balances)

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

  addBundlerRoutes(gateway, { network, uploads })
  addChunkUploadRoute(gateway, uploads)
  addItemRoutes(gateway, { network, uploads })
  return gateway
}
