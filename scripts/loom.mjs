// The `loom` command in a checkout: `npm start`, `npm run loom`. It is JavaScript so that the cache is on before the first
// TypeScript is met: what strips types is then not even loaded, which is a tenth of the time to ready.
import { enableCompileCache } from 'node:module'

enableCompileCache()
await import('../src/cli/main.ts')
