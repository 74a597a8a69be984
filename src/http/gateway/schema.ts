import { buildSchema, type GraphQLSchema } from 'graphql'

/**
 * The schema of public gateways. Wire protocol 9.2; `ingested_at`, `INGESTED_AT_…` and `match` are those of the search gateway
 * that explorers and wallets of AO ask.
 */
const definition = /* GraphQL */ `
  type Query {
    transaction(id: ID!): Transaction
    transactions(
      ids: [ID!]
      owners: [String!]
      recipients: [String!]
      tags: [TagFilter!]
      "One level up: the bundle or transaction that an item was unpacked from."
      bundledIn: [ID!]
      block: BlockFilter
      "Seconds since 1970, both inclusive."
      ingested_at: RangeFilter
      first: Int = 10
      after: String
      sort: SortOrder = HEIGHT_DESC
    ): TransactionConnection!
    block(id: String): Block
    blocks(
      ids: [ID!]
      height: BlockFilter
      first: Int = 10
      after: String
      sort: SortOrder = HEIGHT_DESC
    ): BlockConnection!
  }
  input TagFilter {
    name: String!
    values: [String!]!
    op: TagOperator = EQ
    match: TagMatch = EXACT
  }
  enum TagOperator {
    EQ
    NEQ
  }
  enum TagMatch {
    EXACT
  }
  input BlockFilter {
    min: Int
    max: Int
  }
  input RangeFilter {
    min: Int
    max: Int
  }
  "Within a block, the order of storing. So the order of ingestion is that of heights."
  enum SortOrder {
    HEIGHT_ASC
    HEIGHT_DESC
    INGESTED_AT_ASC
    INGESTED_AT_DESC
  }
  type TransactionConnection {
    pageInfo: PageInfo!
    edges: [TransactionEdge!]!
    "How many there are on all pages; null when too much would have to be looked at."
    count: String
  }
  type TransactionEdge {
    cursor: String!
    node: Transaction!
  }
  type PageInfo {
    hasNextPage: Boolean!
  }
  type Transaction {
    id: ID!
    anchor: String!
    signature: String!
    recipient: String!
    owner: Owner!
    fee: Amount!
    quantity: Amount!
    data: MetaData!
    tags: [Tag!]!
    block: Block
    "Seconds since 1970."
    ingested_at: Int!
    "The same as bundledIn."
    parent: Parent
    bundledIn: Bundle
  }
  type Owner {
    address: String!
    key: String!
  }
  type Amount {
    winston: String!
    ar: String!
  }
  type MetaData {
    size: String!
    type: String
  }
  type Tag {
    name: String!
    value: String!
  }
  type Block {
    id: ID!
    "Seconds since 1970."
    timestamp: Int!
    height: Int!
    previous: ID!
  }
  type BlockConnection {
    pageInfo: PageInfo!
    edges: [BlockEdge!]!
  }
  type BlockEdge {
    cursor: String!
    node: Block!
  }
  type Parent {
    id: ID!
  }
  type Bundle {
    id: ID!
  }
`

export const gatewaySchema: GraphQLSchema = buildSchema(definition)
