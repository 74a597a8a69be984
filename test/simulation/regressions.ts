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
]
