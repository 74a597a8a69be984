-- The globals that user code finds. Process API 4 and 8.
local G, ipairs, next, rawget, select, setmetatable, type = _G, ipairs, next, rawget, select, setmetatable, type

local import = ...
local ao = import(".ao")
local handlers = import(".handlers")
local prompt = import(".prompt")
local share = import(".clone").share
local version = import(".version")
local print = import(".print-log").print

local send, spawn, assign, receive = ao.send, ao.spawn, ao.assign, handlers.receive

G.ao = ao
G.Handlers = handlers
G.Utils = import(".utils")
G.json = import("json")
G.base64 = import(".base64")
G.Colors = import(".colors")
G.Bell = "\7"
G.Inbox = {}
G.Errors = {}
G.Seeded = nil
G.HANDLER_PRINT_LOGS = {}
G.Dump = import(".dump")
G.Prompt = prompt.default
G.print = print
G.Receive = receive

function G.Version()
  print("version: " .. version)
end

-- Makes a map of an array of tags. The first of a name counts.
function G.Tab(message)
  local map = {}
  for _, tag in ipairs(message.Tags) do
    if map[tag.name] == nil then
      map[tag.name] = tag.value
    end
  end
  return map
end

local sentKey = {}

local function fill(result)
  local sent = rawget(result, sentKey)
  result[sentKey] = nil
  setmetatable(result, nil)
  result.receive, result.onReply = sent.receive, sent.onReply
end

-- What `Send` returns: its functions are made when someone looks.
local resultMeta = share({
  __index = function(result, key)
    if key == "receive" or key == "onReply" then
      fill(result)
      return rawget(result, key)
    end
  end,
  __pairs = function(result)
    fill(result)
    return next, result, nil
  end,
})

function G.Send(message)
  if type(message) == "table" and message.Target == nil then
    print("WARN: No target specified for message. Data will be stored, but no process will receive it.")
  end
  return setmetatable({ output = "Message added to outbox", [sentKey] = (ao.send or send)(message) }, resultMeta)
end

function G.Spawn(...)
  local module, message = ...
  if select("#", ...) < 2 then
    module, message = ao._module, module
  end
  local spawned = (ao.spawn or spawn)(module, message)
  return {
    output = "Spawn process request added to outbox",
    receive = spawned.receive,
    onReply = spawned.onReply,
    after = spawned.onReply,
  }
end

function G.Assign(request)
  (ao.assign or assign)(request)
  print("Assignment added to outbox.")
  return "Assignment added to outbox."
end
