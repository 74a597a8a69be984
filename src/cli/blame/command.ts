import { Command } from 'commander'
import { addBlameOptions, type BlameOptions } from './options.ts'

const examples = `
Examples:
  loom blame <process> Balances.<address>
  loom blame <process> 'State.users["a.b"].name' --at 41     who made it what it was then
`

export function blameCommand(): Command {
  return addBlameOptions(new Command('blame'))
    .description('Print which message made a value of the state what it is.')
    .argument('<process>', 'id of the process')
    .argument('<path>', 'the value: names with dots, other keys in brackets')
    .addHelpText('after', examples)
    .action(async (process: string, path: string, options: BlameOptions) => {
      const { blame } = await import('./handler.ts')
      await blame(process, path, options)
    })
}
