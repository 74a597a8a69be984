import { Command } from 'commander'
import { addPruneOptions, type PruneOptions } from './options.ts'

const explanation = `
Snapshots of states save time and are made again from the log when they are missing, so dropping them loses nothing: logs,
results and items stay as they are. Looking up a state of the past takes longer afterwards. No node may be using the directory.

Examples:
  loom prune                      keeps the newest snapshot of each process: it starts as fast as before
  loom prune --keep 0             keeps none: the next message of a process waits for its whole log to be evaluated
  loom prune --data-dir /srv/loom
`

export function pruneCommand(): Command {
  return addPruneOptions(new Command('prune'))
    .description('Give back the disk space of what can be computed again.')
    .addHelpText('after', explanation)
    .action(async (options: PruneOptions) => {
      const { prune } = await import('./handler.ts')
      await prune(options)
    })
}
