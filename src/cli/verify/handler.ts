import { type Certificate, readCertificate } from '../../archive/certificate.ts'
import { type VerifiedHistory, verifyExport } from '../../archive/verification.ts'
import { anySeed, withEvaluationThread } from '../archive/evaluation.ts'
import { fileReader } from '../archive/files.ts'
import { createProgressPrinter } from '../archive/progress.ts'
import { readBytes } from '../client/texts.ts'
import { print } from '../output.ts'
import type { VerifyOptions } from './options.ts'

export async function verify(path: string | undefined, { log: file, json }: VerifyOptions): Promise<void> {
  const open = fileReader(file)
  const certificate = path === undefined ? undefined : await readCertificate(readBytes(path))
  const progress = createProgressPrinter('verified')
  try {
    const verified = await withEvaluationThread(anySeed, (thread) =>
      verifyExport(open(), certificate, { thread, onProgress: (at) => progress.report(at) }),
    )
    progress.end()
    print(...(json ? [jsonOf(verified, certificate)] : reportLines(verified, certificate)))
  } finally {
    progress.end()
  }
}

function jsonOf({ log, point, proven, notProven }: VerifiedHistory, certificate: Certificate | undefined): string {
  const { processId, moduleId, engine, scheduler } = log.summary
  const value = { ok: true, processId, moduleId, engine, scheduler, ...point, certificate, proven, notProven }
  return JSON.stringify(value, undefined, 2)
}

function reportLines(
  { log, point, proven, notProven }: VerifiedHistory,
  certificate: Certificate | undefined,
): readonly string[] {
  const { processId, moduleId, engine } = log.summary
  return [
    certificate === undefined
      ? 'The export is sound.'
      : `The certificate holds. Node ${certificate.node} signed it, at ${new Date(certificate.timestampMs).toISOString()} by its own clock.`,
    '',
    `process      ${processId} after nonce ${point.nonce}`,
    `module       ${moduleId} on ${engine}`,
    `hash chain   ${point.hashChain}`,
    `state        ${point.stateHash}`,
    `results      ${point.resultChain}`,
    '',
    'Proven',
    ...proven.map((text) => `  - ${text}`),
    'Not proven',
    ...notProven.map((text) => `  - ${text}`),
  ]
}
