import { Command } from 'commander'
import { version } from '../network/version.ts'
import { blueprintCommand } from './blueprint/command.ts'
import { unmarkDashIds } from './dash-ids.ts'
import { dryrunCommand } from './dryrun/command.ts'
import { envCommand } from './env/command.ts'
import { evalCommand } from './eval/command.ts'
import { initCommand } from './init/command.ts'
import { resultCommand } from './result/command.ts'
import { sendCommand } from './send/command.ts'
import { spawnCommand } from './spawn/command.ts'
import { startCommand } from './start/command.ts'

/** All commands. Their handlers are loaded when they run, so that `start` loads no more than it needs. */
export function createProgram(): Command {
  const program = new Command('loom')
    .description('A complete AO network in one program.')
    .version(version, '-v, --version')
    .showHelpAfterError('Try: loom --help')
    .addCommand(startCommand())
    .addCommand(envCommand())
    .addCommand(initCommand())
    .addCommand(spawnCommand())
    .addCommand(sendCommand())
    .addCommand(evalCommand())
    .addCommand(resultCommand())
    .addCommand(dryrunCommand())
    .addCommand(blueprintCommand())
  return unmarkDashIds(program)
}
