import { Command } from 'commander'
import { addNodeOptions, type NodeOptions } from '../client/options.ts'

export function snapshotCommand(): Command {
  return addNodeOptions(new Command('snapshot'))
    .description('Remember the present moment of a network in memory, for `loom revert`. Prints its number.')
    .action(async (options: NodeOptions) => {
      const { snapshot } = await import('./handler.ts')
      await snapshot(options)
    })
}

export function revertCommand(): Command {
  return addNodeOptions(new Command('revert'))
    .description('Take the whole network back to a snapshot. What came after it is gone.')
    .argument('<snapshot>', 'the number that `loom snapshot` printed')
    .action(async (given: string, options: NodeOptions) => {
      const { revert } = await import('./handler.ts')
      await revert(given, options)
    })
}
