/** What a value of a path or a query stands for. */
export type ValueKind =
  /** Of a process, an item or an assignment. */
  | 'id'
  /** An id or a nonce. */
  | 'entry'
  | 'address'
  /** A whole number, not below -1. */
  | 'integer'
  /** A whole number, and what is none makes it another route or a default. */
  | 'count'
  /** A position in a list, as the node gave it. */
  | 'cursor'
  /** One of a few words. */
  | 'word'
  /** A place in a state. */
  | 'state-path'
  /** Anything is good. */
  | 'text'

export type BodyKind = 'item' | 'graphql' | 'item or json' | { readonly jsonFields: readonly string[] }

/** What a route reads of a request, beside its path. */
export interface RouteInputs {
  /** Parameters of the path that are not what {@link pathParameters} says. */
  readonly path?: { readonly [name: string]: ValueKind }
  /** Part of each request, because without it the route is another. */
  readonly always?: string
  readonly query?: { readonly [name: string]: ValueKind }
  readonly body?: BodyKind
}

/** By the names that routes give to the parameters of their paths. */
export const pathParameters: { readonly [name: string]: ValueKind } = {
  process: 'id',
  id: 'id',
  message: 'entry',
  address: 'address',
  bytes: 'count',
  number: 'count',
  height: 'count',
  blocks: 'count',
  winston: 'count',
  offset: 'count',
  currency: 'text',
  file: 'text',
  field: 'text',
  path: 'text',
}

const assignment = { 'process-id': 'id', assign: 'id', exclude: 'text', 'base-layer': 'text' } as const
const schedulePage: Record<string, ValueKind> = {
  ...{ 'process-id': 'id', from: 'integer', to: 'integer', limit: 'integer', 'show-anchor': 'text' },
  ...{ 'from-nonce': 'integer', 'to-nonce': 'integer' },
}
const outboxPage = { state: 'word', limit: 'integer', after: 'cursor' } as const
const monitor: RouteInputs = { body: 'item' }
const upload: RouteInputs = { body: 'item or json' }

/** Every route of the app. A test holds this against the app itself: a new route is added here, or the test fails. */
export const routeInputs: { readonly [route: string]: RouteInputs } = {
  'GET /metrics': {},
  'GET /mu/metrics': {},
  'GET /su/metrics': {},
  'GET /cu/metrics': {},

  'GET /mu': {
    always: 'debug',
    query: {
      ...{ process: 'id', message: 'cursor', spawn: 'cursor', assign: 'cursor', wallet: 'text' },
      ...{ page: 'integer', 'page-size': 'integer' },
    },
  },
  'POST /mu': { query: assignment, body: 'item' },
  'POST /mu/push/:id/:number': { query: { 'process-id': 'id', 'custom-cu': 'text' } },
  'POST /mu/monitor/:process': monitor,
  'DELETE /mu/monitor/:process': monitor,

  'GET /su': {},
  'GET /su/timestamp': {},
  'GET /su/health': {},
  'POST /su': { query: assignment, body: 'item' },
  'GET /su/processes/:process': {},
  'GET /su/:process/latest': { query: { 'show-anchor': 'text' } },
  'GET /su/:id': { query: schedulePage },

  'GET /cu': {},
  'GET /cu/result/:id': { query: { 'process-id': 'id' } },
  'GET /cu/results/:process': { query: { from: 'cursor', to: 'cursor', sort: 'word', limit: 'integer' } },
  'GET /cu/cron/:process': { query: { from: 'cursor', to: 'cursor', limit: 'integer' } },
  'GET /cu/state/:process': { query: { to: 'integer' } },
  'POST /cu/dry-run': {
    query: { 'process-id': 'id', to: 'cursor' },
    body: { jsonFields: ['Id', 'Owner', 'Target', 'Data', 'Anchor', 'Tags', 'Timestamp', 'Block-Height'] },
  },

  'GET /api/info': {},
  'POST /api/development/snapshot': {},
  'POST /api/development/revert': { body: { jsonFields: ['snapshot'] } },
  'POST /api/development/clock': { body: { jsonFields: ['byMs', 'toMs'] } },
  'POST /api/development/submit-as': { body: { jsonFields: ['from', 'target', 'tags', 'data', 'anchor'] } },
  'POST /api/development/rehearse': { body: { jsonFields: ['processId', 'code', 'last'] } },
  'GET /api/outbox': { query: outboxPage },
  'GET /api/outbox/:process': { query: outboxPage },
  'POST /api/outbox/retry': { query: { 'process-id': 'id', entry: 'cursor', all: 'text' } },
  'GET /api/chains/:process/:message': {},
  'GET /api/processes/:process/state': { query: { path: 'state-path', at: 'integer', limit: 'integer' } },
  'GET /api/processes/:process/diff': { query: { path: 'state-path', from: 'integer', to: 'integer' } },
  'GET /api/processes/:process/last-change': { query: { path: 'state-path', at: 'integer' } },
  'GET /api/processes/:process/export': { query: { to: 'integer' } },
  'GET /api/processes/:process/events': { query: { types: 'word', path: 'state-path', after: 'cursor' } },

  'GET /': {},
  'GET /info': {},
  'GET /peers': {},
  'GET /height': {},
  'GET /tx_anchor': {},
  'GET /price/:bytes/:address?': { path: { address: 'text' } },
  'GET /wallet/:address/balance': {},
  'GET /wallet/:address/last_tx': {},
  'GET /account/balance/:address': {},
  'GET /block/current': {},
  'GET /block/hash/:id': {},
  'GET /block/height/:height': {},
  'GET /mint/:address/:winston': {},
  'GET /mine/:blocks?': {},
  'POST /graphql': { body: 'graphql' },
  'GET /graphql': { query: { query: 'text', variables: 'text', operationName: 'text' } },
  'POST /tx': upload,
  'POST /tx/:currency': upload,
  'POST /v1/tx': upload,
  'POST /v1/tx/:currency': upload,
  'POST /chunk': { body: { jsonFields: ['data_root', 'data_size', 'data_path', 'offset', 'chunk'] } },
  'GET /tx/pending': {},
  'GET /tx/:id': {},
  'GET /tx/:id/status': {},
  'GET /tx/:id/offset': {},
  'GET /tx/:id/:file{data\\.[A-Za-z0-9]+}': {},
  'GET /tx/:id/:field': {},
  'GET /chunk/:offset': {},
  'GET /raw/:id': {},
  'GET /:id{[A-Za-z0-9_-]{43}}': {},
  'GET /:id{[A-Za-z0-9_-]{43}}/:path{.+}': {},
}
