import { Command } from 'commander'
import { addInitOptions, type InitOptions } from './options.ts'

const examples = `
Examples:
  loom init my-process
  loom init --name my-process         in the current directory
`

export function initCommand(): Command {
  return addInitOptions(new Command('init'))
    .description('Write a small project: a process of two files, and a test that runs it.')
    .argument('[directory]', 'where; made if it is not there', '.')
    .addHelpText('after', examples)
    .action(async (directory: string, options: InitOptions) => {
      const { init } = await import('./handler.ts')
      await init(directory, options)
    })
}
