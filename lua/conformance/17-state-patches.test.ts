import { describe, expect, test } from 'vitest'
import { createLibraryProcess } from '../harness.ts'

describe('17 Exposing state', () => {
  const patch = 'Send({ device = "patch@1.0", cache = { k = "v", list = { 1, 2 } }, supply = 5, name = "n" })'

  test('17.1 a state patch is a message whose tags carry nested tables, numbers and text', () => {
    const { messages } = createLibraryProcess().send({ action: 'Eval', data: patch })
    const tag = { device: 'patch@1.0', cache: { k: 'v', list: [1, 2] }, supply: 5, name: 'n' }
    expect(messages).toMatchObject([{ target: undefined, tag }])
  })

  test('17.2 without Target the warning is printed', () => {
    expect(createLibraryProcess().eval(`${patch} return nil`)).toContain('WARN: No target specified for message.')
  })

  test('17.3 it has no other effect, and there is no global State', () => {
    const library = createLibraryProcess({ setup: patch })
    expect(library.eval('tostring(State) .. tostring(cache) .. #Inbox')).toBe('nilnil1')
  })
})
