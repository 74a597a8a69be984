import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bundleBytesMax, bundleProject } from './bundle-project.ts'
import { temporaryProject } from './project.fixture.ts'

/** How a bundle behaves in a process is tested with one: src/testing/load.test.ts. */

function bundle(files: Readonly<Record<string, string | Uint8Array>>) {
  return bundleProject(join(temporaryProject(files), 'main.lua'))
}

describe('files', () => {
  test('are the main file and what is required, depth first, each once', () => {
    const { files, openRequires } = bundle({
      'main.lua': 'require("a") require("c") require("a")',
      'a.lua': 'require("lib.b") require("c")',
      'lib/b.lua': 'require("lib.d")',
      'lib/d/init.lua': 'require("a")',
      'c.lua': '',
      'unused.lua': 'require("nowhere")',
    })
    expect(files).toEqual(['main.lua', 'a.lua', 'lib/b.lua', 'lib/d/init.lua', 'c.lua'])
    expect(openRequires).toEqual([])
  })

  test.each(['x.y', 'x/y', './x/y', '.x.y', '../x/y', '/x/y', 'x..y', './../x.y'])(
    '%s is x/y.lua below the main file',
    (name) => {
      expect(bundle({ 'main.lua': `require("${name}")`, 'x/y.lua': '' }).files).toEqual(['main.lua', 'x/y.lua'])
    },
  )

  test('x.lua comes before x/init.lua', () => {
    expect(bundle({ 'main.lua': 'require("x")', 'x.lua': '', 'x/init.lua': '' }).files).toEqual(['main.lua', 'x.lua'])
  })

  test('are looked for where the main file is, also from a module in a folder', () => {
    const { files, openRequires } = bundle({
      'main.lua': 'require("lib.a")',
      'lib/a.lua': 'require("b")',
      'lib/b.lua': '',
    })
    expect(files).toEqual(['main.lua', 'lib/a.lua'])
    expect(openRequires).toEqual([{ name: 'b', path: 'lib/a.lua', line: 1 }])
  })

  test('may take the place of a library module, but not of one with a dot', () => {
    const { files } = bundle({ 'main.lua': 'require("json") require(".utils")', 'json.lua': '', 'utils.lua': '' })
    expect(files).toEqual(['main.lua', 'json.lua'])
  })

  test('a folder or a file outside is not a module', () => {
    const directory = temporaryProject({
      'app/main.lua': 'require("../x") require("d")',
      'x.lua': '',
      'app/d.lua/e': '',
    })
    const { files, openRequires } = bundleProject(join(directory, 'app/main.lua'))
    expect(files).toEqual(['main.lua'])
    expect(openRequires.map(({ name }) => name)).toEqual(['../x', 'd'])
  })
})

test('open requires tell their first place, and leave out what the library has', () => {
  const { openRequires } = bundle({
    'main.lua':
      'require("json")\nrequire(".crypto") require(".crypto.mac.hmac") require("ao") require(".bint")\nrequire("foo.bar") require("foo.bar")',
  })
  expect(openRequires).toEqual([{ name: 'foo.bar', path: 'main.lua', line: 3 }])
})

test('the same files give the same text, wherever they are', () => {
  const files = { 'main.lua': 'require("a") require("b")', 'a.lua': 'return 1', 'b.lua': 'return 2' }
  expect(bundle(files).code).toBe(bundle(files).code)
})

describe('links', () => {
  test('within the directory are followed', () => {
    const directory = temporaryProject({ 'main.lua': 'require("link.a")', 'real/a.lua': 'return 1' })
    symlinkSync(join(directory, 'real'), join(directory, 'link'))
    expect(bundleProject(join(directory, 'main.lua')).files).toEqual(['main.lua', 'link/a.lua'])
  })

  test.each(['secret.lua', 'app2/secret.lua'])('to %s outside are refused', (target) => {
    const directory = temporaryProject({ 'app/main.lua': 'require("a")', [target]: 'return "secret"' })
    symlinkSync(join(directory, target), join(directory, 'app/a.lua'))
    expect(() => bundleProject(join(directory, 'app/main.lua'))).toThrow(
      expect.objectContaining({ code: 'PROJECT_FILE_OUTSIDE', info: expect.objectContaining({ path: 'a.lua' }) }),
    )
  })

  test('lead to a project as any path does', () => {
    const directory = temporaryProject({ 'app/main.lua': 'require("a")', 'app/a.lua': '' })
    symlinkSync(join(directory, 'app'), join(directory, 'link'))
    expect(bundleProject(join(directory, 'link/main.lua')).files).toEqual(['main.lua', 'a.lua'])
  })
})

describe('is refused', () => {
  test('a main file that is not there', () => {
    const path = join(temporaryProject({}), 'main.lua')
    expect(() => bundleProject(path)).toThrow(
      expect.objectContaining({ code: 'PROJECT_FILE_UNREADABLE', message: expect.stringContaining(path) }),
    )
  })

  test('a file that is not text', () => {
    const files = { 'main.lua': 'require("a")', 'a.lua': Uint8Array.of(0x1b, 0x4c, 0x75, 0xff) }
    expect(() => bundle(files)).toThrow(expect.objectContaining({ code: 'PROJECT_FILE_NOT_TEXT' }))
  })

  test('a bundle that no message can hold', () => {
    const half = `-- ${'x'.repeat(bundleBytesMax / 2)}`
    expect(bundle({ 'main.lua': half }).code.length).toBeLessThan(bundleBytesMax)
    expect(() => bundle({ 'main.lua': `require("a") ${half}`, 'a.lua': half })).toThrow(
      expect.objectContaining({
        code: 'PROJECT_BUNDLE_TOO_LARGE',
        info: expect.objectContaining({ fileCount: 2, sizeBytesMax: bundleBytesMax }),
      }),
    )
  })
})
