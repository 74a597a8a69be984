-- The entry of the process library: takes the channel, puts everything in its place, and returns `step`.
local byte, collectgarbage, G, package, pairs, pcall, tostring, type =
  string.byte, collectgarbage, _G, package, pairs, pcall, tostring, type

local import, channel = ...

import(".sandbox")
import(".globals")
import(".modules")

local answer = import(".pipeline")
local development = import(".development")
local ao = import(".ao")
local files = import(".files")
local messages = import(".message")
local json = import("json")
local packets = import(".packets")
local process = import(".process")
local environment = import(".environment")

local decode, encode = json.decode, json.encode
local fromPacket, toTable = messages.fromPacket, messages.toTable
local success, failure = packets.success, packets.failure
local rebind, study = environment.rebind, environment.study
local loaded = package.loaded
local ownHandle = process.handle

-- The process module that counts: user code may have put another in its place.
local function currentHandle()
  local current = loaded[".process"]
  local handle = type(current) == "table" and current.handle
  return type(handle) == "function" and handle or ownHandle
end

-------------------------------------------------------------------------------------------------------- JSON texts --

-- Takes and gives JSON texts. Process API 1.1.
local function handle(messageJson, envJson)
  local ok, response = pcall(function()
    return encode(currentHandle()(decode(messageJson), decode(envJson)))
  end)
  if ok then
    return '{"ok":true,"response":' .. response .. "}"
  end
  return '{"ok":false,"response":' .. encode(tostring(response)) .. "}"
end

G.handle = handle

----------------------------------------------------------------------------------------------------------- packets --

local send, receive = channel.send, channel.receive

-- The environment: as it came, and as it was read.
local environmentBody, known

-- Packets by their first byte. An error goes through `step` to the engine, and fails the message (class E).
local kinds = {
  -- The environment comes once, and stays. A fork is told its own in the state of the process that it was forked from.
  [1] = function(body)
    local env, isDevelopment, texts = packets.readEnvironment(body)
    local former = known
    environmentBody, known = body, study(env)
    if former then
      rebind(ao, former, known)
    end
    if isDevelopment ~= development.isOn then
      development[isDevelopment and "begin" or "finish"]()
    end
    for path, text in pairs(texts) do
      files.add(path, text)
    end
    return packets.ready
  end,
  [2] = function(body)
    local message = fromPacket(body)
    local handle = currentHandle()
    if handle ~= ownHandle then
      return packets.result(handle(toTable(message), packets.readEnvironment(environmentBody)))
    end
    local ok, data, prompt, print, test = answer(message, known)
    if ok then
      return success(data, prompt, print, test, ao.outbox)
    end
    return failure(data)
  end,
  [3] = function(body)
    local message, environment, isDevelopment = packets.readTexts(body)
    if isDevelopment and not development.isOn then
      development.begin()
    end
    return packets.text(handle(message, environment))
  end,
}

-- What loading has left behind would be part of every process's state.
collectgarbage()

return function()
  local body = receive()
  send(kinds[byte(body)](body))
end
