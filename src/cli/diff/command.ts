import { Command } from 'commander'
import { parseNonce } from '../option-values.ts'
import { addDiffOptions, type DiffOptions } from './options.ts'

const examples = `
Examples:
  loom diff <process> 40 41                    what the message with nonce 41 did
  loom diff <process> 0 41 --path Balances
  loom diff <process> 0 41 --json              as a tree
`

export function diffCommand(): Command {
  return addDiffOptions(new Command('diff'))
    .description('Print what is different in the state of a process between two messages.')
    .argument('<process>', 'id of the process')
    .argument('<from>', 'nonce of the message to begin after', parseNonce)
    .argument('<to>', 'nonce of the message to end after', parseNonce)
    .addHelpText('after', examples)
    .action(async (process: string, from: number, to: number, options: DiffOptions) => {
      const { diff } = await import('./handler.ts')
      await diff(process, from, to, options)
    })
}
