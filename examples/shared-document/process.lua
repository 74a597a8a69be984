-- A document that several processes share. Each has a replica of its own and edits it at once, without asking anyone;
-- replicas that have seen the same changes are equal. `crdt` does the work: docs/crdt.md.
local crdt = require("crdt")

Documents = Documents or {} -- the replicas of this process by name, with all that is needed to go on after an upgrade
Peers = Peers or {} -- the processes that share the document, this one among them
-- A broken network, to try what happens: while true, what the other processes send is lost.
Partitioned = Partitioned or false
Lost = Lost or 0

local function share()
  return crdt.replicate({ store = Documents, name = "note", kind = "ORMap", peers = Peers })
end

local note = share()

-- Before the handler of `replicate`, which stands before all others: a message that this one takes was never received.
Handlers.prepend("Lose", function(msg)
  local isFromPeer = msg.Tags["From-Replica"] ~= nil and msg.From ~= Owner
  return Partitioned and isFromPeer and "break" or "skip"
end, function()
  Lost = Lost + 1
end)

local function refuse(msg, reason)
  msg.reply({ Action = msg.Action .. "-Error", Error = reason })
end

-- A handler for the owner of this replica. What `handle` returns is why it refused.
local function addEdit(action, handle)
  Handlers.add(action, action, function(msg)
    if msg.From ~= Owner then
      return refuse(msg, "Only the owner of this process edits with it.")
    end
    -- All changes of one `change` travel as one delta.
    local problem = note:change(function(document)
      return handle(document, msg)
    end)
    if problem then
      return refuse(msg, problem)
    end
    msg.reply({ Action = action .. "-Done", Data = tostring(note.document) })
  end)
end

local function wholeNumber(text)
  return math.tointeger(tonumber(text))
end

-- All processes may be given the same list.
addEdit("Connect", function(_, msg)
  local peers = {}
  for id in (msg.Tags.Peers or ""):gmatch("[^, ]+") do
    peers[#peers + 1] = id
  end
  if #peers == 0 then
    return "Peers must be process ids with commas between them."
  end
  Peers = peers
  share()
end)

addEdit("Title", function(document, msg)
  document:LWWRegister("title"):set(msg.Data)
end)

addEdit("Tag", function(document, msg)
  document:AWSet("tags"):add(msg.Data)
end)

addEdit("Untag", function(document, msg)
  document:AWSet("tags"):remove(msg.Data)
end)

addEdit("Insert", function(document, msg)
  local text = document:Text("text")
  local index = wholeNumber(msg.Tags.Index or text:length() + 1)
  if not index or index < 1 or index > text:length() + 1 then
    return "Index must be from 1 to " .. text:length() + 1 .. "."
  end
  text:insert(index, msg.Data)
end)

addEdit("Delete", function(document, msg)
  local text = document:Text("text")
  local index, count = wholeNumber(msg.Tags.Index), wholeNumber(msg.Tags.Count or 1)
  if not index or not count or index < 1 or count < 1 or index + count - 1 > text:length() then
    return "Index and Count must lie within the " .. text:length() .. " characters of the text."
  end
  text:delete(index, count)
end)

-- Sets the network apart, or together again with On=false.
addEdit("Partition", function(_, msg)
  Partitioned = msg.Tags.On ~= "false"
end)

-- Compares notes with the others now, instead of after the next message that comes late enough.
addEdit("Sync", function()
  note:sync()
end)

-- Anyone may like the document: a counter does not grow with those who count.
Handlers.add("Like", "Like", function(msg)
  note:change(function(document)
    document:PNCounter("likes"):increment()
  end)
  msg.reply({ Action = "Like-Done", Likes = tostring(note.document:get("likes")) })
end)

Handlers.add("View", "View", function(msg)
  msg.reply({ Action = "View-Done", Lost = tostring(Lost), Data = tostring(note.document) })
end)
