-- Measures: messages through the whole process library in native Lua, packet in to packet out, in µs of CPU; and what
-- they allocate.
-- Does not measure: the engine, the host's reading of packets, the making of incoming packets (done before the clock).
--
-- lua5.3 bench/native/messages.lua <bundle.lua> <process.lua> <action> <sent> [messages] [rounds]
-- The bundle is what src/vm/lua/library-bundle.ts makes; <sent> is how many messages one message must send. Prints a line for
-- each round, `message <µs per message>`, and at last `allocated <bytes per message>`.
local bundlePath, codePath, action, sentCount, messageCount, roundCount = ...
sentCount, messageCount, roundCount = tonumber(sentCount), tonumber(messageCount or 20000), tonumber(roundCount or 5)

local clock, open, out, pack, rep = os.clock, io.open, io.stdout, string.pack, string.rep

local function readAll(path)
  local file = assert(open(path, "rb"))
  local text = file:read("a")
  file:close()
  return text
end

-- The channel: `incoming` is the next packet, `answer` what came back.
local incoming, answer
local channel = {
  receive = function()
    return incoming
  end,
  send = function(text)
    answer = text
  end,
}

local processId, owner, moduleId = rep("P", 43), rep("O", 43), rep("M", 43)
local accountCount = 1000

local function account(index)
  local head = "addr_" .. index .. "_"
  return head .. rep("0", 43 - #head)
end

local function tagList(tags)
  local text = pack("<I4", #tags // 2)
  for index = 1, #tags, 2 do
    text = text .. pack("<s4s4", tags[index], tags[index + 1])
  end
  return text
end

local function environment()
  local tags = { "Data-Protocol", "ao", "Type", "Process", "Module", moduleId, "Name", "bench" }
  local process = pack("<s4s4", processId, owner) .. tagList(tags)
  -- No development mode, no files.
  return "\1" .. process .. pack("<s4s4", moduleId, owner) .. tagList({}) .. pack("<BI4", 0, 0)
end

-- Presence bits: Id, Data, Hash-Chain, Nonce, Epoch.
local present = 1 | 2 | 16 | 32 | 64

local function message(nonce, id, from, data, tags)
  local texts = pack("<I4s4s4s4s4s4s4s4s4", present, id, processId, from, from, data, "", "", rep("H", 43))
  return "\2" .. texts .. pack("<i8i8i8i8", 1700000000000 + nonce, 1400000 + nonce // 10, nonce, 0) .. tagList(tags)
end

local function messageId(nonce)
  local head = "id_" .. nonce .. "_"
  return head .. rep("0", 43 - #head)
end

local function request(nonce)
  return message(nonce, messageId(nonce), account(1 + nonce % accountCount), "1234", {
    "Data-Protocol", "ao", "Variant", "ao.TN.1", "Type", "Message", "Action", action,
    "Recipient", account(1 + nonce * 7 % accountCount), "Quantity", "1",
  })
end

local step = assert(load(readAll(bundlePath), "library", "t"))(channel)

local function evaluate(packet)
  incoming = packet
  step()
  if answer:byte() ~= 0 and answer:byte() ~= 3 then
    error("the process failed: " .. answer:sub(2))
  end
  return answer
end

evaluate(environment())
evaluate(message(0, processId, owner, "", { "Data-Protocol", "ao", "Type", "Process", "Module", moduleId }))
evaluate(message(1, messageId(1), owner, readAll(codePath), { "Action", "Eval" }))

local _, sent = evaluate(request(2)):gsub("Data%-Protocol", "")
assert(sent == sentCount, "a message sent " .. sent .. " messages")

-- Few enough to be no burden on the collector, and each account takes part.
local packets, packetCount = {}, accountCount
for index = 1, packetCount do
  packets[index] = request(index + 2)
end

for _ = 1, roundCount do
  local started = clock()
  for index = 1, messageCount do
    incoming = packets[index % packetCount + 1]
    step()
  end
  out:write(string.format("message %.2f\n", (clock() - started) / messageCount * 1e6))
end

collectgarbage()
collectgarbage("stop")
local before = collectgarbage("count")
for index = 1, packetCount do
  incoming = packets[index]
  step()
end
out:write(string.format("allocated %.0f\n", (collectgarbage("count") - before) * 1024 / packetCount))
