import {
  type DocumentNode,
  execute,
  type GraphQLError,
  type GraphQLFormattedError,
  parse,
  specifiedRules,
  validate,
} from 'graphql'
import type { Network } from '../../network/types.ts'
import { errorCode } from '../../protocol/loom-error.ts'
import { HttpError } from '../errors.ts'
import { httpLimits } from '../limits.ts'
import { publicError } from '../status.ts'
import { type BlocksArguments, findBlock, queryBlocks } from './blocks.ts'
import { pageLimit } from './list-arguments.ts'
import { gatewaySchema } from './schema.ts'
import { countTransactions, findTransaction, queryTransactions, type TransactionsArguments } from './transactions.ts'

export interface GraphqlRequest {
  readonly query: string
  readonly variables: { readonly [name: string]: unknown } | undefined
  readonly operationName: string | undefined
}

export interface GraphqlAnswer {
  /** 400 when nothing was executed: clients take any other status for a failure of the gateway. */
  readonly status: 200 | 400
  readonly body: { readonly data?: unknown; readonly errors?: readonly GraphQLFormattedError[] }
}

export async function answerGraphql(network: Network, request: GraphqlRequest): Promise<GraphqlAnswer> {
  const { document, problems } = readQuery(request.query)
  if (document === undefined) return { status: 400, body: { errors: problems.map(format) } }

  const { data, errors } = await execute({
    schema: gatewaySchema,
    document,
    rootValue: resolvers(network),
    variableValues: request.variables,
    operationName: request.operationName,
  })
  if (errors === undefined) return { status: 200, body: { data } }
  return { status: data === undefined ? 400 : 200, body: { data, errors: errors.map(format) } }
}

type ReadQuery =
  | { readonly document: DocumentNode; readonly problems?: undefined }
  | { readonly document?: undefined; readonly problems: readonly GraphQLError[] }

/** Clients send the same few texts again and again, with other variables. */
const knownQueries = new Map<string, DocumentNode>()
const knownQueriesMax = 32
const knownQueryLengthMax = 8_192

function readQuery(text: string): ReadQuery {
  const known = knownQueries.get(text)
  if (known !== undefined) return { document: known }
  let document: DocumentNode
  try {
    document = parse(text, { maxTokens: httpLimits.graphqlTokensMax })
  } catch (error) {
    return { problems: [error as GraphQLError] }
  }
  const problems = validate(gatewaySchema, document, specifiedRules, { maxErrors: 10 })
  if (problems.length > 0) return { problems }
  if (text.length <= knownQueryLengthMax) {
    if (knownQueries.size >= knownQueriesMax) knownQueries.clear()
    knownQueries.set(text, document)
  }
  return { document }
}

/** The body of a POST. @throws {HttpError} `HTTP_BODY_INVALID` */
export function parseGraphqlRequest(json: unknown): GraphqlRequest {
  const { query, variables, operationName } = isObject(json) ? json : {}
  if (typeof query !== 'string' || query === '') throw invalid("it needs the text 'query'")
  if (variables !== undefined && variables !== null && !isObject(variables))
    throw invalid("'variables' is not an object")
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') {
    throw invalid("'operationName' is not text")
  }
  return { query, variables: variables ?? undefined, operationName: operationName ?? undefined }
}

function resolvers(network: Network): object {
  let lists = 0
  /** One query may ask for the same list many times, under aliases. */
  const countList = (): void => {
    lists += 1
    if (lists <= httpLimits.graphqlListsMax) return
    const problem = `it asks for more than ${httpLimits.graphqlListsMax} lists`
    throw new HttpError({ code: 'HTTP_BODY_INVALID', problem })
  }
  return {
    transaction({ id }: { id: string }) {
      countList()
      return findTransaction(network, id)
    },
    async transactions(given: TransactionsArguments) {
      countList()
      const { rows, hasNextPage } = await queryTransactions(network, given)
      const edges = rows.map((node) => ({ cursor: node.cursor, node }))
      // Counted only if the query asks for it.
      return { pageInfo: { hasNextPage }, count: () => countTransactions(network, given), edges }
    },
    block({ id }: { id?: string | null }) {
      countList()
      return findBlock(network, id)
    },
    blocks({ first, ...given }: BlocksArguments & { first: number | null }) {
      countList()
      const { rows, hasNextPage } = queryBlocks(network, pageLimit(first), given)
      return { pageInfo: { hasNextPage }, edges: rows.map((node) => ({ cursor: String(node.height), node })) }
    },
  }
}

/** Errors of the executor are for the client; those of a resolver go through the table, so that none leaks. */
function format(error: GraphQLError): GraphQLFormattedError {
  const { originalError } = error
  if (originalError === undefined || originalError === null) return error.toJSON()
  const { body } = publicError(originalError)
  const code = errorCode(originalError)
  const { locations, path } = error.toJSON()
  return {
    message: body.error,
    ...(locations === undefined ? {} : { locations }),
    ...(path === undefined ? {} : { path }),
    extensions: { code: code === undefined ? body.code : code },
  }
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(problem: string): HttpError {
  return new HttpError({ code: 'HTTP_BODY_INVALID', problem })
}
