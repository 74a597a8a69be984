import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const loaderUrl = new URL('./loader.ts', import.meta.url).href
const guide = readFileSync(new URL('../../docs/loader.md', import.meta.url), 'utf8')

test('the test file of docs/loader.md passes as it is printed', async () => {
  const [, program = ''] = /```js\n(.*?)```/s.exec(guide) ?? []
  const directory = mkdtempSync(join(tmpdir(), 'loom-loader-'))
  const file = join(directory, 'token.test.mjs')
  try {
    writeFileSync(file, program.replace("'ao-loom/loader'", `'${loaderUrl}'`))
    const { stdout } = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap', file])
    expect(stdout).toMatch(/# pass 5\n# fail 0\n/)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
