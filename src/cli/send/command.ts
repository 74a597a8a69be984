import { Command } from 'commander'
import { addSendOptions, type SendOptions } from './options.ts'

const examples = `
Examples:
  loom send <process> --action Balance
  loom send <process> --action Transfer --tag Recipient=<address> --tag Quantity=100
  loom send <process> --action Config --data @config.json --json
`

export function sendCommand(): Command {
  return addSendOptions(new Command('send'))
    .description('Send a message to a process, and print its result.')
    .argument('<process>', 'id of the process')
    .addHelpText('after', examples)
    .action(async (process: string, options: SendOptions) => {
      const { send } = await import('./handler.ts')
      await send(process, options)
    })
}
