import { describe, expect, test } from 'vitest'
import { bundleLibrary, type LibraryFile, libraryDirectory, readLibraryFiles } from './library-bundle.ts'
import { createLuaEngine } from './lua-vm.ts'

/** A library that answers every message with what `expression` gives. */
function library(expression: string, ...files: LibraryFile[]): string {
  const main = `local import, channel = ...
    local pack, receive, send = string.pack, channel.receive, channel.send
    return function()
      if receive():byte() == 1 then return send("\\3") end
      send(pack("<BBs4", 1, 1, tostring(${expression})))
    end`
  return bundleLibrary([{ name: '.main', source: main }, ...files])
}

function answerOf(bundle: string): unknown {
  const identity = { id: 'p', owner: 'o', tags: [] }
  const vm = createLuaEngine().createTemplate(bundle).spawn({ process: identity, module: identity })
  const message = {
    target: 'p',
    from: 'o',
    owner: 'o',
    timestampMs: 1,
    blockHeight: 1,
    cron: false,
    readOnly: false,
    tags: [],
  }
  const result = vm.evaluate(message)
  vm.close()
  return result.ok ? undefined : result.error
}

describe('bundleLibrary', () => {
  test('the same files give the same text in any order', () => {
    const files = [
      { name: '.main', source: 'return 1' },
      { name: '.a', source: 'return 2' },
      { name: 'json', source: 'return 3' },
    ]
    expect(bundleLibrary(files.toReversed())).toBe(bundleLibrary(files))
  })

  test('modules import each other, once each', () => {
    const files = [
      { name: '.a', source: 'local import = ... return { b = import(".b"), again = import(".b") }' },
      { name: '.b', source: 'return {}' },
    ]
    expect(answerOf(library('import(".a").b == import(".a").again', ...files))).toBe('true')
  })

  test('only the entry gets the channel', () => {
    expect(answerOf(library('import(".a")', { name: '.a', source: 'return select(2, ...) == nil and "none"' }))).toBe(
      'none',
    )
  })

  test('lines of comment are left out, and the lines after them keep their numbers', () => {
    const source = '-- what it is\n  -- and why\nreturn function()\n  error("here") -- at the end\nend'
    const bundle = library('select(2, pcall(import(".a")))', { name: '.a', source })
    expect(bundle).not.toMatch(/what it is|and why/)
    expect(answerOf(bundle)).toBe('[string ".a"]:4: here')
  })

  test('errors point into the file, at its own line', () => {
    const source = 'return function()\n\n  error("here")\nend'
    const message = answerOf(library('select(2, pcall(import(".a")))', { name: '.a', source }))
    expect(message).toBe('[string ".a"]:3: here')
  })

  test.each([
    ['long brackets', 'return [[a]] .. [=[b]=] .. [==[c]==]', 'abc'],
    ['a comment with brackets', '--[[ ]=] ]]\nreturn "x" --]=]', 'x'],
    ['an index that closes', 'local t, i = { 5 }, { 1 } return t[i[1]]', '5'],
    ['a first line that is empty', '\n\nreturn "x"', 'x'],
    ['no newline at the end', 'return "]" .. "]="', ']]='],
    ['a bracket at the end', 'local t = { x = 1 } return t["x"], t[1]', '1'],
    ['quotes and backslashes', String.raw`return "\"\\\n" .. '\''`, '"\\\n\''],
    ['text outside ASCII', 'return "ä€😀"', 'ä€😀'],
  ])('a source with %s arrives as it is', (_title, source, expected) => {
    expect(answerOf(library('import(".a")', { name: '.a', source }))).toBe(expected)
  })

  test('a source that does not compile is refused with its name', () => {
    const bundle = bundleLibrary([{ name: '.main', source: 'return = 1' }])
    expect(() => createLuaEngine().createTemplate(bundle)).toThrow('[string ".main"]:1: unexpected symbol')
  })
})

describe('readLibraryFiles', () => {
  test('module names begin with a dot, but for json', () => {
    const names = readLibraryFiles().map(({ name }) => name)
    expect(names).toContain('.handlers-utils')
    expect(names).toContain('json')
    expect(names).not.toContain('.json')
    expect(names).toEqual([...names].sort())
  })

  test('the folder is the one of this checkout', () => {
    expect(libraryDirectory.replaceAll('\\', '/')).toMatch(/\/lua\/library$/)
  })

  test('every file compiles and returns a module', () => {
    expect(() => createLuaEngine().createTemplate(bundleLibrary(readLibraryFiles()))).not.toThrow()
  })
})
