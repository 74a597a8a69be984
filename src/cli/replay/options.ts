import type { Command } from 'commander'
import { addDataDirectoryOption, addJsonOption, addNonceOption, type JsonOptions } from '../archive/options.ts'

export interface ReplayOptions extends JsonOptions {
  readonly from?: number
  readonly to?: number
  readonly verify?: true
  readonly trustCheckpoints?: true
  readonly dataDir: string
}

export function addReplayOptions(command: Command): Command {
  const withRange = addNonceOption(
    addNonceOption(command, '--from <nonce>', 'compare from this entry on (default: the first)'),
    '--to <nonce>',
    'end with this entry (default: the last)',
  )
  withRange
    .option('--verify', 'compare signatures, results, outbox and snapshots with what the log gives')
    .option('--trust-checkpoints', 'begin with the last snapshot before --from in place of the whole log')
  return addJsonOption(addDataDirectoryOption(withRange))
}
