import { Command } from 'commander'
import { addVerifyOptions, type VerifyOptions } from './options.ts'

const examples = `
Examples:
  loom verify token.certificate --log token.loom    does the certificate hold?
  loom verify --log token.loom                      is the export sound in itself?

No node and no data directory is needed: everything is computed again from the file.
`

export function verifyCommand(): Command {
  return addVerifyOptions(new Command('verify'))
    .description('Check a certificate against an export, or an export alone. Ends with 1 when it does not hold.')
    .argument('[certificate]', 'what loom certify has written')
    .addHelpText('after', examples)
    .action(async (certificate: string | undefined, options: VerifyOptions) => {
      const { verify } = await import('./handler.ts')
      await verify(certificate, options)
    })
}
