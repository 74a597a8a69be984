import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { manifestChildCountMax, manifestHeaderBytesMax, readManifest, writeManifest } from './manifest.ts'

const seed = 4
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'))
const manifest = fc.record({ header: fc.uint8Array(), manifests: fc.array(hash), pages: fc.array(hash) })
const [one, two] = ['11'.repeat(32), '22'.repeat(32)]
const invalid = expect.objectContaining({ code: 'STORE_MANIFEST_INVALID' })

describe('manifests', () => {
  test('read back as they were written', () => {
    fc.assert(
      fc.property(manifest, (given) => {
        const { header, ...children } = readManifest(writeManifest(given))
        expect({ header: new Uint8Array(header), ...children }).toEqual(given)
      }),
      { seed },
    )
  })

  test('bytes that read as one are those that are written for it', () => {
    const cut = fc.record({
      given: manifest,
      keep: fc.nat(),
      change: fc.option(fc.nat()),
      by: fc.integer({ min: 1, max: 255 }),
    })
    fc.assert(
      fc.property(cut, ({ given, keep, change, by }) => {
        const whole = writeManifest(given)
        const bytes = new Uint8Array(whole.subarray(0, whole.length - (keep % 40)))
        const place = change === null ? 0 : change % Math.max(bytes.length, 1)
        if (change !== null) bytes[place] = ((bytes[place] ?? 0) + by) & 0xff
        let read: ReturnType<typeof readManifest>
        try {
          read = readManifest(bytes)
        } catch (error) {
          expect(error).toEqual(invalid)
          return
        }
        expect(new Uint8Array(writeManifest(read))).toEqual(bytes)
      }),
      { seed, numRuns: 1_000 },
    )
  })

  test('keep the format of stored ones', () => {
    const bytes = writeManifest({ header: Buffer.from('hi'), manifests: [one], pages: [two, one] })
    const numbers = '000000020000000100000002'
    expect(Buffer.from(bytes).toString('hex')).toBe(`4c6f6f6d4d617001${numbers}6869${one}${two}${one}`)
  })

  test.each([
    { name: 'nothing', bytes: new Uint8Array(0) },
    { name: 'a page of memory', bytes: new Uint8Array(4_096) },
    {
      name: 'a byte too many',
      bytes: Buffer.concat([writeManifest({ header: Buffer.of(), manifests: [], pages: [] }), Buffer.of(0)]),
    },
    { name: 'another version', bytes: Buffer.from('4c6f6f6d4d617002000000000000000000000000', 'hex') },
    { name: 'a header above the bounds', bytes: Buffer.from('4c6f6f6d4d617001ffffffff0000000000000000', 'hex') },
    { name: 'children above the bounds', bytes: Buffer.from('4c6f6f6d4d61700100000000ffffffffffffffff', 'hex') },
  ])('$name is none', ({ bytes }) => {
    expect(() => readManifest(bytes)).toThrow(invalid)
  })

  test.each([
    { name: 'a header too long', change: { header: new Uint8Array(manifestHeaderBytesMax + 1) } },
    { name: 'too many children', change: { pages: new Array(manifestChildCountMax).fill(two) } },
    { name: 'a hash that is too short', change: { pages: [two.slice(1)] } },
    { name: 'a hash in upper case', change: { pages: ['AB'.repeat(32)] } },
  ])('$name is not written', ({ change }) => {
    const sound = { header: new Uint8Array(manifestHeaderBytesMax), manifests: [one], pages: [] }
    expect(readManifest(writeManifest(sound)).manifests).toEqual([one])
    expect(() => writeManifest({ ...sound, ...change })).toThrow(invalid)
  })
})
