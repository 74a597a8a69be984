import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { version } from '../network/version.ts'
import { runProgram } from './cli.fixture.ts'

const bin = fileURLToPath(new URL('./bin.ts', import.meta.url))

/** Runs the entry of the package as if Node had another version. */
function runAs(node: string, ...args: readonly string[]) {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${node}' } })`
  const preload = `data:text/javascript,${encodeURIComponent(pretend)}`
  return runProgram(process.execPath, ['--import', preload, bin, ...args])
}

describe('the entry of the package', () => {
  test.each(['18.20.0', '20.19.4', '22.17.1'])('refuses Node %s in words', async (node) => {
    const { code, stdout, stderr } = await runAs(node, '--version')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(`loom needs Node 22.18 or newer; this is Node ${node}.`)
  })

  test.each(['22.18.0', '24.0.0', '25.1.0'])('runs on Node %s', async (node) => {
    expect(await runAs(node, '--version')).toMatchObject({ code: 0, stdout: `${version}\n` })
  })
})
