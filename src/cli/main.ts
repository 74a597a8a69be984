import { enableCompileCache } from 'node:module'

// The `loom` command: `scripts/loom.mjs` runs it in a checkout, `bin.ts` in the package.
// Stripping types and compiling costs a quarter of the time to ready. Node keeps both in the folder for temporary files,
// for the modules that are loaded from here on; hence no other import above. Worker threads look at the variable.
const { directory } = enableCompileCache()
if (directory !== undefined) process.env.NODE_COMPILE_CACHE ??= directory

const { run } = await import('./run.ts')
await run(process.argv)
