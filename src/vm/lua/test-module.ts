import type { VmEnvironment, VmMessage } from '../types.ts'
import { createLuaEngine, type LuaEngine } from './lua-vm.ts'

/** A module for tests of the engine alone: it runs each message's data as Lua and answers with the value's text. */
export const evalModuleSource = `
local channel = ...
local pack, unpack = string.pack, string.unpack
local function answer(text)
  channel.send(pack("<BBBs4Bs4s4I4I4I4", 0, 0, 1, text, 0, "", "", 0, 0, 0))
end
return function()
  local body = channel.receive()
  if body:byte() == 1 then return channel.send("\\3") end
  local _, _, _, _, _, data = unpack("<I4s4s4s4s4s4", body, 2)
  answer(tostring(assert(load(data, "=data"))()))
end
`

export const testEnvironment: VmEnvironment = {
  process: { id: 'process', owner: 'owner', tags: [] },
  module: { id: 'module', owner: 'owner', tags: [] },
}

let shared: LuaEngine | undefined

/** One engine for a test file: compiling it takes longer than most tests. */
export function testEngine(): LuaEngine {
  shared ??= createLuaEngine()
  return shared
}

export function evalMessage(data: string | Uint8Array, nonce = 0): VmMessage {
  return {
    ...{ id: 'id', target: 'process', from: 'owner', owner: 'owner', data, nonce },
    ...{ timestampMs: 1_700_000_000_000 + nonce, blockHeight: 1, cron: false, readOnly: false, tags: [] },
  }
}
