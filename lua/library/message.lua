-- Messages as handlers see them: normalised names, tags at the root, `reply` and `forward`. Process API 2.
--
-- What most handlers never ask for (`TagArray`, `reply`, `forward`) is made when it is first read, or when someone walks
-- over the message with `pairs`. Until then the tags stay as the packet gave them, under a key of the library's own.
local next, pairs, rawget, rawset, rep, setmetatable, unpack =
  next, pairs, rawget, rawset, string.rep, setmetatable, string.unpack

local import = ...
local ao = import(".ao")
local decode = import("json").decode
local share = import(".clone").share
local spelling = import(".names").spelling

local send, sanitize = ao.send, ao.sanitize

-- Tags that stay out of the root: the list of 2.4, and what only the scheduler may say.
local notExtracted = {
  ["Data-Protocol"] = true,
  Variant = true,
  ["From-Process"] = true,
  ["From-Module"] = true,
  Type = true,
  From = true,
  Owner = true,
  Anchor = true,
  Target = true,
  Data = true,
  Tags = true,
  ["Read-Only"] = true,
  Id = true,
  Timestamp = true,
  Nonce = true,
  Epoch = true,
  ["Block-Height"] = true,
  ["Hash-Chain"] = true,
  Cron = true,
}

------------------------------------------------------------------------------------------------ functions and lazies --

-- The tags as they came: name, value, name, value, …
local flatKey = {}

local function reply(message, answer)
  answer.Target = rawget(message, "Reply-To") or answer.Target or rawget(message, "From")
  answer["X-Reference"] = rawget(message, "X-Reference") or rawget(message, "Reference")
  answer["X-Origin"] = rawget(message, "X-Origin")
  return (ao.send or send)(answer)
end

local function forward(message, target, changes)
  local copy = (ao.sanitize or sanitize)(message)
  for key, value in pairs(changes or {}) do
    copy[key] = value
  end
  local from = rawget(message, "From")
  copy.Target = target
  copy["Reply-To"] = rawget(message, "Reply-To") or from
  copy["X-Reference"] = rawget(message, "X-Reference") or rawget(message, "Reference")
  copy["X-Origin"] = rawget(message, "X-Origin") or from
  copy.reply, copy.forward = nil, nil;
  (ao.send or send)(copy)
end

local makers = {}

function makers.TagArray(message)
  local list, flat = {}, rawget(message, flatKey)
  for index = 1, #flat - 1, 2 do
    list[#list + 1] = { name = flat[index], value = flat[index + 1] }
  end
  return list
end

function makers.reply(message)
  return function(answer)
    return reply(message, answer)
  end
end

function makers.forward(message)
  return function(target, changes)
    forward(message, target, changes)
  end
end

local function complete(message)
  if rawget(message, flatKey) then
    for key, make in next, makers do
      if rawget(message, key) == nil then
        rawset(message, key, make(message))
      end
    end
    rawset(message, flatKey, nil)
  end
end

local messageMeta = share({
  -- Camel-case names find what is stored under the normalised name.
  __index = function(message, key)
    local make = makers[key]
    if make then
      if rawget(message, flatKey) then
        local value = make(message)
        rawset(message, key, value)
        return value
      end
      return nil
    end
    local name = spelling[key]
    if name ~= key then
      return rawget(message, name)
    end
  end,
  __pairs = function(message)
    complete(message)
    return next, message, nil
  end,
})

local tagsMeta = share({
  __index = function(tags, key)
    local name = spelling[key]
    if name ~= key then
      return rawget(tags, name)
    end
  end,
})

-------------------------------------------------------------------------------------------------------- construction --

-- Gives a message its tags. `flat` has the names and values of `count` tags; it becomes part of the message.
local function finish(message, flat, count)
  -- The names that most messages have, so that the table is made large enough at once.
  local tags = { ["Data-Protocol"] = nil, Variant = nil, Type = nil, Action = nil, Reference = nil }
  for index = 1, count + count, 2 do
    local name, value = spelling[flat[index]], flat[index + 1]
    flat[index] = name
    if tags[name] == nil then
      tags[name] = value
    end
    if not notExtracted[name] then
      message[name] = value
    end
  end
  message.Tags = setmetatable(tags, tagsMeta)
  message[flatKey] = flat
  return setmetatable(message, messageMeta)
end

-- Presence bits, eight strings, four integers, and the number of tags.
local header = "<I4" .. rep("s4", 8) .. rep("i8", 4) .. "I4"

-- Formats for all tags of a message at once, by their number.
local tagFormats = {}
for count = 0, 64 do
  tagFormats[count] = "<" .. rep("s4s4", count)
end

local function readTags(body, position, count)
  local format = tagFormats[count]
  if format then
    local flat = { unpack(format, body, position) }
    -- The last value is the position after the tags.
    flat[count + count + 1] = nil
    return flat
  end
  local flat = {}
  for index = 1, count + count, 2 do
    flat[index], flat[index + 1], position = unpack("<s4s4", body, position)
  end
  return flat
end

local message = {}

-- Makes a message of a packet. The layout is in docs/guest-channel.md.
function message.fromPacket(body)
  local bits, id, target, from, owner, data, anchor, forwardedBy, hashChain, timestamp, height, nonce, epoch, count, position =
    unpack(header, body, 2)
  if bits & 1 == 0 then
    id = nil
  end
  if bits & 2 == 0 then
    data = nil
  end
  if bits & 4 == 0 then
    anchor = nil
  end
  if bits & 8 == 0 then
    forwardedBy = nil
  end
  if bits & 16 == 0 then
    hashChain = nil
  end
  if bits & 32 == 0 then
    nonce = nil
  end
  if bits & 64 == 0 then
    epoch = nil
  end
  -- The absent ones make room for tags at the root.
  return finish({
    Id = id,
    Target = target,
    From = from,
    Owner = owner,
    Data = data,
    Anchor = anchor,
    ["Forwarded-By"] = forwardedBy,
    ["Hash-Chain"] = hashChain,
    Timestamp = timestamp,
    ["Block-Height"] = height,
    Nonce = nonce,
    Epoch = epoch,
    Cron = bits & 128 ~= 0 or nil,
    ["Read-Only"] = bits & 256 ~= 0 or nil,
    Tags = nil,
    Action = nil,
    Reference = nil,
  }, readTags(body, position, count), count)
end

-- Makes a message of a table as the global `handle` takes it, with `Tags` as an array.
function message.fromTable(given)
  local result, flat = {}, {}
  for key, value in next, given do
    result[spelling[key]] = value
  end
  local tags = result.Tags
  local count = #tags
  for index = 1, count do
    flat[index + index - 1], flat[index + index] = tags[index].name, tags[index].value
  end
  return finish(result, flat, count)
end

-- The opposite of `fromTable`, for a process module that user code has put in the place of this one.
function message.toTable(self)
  complete(self)
  local result = {}
  for key, value in next, self do
    result[key] = value
  end
  result.Tags = result.TagArray
  for key in next, makers do
    result[key] = nil
  end
  return result
end

-- Data that is declared as JSON is read as such. An error here fails the message (class E).
function message.decodeData(self)
  if rawget(self.Tags, "Content-Type") == "application/json" then
    if self.Data == nil then
      self.Data = {}
    else
      self.Data = decode(self.Data)
    end
  end
end

return message
