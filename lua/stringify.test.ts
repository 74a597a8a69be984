import { describe } from 'vitest'
import { color, testCode, testErrors } from './harness.ts'

const { red, green, blue, reset } = color

describe('14.4 .stringify', () => {
  const b = (text: string | number) => `${blue}${text}${reset}`
  const g = (text: string) => `${green}"${text}"${reset}`
  const k = (text: string | number) => `${red}${text}${reset}`
  const rows: [lua: string, expected: string][] = [
    ['{ 1, "a" }', `{ ${b(1)}, ${g('a')} }`],
    ['{}', '{  }'],
    ['{ 1, { 2, "x" }, true }', `{\n  ${b(1)},\n  { ${b(2)}, ${g('x')} },\n  ${b('true')}\n }`],
    ['{ a = 1 }', `{\n   ${k('a')} = ${b(1)}\n}`],
    ['{ a = { b = 1 } }', `{\n   ${k('a')} = {\n     ${k('b')} = ${b(1)}\n  }\n}`],
    ['{ a = 1, b = "x" }', `{\n   ${k('a')} = ${b(1)},\n   ${k('b')} = ${g('x')}\n}`],
    ['{ 1, 2, a = 3 }', `{\n   ${k(1)} = ${b(1)},\n   ${k(2)} = ${b(2)},\n   ${k('a')} = ${b(3)}\n}`],
    ['{ [true] = 1 }', `{\n   ${k('true')} = ${b(1)}\n}`],
    ['(function() local t = {} return { a = t, b = t } end)()', `{\n   ${k('a')} = {  },\n   ${k('b')} = {  }\n}`],
    [
      '{ [true] = 1, [false] = 2, ["true"] = 3 }',
      `{\n   ${k('false')} = ${b(2)},\n   ${k('true')} = ${b(1)},\n   ${k('true')} = ${b(3)}\n}`,
    ],
    [
      '{ "a", x = { 1, y = 2 } }',
      `{\n   ${k(1)} = ${g('a')},\n   ${k('x')} = {\n     ${k(1)} = ${b(1)},\n     ${k('y')} = ${b(2)}\n  }\n}`,
    ],
    [
      '{ [10] = 1, [2] = 2, [1.5] = 3, a = 4 }',
      `{\n   ${k('1.5')} = ${b(3)},\n   ${k(2)} = ${b(2)},\n   ${k(10)} = ${b(1)},\n   ${k('a')} = ${b(4)}\n}`,
    ],
    ['{ a = { { 1 } } }', `{\n   ${k('a')} = {\n    { ${b(1)} }\n   }\n}`],
    ['{ [[q"]] }', `{ ${g('q"')} }`],
    ['{ 1, nil, 3 }', `{\n   ${k(1)} = ${b(1)},\n   ${k(3)} = ${b(3)}\n}`],
    [
      '{ a = 1.5, b = 2.0, c = false }',
      `{\n   ${k('a')} = ${b('1.5')},\n   ${k('b')} = ${b('2.0')},\n   ${k('c')} = ${b('false')}\n}`,
    ],
    [
      '(function() local t = { 1, {} } return { t, t } end)()',
      `{\n  {\n    ${b(1)},\n    {  }\n   },\n  {\n    ${b(1)},\n    {  }\n   }\n }`,
    ],
    [
      '(function() local t = { 1 } t[2] = { t } return t end)()',
      `{\n  ${b(1)},\n  {\n    <circular reference>\n   }\n }`,
    ],
    [
      '(function() local t = { a = {} } t.a.b = t return t end)()',
      `{\n   ${k('a')} = {\n     ${k('b')} = <circular reference>\n  }\n}`,
    ],
    ['5', b(5)],
    ['"x"', g('x')],
    ['(function() local t = {} t.self = t return t end)()', `{\n   ${k('self')} = <circular reference>\n}`],
  ]
  testCode(
    rows.map(([lua, expected]) => [`format ${lua}`, `return require(".stringify").format(${lua})`, expected] as const),
  )
  testCode([
    ['_version', 'return require(".stringify")._version', '0.0.1'],
    ['an Eval shows tables so', 'return { [true] = { 1, "x" } }', `{\n   ${k('true')} = { ${b(1)}, ${g('x')} }\n}`],
    [
      'keys that are tables or functions',
      'return (require(".stringify").format({ [{}] = 1, [print] = 2 }):gsub("0x%x+", "0x"))',
      `{\n   ${k('function: 0x')} = ${b(2)},\n   ${k('table: 0x')} = ${b(1)}\n}`,
    ],
    [
      'what is nested more than 100 times is left out',
      'local t = {} for i = 1, 100000 do t = { a = t } end local s = require(".stringify").format(t) local _, n = s:gsub("=", "") return n .. s:match("<.*>")',
      '100<nested too deeply>',
    ],
    ['an indent moves it', 'return require(".stringify").format({ a = 1 }, 4)', `{\n       ${k('a')} = ${b(1)}\n    }`],
    [
      'isSimpleArray',
      'local f = require(".stringify").isSimpleArray return tostring(f({ 1, "a" })) .. tostring(f({ {} })) .. tostring(f({ a = 1 })) .. tostring(f({}))',
      'truefalsefalsetrue',
    ],
  ])
})

