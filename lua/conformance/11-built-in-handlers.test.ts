import { describe, expect, test } from 'vitest'
import { color, createLibraryProcess, moduleId, owner, processId, promptOf } from '../harness.ts'

const { green, blue, gray, reset } = color

describe('11.1 _default', () => {
  const shown = (message: object) => createLibraryProcess().send({ from: 'FRED', ...message }).data
  const head = `${gray}New Message From ${green}FRE...RED${gray}: `

  test('11.1.1 the message is in the Inbox, whole', () => {
    const library = createLibraryProcess()
    library.send({ from: 'FRED', data: 'ping', tags: { Extra: '1' } })
    expect(
      library.eval('#Inbox .. Inbox[2].Data .. Inbox[2].From .. Inbox[2].Tags.Extra .. Inbox[2].TagArray[1].name'),
    ).toBe('2pingFRED1Extra')
  })

  test('11.1.2, 20.7 the Inbox keeps the newest 10000', () => {
    const library = createLibraryProcess({ setup: 'for i = 1, 9999 do Inbox[#Inbox + 1] = { Data = "old" .. i } end' })
    expect(library.eval('#Inbox .. Inbox[2].Data')).toBe('10000old1')
    library.send({ data: 'new' })
    expect(library.eval('#Inbox .. Inbox[1].Data .. Inbox[10000].Data')).toBe('10000old1new')
    library.eval('for i = 1, 5 do Inbox[#Inbox + 1] = { Data = "more" .. i } end')
    library.send({ data: 'newest' })
    expect(library.eval('#Inbox .. Inbox[1].Data .. Inbox[10000].Data')).toBe('10000old7newest')
  })

  test('11.1.3 the line shows sender and Action, which comes before Data', () => {
    expect(shown({ action: 'Greet', data: 'ping' })).toBe(`${head}${gray}Action = ${blue}Greet${reset}`)
  })

  test('11.1.4 without Action it shows Data', () => {
    expect(shown({ data: 'ping' })).toBe(
      '\u001b[90mNew Message From \u001b[32mFRE...RED\u001b[90m: \u001b[90mData = \u001b[34mping\u001b[0m',
    )
  })

  test('11.1.5 20 bytes are shown', () => {
    expect(shown({ data: 'x'.repeat(30) })).toBe(`${head}${gray}Data = ${blue}${'x'.repeat(20)}${reset}`)
    expect(shown({ action: 'y'.repeat(30) })).toBe(`${head}${gray}Action = ${blue}${'y'.repeat(20)}${reset}`)
  })

  test('11.1.6 table data is shown as JSON', () => {
    expect(shown({ data: '{"a":1}', tags: { 'Content-Type': 'application/json' } })).toBe(
      `${head}${gray}Data = ${blue}{"a":1}${reset}`,
    )
  })

  test('11.1.7 missing data is empty', () => {
    expect(shown({})).toBe(`${head}${gray}Data = ${blue}${reset}`)
  })

  test('11.1.8 a sender that is not known is so called', () => {
    const { response } = createLibraryProcess().handle({ Target: processId, Tags: [], Data: 'd' })
    expect(response).toMatchObject({
      Output: { data: `${gray}New Message From ${green}unknown${gray}: ${gray}Data = ${blue}d${reset}` },
    })
  })

  test.each([
    ['a number as Data', { Data: 5, Tags: [] }, 'Data = ', '5'],
    ['a boolean as Data', { Data: true, Tags: [] }, 'Data = ', 'true'],
    ['a number as Action', { Tags: [{ name: 'Action', value: 7 }] }, 'Action = ', '7'],
  ])('11.1.9 %s is shown as its text', (_title, message, label, text) => {
    const { response } = createLibraryProcess().handle({ From: 'FRED', Owner: 'FRED', Target: processId, ...message })
    expect(response).toMatchObject({ Output: { data: `${head}${gray}${label}${blue}${text}${reset}` } })
  })
})

