import { execFileSync } from 'node:child_process'
import { cpSync, globSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// Makes `dist/`: what the published package runs, because Node does not strip types inside node_modules.

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)

rmSync('dist', { recursive: true, force: true })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' })
// Plain JavaScript is shipped as it is: it runs in the clients' own Node, whatever its version.
for (const file of globSync('src/**/*.mjs')) cpSync(file, file.replace(/^src/, 'dist'))
console.log('dist/ is built.')