describe('14.4 .pretty', () => {
  testCode([
    ['a line for each entry', 'return require(".pretty").tprint({ 1, "b", x = true })', '1: 1\n2: b\nx: true\n'],
    [
      'one space more for each level',
      'return require(".pretty").tprint({ a = { b = { c = 1 } }, d = 2 })',
      'a: \n b: \n  c: 1\nd: 2\n',
    ],
    ['an indent moves it', 'return require(".pretty").tprint({ a = { 1 } }, 2)', '  a: \n   1: 1\n'],
    ['an empty table', 'return "<" .. require(".pretty").tprint({}) .. ">"', '<>'],
    [
      'other keys',
      'return require(".pretty").tprint({ [true] = false, [2] = 1, [10] = 1 })',
      '2: 1\n10: 1\ntrue: false\n',
    ],
    [
      'circles and tables that are there twice',
      'local t, u = {}, { 1 } t.a, t.b, t.c = t, u, u return require(".pretty").tprint(t)',
      'a: <circular reference>\nb: \n 1: 1\nc: \n 1: 1\n',
    ],
    [
      'what is nested more than 100 times is left out',
      'local t = {} for i = 1, 100000 do t = { t } end local s = require(".pretty").tprint(t) local _, n = s:gsub(":", "") return n .. s:match("<.*>")',
      '100<nested too deeply>',
    ],
  ])
})

