import type { Operation, Plan } from './plan.ts'

/** Parts of a plan that has no need for anything else: clients that try until they have an answer. */
export function operation(id: number, atMs: number): Pick<Operation, 'id' | 'way'> {
  const way = {
    wallet: 0,
    atMs,
    copies: 1,
    lostRequests: 0,
    lostAnswers: 0,
    isPatient: true,
    timeoutMs: 60_000,
  } as const
  return { id, way }
}

/** Short histories that once broke something, as `npm run simulate` printed them. */
export const regressions: readonly { readonly name: string; readonly plan: Plan }[] = [
  {
    name: 'a result that is asked for while it is committed, and the thread dies, is not waited for in vain',
    plan: {
      seed: 'lost 110',
      hasLibrary: false,
      speeds: { threads: 1, readMs: 0.5, gatherMs: 0.1, syncMs: 20, answerMs: 1, threadMs: 10, clientMs: 0.1 },
      operations: [
        { ...operation(0, 0), kind: 'spawn', process: 0 },
        { ...operation(1, 100), kind: 'send', process: 0, levels: [], readsResult: false },
        { ...operation(2, 101), kind: 'send', process: 0, levels: [], readsResult: false },
        { ...operation(7, 150), kind: 'read-result', of: 1 },
      ],
      faults: [{ id: 0, kind: 'thread-death', atMs: 140, thread: 0 }],
    },
  },
  {
    name: 'a dry run does not go round for ever when the lease fails while the first message is evaluated',
    plan: {
      seed: '500381',
      hasLibrary: false,
      hotMemoryBytes: 1,
      speeds: {
        threads: 1,
        readMs: 0.16875362587437845,
        gatherMs: 0.20895557667317197,
        syncMs: 1.1032147893318605,
        answerMs: 0.11984160700501784,
        threadMs: 0.6964947657985398,
        clientMs: 5.288808025821491,
      },
      operations: [
        { ...operation(0, 3), kind: 'spawn', process: 0 },
        { ...operation(1, 0.361336141359061), kind: 'spawn', process: 1 },
        { ...operation(5, 9), kind: 'send', process: 1, levels: [], readsResult: false },
        { ...operation(8, 8), kind: 'upload' },
        { ...operation(9, 14), kind: 'send', process: 1, levels: [], readsResult: false },
        { ...operation(10, 21), kind: 'look', process: 0 },
        { ...operation(14, 9), kind: 'send', process: 1, levels: [], readsResult: false },
        { ...operation(15, 8), kind: 'send', process: 1, levels: [], readsResult: false },
      ],
      faults: [{ id: 0, kind: 'write-failure', at: { write: 'commitResults', count: 1 }, happened: false }],
    },
  },
  {
    name: 'a process that somebody asks is not freed as idle and then loaded a second time into the same state',
    plan: {
      seed: '1795459192026.4',
      hasLibrary: false,
      hotMemoryBytes: 1,
      speeds: {
        threads: 1,
        readMs: 0.022823207760113175,
        gatherMs: 0.024096670254933943,
        syncMs: 3.87056788666892,
        answerMs: 1.0912514746961706,
        threadMs: 0.2122619749660397,
        clientMs: 2.4784304615729735,
      },
      operations: [
        { ...operation(0, 1), kind: 'spawn', process: 0 },
        { ...operation(1, 4), kind: 'spawn', process: 1 },
        { ...operation(2, 1), kind: 'spawn', process: 2 },
        {
          ...{ id: 3, kind: 'read-result', of: 0 },
          way: { ...operation(3, 27).way, wallet: 1, copies: 2, lostRequests: 2, timeoutMs: 1_755.9345444360492 },
        },
        { ...operation(4, 32), kind: 'send', process: 0, levels: [], readsResult: false },
      ],
      faults: [],
    },
  },
  {
    name: 'a thread that dies while a process is loaded into it takes that process with it',
    plan: {
      seed: '1795459206388.1',
      hasLibrary: false,
      speeds: {
        threads: 1,
        readMs: 0.5658906716089845,
        gatherMs: 0.017669266548244182,
        syncMs: 0.5875469701703664,
        answerMs: 0.8612857182028009,
        threadMs: 0.3969159003789191,
        clientMs: 1.497790739724877,
      },
      operations: [
        { ...operation(2, 4), kind: 'spawn', process: 2 },
        { ...operation(18, 23), kind: 'look', process: 2 },
      ],
      faults: [
        { id: 0, kind: 'thread-death', atMs: 19, thread: 2 },
        { id: 2, kind: 'thread-death', atMs: 27, thread: 1 },
      ],
    },
  },
  {
    name: 'a state that the host failed in is not saved when the node stops',
    plan: {
      seed: '1795464954824',
      hasLibrary: false,
      speeds: {
        threads: 1,
        readMs: 0.04527670793787908,
        gatherMs: 0.011155144230419411,
        syncMs: 2.057570137973168,
        answerMs: 0.018707266143301867,
        threadMs: 8.709111928443333,
        clientMs: 1.2857784642730374,
      },
      operations: [
        { ...operation(0, 3), kind: 'spawn', process: 0 },
        { ...operation(1, 41), kind: 'send', process: 0, levels: [], readsResult: false },
        { ...operation(5, 139), kind: 'send', process: 0, levels: [], readsResult: false },
        {
          ...{ id: 6, kind: 'send', process: 0, levels: [], readsResult: false },
          way: { ...operation(6, 767).way, wallet: 2, lostRequests: 2, timeoutMs: 808.0276324665549 },
        },
        {
          ...operation(7, 648),
          kind: 'send',
          process: 0,
          levels: [
            ['tell child', 'wallet wallet0', 'reply'],
            ['reply', 'assign child'],
            ['tell 0', 'grow 142321'],
          ],
          readsResult: false,
        },
      ],
      faults: [
        { id: 1, kind: 'host-fault', count: 8, afterEntries: 1 },
        { id: 3, kind: 'restart', atMs: 1119, downMs: 2124 },
      ],
    },
  },
  {
    name: 'what was sent to a process before its spawn does not come behind what was sent after it, when it is delivered again',
    plan: {
      seed: '1795466635070',
      hasLibrary: true,
      hotMemoryBytes: 1,
      speeds: {
        threads: 1,
        readMs: 0.6412796697649256,
        gatherMs: 0.9995108403535248,
        syncMs: 7.753439291550963,
        answerMs: 0.016553526782014227,
        threadMs: 7.467320270487775,
        clientMs: 6.548884316602198,
      },
      operations: [
        { ...operation(0, 4), kind: 'spawn', process: 0 },
        { ...operation(2, 4), kind: 'spawn', process: 2 },
        {
          ...operation(10, 1155),
          kind: 'send',
          process: 2,
          levels: [
            ['reply', 'burst 2 4'],
            ['tell 2', 'reply'],
            ['share 0 1', 'share 0 child'],
          ],
          readsResult: false,
        },
      ],
      faults: [
        { id: 0, kind: 'crash-at-write', at: { write: 'commitResults', count: 1 }, after: false, downMs: 206 },
        { id: 2, kind: 'crash', atMs: 1624, downMs: 215, keepsWrite: false },
      ],
    },
  },
  {
    name: 'an entry whose append failed, and has happened, is evaluated, also when the log cannot be read at first',
    plan: {
      seed: '1795468103053',
      hasLibrary: false,
      entriesPerSnapshot: 6,
      speeds: {
        threads: 2,
        readMs: 0.18325639317551015,
        gatherMs: 0.03719289409024909,
        syncMs: 1.3636688723943329,
        answerMs: 0.020308919508289832,
        threadMs: 0.14008110496283913,
        clientMs: 0.4599629199827514,
      },
      operations: [
        { ...operation(0, 0), kind: 'spawn', process: 0 },
        { ...operation(1, 3), kind: 'spawn', process: 1 },
        {
          ...{ id: 2, kind: 'spawn', process: 2 },
          way: { ...operation(2, 5).way, wallet: 2, copies: 2, lostRequests: 2, timeoutMs: 1009.3195086510825 },
        },
        { ...operation(3, 17), kind: 'read-log', process: 1 },
        { ...operation(5, 34), kind: 'assign', process: 0, of: 1 },
        { ...operation(7, 148), kind: 'monitor', process: 0 },
        { ...operation(8, 71), kind: 'send', process: 0, levels: [['reply']], readsResult: false },
        { ...operation(9, 21), kind: 'send', process: 0, levels: [['tell child']], readsResult: false },
        {
          ...operation(12, 47),
          kind: 'send',
          process: 1,
          levels: [['spawn', 'tell 0'], ['tell 2']],
          readsResult: false,
        },
        {
          ...{ id: 13, kind: 'send', process: 0, levels: [['spawn', 'reply']], readsResult: false },
          way: { ...operation(13, 89).way, wallet: 1, timeoutMs: 18439.27168382038 },
        },
        { ...operation(14, 82), kind: 'look', process: 0 },
        {
          ...operation(15, 14),
          kind: 'send',
          process: 2,
          levels: [['tell child'], ['ask child'], ['reply']],
          readsResult: false,
        },
        { ...operation(17, 133), kind: 'send', process: 0, levels: [['assign 1']], readsResult: true },
        { ...operation(18, 80), kind: 'send', process: 0, levels: [], readsResult: false },
      ],
      faults: [
        { id: 0, kind: 'read-failure', count: 39, reads: 1 },
        { id: 1, kind: 'write-failure', at: { write: 'append', count: 29 }, happened: true },
      ],
    },
  },
  {
    name: 'a message that was appended beside one that had to wait for ticks is evaluated, also when those ticks fail at first',
    plan: {
      seed: '1795469732395.4',
      hasLibrary: false,
      entriesPerSnapshot: 5,
      crons: [
        { process: 2, seconds: 7, words: 'tell child' },
        { process: 1, seconds: 1, words: 'note' },
      ],
      speeds: {
        threads: 1,
        readMs: 0.16402025461187106,
        gatherMs: 0.01740537628280389,
        syncMs: 1.1319206227985419,
        answerMs: 0.04009344463001682,
        threadMs: 0.38407961669649554,
        clientMs: 1.6044779751049967,
      },
      operations: [
        { ...operation(0, 0), kind: 'spawn', process: 0 },
        { ...operation(1, 4), kind: 'spawn', process: 1 },
        { ...operation(2, 1), kind: 'spawn', process: 2 },
        { ...operation(8, 13930), kind: 'send', process: 0, levels: [['tell 1', 'forward child']], readsResult: false },
        { ...operation(9, 10485), kind: 'send', process: 1, levels: [['spawn']], readsResult: false },
        { ...operation(12, 3376), kind: 'send-wrong', process: 2, wrong: 'target' },
        {
          ...{ id: 14, kind: 'send', process: 2, levels: [['tell 2', 'reply']], readsResult: true },
          way: { ...operation(14, 8964).way, wallet: 1, timeoutMs: 700.0468477027036 },
        },
        { ...operation(17, 12254), kind: 'send', process: 1, levels: [], readsResult: true },
        {
          ...operation(22, 1902),
          kind: 'send',
          process: 2,
          levels: [['forward 3', 'adopt', 'reply']],
          readsResult: true,
        },
      ],
      faults: [{ id: 0, kind: 'read-failure', count: 36, reads: 1 }],
    },
  },
  {
    name: 'a network goes back although a thread dies meanwhile',
    plan: {
      seed: '1795474766878',
      hasLibrary: false,
      isInMemory: true,
      speeds: {
        threads: 1,
        readMs: 0.3651218126523028,
        gatherMs: 0.07937774457594901,
        syncMs: 0.22689011477174384,
        answerMs: 0.055213932722051454,
        threadMs: 1.5464438462153358,
        clientMs: 0.2273500847045976,
      },
      operations: [
        { ...operation(0, 2), kind: 'spawn', process: 0 },
        { ...operation(1, 6), kind: 'spawn', process: 1 },
        { ...operation(9, 11), kind: 'send', process: 0, levels: [], readsResult: false },
      ],
      faults: [
        { id: 0, kind: 'thread-death', atMs: 22, thread: 0 },
        { id: 2, kind: 'revert', atMs: 11, forMs: 3 },
      ],
    },
  },
  {
    name: 'of two reverts at a time one waits for the other, and nobody writes meanwhile',
    plan: {
      seed: '1795474930710',
      hasLibrary: false,
      isInMemory: true,
      entriesPerSnapshot: 8,
      speeds: {
        threads: 2,
        readMs: 0.7254781760759536,
        gatherMs: 0.050728954815049,
        syncMs: 5.395124638106153,
        answerMs: 0.21117134336756913,
        threadMs: 4.563523855406485,
        clientMs: 6.177141077653748,
      },
      operations: [
        { ...operation(0, 2), kind: 'spawn', process: 0 },
        { ...operation(20, 110), kind: 'send', process: 0, levels: [], readsResult: false },
      ],
      faults: [
        { id: 0, kind: 'revert', atMs: 103, forMs: 9 },
        { id: 1, kind: 'revert', atMs: 88, forMs: 30 },
      ],
    },
  },
  {
    name: 'a process that a revert takes away is not monitored afterwards',
    plan: {
      seed: '1795474933334',
      hasLibrary: true,
      isInMemory: true,
      entriesPerSnapshot: 4,
      speeds: {
        threads: 1,
        readMs: 0.2677273732398153,
        gatherMs: 0.259430790837782,
        syncMs: 1.5706351740956759,
        answerMs: 0.010104759438798443,
        threadMs: 9.371566088911193,
        clientMs: 0.44880835638917205,
      },
      operations: [
        { ...operation(0, 1), kind: 'spawn', process: 0 },
        { ...operation(1, 3), kind: 'spawn', process: 1 },
        {
          ...{ id: 8, kind: 'monitor', process: 0 },
          way: { ...operation(8, 21).way, wallet: 2, lostRequests: 2, timeoutMs: 44394.25792444429 },
        },
      ],
      faults: [
        { id: 0, kind: 'revert', atMs: 34, forMs: 3 },
        { id: 1, kind: 'revert', atMs: 25, forMs: 3 },
      ],
    },
  },
  {
    name: 'the search for the last change of a value is made again when its thread dies',
    plan: {
      seed: '1795474931761',
      hasLibrary: false,
      isInMemory: false,
      hotMemoryBytes: 1,
      entriesPerSnapshot: 7,
      forks: [],
      speeds: {
        threads: 1,
        readMs: 0.9921398773144562,
        gatherMs: 0.010973839373441189,
        syncMs: 0.16574511708559642,
        answerMs: 0.013752843258233914,
        threadMs: 0.06261752184764517,
        clientMs: 9.687270805957201,
      },
      operations: [
        { ...operation(0, 5), kind: 'spawn', process: 0 },
        { ...operation(1, 4), kind: 'spawn', process: 1 },
        { ...operation(8, 35), kind: 'read-log', process: 1 },
        { ...operation(9, 85), kind: 'send', process: 2, levels: [], readsResult: false },
        { ...operation(18, 101), kind: 'read-past', process: 1, share: 0.050469350535422564, what: 'last-change' },
      ],
      faults: [
        { id: 0, kind: 'thread-death', atMs: 117, thread: 1 },
        { id: 2, kind: 'thread-death', atMs: 34, thread: 0 },
      ],
    },
  },
  {
    name: 'a state that is asked for during a revert is not waited for when the process is gone afterwards',
    plan: {
      seed: '1795475152882',
      hasLibrary: false,
      isInMemory: true,
      entriesPerSnapshot: 7,
      speeds: {
        threads: 1,
        readMs: 0.05513466419280896,
        gatherMs: 0.020049305593742447,
        syncMs: 0.2539528723962016,
        answerMs: 0.045656798589775074,
        threadMs: 3.437392753535024,
        clientMs: 15.909211093255534,
      },
      operations: [
        { ...operation(3, 3), kind: 'spawn', process: 3 },
        { ...operation(14, 20), kind: 'state-hash', process: 3 },
      ],
      faults: [{ id: 1, kind: 'revert', atMs: 22, forMs: 3 }],
    },
  },
  {
    name: 'a message that is assigned, and then not settled because of a crash, is not stopped by the limit of its chain',
    plan: {
      seed: '1795478157172',
      hasLibrary: false,
      isInMemory: false,
      chainLimits: { depthMax: 5, entriesMax: 2 },
      speeds: {
        threads: 1,
        readMs: 0.02077958651808444,
        gatherMs: 0.1354405673589672,
        syncMs: 1.385551250409085,
        answerMs: 0.021117563465283852,
        threadMs: 0.17207209006701607,
        clientMs: 1.6587623464948178,
      },
      operations: [
        { ...operation(0, 4), kind: 'spawn', process: 0 },
        { ...operation(4, 563), kind: 'send', process: 0, levels: [['share 3 child']], readsResult: false },
        { ...operation(6, 22), kind: 'send', process: 0, levels: [['tell 0'], ['reply']], readsResult: false },
      ],
      faults: [{ id: 2, kind: 'crash-at-write', at: { write: 'settleOutbox', count: 3 }, after: false, downMs: 1 }],
    },
  },
]
