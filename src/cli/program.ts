import { Command } from 'commander'
import { version } from '../network/version.ts'
import { backupCommand } from './backup/command.ts'
import { blameCommand } from './blame/command.ts'
import { blueprintCommand } from './blueprint/command.ts'
import { certifyCommand } from './certify/command.ts'
import { clockCommand } from './clock/command.ts'
import { unmarkDashIds } from './dash-ids.ts'
import { diffCommand } from './diff/command.ts'
import { dryrunCommand } from './dryrun/command.ts'
import { envCommand } from './env/command.ts'
import { evalCommand } from './eval/command.ts'
import { exportCommand } from './export/command.ts'
import { forkCommand } from './fork/command.ts'
import { importCommand } from './import/command.ts'
import { initCommand } from './init/command.ts'
import { outboxCommand } from './outbox/command.ts'
import { pruneCommand } from './prune/command.ts'
import { rehearseCommand } from './rehearse/command.ts'
import { replayCommand } from './replay/command.ts'
import { resultCommand } from './result/command.ts'
import { sendCommand } from './send/command.ts'
import { revertCommand, snapshotCommand } from './snapshot/command.ts'
import { spawnCommand } from './spawn/command.ts'
import { startCommand } from './start/command.ts'
import { stateCommand } from './state/command.ts'
import { verifyCommand } from './verify/command.ts'

/** All commands. Their handlers are loaded when they run, so that `start` loads no more than it needs. */
export function createProgram(): Command {
  const program = new Command('loom')
    .description('A complete AO network in one program.')
    .version(version, '-v, --version')
    .showHelpAfterError('Try: loom --help')
    // Options belong to the command that they follow: `outbox` and `outbox retry` have some of the same name.
    .enablePositionalOptions()
    .addCommand(startCommand())
    .addCommand(envCommand())
    .addCommand(initCommand())
    .addCommand(spawnCommand())
    .addCommand(sendCommand())
    .addCommand(evalCommand())
    .addCommand(resultCommand())
    .addCommand(dryrunCommand())
    .addCommand(blueprintCommand())
    .addCommand(outboxCommand())
    .addCommand(stateCommand())
    .addCommand(diffCommand())
    .addCommand(blameCommand())
    .addCommand(forkCommand())
    .addCommand(snapshotCommand())
    .addCommand(revertCommand())
    .addCommand(clockCommand())
    .addCommand(rehearseCommand())
    .addCommand(backupCommand())
    .addCommand(pruneCommand())
    .addCommand(replayCommand())
    .addCommand(exportCommand())
    .addCommand(importCommand())
    .addCommand(certifyCommand())
    .addCommand(verifyCommand())
  return unmarkDashIds(program)
}
