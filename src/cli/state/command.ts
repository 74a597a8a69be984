import { Command } from 'commander'
import { addStateOptions, type StateOptions } from './options.ts'

const examples = `
Examples:
  loom state <process>                             all globals that its code has made
  loom state <process> Balances.<address>
  loom state <process> 'Inbox[1].Data' --at 41     as it was after the message with nonce 41
  loom state <process> 'State.users["a.b"]' --json
`

export function stateCommand(): Command {
  return addStateOptions(new Command('state'))
    .description('Print the state of a process, or a part of it, as it is or as it was. Changes nothing.')
    .argument('<process>', 'id of the process')
    .argument('[path]', 'where to look: names with dots, other keys in brackets', '')
    .addHelpText('after', examples)
    .action(async (process: string, path: string, options: StateOptions) => {
      const { state } = await import('./handler.ts')
      await state(process, path, options)
    })
}
