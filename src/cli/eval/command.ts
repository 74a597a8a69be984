import { Command } from 'commander'
import { addEvalOptions, type EvalOptions } from './options.ts'

const examples = `
Examples:
  loom eval <process> 'return 1 + 1'
  loom eval <process> @src/process.lua        the file, and the files that it requires
  loom eval <process> --blueprint token
  loom eval <process> 'return Balances' --json
`

export function evalCommand(): Command {
  return addEvalOptions(new Command('eval'))
    .description('Run Lua code in a process that you own, and print what it returns.')
    .argument('<process>', 'id of the process')
    .argument('[code]', 'Lua code, or @ and the path of a file')
    .addHelpText('after', examples)
    .action(async (process: string, code: string | undefined, options: EvalOptions, command: Command) => {
      if ((code === undefined) === (options.blueprint === undefined)) {
        command.error('error: give Lua code, or @ and the path of a file, or --blueprint <name>: one of them')
      }
      const { evaluate } = await import('./handler.ts')
      await evaluate(process, code, options)
    })
}
