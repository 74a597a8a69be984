import { Command } from 'commander'
import { addReplayOptions, type ReplayOptions } from './options.ts'

const examples = `
Examples:
  loom replay <process>              the state that the log gives
  loom replay <process> --verify     is all that the node has of it what the log gives?
  loom replay <process> --verify --from 90000 --trust-checkpoints

A node must not have the data directory open. Of one that is running, check an export:
  loom export <process> -o history.loom && loom verify --log history.loom
`

export function replayCommand(): Command {
  return addReplayOptions(new Command('replay'))
    .description('Compute a process again from its log. Ends with 1 at the first difference.')
    .argument('<process>', 'id of the process')
    .addHelpText('after', examples)
    .action(async (process: string, options: ReplayOptions) => {
      const { replay } = await import('./handler.ts')
      await replay(process, options)
    })
}
