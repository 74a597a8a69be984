import { buildSchema, type GraphQLSchema } from 'graphql'

/** The part of the gateways' schema that AO clients use, as public gateways have it. Wire protocol 9.2. */
const definition = /* GraphQL */ `
  type Query {
    transaction(id: ID!): Transaction
    transactions(
      ids: [ID!]
      owners: [String!]
      recipients: [String!]
      tags: [TagFilter!]
      bundledIn: [ID!]
      block: BlockFilter
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
  }
  enum TagOperator {
    EQ
    NEQ
  }
  input BlockFilter {
    min: Int
    max: Int
  }
  enum SortOrder {
    HEIGHT_ASC
    HEIGHT_DESC
  }
  type TransactionConnection {
    pageInfo: PageInfo!
    edges: [TransactionEdge!]!
    "Always null: counting would read everything."
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
