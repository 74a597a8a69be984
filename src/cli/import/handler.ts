import { type ImportReport, importExport } from '../../archive/import.ts'
import { createEd25519Signer } from '../../protocol/signers.ts'
import { withNewDirectory } from '../archive/data-directory.ts'
import { anySeed, withEvaluationThread } from '../archive/evaluation.ts'
import { fileReader } from '../archive/files.ts'
import { createProgressPrinter } from '../archive/progress.ts'
import { print } from '../output.ts'
import type { ImportOptions } from './options.ts'

export async function importFile(file: string, { dataDir, json }: ImportOptions): Promise<void> {
  const open = fileReader(file)
  const progress = createProgressPrinter('verified')
  try {
    const imported = await withNewDirectory(dataDir, 'Then import again.', async ({ store, signerSeed }) => {
      const nodeAddress = createEd25519Signer(signerSeed).address
      const report = await withEvaluationThread(anySeed, (thread) =>
        importExport(open, { store, thread, onProgress: (at) => progress.report(at) }),
      )
      return { ...report, nodeAddress }
    })
    progress.end()
    print(...(json ? [jsonOf(imported)] : reportLines(imported)))
  } finally {
    progress.end()
  }
}

type Imported = ImportReport & { readonly nodeAddress: string }

function jsonOf({ log, entryCount, resultCount, nodeAddress }: Imported): string {
  const { summary, stateHash } = log
  const readOnly = summary.scheduler !== nodeAddress
  return JSON.stringify({ ...summary, stateHash, entryCount, resultCount, nodeAddress, readOnly }, undefined, 2)
}

function reportLines({ log, entryCount, resultCount, nodeAddress }: Imported): readonly string[] {
  const { processId, lastNonce, scheduler } = log.summary
  return [
    entryCount + resultCount === 0
      ? `Process ${processId} is here already, up to nonce ${lastNonce}: nothing to do.`
      : `Imported process ${processId} up to nonce ${lastNonce}: ${entryCount} entries and ${resultCount} results are new.`,
    `state  ${log.stateHash}`,
    scheduler === nodeAddress
      ? 'This node has the key of its scheduler, so the process goes on here. No other node with this key may run it.'
      : `To read: its scheduler is ${scheduler}, and this node is ${nodeAddress}. Only the scheduler can add to its log.`,
  ]
}
