import { describe, expect, test } from 'vitest'
import { createLibraryProcess } from '../harness.ts'

// The vectors of section 21 that are not of `.crypto`; those stand with its tests.
describe('21 Test vectors', () => {
  const sentBy = (code: string) => createLibraryProcess().send({ action: 'Eval', data: code }).messages[0]

  test('21.1 messaging: the first message of a process', () => {
    const sent = sentBy('Send({Target="T", Data="d", Action="A", Foo=5, Tags={Bar="b"}})')
    expect(sent).toMatchObject({ target: 'T', data: 'd', anchor: '00000000000000000000000000000001' })
    expect(sent?.tags.slice(0, 4)).toEqual([
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Variant', value: 'ao.TN.1' },
      { name: 'Type', value: 'Message' },
      { name: 'Reference', value: '1' },
    ])
    expect(sent?.tags.slice(4, 6)).toEqual(
      expect.arrayContaining([
        { name: 'Action', value: 'A' },
        { name: 'Foo', value: 5 },
      ]),
    )
    expect(sent?.tags.slice(6)).toEqual([{ name: 'Bar', value: 'b' }])
  })

  test('21.2 messaging: table data becomes JSON', () => {
    const sent = sentBy('Send({Target="AOS", Data={foo="bar"}})')
    expect(sent).toMatchObject({ data: '{"foo":"bar"}', tag: { 'Content-Type': 'application/json' } })
  })

  test('21.3 pipeline: two that continue, one that skips, and nobody who takes the message', () => {
    const library = createLibraryProcess({
      setup: `Handlers.add("one", function() return "continue" end, function() print("one") end)
        Handlers.add("two", function() return "continue" end, function() print("two") end)
        Handlers.add("three", function() return "skip" end, function() print("three") end)`,
    })
    const expected =
      'one\ntwo\n\u001b[90mNew Message From \u001b[32mFRE...RED\u001b[90m: \u001b[90mData = \u001b[34mping\u001b[0m'
    expect(library.send({ from: 'FRED', data: 'ping' }).data).toBe(expected)
  })
})