describe('14.5 Dump', () => {
  testCode([
    [
      'strings that look like other things',
      'return Dump({ "true", "1", "nil" }, 0)',
      '{ [1] = "true", [2] = "1", [3] = "nil" }',
    ],
    [
      'integers and floats',
      'return Dump({ 1, 1.0, -0.5, 1e300, math.mininteger }, 0)',
      '{ [1] = 1, [2] = 1.0, [3] = -0.5, [4] = 1e+300, [5] = -9223372036854775808 }',
    ],
    [
      'every reserved word is quoted',
      `local words = {} for word in ("and break do else elseif end false for function goto if in local nil not or repeat return then true until while"):gmatch("%a+") do words[word] = 1 end local t = load("return " .. Dump(words, 0))() local n = 0 for word in pairs(words) do assert(t[word] == 1) n = n + 1 end return n`,
      22,
    ],
    [
      'identifiers',
      'return Dump({ _a1 = 1, ["1a"] = 2, ["a-b"] = 3, [""] = 4, ["ä"] = 5 }, 0)',
      '{ [""] = 4, ["1a"] = 2, _a1 = 1, ["a-b"] = 3, ["ä"] = 5 }',
    ],
    [
      'boolean keys',
      'return Dump({ [true] = 1, [false] = 2, ["true"] = 3 }, 0)',
      '{ [false] = 2, [true] = 1, ["true"] = 3 }',
    ],
    [
      'keys with the same text have one order, whatever the table',
      `for n = 0, 40 do
        local t, u = { [true] = 1, ["true"] = 2 }, { ["true"] = 2 }
        for i = 1, n do t["k" .. i], u["k" .. i] = 0, 0 end
        u[true] = 1
        assert(Dump(t, 0):find('[true] = 1, ["true"] = 2', 1, true) and Dump(u, 0) == Dump(t, 0))
      end return "ok"`,
      'ok',
    ],
    ['mixed tables', 'return Dump({ "a", x = 1, "b" }, 0)', '{ [1] = "a", [2] = "b", x = 1 }'],
    ['tables as keys', 'return Dump({ [{}] = 1 }, 0)', /^\{ \["table: 0x[0-9a-f]+"\] = 1 \}$/],
    [
      'it is Lua',
      String.raw`local t = { 1, "two", { a = true, ["b c"] = "x\n\0\"y" } } local u = load("return " .. Dump(t))() return tostring(u[1] == 1 and u[2] == "two" and u[3].a and u[3]["b c"] == t[3]["b c"])`,
      'true',
    ],
    [
      'what is nested more than 100 times is left out',
      'local t = {} for i = 1, 100000 do t = { t } end local s = Dump(t) local _, n = s:gsub("=", "") return n .. s:match("<.*>")',
      '100<Nested too deeply>',
    ],
    [
      'circles through more than one table',
      'local t = { a = {} } t.a.b = t return Dump(t, 0)',
      /^\{ a = \{ b = "<Circular table: 0x[0-9a-f]+>" \} \}$/,
    ],
    ['empty tables inside', 'return Dump({ {}, a = {} }, 2)', '{\n  [1] = {},\n  a = {}\n}'],
    ['padding with no indent', 'return Dump({ a = 1 }, 0, 3)', '{ a = 1 }'],
    ['it is the module', 'return tostring(Dump == require(".dump"))', 'true'],
    ['scalars are quoted', 'return Dump(5) .. Dump("a") .. Dump(nil) .. Dump(true)', '"5""a""nil""true"'],
    ['an empty table', 'return Dump({})', '{}'],
    [
      'a table',
      'return Dump({ 10, a = "x", ["b c"] = true, ["end"] = 1.5, [true] = {} })',
      '{\n    [1] = 10,\n    a = "x",\n    ["b c"] = true,\n    ["end"] = 1.5,\n    [true] = {}\n}',
    ],
    [
      'numeric keys come first, in order',
      'return Dump({ [10] = 1, [2] = 2, [-1] = 3, a = 4, ["3"] = 5 }, 0)',
      '{ [-1] = 3, [2] = 2, [10] = 1, ["3"] = 5, a = 4 }',
    ],
    ['nested tables', 'return Dump({ a = { b = { 1 } } }, 2)', '{\n  a = {\n    b = {\n      [1] = 1\n    }\n  }\n}'],
    ['without indent it is one line', 'return Dump({ a = { 1 }, b = 2 }, 0)', '{ a = { [1] = 1 }, b = 2 }'],
    ['padding', 'return Dump({ a = 1 }, 2, 3)', '{\n     a = 1\n   }'],
    ['quotes', String.raw`return Dump({ a = "q\"\n" }, 0)`, '{ a = "q\\"\\\n" }'],
    ['functions', 'return Dump({ f = print }, 0)', /^\{ f = "function: .*" \}$/],
    [
      'a table twice is no circle',
      'local t = { 1 } return Dump({ a = t, b = t }, 0)',
      '{ a = { [1] = 1 }, b = { [1] = 1 } }',
    ],
    ['circles', 'local t = {} t.t = t return Dump(t, 0)', /^\{ t = "<Circular table: 0x.*>" \}$/],
    [
      'a filter replaces values',
      'return Dump({ a = 1, b = 2 }, 0, 0, function(v, depth, kind, use, key) if use == "val" and kind == "number" then return v * 10 end return v end)',
      '{ a = 10, b = 20 }',
    ],
    [
      'a filter leaves out',
      'return Dump({ a = 1, b = 2 }, 0, 0, function(v, depth, kind, use, key) if key == "a" and use == "val" then return nil end return v end)',
      '{ b = 2 }',
    ],
    [
      'a filter stops quoting',
      'return Dump({ a = "x" }, 0, 0, function(v, depth, kind, use) if use == "val" and kind == "string" then return v, true end return v end)',
      '{ a = x }',
    ],
    [
      'a filter is told value, depth, type, use and key',
      `local told = {} local function note(v, depth, kind, use, key, udata)
        told[#told + 1] = table.concat({ kind == "table" and "t" or tostring(v), depth, kind, use, tostring(key), tostring(udata) }, ",")
        return v
      end
      local t = { x = { 5 } } t.self = t Dump(t, 0, 0, note, 7) return table.concat(told, " ")`,
      't,0,table,val,nil,7 t,1,table,circular,self,7 self,1,string,key,nil,7 t,1,table,val,x,7 5,2,number,val,1,7 1,2,number,key,nil,7 x,1,string,key,nil,7',
    ],
    [
      'a filter changes keys',
      'return Dump({ a = 1, b = 2 }, 0, 0, function(v, depth, kind, use) if use == "key" then return v == "a" and 7 or v .. "!", v == "b" end return v end)',
      '{ [7] = 1, b! = 2 }',
    ],
    [
      'a filter changes circles',
      'local t = {} t.t = t return Dump(t, 0, 0, function(v, depth, kind, use) if use == "circular" then return "again" end return v end) .. Dump(t, 0, 0, function(v, depth, kind, use) if use == "circular" then return "again", true end return v end)',
      '{ t = "again" }{ t = again }',
    ],
    [
      'a filter stops tables from being opened',
      'return (Dump({ a = {} }, 0, 0, function(v, depth) return v, depth > 0 end):gsub("0x%x+", "0x"))',
      '{ a = table: 0x }',
    ],
    [
      'a filter stops the outermost table from being opened',
      'return (Dump({ 1 }, 0, 0, function(v) return v, true end):gsub("0x%x+", "0x"))',
      'table: 0x',
    ],
    [
      'a filter that makes a circle',
      'local t = { a = 1 } return (Dump(t, 0, 0, function(v, depth, kind, use) return use == "val" and t or v end):gsub("0x%x+", "0x"))',
      '{ a = "<Circular table: 0x>" }',
    ],
    [
      'a filter opens tables of its own',
      'return Dump({ a = 1 }, 0, 0, function(v, depth, kind, use) if use == "val" and kind == "number" and depth == 1 then return { v } end return v end)',
      '{ a = { [1] = 1 } }',
    ],
    [
      'a filter that leaves out everything',
      'return Dump({ a = 1 }, 4, 0, function(v, depth, kind, use) if depth == 0 then return v end end)',
      '{}',
    ],
    [
      'a filter gets udata',
      'return Dump(1, 0, 0, function(v, depth, kind, use, key, udata) return udata end, "u")',
      '"u"',
    ],
  ])
  testErrors([
    ['indent', 'Dump({}, -1)', 'indent must be unsigned integer'],
    ['indent with a fraction', 'Dump({}, 1.5)', 'indent must be unsigned integer'],
    ['indent of scalars', 'Dump(5, "x")', 'indent must be unsigned integer'],
    ['padding', 'Dump({}, 1, "x")', 'padding must be unsigned integer'],
    ['filter', 'Dump({}, 1, 1, 5)', 'filter must be function'],
  ])
})
