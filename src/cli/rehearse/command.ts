import { Command } from 'commander'
import { addRehearseOptions, type RehearseOptions } from './options.ts'

const examples = `
Examples:
  loom rehearse <process> @src/process.lua              against the last 20 messages
  loom rehearse <process> @src/process.lua --last 500 --json
`

export function rehearseCommand(): Command {
  return addRehearseOptions(new Command('rehearse'))
    .description('Show what new code would have changed in the last messages of a process. Changes nothing.')
    .argument('<process>', 'id of the process')
    .argument('<code>', 'Lua code, or @ and the path of a file')
    .addHelpText('after', examples)
    .action(async (process: string, code: string, options: RehearseOptions) => {
      const { rehearse } = await import('./handler.ts')
      await rehearse(process, code, options)
    })
}
