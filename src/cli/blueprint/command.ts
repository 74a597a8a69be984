import { Command } from 'commander'
import { addBlueprintListOptions, type BlueprintListOptions } from './options.ts'

const examples = `
Examples:
  loom blueprint list
  loom blueprint show token > token.lua
  loom spawn --blueprint token
`

export function blueprintCommand(): Command {
  return new Command('blueprint')
    .description('Blueprints: Lua files that come with Loom, to load into a process or to begin with.')
    .addHelpText('after', examples)
    .addCommand(listCommand())
    .addCommand(showCommand())
}

function listCommand(): Command {
  return addBlueprintListOptions(new Command('list'))
    .description('Print the name of each blueprint, and what it is.')
    .action(async (options: BlueprintListOptions) => {
      const { listBlueprints } = await import('./handler.ts')
      listBlueprints(options)
    })
}

function showCommand(): Command {
  return new Command('show')
    .description('Print the Lua file of a blueprint.')
    .argument('<name>', 'name of the blueprint')
    .action(async (name: string) => {
      const { showBlueprint } = await import('./handler.ts')
      showBlueprint(name)
    })
}
