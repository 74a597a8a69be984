import { Command } from 'commander'
import { addExportOptions, type ExportOptions } from './options.ts'

const examples = `
Examples:
  loom export <process>                       from the node in .loom, whether it runs or not
  loom export <process> -o token.loom --url http://node.example:4400
  loom export <process> --to 4100             as it was after entry 4100
`

export function exportCommand(): Command {
  return addExportOptions(new Command('export'))
    .description('Write the whole history of a process into a file: log, results, module.')
    .argument('<process>', 'id of the process')
    .addHelpText('after', examples)
    .action(async (process: string, options: ExportOptions) => {
      const { exportProcess } = await import('./handler.ts')
      await exportProcess(process, options)
    })
}
