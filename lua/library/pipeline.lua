-- The way of a message through a process. Process API 3.
local G, os, tostring, type = _G, os, tostring, type

local import = ...
local ao = import(".ao")
local development = import(".development")
local decodeData = import(".message").decodeData
local dump = import(".dump")
local ensureBuiltins = import(".builtins")
local applyEnvironment = import(".environment").apply
local failureText = import(".failure")
local handlers = import(".handlers")
local log = import(".print-log")
local prompt = import(".prompt").current
local run = import(".workers").run
local seedOnce = import(".randomness")

local append, logText, resetLog = log.append, log.text, log.reset
local evaluate = handlers.evaluate
local isAssignable, isTrusted, send = ao.isAssignable, ao.isTrusted, ao.send

-- Milliseconds of the message that is handled now.
local now

local function time()
  return now
end

os.time = time

local function ensureState(message, known, isProcessMessage)
  if type(G.Errors) ~= "table" then
    G.Errors = {}
  end
  if type(G.Inbox) ~= "table" then
    G.Inbox = {}
  end
  if isProcessMessage and G.Owner == nil then
    G.Owner = known.parent or message.From
  end
  if G.Name == nil then
    G.Name = known.name or "aos"
  end
end

local function parties(message)
  return "From: " .. tostring(message.From) .. " - Owner: " .. tostring(message.Owner)
end

-- Says whether handlers may see the message. Process API 12.
local function isAccepted(message)
  local from = message.From
  if from ~= message.Owner and not (ao.isTrusted or isTrusted)(message) then
    append("Message is not trusted! " .. parties(message))
    return false
  elseif message.Target ~= ao.id and not (ao.isAssignable or isAssignable)(message) then
    if from ~= ao.id then
      send({ Target = from, Data = "Assignment is not trusted by this process!" })
    end
    append("Assignment is not trusted! " .. parties(message))
    return false
  end
  return true
end

-- Takes a message all the way. Gives true, data, prompt, whether consoles shall print, and the `test` text or nil; or
-- false and the result's `Error`. What it sends stands in `ao.outbox`. An error that leaves this is of class E.
-- `known` is what `study` read of the environment.
return function(message, known)
  applyEnvironment(ao, known)
  local id = known.id
  ao.id = id
  seedOnce(message)
  local isProcessMessage = message.Id == id
  ensureState(message, known, isProcessMessage)
  resetLog()
  if development.isOn then
    development.reset()
  end
  now = message.Timestamp
  os.time = time
  decodeData(message)
  if not isAccepted(message) then
    return true, logText(), prompt(), true, nil
  end

  ensureBuiltins(isProcessMessage)
  local walk = handlers.evaluate or evaluate
  local ok, problem, trace, worker = run(handlers, walk, message, known.env)
  if not ok then
    return false, failureText(message, problem, trace, worker, walk)
  end
  problem = ao.outbox.Error
  if problem then
    return false, problem
  end
  ao.Nonce = message.Nonce
  if development.isOn then
    development.review(handlers.list, ao.outbox.Messages)
  end
  if message.Action == "Eval" then
    return true, logText(), prompt(), false, dump(G.HANDLER_PRINT_LOGS)
  end
  return true, logText(), prompt(), true, nil
end
