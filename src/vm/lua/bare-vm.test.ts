import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BareVm, Handled, Savepoint } from './lua-vm.ts'
import { evalMessage, testEngine, testEnvironment } from './test-module.ts'

/** A module that runs each message as Lua, with the environment as its argument, and answers with the value's text. */
const template = testEngine().createTemplate(`
local channel = ...
return function()
  local body = channel.receive()
  if body:byte() == 1 then return channel.send("\\3") end
  if body:byte() == 2 then return channel.send(string.pack("<Bs4", 4, "text")) end
  local code, environment = string.unpack("<s4s4", body, 2)
  local text = tostring((assert(load(code, "=message"))(environment)))
  channel.send(string.pack("<Bs4", Status or 4, text))
end`)

const handle = (vm: BareVm, code: string): Handled => vm.handle(code, 'environment')

function run(vm: BareVm, code: string): string {
  const handled = handle(vm, code)
  if (!handled.ok) throw new Error(`failed: ${JSON.stringify(handled.error)}`)
  return handled.json
}

describe('handle', () => {
  test('takes two texts, gives one, and tells the gas', () => {
    const first = template.spawnBare().handle('return (...) .. "ü"', 'é')
    expect(first).toMatchObject({ ok: true, json: 'éü' })
    expect(first.gasUsed).toBeGreaterThan(1_000)
    expect(template.spawnBare().handle('return (...) .. "ü"', 'é')).toStrictEqual(first)
  })

  test.each([
    { name: 'an error that leaves the module', code: 'error("boom")', error: /message:1: boom/ },
    { name: 'an endless loop', code: 'while true do end', error: /Out of gas/ },
    { name: 'exit', code: 'os.exit(3)', error: /exit\(3\)/ },
    { name: 'an answer to another kind of packet', code: 'Status = 3', error: /malformed/ },
  ])('undoes $name', ({ code, error }) => {
    const vm = template.spawnBare({ gasPerMessage: 10_000_000 })
    run(vm, 'N = 1')
    expect(handle(vm, `N = 2 ${code}`)).toMatchObject({ ok: false, error: expect.stringMatching(error) })
    expect(run(vm, 'return N')).toBe('1')
  })

  test('is all that a text answers', () => {
    const outcome = template.spawn(testEnvironment).evaluate(evalMessage(''))
    expect(outcome).toMatchObject({ ok: false, error: expect.stringMatching(/malformed/) })
  })
})

describe('savepoints', () => {
  test('are gone to by a process with other limits, as by their own', () => {
    const wide = template.spawnBare()
    // So large a state that what follows is kept as packets, not as an image.
    run(wide, 'S = ("x"):rep(8 * 2^20)')
    run(wide, 'T = {} for i = 1, 20000 do T[i] = { i } end')
    const savepoint = wide.savepoint()
    const narrow = template.spawnBare({ gasPerMessage: 500_000, memoryBytes: 2 ** 20 })
    narrow.goTo(savepoint)
    expect(run(narrow, 'return #S .. " " .. #T')).toBe('8388608 20000')
    expect(handle(narrow, 'for i = 1, 200000 do T[i] = i end')).toMatchObject({ ok: false })
    wide.goTo(savepoint)
    expect(run(wide, 'return T[20000][1]')).toBe('20000')
  })

  const step = fc.oneof(
    fc.constant('N = (N or 0) + 1 return N'),
    fc.nat(300).map((n) => `T = T or {} for i = 1, ${n} do T[#T + 1] = { i } end return #T`),
    fc.constant('C = C or coroutine.wrap(function() for i = 1, 1e9 do coroutine.yield(i) end end) return C()'),
    fc.constant('T = { T } error("boom")'),
    fc.constant('collectgarbage() return collectgarbage("count")'),
  )
  const move = fc.record({ step, from: fc.option(fc.nat()), vm: fc.nat(1) })

  test('hold the state they name, whatever is done from there, and for every process of the template', () => {
    fc.assert(
      fc.property(fc.array(move, { minLength: 1, maxLength: 30 }), (moves) => {
        const vms = [template.spawnBare(), template.spawnBare()] as const
        // Each savepoint with the steps that led there.
        const known: { savepoint: Savepoint; steps: readonly string[] }[] = [
          { savepoint: vms[0].savepoint(), steps: [] },
        ]
        const present: (readonly string[])[] = [[], []]
        for (const { step, from, vm: which } of moves) {
          const vm = vms[which as 0 | 1]
          const place = from === null ? undefined : known[from % known.length]
          if (place !== undefined) vm.goTo(place.savepoint)
          const before = place?.steps ?? present[which] ?? []
          const handled = handle(vm, step)
          const straight = template.spawnBare()
          for (const earlier of before) handle(straight, earlier)
          expect(handled).toStrictEqual(handle(straight, step))
          straight.close()
          present[which] = handled.ok ? [...before, step] : before
          known.push({ savepoint: vm.savepoint(), steps: present[which] })
        }
      }),
      { numRuns: 60, seed: 20_240_617 },
    )
  })
})
