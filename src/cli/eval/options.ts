import type { Command } from 'commander'
import { addNodeOptions, addWalletOptions, type NodeOptions, type WalletOptions } from '../client/options.ts'

export interface EvalOptions extends WalletOptions, NodeOptions {}

export function addEvalOptions(command: Command): Command {
  return addNodeOptions(addWalletOptions(command))
}
