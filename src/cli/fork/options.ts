import { type Command, Option } from 'commander'
import { addNodeOptions, addWalletOptions, type NodeOptions, type WalletOptions } from '../client/options.ts'
import { parseNonce } from '../option-values.ts'

export interface ForkOptions extends WalletOptions, NodeOptions {
  readonly at?: number
  readonly name?: string
}

export function addForkOptions(command: Command): Command {
  command
    .addOption(
      new Option('--at <nonce>', 'the last message of it that counts (default: the last)').argParser(parseNonce),
    )
    .option('-n, --name <name>', 'the Name tag (default: that of the process)')
  return addNodeOptions(addWalletOptions(command))
}
