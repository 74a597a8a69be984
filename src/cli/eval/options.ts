import type { Command } from 'commander'
import { addNodeOptions, addWalletOptions, type NodeOptions, type WalletOptions } from '../client/options.ts'

export interface EvalOptions extends WalletOptions, NodeOptions {
  readonly blueprint?: string
}

export function addEvalOptions(command: Command): Command {
  return addNodeOptions(
    addWalletOptions(command.option('-b, --blueprint <name>', 'a blueprint instead of code: loom blueprint list')),
  )
}
