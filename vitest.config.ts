import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'lua/**/*.test.ts', 'examples/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // As `compileLuaWasm` does it (src/vm/lua/lua-wasm.ts says why), but before the runner's own WebAssembly is compiled.
    execArgv: ['--no-wasm-code-gc'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A property test that never holds its tongue: a failure prints the seed that repeats it.
    reporters: ['default'],
  },
})
