-- Measures: one token transfer through the whole process library in native Lua, packet in to packet out, in µs of CPU.
-- Does not measure: the engine, the host's reading of packets, the making of incoming packets (done before the clock).
--
-- lua5.3 bench/native/transfer.lua <bundle.lua> <token.lua> [messages] [rounds]
-- The bundle is what src/vm/lua/library-bundle.ts makes. Prints one line for each round: `transfer <µs per message>`.
local bundlePath, tokenPath, messageCount, roundCount = ...
messageCount, roundCount = tonumber(messageCount or 20000), tonumber(roundCount or 5)

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
  return "\1" .. process .. pack("<s4s4", moduleId, owner) .. tagList({})
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

local function transfer(nonce)
  return message(nonce, messageId(nonce), account(1 + nonce % accountCount), "1234", {
    "Data-Protocol", "ao", "Variant", "ao.TN.1", "Type", "Message", "Action", "Transfer",
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
evaluate(message(1, messageId(1), owner, readAll(tokenPath), { "Action", "Eval" }))

local sent = evaluate(transfer(2))
assert(sent:find("Debit-Notice", 1, true) and sent:find("Credit-Notice", 1, true), "no notices were sent")

-- Few enough to be no burden on the collector, and each account takes part.
local packets, packetCount = {}, accountCount
for index = 1, packetCount do
  packets[index] = transfer(index + 2)
end

for _ = 1, roundCount do
  local started = clock()
  for index = 1, messageCount do
    incoming = packets[index % packetCount + 1]
    step()
  end
  out:write(string.format("transfer %.2f\n", (clock() - started) / messageCount * 1e6))
end
