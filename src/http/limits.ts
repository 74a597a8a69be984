/** What a stranger can ask of the HTTP server at most (I9). docs/http.md repeats these. */
export const httpLimits = {
  /** A request's body: the largest data item of reference nodes is 10 MiB, and JSON around it needs room. */
  bodyBytesMax: 12 * 2 ** 20,
  /** Lists and objects inside each other in a JSON body: what reads it further may call itself for each. */
  jsonDepthMax: 200,
  /** All values in it together: each takes many times the memory of its text. */
  jsonValuesMax: 500_000,
  /** All headers of a request together. Tags travel as headers in later dialects. */
  headerBytesMax: 32 * 2 ** 10,
  /** A client that has not sent its headers by then is cut off. */
  headersTimeoutMs: 15_000,
  /** A client that has not sent its whole request by then is cut off. Waiting for a result is not limited. */
  requestTimeoutMs: 120_000,
  /** How often it is looked for such clients. */
  timeoutCheckMs: 5_000,
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
  cronPageDefault: 500,
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
  /** Answers of `GET /cu/state` under way at once; each holds the memory of a process, up to 1 GiB. */
  memoryDumpsMax: 2,
  /** `GET /mu?debug`. */
  tracePageDefault: 10,
  tracePageMax: 1_000,
  /** Streams of events at once. Each may hold one text of {@link httpLimits.eventCharactersMax} that its client has not taken. */
  eventStreamsMax: 2_000,
  /** State paths of one stream, and different ones of all streams together. */
  eventPathsMax: 16,
  eventWatchedPathsMax: 1_000,
  /** A larger one leaves out what makes it so. Events are sent together up to this. */
  eventCharactersMax: 64 * 2 ** 10,
  /** How soon after a look at the state the next one comes, at the earliest. */
  eventStateIntervalMs: 50,
  /** A stream without events sends a sign of life; a client that has taken nothing for so many of them is cut off. */
  eventHeartbeatMs: 15_000,
  eventStalledHeartbeats: 4,

  /** Data of a layer-1 transaction, in its request or by chunks. */
  transactionBytesMax: 64 * 2 ** 20,
  /** Layer-1 transactions whose data is still to come, and the memory that is set aside for it. */
  pendingTransactionsMax: 1_000,
  pendingBytesMax: 256 * 2 ** 20,
  /** An upload for which nothing comes that long is forgotten. */
  pendingIdleMs: 3_600_000,
  /** The proof of a chunk, as on the public network. */
  chunkPathBytesMax: 256 * 2 ** 10,
  /** Transactions that can be read by chunks at once: each keeps its proofs, up to 200 KiB. */
  weavePlacesMax: 256,
  /** A path manifest is read for each of its paths that is asked for. */
  manifestBytesMax: 8 * 2 ** 20,
  /** `GET /mint`: addresses with a balance. */
  mintedAddressesMax: 10_000,
  /** `GET /mine/<blocks>`: two weeks. */
  minedBlocksMax: 10_000,
  /** `GET /price/<bytes>`: longest number. */
  priceDigitsMax: 18,
} as const
