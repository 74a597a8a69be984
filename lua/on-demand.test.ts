/** Modules that are compiled when they are asked for. */
import { expect, test } from 'vitest'
import { createLibraryProcess } from './harness.ts'

const modules = ['.base64', '.bint', '.crypto', '.pretty', 'crdt']

test.each(modules)('%s loads after user code has broken the standard libraries', (name) => {
  const broken = `local require = require
    for _, library in ipairs({ "string", "table", "math", "utf8", "bit32" }) do
      for key in pairs(_G[library]) do _G[library][key] = nil end
    end
    local ok, module = pcall(require, "${name}")
    ipairs, pairs, type, select, error, setmetatable, next, rawget, tostring = nil
    Module = module
    return ok and "loaded" or module`
  expect(createLibraryProcess().eval(broken)).toBe('loaded')
})

test.each(modules)('%s makes no globals', (name) => {
  const code = `local before = {} for key in pairs(_G) do before[key] = true end
    require("${name}")
    local new = {} for key in pairs(_G) do if not before[key] then new[#new + 1] = key end end
    return "new: " .. table.concat(new, " ")`
  expect(createLibraryProcess().eval(code)).toBe('new: ')
})
