import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const folders = readdirSync(new URL('.', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

test('the table lists every example, and nothing else', () => {
  const listed = [...read('README.md').matchAll(/^\| \[([\w-]+)\]\(([\w-]+)\/\)/gm)].map(([, name, path]) => [
    name,
    path,
  ])
  expect(listed.sort()).toEqual(folders.sort().map((name) => [name, name]))
})

describe.each(folders)('%s', (folder) => {
  test('has code, a test, and a page whose commands name its own code', () => {
    expect(existsSync(new URL(`${folder}/${folder}.test.ts`, import.meta.url))).toBe(true)
    const paths = [...read(`${folder}/README.md`).matchAll(/--load (\S+)/g)].map(([, path]) => path)
    expect(new Set(paths)).toEqual(new Set([`examples/${folder}/process.lua`]))
  })

  test('answers every action that its page tells of', () => {
    const code = read(`${folder}/process.lua`)
    const actions = [...read(`${folder}/README.md`).matchAll(/--action ([\w-]+)/g)].map(([, action]) => action)
    expect(actions.length).toBeGreaterThan(0)
    for (const action of actions) expect(code).toMatch(new RegExp(`^(Handlers\\.add|add\\w+)\\("${action}"`, 'm'))
  })
})
