import { createCertificate, readCertificate } from '../../archive/certificate.ts'
import { replayHistory } from '../../archive/replay.ts'
import { loadNodeKey } from '../../network/node-key.ts'
import { createEd25519Signer } from '../../protocol/signers.ts'
import { checkPresent } from '../archive/data-directory.ts'
import { anySeed, withEvaluationThread } from '../archive/evaluation.ts'
import { writeWholeFile } from '../archive/files.ts'
import { withHistory } from '../archive/history.ts'
import { createProgressPrinter } from '../archive/progress.ts'
import { processArgument } from '../client/texts.ts'
import { print } from '../output.ts'
import type { CertifyOptions } from './options.ts'

export async function certify(process: string, options: CertifyOptions): Promise<void> {
  const processId = processArgument(process)
  // A key that was made for this would say nothing to anyone.
  checkPresent(options.dataDir)
  const signer = createEd25519Signer(loadNodeKey(options.dataDir))
  const progress = createProgressPrinter('verified')
  try {
    const logs = await withHistory(options, processId, options.at, (history) =>
      withEvaluationThread(anySeed, (thread) =>
        replayHistory(history, { thread, onProgress: (at) => progress.report(at) }),
      ),
    )
    progress.end()
    const log = logs.at(-1)
    const point = log?.points.get(log.summary.lastNonce)
    if (log === undefined || point === undefined) throw new RangeError('A history has at least one entry.')
    const { bytes, id } = createCertificate(log, point, signer, Date.now())
    const file = options.output ?? `${processId}-${point.nonce}.certificate`
    await writeWholeFile(file, only(bytes))
    const certificate = await readCertificate(bytes)
    if (options.json) return print(JSON.stringify({ file, id, ...certificate }, undefined, 2))
    print(
      `Certified the state of process ${processId} after nonce ${point.nonce}, as node ${signer.address}.`,
      `state        ${point.stateHash}`,
      `certificate  ${file}`,
    )
  } finally {
    progress.end()
  }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
