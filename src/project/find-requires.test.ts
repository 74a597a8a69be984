import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findRequires } from './find-requires.ts'

const names = (source: string): string[] => findRequires(source).map(({ name }) => name)

describe('a call with a literal name is found', () => {
  test.each([
    ['in parentheses', 'local x = require("x.y")'],
    ['in single quotes', "require('x.y')"],
    ['without parentheses', 'require "x.y"'],
    ['without a space', 'require"x.y"'],
    ['in long brackets', 'require[[x.y]]'],
    ['in long brackets with a level and a first line end', 'require [==[\nx.y]==]'],
    ['over several lines, comments between', 'require -- the module\n(\n--[[ named ]] "x.y" )'],
    ['whose result is used at once', 'local z = require("x.y").z'],
    ['after a concatenation', 'print("a" .. require("x.y"))'],
    ['after an ellipsis', 'f(..., require("x.y"))'],
    ['after a label', '::again:: require("x.y")'],
    ['after a number', 'local a = 0x1p4 require("x.y")'],
    ['after a number that ends in a dot', 'local a = 3. require("x.y")'],
    ['after a string with escapes', String.raw`local a = "\"\\" require("x.y")`],
    ['after a string that goes on on the next line', 'local a = "one\\\ntwo" require("x.y")'],
    ['after a string with white space taken out', 'local a = "one\\z  \n  two" require("x.y")'],
    ['after a comment to the end of the line', '-- a comment [[\nrequire("x.y")'],
    ['after a long comment', '--[=[ "a ]] comment ]=] require("x.y")'],
    ['after a long comment that never ends', '--[[ a comment\nrequire("x.y")'],
    ['after a string that never ends', 'local a = "one\nrequire("x.y")'],
    ['after one with much white space taken out', `local a = "${'\\z  '.repeat(99)}one\nrequire("x.y")`],
  ])('%s', (_title, source) => {
    expect(names(source)).toEqual(['x.y'])
  })
})

describe('what is not such a call is not', () => {
  test.each([
    ['a comment', '-- require("x")'],
    ['a long comment', '--[==[ require("x")\nrequire("y") ]] ]==]'],
    ['a string', `local a = 'require("x")' .. "require('x')"`],
    ['a string after an escaped quote', String.raw`local a = "\" require('x')"`],
    ['a long string', 'local a = [[ require("x") ]] .. [=[ ]] require("x") ]=]'],
    ['a function of a table', 'my.require("x")'],
    ['a method', 'my:require("x")'],
    ['a longer name', 'prerequire("x") require_all("x") require2("x")'],
    ['a computed name', 'require(name) require("x" .. name) require(f("x"))'],
    ['a table', 'require { "x" }'],
    ['a key', '{ require = "x" }'],
    ['a value', 'local load = require'],
    ['nothing', ''],
  ])('%s', (_title, source) => {
    expect(names(source)).toEqual([])
  })
})

test('the line is that of the call', () => {
  const source = '\n--[[\n]] require("a") require("b")\nlocal s = [[\n\n]]\nreturn require\n"c"'
  expect(findRequires(source)).toEqual([
    { name: 'a', line: 3 },
    { name: 'b', line: 3 },
    { name: 'c', line: 7 },
  ])
})

test('finds the calls, and only the calls, in any order of code, strings and comments', () => {
  const call = fc
    .tuple(fc.stringMatching(/^[a-z.]{1,5}$/), fc.constantFrom('("', " '", '[[', '[=['))
    .map(([name, open]) => {
      const close = { '("': '")', " '": "'", '[[': ']]', '[=[': ']=]' }[open]
      return { text: `require${open}${name}${close}`, name }
    })
  const hidden = fc.stringMatching(/^[a-z"' ]{0,9}$/).map((text) => `${text} require("no") require'no' ${text}`)
  const noise = fc
    .tuple(hidden, fc.constantFrom('comment', 'long comment', 'long string', 'string', 'code'))
    .map(([text, kind]) => {
      const escaped = text.replaceAll(/["']/g, '\\$&')
      const texts = {
        comment: `--${text}\n`,
        'long comment': `--[=[${text}]]\n]=]`,
        'long string': `[==[${text}]=]\n]==]`,
        string: `"${escaped}" .. '${escaped}'`,
        code: 'a.require("no"); f(require, "no") local t = { require = 1 }',
      }
      return { text: texts[kind], name: undefined }
    })
  fc.assert(
    fc.property(fc.array(fc.oneof(call, noise)), (fragments) => {
      const expected = fragments.flatMap(({ name }) => name ?? [])
      expect(names(fragments.map(({ text }) => text).join('\n'))).toEqual(expected)
    }),
    { seed: 7, numRuns: 500 },
  )
})
