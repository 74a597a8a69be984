import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import AoLoader from '../../src/loader/loader.ts'
import { color, createLibraryProcess, testCode } from '../harness.ts'

const { red, blue, reset } = color

// Numbered as the two lists name them: 1 to 14 are kept, 15 to 29 corrected. Most stand with the section they belong to.
describe('20 Decisions on quirks', () => {
  testCode([
    ['20.6 an empty table encodes as an array', 'return json.encode({}) .. json.encode({ a = {} })', '[]{"a":[]}'],
  ])

  test('20.9 HMAC works on blocks of 32 bytes, and so differs from the standard one', () => {
    const key = 'super_secret_key'
    const code = `local crypto = require(".crypto")
      local stream = crypto.utils.stream.fromString("ao")
      return crypto.mac.createHmac(stream, crypto.utils.array.fromString("${key}"), "sha1").asHex()`
    const digest = createLibraryProcess().eval(code)
    expect(digest).toBe('3966f45acb53f7a1a493bae15afecb1a204fa32d')
    expect(digest).not.toBe(createHmac('sha1', key).update('ao').digest('hex'))
  })

  test('20.14 for a host, memory null goes on from the call before, and from nothing at first', async () => {
    const environment = { Process: { Id: 'P', Owner: 'O', Tags: [] } }
    const message = (data: string) => ({
      ...{ Id: 'P', Target: 'P', From: 'O', Owner: 'O', Module: 'M', Timestamp: 1, 'Block-Height': 1, Data: data },
      Tags: [{ name: 'Action', value: 'Eval' }],
    })
    const [handle, other] = [await AoLoader(), await AoLoader()]
    const count = message('Count = (Count or 0) + 1 return Count')
    expect((await handle(null, count, environment)).Output.data).toBe('1')
    expect((await handle(null, count, environment)).Output.data).toBe('2')
    expect((await other(null, count, environment)).Output.data).toBe('1')
  })

  testCode([
    [
      '20.25 stringify shows both parts of a mixed table',
      'return require(".stringify").format({ 1, a = 3 })',
      `{\n   ${red}1${reset} = ${blue}1${reset},\n   ${red}a${reset} = ${blue}3${reset}\n}`,
    ],
    [
      '20.25 stringify shows a table that is there twice',
      'local t = {} return require(".stringify").format({ a = t, b = t })',
      `{\n   ${red}a${reset} = {  },\n   ${red}b${reset} = {  }\n}`,
    ],
    [
      '20.25 stringify shows boolean keys',
      'return require(".stringify").format({ [true] = 1 })',
      `{\n   ${red}true${reset} = ${blue}1${reset}\n}`,
    ],
    ['20.28 base64 is a global', 'return tostring(base64 == require(".base64"))', 'true'],
  ])
})
