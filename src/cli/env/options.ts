import { type Command, Option } from 'commander'
import { defaultUrl, parseUrl } from '../option-values.ts'

export interface EnvOptions {
  readonly url: string
}

export function addEnvOptions(command: Command): Command {
  return command.addOption(new Option('-u, --url <url>', 'the node').default(defaultUrl).argParser(parseUrl))
}
