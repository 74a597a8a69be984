import { Command } from 'commander'
import { addOutboxOptions, addRetryOptions, type OutboxOptions, type RetryOptions } from './options.ts'

const examples = `
Examples:
  loom outbox                          of all processes
  loom outbox <process> --state dead
  loom outbox retry <process> 12.0     an entry, as the list names it
  loom outbox retry <process> --all
`

export function outboxCommand(): Command {
  return addOutboxOptions(new Command('outbox'))
    .description('List what processes have sent and has not arrived, or send what is dead again.')
    .argument('[process]', 'id of the process; default: all')
    .addHelpText('after', examples)
    .enablePositionalOptions()
    .action(async (process: string | undefined, options: OutboxOptions) => {
      const { outbox } = await import('./handler.ts')
      await outbox(process, options)
    })
    .addCommand(retryCommand())
}

function retryCommand(): Command {
  return addRetryOptions(new Command('retry'))
    .description('Send dead entries again. Chains that were stopped at a limit go on for as much again.')
    .argument('<process>', 'id of the process that sent them')
    .argument('[entries...]', 'as the list names them, like 12.0')
    .action(async (process: string, entries: readonly string[], options: RetryOptions) => {
      const { retry } = await import('./handler.ts')
      await retry(process, entries, options)
    })
}
