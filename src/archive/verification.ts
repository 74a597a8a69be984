import type { EvaluationThread } from '../compute/thread-protocol.ts'
import { type Certificate, checkCertificate } from './certificate.ts'
import { decodeHistory } from './export-format.ts'
import { type HistoryPoint, type ReplayedLog, type ReplayProgress, replayHistory } from './replay.ts'

export interface VerificationDependencies {
  readonly thread: EvaluationThread
  readonly onProgress?: ((progress: ReplayProgress) => void) | undefined
}

/** An export that is sound. */
export interface VerifiedHistory {
  readonly log: ReplayedLog
  /** Of the certificate; without one, the last of the export. */
  readonly point: HistoryPoint
  /** What is known now, and what is still to be believed, in words. */
  readonly proven: readonly string[]
  readonly notProven: readonly string[]
}

/**
 * Verifies an export as a whole, and that a certificate says what the export gives.
 *
 * @param certificate - From `readCertificate`: its signature is checked.
 * @throws {ArchiveError} what `decodeHistory` and `replayHistory` throw; `ARCHIVE_CERTIFICATE_DIFFERS`.
 */
export async function verifyExport(
  chunks: AsyncIterable<Uint8Array>,
  certificate: Certificate | undefined,
  { thread, onProgress }: VerificationDependencies,
): Promise<VerifiedHistory> {
  const stops = new Set(certificate === undefined ? [] : [certificate.nonce])
  const comparisonOf = async () => ({ stops })
  const logs = await replayHistory(decodeHistory(chunks), { thread, comparisonOf, onProgress })
  const log = logs.at(-1) as ReplayedLog
  if (certificate !== undefined) checkCertificate(certificate, log)
  const point = log.points.get(certificate?.nonce ?? log.summary.lastNonce) as HistoryPoint
  const others = logs.slice(0, -1).map(({ summary }) => summary.processId)
  return { log, point, proven: provenOf(log, others), notProven: notProvenOf(log) }
}

function provenOf({ summary, comparedCount, moduleHash }: ReplayedLog, ancestors: readonly string[]): string[] {
  const { scheduler, engine, moduleId } = summary
  return [
    `The ${comparedCount} items of the log are signed by their owners, and nothing in them was changed.`,
    `Scheduler ${scheduler} gave each its place: no nonce is missing, none comes twice, and the hash chain is whole.`,
    `Module ${moduleId} (source ${moduleHash}), run by engine ${engine}, leads from this log to these results and this state.`,
    ...(ancestors.length === 0
      ? []
      : [
          `It was forked from ${ancestors.toReversed().join(', which was forked from ')}; the same holds for all of them.`,
        ]),
  ]
}

function notProvenOf({ summary, named, impersonatedCount }: ReplayedLog): string[] {
  const { scheduler, moduleId, lastNonce } = summary
  return [
    'That the scheduler took the messages in the order in which they came, and left none out.',
    'That it has signed no other log of this process: compare hash chain values with others who follow it.',
    `That the log has not gone on after nonce ${lastNonce}.`,
    'That times and block heights are true: the scheduler gave them.',
    'That what the process sent was delivered.',
    ...(impersonatedCount === 0
      ? []
      : [`Who sent ${impersonatedCount} of the messages: the scheduler, in development mode, took them for others'.`]),
    ...(named.scheduler === scheduler
      ? []
      : [`That this is the scheduler the process asked for: it names ${JSON.stringify(named.scheduler)}.`]),
    ...(named.module === moduleId
      ? []
      : [`That this is the module the process asked for: the scheduler took it for ${JSON.stringify(named.module)}.`]),
  ]
}
