import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createProject } from './create-project.ts'
import { temporaryProject } from './project.fixture.ts'

/** Whether the project works is tested by running it: src/cli/init/init.test.ts. */

test('writes all files, with the name and the version in them', () => {
  const directory = join(temporaryProject({}), 'shop')
  const { name, files } = createProject({ directory, loom: '^1.2.3' })
  expect(name).toBe('shop')
  expect(files).toEqual([
    '.gitignore',
    '.luarc.json',
    'README.md',
    'lib/greeting.lua',
    'package.json',
    'process.lua',
    'process.test.js',
  ])
  const texts = files.map((path) => readFileSync(join(directory, path), 'utf8'))
  expect(texts.join('')).not.toMatch(/\{\{/)
  expect(JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))).toMatchObject({
    name: 'shop',
    devDependencies: { 'ao-loom': '^1.2.3' },
  })
  expect(readFileSync(join(directory, 'README.md'), 'utf8')).toContain('# shop\n')
})

test('leaves alone what is in the directory', () => {
  const directory = temporaryProject({ 'notes.txt': 'mine', 'lib/mine.lua': 'return 1' })
  createProject({ directory, loom: '^1.2.3' })
  expect(readFileSync(join(directory, 'notes.txt'), 'utf8')).toBe('mine')
  expect(readdirSync(join(directory, 'lib')).sort()).toEqual(['greeting.lua', 'mine.lua'])
})

test('writes nothing if one of its files exists', () => {
  const directory = temporaryProject({ 'process.lua': 'return "mine"', 'lib/greeting.lua': 'return "mine"' })
  expect(() => createProject({ directory, loom: '^1.2.3' })).toThrow(
    expect.objectContaining({
      code: 'PROJECT_FILES_EXIST',
      info: expect.objectContaining({ files: ['lib/greeting.lua', 'process.lua'] }),
    }),
  )
  expect(readdirSync(directory).sort()).toEqual(['lib', 'process.lua'])
  expect(readFileSync(join(directory, 'process.lua'), 'utf8')).toBe('return "mine"')
})

test('says so when it cannot write', () => {
  const directory = join(temporaryProject({ file: '' }), 'file')
  expect(() => createProject({ directory, loom: '^1.2.3' })).toThrow(
    expect.objectContaining({ code: 'PROJECT_DIRECTORY_UNWRITABLE' }),
  )
})

describe('the name', () => {
  test.each([
    ['My Process', 'my-process'],
    ['_hidden.', 'hidden'],
    ['Token_2.0', 'token_2.0'],
    ['日本', 'my-process'],
  ])('of the directory %s is %s', (directoryName, expected) => {
    const directory = join(temporaryProject({}), directoryName)
    expect(createProject({ directory, loom: '^1.2.3' }).name).toBe(expected)
  })

  test.each(['', 'My Process', '-x', '.x', '../x', '"', 'x'.repeat(215)])('%j is refused', (name) => {
    const directory = temporaryProject({})
    expect(() => createProject({ directory, name, loom: '^1.2.3' })).toThrow(
      expect.objectContaining({ code: 'PROJECT_NAME_INVALID', info: expect.objectContaining({ name }) }),
    )
    expect(readdirSync(directory)).toEqual([])
  })
})
