/** The files that a process can read: what `/data/<id>` of `On-Boot` is made of. Process API 1.5 and 11.2. */
import { describe, expect, test } from 'vitest'
import { createLibraryProcess, testCode } from './harness.ts'

const files = { '/data/numbers': '12 0x1F -3.5e2 end\n', '/data/lines': 'one\ntwo\n\nlast', '/data/empty': '' }
const open = (name: string): string => `local f = assert(io.open("/data/${name}")) `

describe('reading', () => {
  testCode(
    [
      ['all of it', `${open('lines')} return f:read("a")`, 'one\ntwo\n\nlast'],
      ['all of nothing is empty', `${open('empty')} return Dump({ f:read("a"), f:read("l") }, 0)`, '{ [1] = "" }'],
      ['a line, without its end', `${open('lines')} return f:read() .. f:read("l") .. "|" .. f:read("*l")`, 'onetwo|'],
      ['a line with its end', `${open('lines')} return f:read("L") .. f:read("L")`, 'one\ntwo\n'],
      [
        'the last line has no end',
        `${open('lines')} f:read("L", "L", "L") return f:read("L") .. tostring(f:read("L"))`,
        'lastnil',
      ],
      [
        'a number of bytes',
        `${open('lines')} return f:read(2) .. "|" .. f:read(100) .. "|" .. tostring(f:read(1))`,
        'on|e\ntwo\n\nlast|nil',
      ],
      ['no bytes, up to the end', `${open('empty')} return tostring(f:read(0))`, 'nil'],
      [
        'numbers',
        `${open('numbers')} return Dump({ f:read("n", "n", "n", "n", "l") }, 0)`,
        '{ [1] = 12, [2] = 31, [3] = -350.0 }',
      ],
      ['several at once stop at the end', `${open('lines')} return select("#", f:read("l", "a", "l", "l"))`, '3'],
      [
        'by lines',
        `local all = "" for line in io.lines("/data/lines") do all = all .. line .. ";" end return all`,
        'one;two;;last;',
      ],
      [
        'by lines of an open file',
        `${open('lines')} local n = 0 for line in f:lines() do n = n + #line end return n`,
        '10',
      ],
      [
        'from another place',
        `${open('lines')} f:seek("set", 4) local two = f:read() return two .. f:seek("cur") .. f:seek("end", -4) .. f:read("a")`,
        'two89last',
      ],
      ['io.type knows it', `return io.type(io.open("/data/lines"))`, 'file'],
    ],
    { files },
  )

  test('a file cannot be written, and another is not there', () => {
    const library = createLibraryProcess({ files })
    expect(library.eval('return select(2, io.open("/data/lines", "w"))')).toBe('/data/lines: Permission denied')
    expect(library.eval('return select(2, io.open("/data/lines", "r+"))')).toBe('/data/lines: Permission denied')
    expect(library.eval('return select(2, io.open("/data/other"))')).toBe('/data/other: No such file or directory')
    expect(library.evalError('io.open("/data/lines"):read("z")')).toMatch(
      /bad argument #1 to 'read' \(invalid format\)$/,
    )
    expect(library.evalError('io.open("/data/lines"):seek("z")')).toMatch(
      /bad argument #1 to 'seek' \(invalid option 'z'\)$/,
    )
  })
})

test('On-Boot runs the file of that name', () => {
  const id = 'TRANSACTION'.padEnd(43, '-')
  const tags = [{ name: 'On-Boot', value: id }]
  const library = createLibraryProcess({
    tags,
    files: { [`/data/${id}`]: 'Booted = Owner' },
    first: { tags: [{ name: 'Type', value: 'Process' }, { name: 'Module', value: 'm' }, ...tags] },
  })
  expect(library.eval('Booted == Owner')).toBe('true')
})
