import { expect, test } from 'vitest'
import { parseStateValue } from '../../vm/state-value.ts'
import { globalsText, stateLine, stateText } from './state-text.ts'

const long = 'x'.repeat(60)
const cases: { name: string; json: string; text: string }[] = [
  { name: 'nothing', json: 'null', text: 'nil' },
  { name: 'text', json: '"a\\"b\\n\\u001b[31m\u009b2J"', text: '"a\\"b\\n\\u001b[31m\\u{9b}2J"' },
  { name: 'numbers', json: '[5,5.0,1e+21,-0.5]', text: '{ 5, 5.0, 1e+21, -0.5 }' },
  {
    name: 'what JSON has no word for',
    json: '[{"$type":"integer","value":"9007199254740993"},{"$type":"float","value":"inf"},{"$type":"function"},{"$type":"bytes","base64":"/w=="},{"$ref":"A.b"},{"$ref":""}]',
    text: '{ 9007199254740993, inf, <function>, <bytes in base64: /w==>, <the same as A.b>, <the same as _G> }',
  },
  { name: 'what was left out', json: '{"a":[1,{"$more":7}],"$more":3}', text: '{ a = { 1, <7 more> }, <3 more> }' },
  { name: 'a text that was cut', json: '{"$type":"string","start":"ab","$more":98}', text: '"ab" <and 98 bytes more>' },
  { name: 'an empty table', json: '[]', text: '{}' },
  {
    name: 'keys',
    json: '{"[1]":1,"[\\"$x\\"]":2,"a.b":3,"end_1":4,"1a":5}',
    text: '{ [1] = 1, ["$x"] = 2, ["a.b"] = 3, end_1 = 4, ["1a"] = 5 }',
  },
  {
    name: 'a long table over lines',
    json: `{"a":"${long}","b":{"c":["${long}","${long}"]}}`,
    text: `{\n  a = "${long}",\n  b = {\n    c = {\n      "${long}",\n      "${long}",\n    },\n  },\n}`,
  },
]

test.each(cases)('$name', ({ json, text }) => {
  expect(stateText(parseStateValue(json))).toBe(text)
})

test('one line is cut', () => {
  expect(stateLine(parseStateValue(`["${long}"]`))).toBe(`{ "${long}" }`)
  expect(stateLine(parseStateValue(`["${long.repeat(4)}"]`))).toBe(`{ "${long.repeat(4)}`.slice(0, 200).concat('…'))
})

test('globals stand on lines of their own', () => {
  expect(globalsText(parseStateValue('{"A":1,"B":{"c":[]},"$more":2}'))).toBe('A = 1\nB = { c = {} }\n<2 more>')
  expect(globalsText(parseStateValue('[]'))).toBe('')
})
