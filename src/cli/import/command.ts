import { Command } from 'commander'
import { addImportOptions, type ImportOptions } from './options.ts'

const examples = `
Examples:
  loom import token.loom
  loom import token.loom --data-dir /srv/loom

All of the file is verified and computed again before anything is stored. Done twice, it changes nothing; cut off, it goes
on where it was when it is done again. What the process sent is not sent again.
`

export function importCommand(): Command {
  return addImportOptions(new Command('import'))
    .description('Put the history of a process into a data directory that no node has open.')
    .argument('<file>', 'what loom export has written')
    .addHelpText('after', examples)
    .action(async (file: string, options: ImportOptions) => {
      const { importFile } = await import('./handler.ts')
      await importFile(file, options)
    })
}
