import type { Command } from 'commander'

export interface InitOptions {
  readonly name?: string
}

export function addInitOptions(command: Command): Command {
  return command.option('-n, --name <name>', "name of the project (default: the directory's name)")
}
