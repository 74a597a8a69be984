-- `ao` and `require(".ao")`: who the process is, and what it sends. Process API 5 and 12.
local error, format, gsub, ipairs, next, rawget, rawset, rep, setmetatable, type =
  error, string.format, string.gsub, ipairs, next, rawget, rawset, string.rep, setmetatable, type

local import = ...
local assignment = import(".assignment")
local cloning = import(".clone")
local environment = import(".environment")
local handlers = import(".handlers")
local json = import("json")
local outbox = import(".outbox")
local print = import(".print-log").print

local encode, messageEntry, spawnEntry, copyTags = json.encode, outbox.messageEntry, outbox.spawnEntry, outbox.copyTags
local clone, share = cloning.clone, cloning.share
local includes = environment.includes
local receive, once = handlers.receive, handlers.once

local ao = {
  _version = "0.0.6",
  id = "",
  _module = "",
  authorities = {},
  reference = 0,
  outbox = outbox.empty(),
  nonExtractableTags = {
    "Data-Protocol", "Variant", "From-Process", "From-Module", "Type", "From", "Owner", "Anchor", "Target", "Data",
    "Tags", "Read-Only",
  },
  nonForwardableTags = {
    "Data-Protocol", "Variant", "From-Process", "From-Module", "Type", "From", "Owner", "Anchor", "Target", "Tags",
    "TagArray", "Hash-Chain", "Timestamp", "Nonce", "Epoch", "Signature", "Forwarded-By", "Pushed-For", "Read-Only",
    "Cron", "Block-Height", "Reference", "Id", "Reply-To",
  },
  clone = clone,
}

assignment.init(ao)

function ao.clearOutbox()
  ao.outbox = outbox.empty()
end

function ao.init(env)
  environment.apply(ao, environment.study(env))
end

------------------------------------------------------------------------------------------------------------- send --

local entryKey = {}

-- Gives what `ao.send` returned its fields. Most callers never look.
local function fillSent(sent)
  local entry = rawget(sent, entryKey)
  sent[entryKey] = nil
  setmetatable(sent, nil)
  local target, reference = entry.Target, gsub(entry.Anchor, "^0+", "")
  sent.Target, sent.Data, sent.Anchor, sent.Tags = target, entry.Data, entry.Anchor, copyTags(entry)

  function sent.receive(from)
    return receive({ From = from or target, ["X-Reference"] = reference })
  end

  function sent.onReply(...)
    local from, resolver = ...
    if resolver == nil then
      from, resolver = target, from
    end
    once({ From = from, ["X-Reference"] = reference }, resolver)
  end
end

local sentMeta = share({
  __index = function(sent, key)
    fillSent(sent)
    return rawget(sent, key)
  end,
  __newindex = function(sent, key, value)
    fillSent(sent)
    rawset(sent, key, value)
  end,
  __pairs = function(sent)
    fillSent(sent)
    return next, sent, nil
  end,
})

-- Data as it is sent: tables become JSON, in the caller's table too.
local function sendableData(message)
  local data = message.Data
  if type(data) == "table" then
    message["Content-Type"] = "application/json"
    data = encode(data)
    message.Data = data
  end
  return data
end

-- What stands before a reference of some length in an anchor of 32 digits.
local zeros = {}
for length = 1, 32 do
  zeros[length] = rep("0", 32 - length)
end

-- Counts on, and gives the reference and the anchor made of it.
local function nextReference()
  local count = ao.reference + 1
  ao.reference = count
  local reference = format("%d", count)
  return reference, zeros[#reference] .. reference
end

function ao.send(message)
  if type(message) ~= "table" then
    error("msg should be a table", 0)
  end
  local data = sendableData(message)
  local reference, anchor = nextReference()
  local entry = messageEntry(message, data, anchor, reference)
  local messages = ao.outbox.Messages
  messages[#messages + 1] = entry
  return setmetatable({ [entryKey] = entry }, sentMeta)
end

function ao.spawn(module, message)
  if type(module) ~= "string" then
    error("Module source id is required!", 0)
  elseif type(message) ~= "table" then
    error("Message must be a table", 0)
  end
  local data = sendableData(message) or "NODATA"
  local reference, anchor = nextReference()
  local entry = spawnEntry(message, data, anchor, {
    { name = "Data-Protocol", value = "ao" },
    { name = "Variant", value = "ao.TN.1" },
    { name = "Type", value = "Process" },
    { name = "From-Process", value = ao.id },
    { name = "From-Module", value = ao._module },
    { name = "Module", value = module },
    { name = "Reference", value = reference },
  })
  local spawns = ao.outbox.Spawns
  spawns[#spawns + 1] = entry

  local pattern = { Action = "Spawned", From = ao.id, Reference = reference }
  return {
    Data = data,
    Anchor = anchor,
    Tags = copyTags(entry),
    onReply = function(callback)
      once(pattern, callback)
    end,
    receive = function()
      return receive(pattern)
    end,
  }
end

function ao.assign(request)
  if type(request) ~= "table" then
    error("assignment should be a table", 0)
  elseif type(request.Processes) ~= "table" then
    error("Processes should be a table", 0)
  elseif type(request.Message) ~= "string" then
    error("Message should be a string", 0)
  end
  local assignments = ao.outbox.Assignments
  assignments[#assignments + 1] = request
end

---------------------------------------------------------------------------------------------------------- the rest --

function ao.isTrusted(message)
  local authorities = ao.authorities
  return includes(authorities, message.From) or includes(authorities, message.Owner)
end

function ao.result(result)
  local sent = ao.outbox
  local problem = result.Error or sent.Error
  if problem then
    return { Error = problem }
  end
  return {
    Output = result.Output or sent.Output,
    Messages = sent.Messages,
    Spawns = sent.Spawns,
    Assignments = sent.Assignments,
  }
end

function ao.log(value)
  local output = ao.outbox.Output
  if type(output) == "table" then
    output[#output + 1] = value
  end
  print(value)
end

function ao.normalize(message)
  for _, tag in ipairs(message.Tags) do
    if not includes(ao.nonExtractableTags, tag.name) then
      message[tag.name] = tag.value
    end
  end
  return message
end

function ao.sanitize(message)
  local copy = clone(message)
  for _, key in ipairs(ao.nonForwardableTags) do
    copy[key] = nil
  end
  return copy
end

-- Reserved for routing hints.
function ao.registerHint() end

return ao
