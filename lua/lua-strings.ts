/**
 * Many strings through one Lua expression, in one Eval: for properties that are held against thousands of inputs.
 *
 * @module
 */
import { createLibraryProcess } from './harness.ts'

/** A Lua string literal of these bytes; of the UTF-8 of a text. */
export function luaString(value: string | Uint8Array): string {
  return `"${Array.from(Buffer.from(value), (byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`
}

/** The bytes that the expression gave, or the text of the error that it raised, without the place. */
export type Mapped = Buffer | { readonly error: string }

/** Evaluates a Lua expression, which gives a string, with `s` being each of the inputs in turn. */
export function mapStrings(inputs: readonly (string | Uint8Array)[], expression: string): Mapped[] {
  const code = `
    local function hex(text) return (text:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end
    local results = {}
    for index, s in ipairs({ ${inputs.map(luaString).join(', ')} }) do
      local ok, result = pcall(function() return ${expression} end)
      results[index] = (ok and "+" or "-") .. hex(result)
    end
    return table.concat(results, " ")`
  return String(createLibraryProcess().eval(code))
    .split(' ')
    .map((line) => {
      const bytes = Buffer.from(line.slice(1), 'hex')
      return line.startsWith('+') ? bytes : { error: bytes.toString().replace(/^\[string "[^"]*"\]:\d+: /, '') }
    })
}
