import { type Command, Option } from 'commander'
import type { Tag } from '../../protocol/types.ts'
import {
  addNodeOptions,
  addTagOption,
  addWalletOptions,
  type NodeOptions,
  type WalletOptions,
} from '../client/options.ts'
import type { LuaSource } from '../eval/lua-code.ts'

export interface SpawnOptions extends WalletOptions, NodeOptions {
  readonly name?: string
  readonly module?: string
  readonly tag: readonly Tag[]
  readonly data?: string
  /** Code for the new process; `load` and `blueprint` are one list, in the order of the command line. */
  readonly load?: readonly LuaSource[]
  readonly blueprint?: readonly LuaSource[]
}

export function addSpawnOptions(command: Command): Command {
  command
    .option('-n, --name <name>', 'the Name tag')
    .option('-m, --module <id>', "id of the module (default: the node's process library)")
  return addNodeOptions(
    addWalletOptions(
      addCodeOptions(
        addTagOption(command).option('--data <text>', 'data of the process item: text, or @ and the path of a file'),
      ),
    ),
  )
}

function addCodeOptions(command: Command): Command {
  const sources: LuaSource[] = []
  const collect = (source: LuaSource): readonly LuaSource[] => {
    sources.push(source)
    return sources
  }
  const load = new Option('-l, --load <file>', 'Lua code to run in the new process; may be given several times')
  const blueprint = new Option('-b, --blueprint <name>', 'a blueprint to run in it, in the order given')
  return command
    .addOption(load.argParser((path) => collect({ kind: 'file', path })))
    .addOption(blueprint.argParser((name) => collect({ kind: 'blueprint', name })))
}
