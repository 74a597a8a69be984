import { ArchiveError } from '../../archive/errors.ts'
import { replayStored, type StoredReplay } from '../../archive/stored-replay.ts'
import type { ProcessId } from '../../protocol/ids.ts'
import { createEd25519Signer } from '../../protocol/signers.ts'
import { withDataDirectory } from '../archive/data-directory.ts'
import { withEvaluationThread } from '../archive/evaluation.ts'
import { createProgressPrinter } from '../archive/progress.ts'
import { processArgument } from '../client/texts.ts'
import { invocation } from '../invocation.ts'
import { print } from '../output.ts'
import type { ReplayOptions } from './options.ts'

export async function replay(process: string, options: ReplayOptions): Promise<void> {
  const processId = processArgument(process)
  try {
    const startedMs = performance.now()
    const report = await run(processId, options)
    const elapsedMs = performance.now() - startedMs
    print(...(options.json ? [jsonOf(report)] : reportLines(report, elapsedMs)))
  } catch (error) {
    if (!options.json || !(error instanceof ArchiveError) || error.info.code !== 'ARCHIVE_DIFFERS') throw error
    const { processId: differing, nonce, differences } = error.info
    print(JSON.stringify({ processId: differing, ok: false, nonce, differences }, undefined, 2))
    globalThis.process.exitCode = 1
  }
}

async function run(processId: ProcessId, options: ReplayOptions): Promise<StoredReplay> {
  const { from, to, verify = false, trustCheckpoints, dataDir } = options
  const loom = invocation()
  const instead =
    `Or leave it running and check an export, which has log and results, not outbox and snapshots: ` +
    `${loom} export ${processId} -o history.loom, then ${loom} verify --log history.loom`
  const progress = createProgressPrinter('replayed')
  try {
    return await withDataDirectory(dataDir, instead, ({ store, signerSeed }) =>
      withEvaluationThread(signerSeed, (thread) =>
        replayStored(
          { processId, from, to, verify, trustCheckpoints },
          {
            ...{ store, thread, nodeAddress: createEd25519Signer(signerSeed).address },
            onProgress: (at) => progress.report(at),
          },
        ),
      ),
    )
  } finally {
    progress.end()
  }
}

function jsonOf(report: StoredReplay): string {
  const { summary, points, origin, ...rest } = report
  const value = { ...summary, ...rest, ok: true, forkedFrom: origin, points: [...points.values()] }
  return JSON.stringify(value, undefined, 2)
}

function reportLines(report: StoredReplay, elapsedMs: number): readonly string[] {
  const { summary, evaluatedCount, gasUsed, stateHash, checkpoint, verified } = report
  const seconds = elapsedMs / 1_000
  return [
    `process    ${summary.processId}`,
    `replayed   ${countText(evaluatedCount, 'entry', 'entries')} up to nonce ${summary.lastNonce} in ${seconds.toFixed(1)} s` +
      `${checkpoint === undefined ? '' : `, beginning with the snapshot at nonce ${checkpoint}`}; gas ${gasUsed}`,
    `state      ${stateHash}`,
    ...(verified ? verifiedLines(report) : ['Nothing was compared: --verify does that.']),
  ]
}

function verifiedLines(report: StoredReplay): readonly string[] {
  const { from, comparedCount, failedCount, outboxCompared, checkpoints, unevaluatedCount, summary } = report
  const same = [
    `log from nonce ${from}`,
    `${countText(comparedCount, 'result', 'results')}, ${failedCount} of them with Error`,
    ...(outboxCompared ? ['outbox'] : []),
    ...(checkpoints.comparedCount > 0 ? [countText(checkpoints.comparedCount, 'snapshot', 'snapshots')] : []),
  ]
  const notCompared = [
    ...(unevaluatedCount === 0 ? [] : [`${countText(unevaluatedCount, 'entry', 'entries')} not evaluated yet`]),
    ...(outboxCompared ? [] : [`outbox: ${summary.scheduler} has the key that signs it, this node has another`]),
    ...(checkpoints.skipped.length === 0 ? [] : [`snapshots of another engine at ${checkpoints.skipped.join(', ')}`]),
  ]
  return [`the same   ${same.join('; ')}`, ...notCompared.map((text) => `not compared: ${text}`)]
}

function countText(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
