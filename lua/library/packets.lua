-- The binary packets between engine and library. Their layout is in docs/guest-channel.md.
local concat, pack, rep, tostring, type, unpack, unpackArray =
  table.concat, string.pack, string.rep, tostring, type, string.unpack, table.unpack

local import = ...
local development = import(".development")
local encode = import("json").encode
local outbox = import(".outbox")
local flatKey = outbox.flatKey

local packets = {}

---------------------------------------------------------------------------------------------------------- reading --

local function readIdentity(body, position)
  local id, owner, count
  id, owner, count, position = unpack("<s4s4I4", body, position)
  local tags = {}
  for index = 1, count do
    local name, value
    name, value, position = unpack("<s4s4", body, position)
    tags[index] = { name = name, value = value }
  end
  return { Id = id, Owner = owner, Tags = tags }, position
end

-- Reads an environment packet into the shape of Process API 2.2. Also gives whether development mode is on, and the files
-- of the process by path.
function packets.readEnvironment(body)
  local process, position = readIdentity(body, 2)
  local module
  module, position = readIdentity(body, position)
  local development, count
  development, count, position = unpack("<BI4", body, position)
  local files = {}
  for _ = 1, count do
    local path, text
    path, text, position = unpack("<s4s4", body, position)
    files[path] = text
  end
  return { Process = process, Module = module }, development == 1, files
end

-- Reads the JSON texts of a message and its environment, and whether development mode is on.
function packets.readTexts(body)
  local message, environment, isDevelopment = unpack("<s4s4B", body, 2)
  return message, environment, isDevelopment == 1
end

---------------------------------------------------------------------------------------------------------- writing --

-- Type and text of a value. What JSON has no word for is absent.
local function value(given)
  local kind = type(given)
  if kind == "string" then
    return 1, given
  elseif kind == "number" then
    return 2, encode(given)
  elseif kind == "boolean" then
    return given and 3 or 4, ""
  elseif kind == "table" then
    return 5, encode(given)
  end
  return 0, ""
end

local function writeTags(tags)
  local parts, count = {}, 0
  for index = 1, #tags do
    local tag = tags[index]
    if type(tag) == "table" then
      count = count + 1
      parts[count] = pack("<s4Bs4", tostring(tag.name), value(tag.value))
    end
  end
  return pack("<I4", count) .. concat(parts)
end

local constantTags = ""
for index = 1, #outbox.constantTags, 2 do
  constantTags = constantTags .. pack("<s4Bs4", outbox.constantTags[index], 1, outbox.constantTags[index + 1])
end
local constantCount = #outbox.constantTags // 2

-- Formats of a whole message whose tags are all strings, by their number without the constant ones.
local plainMax = 64
local plainFormats = {}
for count = 1, plainMax do
  plainFormats[count] = "<Bs4Bs4Bs4I4c" .. #constantTags .. rep("s4Bs4", count)
end

local function writeMessage(entry)
  local flat = entry[flatKey]
  local targetType, target = value(entry.Target)
  local dataType, data = value(entry.Data)
  local anchorType, anchor = value(entry.Anchor)
  if flat then
    local count = #flat // 3
    local format = plainFormats[count]
    if format then
      count = constantCount + count
      return pack(
        format, targetType, target, dataType, data, anchorType, anchor, count, constantTags, unpackArray(flat)
      )
    end
  end
  return pack("<Bs4Bs4Bs4", targetType, target, dataType, data, anchorType, anchor) .. writeTags(entry.Tags or {})
end

local function writeSpawn(entry)
  local dataType, dataText = value(entry.Data)
  return pack("<Bs4Bs4", dataType, dataText, value(entry.Anchor)) .. writeTags(entry.Tags or {})
end

local function writeText(text)
  return pack("<s4", text)
end

local function writeAssignment(assignment)
  return pack("<s4", encode(assignment))
end

local noEntries, oneEntry, twoEntries = pack("<I4", 0), pack("<I4", 1), pack("<I4", 2)

local function writeList(list, write)
  if type(list) ~= "table" or #list == 0 then
    return noEntries
  end
  local count = #list
  if count == 1 then
    return oneEntry .. write(list[1])
  elseif count == 2 then
    return twoEntries .. write(list[1]) .. write(list[2])
  end
  local parts = { pack("<I4", count) }
  for index = 1, count do
    parts[index + 1] = write(list[index])
  end
  return concat(parts)
end

-- Output, up to the messages. Most messages print nothing and leave the prompt as it was.
local lastData, lastPrompt, lastPrint, lastHead

local function writeOutput(data, prompt, print, test, hints)
  local hasHints = #hints > 0
  if data == lastData and prompt == lastPrompt and print == lastPrint and not test and not hasHints then
    return lastHead
  end
  local flags = (print and 1 or 0) | (test and 2 or 0) | (hasHints and 4 or 0)
  local dataType, dataText = value(data)
  local promptType, promptText = value(prompt)
  local head = pack("<BBBs4Bs4s4", 0, flags, dataType, dataText, promptType, promptText, test or "")
  if hasHints then
    return head .. writeList(hints, writeText)
  elseif data == "" and not test then
    lastData, lastPrompt, lastPrint, lastHead = data, prompt, print, head
  end
  return head
end

-- Writes the answer to a message that went well.
function packets.success(data, prompt, print, test, sent)
  local spawns, assignments = writeList(sent.Spawns, writeSpawn), writeList(sent.Assignments, writeAssignment)
  return writeOutput(data, prompt, print, test, development.hints) .. writeList(sent.Messages, writeMessage) .. spawns .. assignments
end

-- Writes the answer to a message that failed in the process.
function packets.failure(problem)
  return pack("<BBs4", 1, value(problem))
end

-- Writes a result object of 1.3, as a process module of the user's gives it.
function packets.result(result)
  if result.Error ~= nil then
    return packets.failure(result.Error)
  end
  local output = result.Output or {}
  return packets.success(output.data, output.prompt, output.print, output.test, result)
end

-- Writes the answer to JSON texts, which is one too.
function packets.text(json)
  return pack("<Bs4", 4, json)
end

-- The answer to an environment.
packets.ready = pack("<B", 3)

return packets
