import { Command } from 'commander'
import { addBackupOptions, type BackupOptions } from './options.ts'

const examples = `
Examples:
  loom backup ~/backups/monday            the data of the node in .loom, whether it runs or not
  loom backup /mnt/copy --data-dir /srv/loom
  loom start --data ~/backups/monday      a node on the copy
`

export function backupCommand(): Command {
  return addBackupOptions(new Command('backup'))
    .description('Copy the data directory of a node, also while the node is running.')
    .argument('<target>', 'where to; a directory that is not there yet')
    .addHelpText('after', examples)
    .action(async (target: string, options: BackupOptions) => {
      const { backup } = await import('./handler.ts')
      await backup(target, options)
    })
}
