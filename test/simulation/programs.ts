/**
 * The programs of simulated processes, and the scripts that make them do something.
 *
 * A script is a text: levels divided by `|`, each a list of words divided by `;`. Who receives it does the words of the first
 * level; what it sends carries the others. A tick of a cron has its script in a tag. So a script is at most as deep as it has
 * levels, and every chain ends. A process counts the scripts that it has worked on in `Count`, and says so in the result.
 *
 * Arguments of words are process ids, wallets, numbers, or `child`: the youngest child.
 */

/** Where a process has what it has counted. */
export const countPath = 'Count'

/** For processes of the process library: the data of their item. Uses what the library has for all of it. */
export const libraryProgram = `
Count, Children, Source = 0, {}, Inbox[1].Data
ao.addAssignable("any", function() return true end)
local function id(name) if name == "child" then return Children[#Children] or ao.id end return name end
local words = {}
function words.tell(msg, rest, target) Send({ Target = id(target), Action = "Work", Data = rest }) end
function words.burst(msg, rest, target, count)
  for i = 1, tonumber(count) do Send({ Target = id(target), Action = "Work", Data = rest, Turn = tostring(i) }) end
end
function words.reply(msg, rest) msg.reply({ Action = "Work", Data = rest }) end
function words.forward(msg, rest, target) msg.forward(id(target), { Action = "Work", Data = rest }) end
function words.share(msg, rest, target, other)
  Send({ Target = id(target), Action = "Work", Data = rest, Assignments = { id(other) } })
end
function words.assign(msg, rest, target) Assign({ Processes = { id(target) }, Message = msg.Id }) end
function words.spawn(msg, rest) Spawn({ Data = Source, ["On-Boot"] = "Data" }) end
function words.fork(msg, rest, target) Spawn({ Data = "a fork", ["Forked-From"] = id(target) }) end
function words.adopt(msg, rest)
  local child = Spawn({ Data = Source, ["On-Boot"] = "Data" }).receive().Process
  Send({ Target = child, Action = "Work", Data = rest })
end
function words.ask(msg, rest, target)
  local answer = Send({ Target = id(target), Action = "Ask" }).receive()
  Count = Count + 1000 * (tonumber(answer.Data) % 1000)
  Send({ Target = answer.From, Action = "Work", Data = rest })
end
function words.wallet(msg, rest, address) Send({ Target = address, Action = "News", Data = rest }) end
function words.nowhere() Send({ Target = "nowhere", Action = "Work" }) end
function words.note() Send({ Data = "a note" }) end
function words.fail() error("it fails, as it was told") end
function words.burn(msg, rest, rounds) for i = 1, tonumber(rounds) do Waste = i end end
function words.grow(msg, rest, count) Bulk = (Bulk or "") .. string.rep("x", tonumber(count)) end
Handlers.add("Work", "Work", function(msg)
  Count = Count + 1
  local first, rest = (msg.Cron and msg.Tags.Script or msg.Data or ""):match("^([^|]*)|?(.*)$")
  for word in first:gmatch("[^;]+") do
    local name, target, other = word:match("^(%a+) ?(%S*) ?(%S*)$")
    if words[name] then words[name](msg, rest, target, other) end
  end
  print(Count)
end)
Handlers.add("Ask", "Ask", function(msg) msg.reply({ Data = tostring(Count) }) end)
Handlers.add("Spawned", "Spawned", function(msg) Children[#Children + 1] = msg.Process end)
Handlers.add("Look", "Look", function(msg)
  Count = Count + 1
  msg.reply({ Data = tostring(Count) })
end)
`

/**
 * A module of its own: the same words without the process library, at a tenth of the cost. What waits for an answer there is
 * kept in a table here.
 */
