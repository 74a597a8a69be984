import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { environment, evalMessage, processMessage } from './messages.fixture.ts'

const loaderPath = fileURLToPath(new URL('./loader.ts', import.meta.url))

/** A CommonJS program that makes two handles and prints what one of them answers. */
const program = (binary: string) => `
const AoLoader = require(${JSON.stringify(loaderPath)})
Promise.all([AoLoader(${binary}), AoLoader(${binary})]).then(async ([handle]) => {
  const environment = ${JSON.stringify(environment)}
  const { Memory } = await handle(null, ${JSON.stringify(processMessage)}, environment)
  const { Output } = await handle(Memory, ${JSON.stringify(evalMessage('return 6 * 7'))}, environment)
  console.log(Output.data)
})`

const run = (binary: string, ...flags: readonly string[]) =>
  promisify(execFile)(process.execPath, [...flags, '--eval', program(binary)])

test('require gives the function, and a binary causes one warning', async () => {
  const { stdout, stderr } = await run('Buffer.from("wasm")')
  expect(stdout).toBe('42\n')
  expect(stderr.match(/\[LOOM_LOADER_BINARY_UNUSED\] Warning: .*null/g)).toHaveLength(1)
})

test.each([
  { title: 'null', binary: 'null', flags: [] },
  { title: 'nothing', binary: '', flags: [] },
  { title: 'a flag of Node', binary: 'new ArrayBuffer(8)', flags: ['--disable-warning=LOOM_LOADER_BINARY_UNUSED'] },
])('$title silences the warning', async ({ binary, flags }) => {
  expect(await run(binary, ...flags)).toEqual({ stdout: '42\n', stderr: '' })
})
