import { Command } from 'commander'
import { addSpawnOptions, type SpawnOptions } from './options.ts'

const examples = `
Examples:
  loom spawn --name hello
  loom spawn --name shop --load src/process.lua       the file, and the files that it requires
  loom spawn --name coin --blueprint token --blueprint staking
  loom spawn --tag App-Name=Shop --json
`

export function spawnCommand(): Command {
  return addSpawnOptions(new Command('spawn'))
    .description('Spawn a process, and load Lua code into it.')
    .addHelpText('after', examples)
    .action(async (options: SpawnOptions) => {
      const { spawn } = await import('./handler.ts')
      await spawn(options)
    })
}
