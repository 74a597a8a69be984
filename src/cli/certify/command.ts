import { Command } from 'commander'
import { addCertifyOptions, type CertifyOptions } from './options.ts'

const examples = `
Examples:
  loom certify <process>
  loom certify <process> --at 4100 -o token.certificate

The node signs what it has computed again from the whole log, with the key of the data directory. Whoever has an export of
the process checks it with: loom verify token.certificate --log <export>
`

export function certifyCommand(): Command {
  return addCertifyOptions(new Command('certify'))
    .description('Sign what the state of a process is: module, hash chain, state hash, engine.')
    .argument('<process>', 'id of the process')
    .addHelpText('after', examples)
    .action(async (process: string, options: CertifyOptions) => {
      const { certify } = await import('./handler.ts')
      await certify(process, options)
    })
}
