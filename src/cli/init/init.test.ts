import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunOptions, runCli, runProgram, startNode, temporaryDirectory } from '../cli.fixture.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

let folder: ReturnType<typeof temporaryDirectory>
let project: string
let options: RunOptions
beforeAll(async () => {
  folder = temporaryDirectory()
  project = join(folder.path, 'guest-book')
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter)
  options = { cwd: project, env: { ...process.env, PATH } }
  await runCli(['init', 'guest-book'], { cwd: folder.path })
  linkPackage()
})
afterAll(() => folder.remove())

/**
 * Puts this checkout where `npm install` puts the package: the same entries, with the sources they are built from.
 * `npm run check-package` does the same with what npm would publish.
 */
function linkPackage(): void {
  const directory = join(project, 'node_modules/ao-loom')
  mkdirSync(directory, { recursive: true })
  for (const name of ['src', 'lua']) symlinkSync(join(root, name), join(directory, name))
  const entries = readFileSync(join(root, 'package.json'), 'utf8').replaceAll(
    /"\.\/dist\/(.*?)(\.d\.ts|\.js)"/g,
    '"./src/$1.ts"',
  )
  writeFileSync(join(directory, 'package.json'), entries)
}

interface Manifest {
  readonly name: string
  readonly engines: object
  readonly devDependencies: Readonly<Record<string, string>>
}

function readManifest(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest
}

describe('a new project', () => {
  test('passes its own tests', async () => {
    const { code, stdout } = await runProgram('npm', ['test'], options)
    expect(stdout).toMatch(/pass 3\b[\s\S]*fail 0\b/)
    expect(code).toBe(0)
  })

  test('has tests that fail when the process is broken', async () => {
    const path = join(project, 'lib/greeting.lua')
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, text.replace('"Welcome, "', '"Farewell, "'))
    const { code, stdout } = await runProgram('npm', ['test'], options)
    writeFileSync(path, text)
    expect(stdout).toContain('Farewell, Alice!')
    expect(code).not.toBe(0)
  })

  test('runs on a node with the commands of its page', async () => {
    const node = await startNode([], options)
    let processId = ''
    async function runLine(line: string): Promise<string> {
      const args = [...line.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word)
      const given = args.map((word) => (word === '<process>' ? processId : word))
      const { code, stdout, stderr } = await runCli([...given, '--url', node.url], options)
      expect({ line, code, stderr }).toEqual({ line, code: 0, stderr: '' })
      return stdout
    }
    try {
      const page = readFileSync(join(project, 'README.md'), 'utf8')
      const [spawn = '', send = '', evaluate = '', reload = ''] = [...page.matchAll(/^npx loom (.*)$/gm)].map(
        ([, line = '']) => line,
      )
      const spawned = await runLine(spawn)
      processId = /^process (\S{43})$/m.exec(spawned)?.[1] ?? ''
      expect(spawned).toContain('loaded process.lua, with lib/greeting.lua')
      expect(await runLine(send)).toContain('Welcome, Alice!')
      expect(await runLine(reload)).not.toContain('sent')
      expect(await runLine(send)).toContain('Welcome back, Alice! This is visit 2.')
      expect(stripVTControlCharacters(await runLine(evaluate))).toMatch(/= 2$/m)
    } finally {
      await node.stop()
    }
  })
})

describe('init', () => {
  test('says what it wrote and what to do next', async () => {
    const { code, stdout } = await runCli(['init', "Alice's shop"], { cwd: folder.path })
    expect(code).toBe(0)
    const path = join(folder.path, "Alice's shop")
    expect(stdout).toMatch(/^Wrote alice-s-shop to /)
    expect(stdout).toContain(`to ${path}:\n  .gitignore\n`)
    expect(stdout).toContain("\n  cd 'Alice'\\''s shop'\n  npm install\n  npm test\n  npm start\n")
    const manifest = readManifest(path)
    // From a checkout, the project depends on the checkout.
    const [, checkout = ''] = manifest.devDependencies['ao-loom']?.split('file:') ?? []
    expect(resolve(path, checkout)).toBe(resolve(root))
    expect(manifest.devDependencies.node).toBe(readManifest(root).devDependencies.node)
  })

  test('writes into the current directory, under the name that is given', async () => {
    const directory = join(folder.path, 'here')
    mkdirSync(directory)
    const { code, stdout } = await runCli(['init', '--name', 'guests'], { cwd: directory })
    expect(code).toBe(0)
    expect(stdout).not.toContain('cd ')
    expect(stdout).toContain('npx loom spawn --name guests --load process.lua')
    expect(readManifest(directory).name).toBe('guests')
  })

  test('never writes over a file', async () => {
    const before = readFileSync(join(project, 'process.lua'), 'utf8')
    const { code, stdout, stderr } = await runCli(['init'], { cwd: project })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(
      /^error: Nothing was written, because \. already has: \.gitignore, .*process\.test\.js\. Choose/,
    )
    expect(readFileSync(join(project, 'process.lua'), 'utf8')).toBe(before)
  })
})
