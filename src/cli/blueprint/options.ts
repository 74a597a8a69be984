import type { Command } from 'commander'

export interface BlueprintListOptions {
  readonly json?: true
}

export function addBlueprintListOptions(command: Command): Command {
  return command.option('--json', 'print JSON, for scripts')
}
