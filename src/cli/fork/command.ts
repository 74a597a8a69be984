import { Command } from 'commander'
import { addForkOptions, type ForkOptions } from './options.ts'

const examples = `
Examples:
  loom fork <process>                         a new process in its present state, which you own
  loom fork <process> --at 41 --name before   in the state after the message with nonce 41
`

export function forkCommand(): Command {
  return addForkOptions(new Command('fork'))
    .description('Fork a process: spawn one that begins with its state. Prints the new id.')
    .argument('<process>', 'id of the process')
    .addHelpText('after', examples)
    .action(async (process: string, options: ForkOptions) => {
      const { fork } = await import('./handler.ts')
      await fork(process, options)
    })
}
