import { Command } from 'commander'
import { addEnvOptions, type EnvOptions } from './options.ts'

const examples = `
Examples:
  eval "$(loom env)"
  eval "$(loom env --url http://127.0.0.1:5000)"
`

export function envCommand(): Command {
  return addEnvOptions(new Command('env'))
    .description('Print the variables that make unmodified clients use a node, for a POSIX shell.')
    .addHelpText('after', examples)
    .action(async (options: EnvOptions) => {
      const { env } = await import('./handler.ts')
      await env(options)
    })
}
