import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { version } from '../../network/version.ts'
import { createProject } from '../../project/create-project.ts'
import { print } from '../output.ts'
import type { InitOptions } from './options.ts'

/** Set when this runs from a checkout: no registry is asked for a package that is right here. */
const checkout = import.meta.url.endsWith('.ts')
  ? resolve(fileURLToPath(new URL('../../..', import.meta.url)))
  : undefined

export function init(directory: string, options: InitOptions): void {
  const loom = checkout === undefined ? `^${version}` : `file:${relative(resolve(directory), checkout)}`
  const { name, files } = createProject({ directory, name: options.name, loom })
  print(
    `Wrote ${name} to ${resolve(directory)}:`,
    ...files.map((path) => `  ${path}`),
    '',
    'Next:',
    // The project runs the built package.
    ...(checkout === undefined ? [] : [`  npm --prefix ${quoted(checkout)} run build`]),
    ...(resolve(directory) === process.cwd() ? [] : [`  cd ${quoted(directory)}`]),
    '  npm install',
    '  npm test',
    '  npm start',
    `  npx loom spawn --name ${name} --load process.lua        in another terminal`,
  )
}

/** For a POSIX shell, if it needs to be. */
function quoted(path: string): string {
  return /^[\w./~@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
