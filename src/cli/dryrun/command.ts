import { Command } from 'commander'
import { addDryrunOptions, type DryrunOptions } from './options.ts'

const examples = `
Examples:
  loom dryrun <process> --action Balance --tag Target=<address>
  loom dryrun <process> --action Info --json
`

export function dryrunCommand(): Command {
  return addDryrunOptions(new Command('dryrun'))
    .description('Ask a process something without changing it: the message is evaluated and forgotten.')
    .argument('<process>', 'id of the process')
    .addHelpText('after', examples)
    .action(async (process: string, options: DryrunOptions) => {
      const { dryrun } = await import('./handler.ts')
      await dryrun(process, options)
    })
}
