import { Command } from 'commander'
import { addResultOptions, type ResultOptions } from './options.ts'

const examples = `
Examples:
  loom result <process> <message>
  loom result <process> <process>      what the spawn itself gave
`

export function resultCommand(): Command {
  return addResultOptions(new Command('result'))
    .description('Print the result of a message, as soon as it is evaluated.')
    .argument('<process>', 'id of the process')
    .argument('<message>', 'id of the message')
    .addHelpText('after', examples)
    .action(async (process: string, message: string, options: ResultOptions) => {
      const { result } = await import('./handler.ts')
      await result(process, message, options)
    })
}
