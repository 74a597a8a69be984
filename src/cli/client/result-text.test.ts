import { expect, test } from 'vitest'
import type { ProcessResult } from './node-client.ts'
import { resultLines } from './result-text.ts'

const cases: { name: string; result: ProcessResult; lines: readonly string[] }[] = [
  { name: 'nothing', result: {}, lines: [] },
  { name: 'text', result: { Output: 'text' }, lines: ['text'] },
  { name: 'data', result: { Output: { data: 'text' } }, lines: ['text'] },
  { name: 'data of older libraries', result: { Output: { data: { output: 'text', prompt: '>' } } }, lines: ['text'] },
  { name: 'an empty table as a list', result: { Output: [] }, lines: [] },
  { name: 'a number', result: { Output: 42 }, lines: ['42'] },
  {
    name: 'a message without the tags that every one has',
    result: {
      Messages: [
        {
          Target: 'someone',
          Data: 'text',
          Tags: [
            { name: 'Data-Protocol', value: 'ao' },
            { name: 'Action', value: 'Say' },
            { name: 'Count', value: 5 },
          ],
        },
      ],
    },
    lines: ['1 message sent', '  to someone  Action=Say  Count=5', '     text'],
  },
  {
    name: 'two messages that are hardly any',
    result: { Messages: [{}, { Target: 7, Data: { a: 1 } }] },
    lines: ['2 messages sent', '  to a new process', '  to 7', '     {"a":1}'],
  },
  { name: 'a spawn', result: { Spawns: [{ Data: ' ' }] }, lines: ['1 process spawned', '  to a new process'] },
  {
    name: 'colours are kept, what would change the terminal is not',
    result: { Output: '\u001b[31mred\u001b[0m\u001b]0;title\u0007\u001b[2J\u009b2Jend' },
    lines: ['\u001b[31mred\u001b[0m]0;title[2J2Jend'],
  },
]

test.each(cases)('$name', ({ result, lines }) => {
  expect(resultLines(result)).toEqual(lines)
})

test('long data is cut, and its length told', () => {
  const [, , data = ''] = resultLines({ Messages: [{ Target: 'x', Data: 'a'.repeat(2_000) }] })
  expect(data.length).toBeLessThan(600)
  expect(data).toContain('2000 characters')
})