export const smallModule = `
local channel = ...
local pack, unpack, concat = string.pack, string.unpack, table.concat
local id, module, waste, bulk = "", "", 0, ""
Count = 0
local children, asked, adopted, references = {}, {}, {}, 0
local messages, spawns, assignments

local function readTags(packet, at)
  local tags, size, name = {}, nil, nil
  size, at = unpack("<I4", packet, at)
  for i = 1, size do
    local value
    name, value, at = unpack("<s4s4", packet, at)
    tags[name] = tags[name] or value
  end
  return tags, at
end
local function packTags(tags)
  local parts = {}
  for i = 1, #tags, 2 do parts[#parts + 1] = pack("<s4Bs4", tags[i], tags[i + 1]:sub(1, 1) == "[" and 5 or 1, tags[i + 1]) end
  return pack("<I4", #parts) .. concat(parts)
end
local function send(target, data, tags)
  local kind = target and 1 or 0
  messages[#messages + 1] = pack("<Bs4Bs4Bs4", kind, target or "", 1, data, 0, "") .. packTags(tags)
end
local function spawn(origin)
  references = references + 1
  local tags = { "Module", module, "Reference", tostring(references) }
  if origin then tags[5], tags[6] = "Forked-From", origin end
  spawns[#spawns + 1] = pack("<Bs4Bs4", 1, "a child", 0, "") .. packTags(tags)
  return tostring(references)
end
local function named(name) if name == "child" then return children[#children] or id end return name end

local words = {}
function words.tell(msg, rest, target) send(named(target), rest, { "Action", "Work" }) end
function words.burst(msg, rest, target, turns)
  for i = 1, tonumber(turns) do send(named(target), rest, { "Action", "Work", "Turn", tostring(i) }) end
end
function words.reply(msg, rest) send(msg.from, rest, { "Action", "Work" }) end
words.forward = words.tell
function words.share(msg, rest, target, other)
  send(named(target), rest, { "Action", "Work", "Assignments", '["' .. named(other) .. '"]' })
end
function words.assign(msg, rest, target)
  assignments[#assignments + 1] = pack("<s4", '{"Message":"' .. msg.id .. '","Processes":["' .. named(target) .. '"]}')
end
function words.spawn() spawn() end
function words.fork(msg, rest, target) spawn(named(target)) end
function words.adopt(msg, rest) adopted[spawn()] = rest end
function words.ask(msg, rest, target)
  references = references + 1
  asked[tostring(references)] = rest
  send(named(target), "", { "Action", "Ask", "Reference", tostring(references) })
end
function words.wallet(msg, rest, address) send(address, rest, { "Action", "News" }) end
function words.nowhere() send("nowhere", "", { "Action", "Work" }) end
function words.note() send(nil, "a note", {}) end
function words.fail() error("it fails, as it was told", 0) end
function words.burn(msg, rest, rounds) for i = 1, tonumber(rounds) do waste = i end end
function words.grow(msg, rest, size) bulk = bulk .. ("x"):rep(tonumber(size)) end

local actions = {}
function actions.Work(msg)
  Count = Count + 1
  local first, rest = (msg.tags.Script or msg.data):match("^([^|]*)|?(.*)$")
  for word in first:gmatch("[^;]+") do
    local name, target, other = word:match("^(%a+) ?(%S*) ?(%S*)$")
    if words[name] then words[name](msg, rest, target, other) end
  end
end
function actions.Ask(msg)
  send(msg.from, tostring(Count), { "Action", "Answer", "Reference", msg.tags.Reference or "" })
end
function actions.Answer(msg)
  local rest = asked[msg.tags.Reference]
  if not rest then return end
  asked[msg.tags.Reference] = nil
  Count = Count + 1000 * ((tonumber(msg.data) or 0) % 1000)
  send(msg.from, rest, { "Action", "Work" })
end
function actions.Spawned(msg)
  local child, rest = msg.tags.Process, adopted[msg.tags.Reference]
  children[#children + 1] = child
  adopted[msg.tags.Reference or ""] = nil
  if rest then send(child, rest, { "Action", "Work" }) end
end
function actions.Look(msg)
  Count = Count + 1
  send(msg.from, tostring(Count), {})
end

return function()
  local packet = channel.receive()
  if packet:byte() == 1 then
    local _, at
    id, _, at = unpack("<s4s4", packet, 2)
    _, at = readTags(packet, at)
    module = unpack("<s4", packet, at)
    return channel.send("\\3")
  end
  local _, message, _, from, _, data, _, _, _, _, _, _, _, at = unpack("<I4s4s4s4s4s4s4s4s4i8i8i8i8", packet, 2)
  local tags = readTags(packet, at)
  messages, spawns, assignments = {}, {}, {}
  local act = actions[tags.Action]
  if act then
    local ok, problem = pcall(act, { id = message, from = from, data = data, tags = tags })
    if not ok then return channel.send(pack("<BBs4", 1, 1, tostring(problem))) end
  end
  channel.send(pack("<BBBs4Bs4s4", 0, 0, 1, tostring(Count), 0, "", "")
    .. pack("<I4", #messages) .. concat(messages) .. pack("<I4", #spawns) .. concat(spawns)
    .. pack("<I4", #assignments) .. concat(assignments))
end
`
