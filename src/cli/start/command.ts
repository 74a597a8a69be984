import { Command } from 'commander'
import { addStartOptions, type StartOptions } from './options.ts'

const examples = `
Examples:
  loom start                         a node on port 4400, its data in .loom
  loom start --port 5000 --data /srv/loom
  loom start --memory                nothing on disk, for tests
`

export function startCommand(): Command {
  return addStartOptions(new Command('start'))
    .description('Start a network on this machine.')
    .addHelpText('after', examples)
    .action(async (options: StartOptions) => {
      const { start } = await import('./handler.ts')
      await start(options)
    })
}
