/** What a stranger can ask of the HTTP server at most (I9). docs/http.md repeats these. */
export const httpLimits = {
  /** A request's body: the largest data item of reference nodes is 10 MiB, and JSON around it needs room. */
  bodyBytesMax: 12 * 2 ** 20,
  /** All headers of a request together. Tags travel as headers in later dialects. */
  headerBytesMax: 32 * 2 ** 10,
  /** A client that has not sent its headers by then is cut off. */
  headersTimeoutMs: 15_000,
  /** A client that has not sent its whole request by then is cut off. Waiting for a result is not limited. */
  requestTimeoutMs: 120_000,
  /** Longer than the idle time of common clients and proxies, so that it is they who close and no request is lost. */
  keepAliveTimeoutMs: 65_000,
  /** How long a closing server waits for the answers it owes. */
  closeGraceMs: 3_000,
  connectionsMax: 10_000,

  /** SU pages. */
  schedulePageDefault: 100,
  schedulePageMax: 1_000,
  /** CU pages. */
  resultsPageDefault: 25,
  resultsPageMax: 1_000,
  /** A page ends early, with more to come, when it has this size. */
  pageBytesMax: 16 * 2 ** 20,

  /** Entries of each table of a state. Its text ends at 4 MiB besides. */
  stateEntriesDefault: 1_000,
  stateEntriesMax: 100_000,

  outboxPageDefault: 100,
  outboxPageMax: 1_000,

  graphqlPageDefault: 10,
  graphqlPageMax: 100,
  /** Words and signs of one query. The longest query of known clients has about 150. */
  graphqlTokensMax: 2_000,
  /** Lists that one query may ask for, by aliases. */
  graphqlListsMax: 16,
  /** How far back blocks are looked up by id: an id is a hash of the height and cannot be turned round. */
  blocksByIdBack: 20_000,

  /** Processes under `POST /mu/monitor`. */
  monitorsMax: 10_000,
  /** Exports under way at once; each holds some megabytes of the log, and reads for as long as its client does. */
  exportsMax: 8,
  /** `GET /price/<bytes>`: longest number. */
  priceDigitsMax: 18,
} as const