describe('11.2 _boot', () => {
  const processTags = (onBoot?: string) => [
    { name: 'Type', value: 'Process' },
    { name: 'Module', value: 'm' },
    ...(onBoot === undefined ? [] : [{ name: 'On-Boot', value: onBoot }]),
  ]
  const booted = (data: string, onBoot?: string) => {
    const library = createLibraryProcess({ first: false })
    return { library, answer: library.send({ id: processId, data, tags: processTags(onBoot) }) }
  }
  const bootError = (data: string, onBoot = 'Data') =>
    createLibraryProcess({ first: false }).fail({ id: processId, data, tags: processTags(onBoot) })

  test('11.2.1 it is used up by the process message', () => {
    const library = createLibraryProcess()
    expect(library.eval('Handlers.list[1].name')).toBe('_eval')
  })

  test('11.2.2 the process message of the owner is put into the empty Inbox', () => {
    const { library, answer } = booted('hello')
    expect(answer).toMatchObject({ data: '', print: true })
    expect(library.eval('#Inbox .. Inbox[1].Data .. Inbox[1].Tags.Type')).toBe('1helloProcess')
  })

  test('11.2.2 it is not put into an Inbox that has something', () => {
    const library = createLibraryProcess({ setup: 'Inbox = { { Data = "first" } }' })
    library.send({ id: processId, data: 'again', tags: processTags() })
    expect(library.eval('#Inbox .. Inbox[1].Data')).toBe('1first')
  })

  test('11.2.3 without On-Boot the data is not run', () => {
    const { library } = booted('Booted = true')
    expect(library.eval('Booted')).toBe('')
  })

  test('11.2.4 On-Boot: Data evaluates the data as Eval does', () => {
    const { library, answer } = booted('print("booting") Booted = Owner return 5', 'Data')
    expect(answer.data).toBe('booting\n5')
    expect(library.eval('Booted .. #Inbox')).toBe(`${owner}1`)
    expect(booted('1 + 1', 'Data').answer.data).toBe('2')
  })

  test('11.2.5 another On-Boot is the name of a file in /data, whose text is evaluated', () => {
    const library = createLibraryProcess({
      first: false,
      files: { '/data/the-transaction': 'print("from a file") return 5' },
    })
    const tags = processTags('the-transaction')
    expect(library.send({ id: processId, data: 'error("not this")', tags }).data).toBe('from a file\n5')
  })

  test('11.2.5 if the file is missing, the message fails', () => {
    expect(bootError('', 'the-transaction')).toMatch(/\/data\/the-transaction: No such file or directory$/)
  })

  test('11.2.6 the result has data, prompt and print, and no test', () => {
    const { answer } = booted('print("booting")', 'Data')
    expect(answer).toMatchObject({ data: 'booting', print: true, test: undefined, prompt: promptOf('aos', 1) })
  })

  test('11.2.7 what does not compile is of class A', () => {
    expect(bootError('x = =')).toBe(`[string "aos"]:1: unexpected symbol near '='`)
  })

  test('11.2.7 a runtime error is of class D', () => {
    expect(bootError('error("at boot")')).toMatch(/handling message [\s\S]*at boot$/)
  })

  test('11.2.8 a process message that is not of Type Process goes to _default', () => {
    const library = createLibraryProcess({ first: false })
    expect(library.send({ id: processId, tags: { Module: 'm' } }).data).toContain('New Message')
    expect(library.eval('#Inbox')).toBe('1')
  })

  test('11.2.8 a process message that is not from the owner goes to _default', () => {
    const library = createLibraryProcess({ first: false, tags: [{ name: 'From-Process', value: 'parent' }] })
    const tags = [...processTags('Data')]
    expect(library.send({ id: processId, data: 'Booted = true', tags }).data).toContain('New Message')
    expect(library.send({ from: 'parent', action: 'Eval', data: 'tostring(Booted)' }).data).toBe('nil')
  })

  test('11.2.9 after a spawn the Inbox has the process message alone', () => {
    const library = createLibraryProcess()
    expect(library.eval('#Inbox .. Inbox[1].Id .. Inbox[1].Module')).toBe(`1${processId}${moduleId}`)
  })
})
