import { describe, expect, test } from 'vitest'
import { createLibraryProcess, owner, processId } from '../harness.ts'

describe('12.1 Trust', () => {
  const pushed = { from: 'other-process', owner: 'messenger' }

  test('12.1.1 a message by its owner is accepted', () => {
    expect(createLibraryProcess().send({ from: 'x', owner: 'x' }).data).toContain('New Message From')
  })

  test.each([
    ['its owner', 'messenger'],
    ['its sender', 'other-process'],
  ])('12.1.2 an Authority tag with %s lets a message in', (_title, value) => {
    const library = createLibraryProcess({ tags: [{ name: 'Authority', value }] })
    expect(library.send(pushed).data).toContain('New Message From')
  })

  test('12.1.2 without an Authority a pushed message is turned away, also from the process itself', () => {
    const library = createLibraryProcess()
    expect(library.send(pushed).data).toContain('Message is not trusted!')
    expect(library.send({ ...pushed, from: processId }).data).toContain('Message is not trusted!')
  })

  test('12.1.2 ao.isTrusted of user code counts', () => {
    const library = createLibraryProcess({ setup: 'function ao.isTrusted(m) return m.From == "other-process" end' })
    expect(library.send(pushed).data).toContain('New Message From')
  })

  test('12.1.3 all Authority tags of the process count, and each may be a list', () => {
    const tags = [
      { name: 'Authority', value: 'x,messenger' },
      { name: 'Authority', value: 'y' },
    ]
    const library = createLibraryProcess({ tags })
    expect(library.eval('table.concat(ao.authorities, "|")')).toBe('x|messenger|y')
    expect(library.send(pushed).data).toContain('New Message From')
  })

  test('12.1.3 an Authority tag of a message does not', () => {
    const library = createLibraryProcess()
    expect(library.send({ ...pushed, tags: { Authority: 'messenger' } }).data).toContain('Message is not trusted!')
  })

  test('12.1.4 empty parts are skipped, doubles are left out, blanks are not trimmed', () => {
    const tags = [
      { name: 'Authority', value: 'a,,b, c' },
      { name: 'Authority', value: 'b,d,' },
    ]
    expect(createLibraryProcess({ tags }).eval('table.concat(ao.authorities, "|")')).toBe('a|b| c|d')
  })

  test('12.1.5, 20.12 entries taken out come back with the next message', () => {
    const library = createLibraryProcess({ tags: [{ name: 'Authority', value: 'a,b' }] })
    library.eval('table.remove(ao.authorities, 1)')
    expect(library.eval('table.concat(ao.authorities, "|")')).toBe('b|a')
    library.eval('ao.authorities = {}')
    expect(library.eval('table.concat(ao.authorities, "|")')).toBe('a|b')
  })

  test('12.1.6, 20.12 entries put in stay', () => {
    const library = createLibraryProcess({ tags: [{ name: 'Authority', value: 'a' }] })
    library.eval('table.insert(ao.authorities, "mine")')
    expect(library.eval('table.concat(ao.authorities, "|")')).toBe('a|mine')
    expect(library.send({ ...pushed, owner: 'mine' }).data).toContain('New Message From')
  })

  test('12.1.7 a rejected message is a success with one line, and sends nothing', () => {
    const library = createLibraryProcess()
    const answer = library.send({ ...pushed, action: 'Eval', data: 'x' })
    expect(answer).toMatchObject({
      data: 'Message is not trusted! From: other-process - Owner: messenger',
      messages: [],
      print: true,
    })
    expect(answer.prompt).toContain('aos-2.0.4')
    expect(library.eval('#Inbox')).toBe('1')
  })

  test('12.1.8 Owner and Name are set before a process message is rejected', () => {
    const library = createLibraryProcess({ first: { from: 'maker', owner: 'messenger' } })
    expect(library.send({ from: 'maker', action: 'Eval', data: 'Owner .. Name' }).data).toBe('makeraos')
  })
})

describe('12.2 Assignments', () => {
  test('12.2.1 the sender of an assignment that is not assignable is told', () => {
    const answer = createLibraryProcess().send({ target: 'elsewhere', from: 'someone' })
    expect(answer.messages).toMatchObject([{ target: 'someone', data: 'Assignment is not trusted by this process!' }])
  })

  test('12.2.2 the process itself is not told', () => {
    const library = createLibraryProcess({ tags: [{ name: 'Authority', value: 'messenger' }] })
    expect(library.send({ target: '', from: processId, owner: 'messenger' })).toMatchObject({
      data: `Assignment is not trusted! From: ${processId} - Owner: messenger`,
      messages: [],
    })
  })

  test('12.2.3 the line of an assignment that is turned away', () => {
    const answer = createLibraryProcess().send({ target: 'elsewhere', from: 'someone' })
    expect(answer).toMatchObject({ data: 'Assignment is not trusted! From: someone - Owner: someone', print: true })
  })

  test('12.2.4 by default nothing is assignable', () => {
    const library = createLibraryProcess()
    expect(library.send({ target: 'elsewhere', action: 'Eval', data: '1' }).data).toContain(
      'Assignment is not trusted!',
    )
    expect(library.eval('#ao.assignables')).toBe('0')
  })

  test.each([
    ['an empty Target', { Target: '' }],
    ['no Target', {}],
  ])('12.2.5 a message with %s is an assignment', (_title, target) => {
    const { response } = createLibraryProcess().handle({ From: 'f', Owner: 'f', Tags: [], ...target })
    expect(response).toMatchObject({ Output: { data: 'Assignment is not trusted! From: f - Owner: f' } })
  })

  test('12.2.6 an accepted assignment is processed like any message, Evals too', () => {
    const library = createLibraryProcess({ setup: 'ao.addAssignable("mine", { Action = "Eval" })' })
    expect(library.send({ target: 'elsewhere', action: 'Eval', data: '1 + 1' }).data).toBe('2')
    expect(library.send({ target: 'elsewhere', action: 'Other' }).data).toContain('Assignment is not trusted!')
    library.eval('ao.removeAssignable("mine")')
    const turnedAway = library.send({ target: 'elsewhere', action: 'Eval', data: '1 + 1' })
    expect(turnedAway).toMatchObject({ messages: [{ target: owner }] })
  })
})
