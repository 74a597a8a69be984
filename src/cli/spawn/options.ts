import type { Command } from 'commander'
import type { Tag } from '../../protocol/types.ts'
import {
  addNodeOptions,
  addTagOption,
  addWalletOptions,
  type NodeOptions,
  type WalletOptions,
} from '../client/options.ts'

export interface SpawnOptions extends WalletOptions, NodeOptions {
  readonly name?: string
  readonly module?: string
  readonly tag: readonly Tag[]
  readonly data?: string
  readonly load?: string
}

export function addSpawnOptions(command: Command): Command {
  command
    .option('-n, --name <name>', 'the Name tag')
    .option('-m, --module <id>', "id of the module (default: the node's process library)")
  return addNodeOptions(
    addWalletOptions(
      addTagOption(command)
        .option('--data <text>', 'data of the process item: text, or @ and the path of a file')
        .option('-l, --load <file>', 'Lua code to run in the new process'),
    ),
  )
}
