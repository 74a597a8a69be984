-- What the processes of the crash tests do: reply, forward in chains, fan out, spawn, assign, wait and fail.
-- Coins go from process to process with messages. None is ever made or melted, so their sum says at the end whether
-- a message was lost or taken twice, whatever the logs say.

Source = Source or Inbox[1].Data
Peers = Peers or { ao.env.Process.Tags["From-Process"] }
Coins, Count, Told = Coins or 0, Count or 0, Told or {}

local function on(action, handle)
  Handlers.add(action, action, handle)
end

local function pay(target, message)
  Coins = Coins - 1
  message.Target, message.Coin = target, "1"
  return Send(message)
end

Handlers.add("Coin", function(msg)
  return msg.Coin and "continue" or "skip"
end, function()
  Coins = Coins + 1
end)

on("Work", function(msg)
  Count = Count + 1
  msg.reply({ Action = "Done", Data = tostring(Count) })
end)

-- A chain ends with a message to the wallet that began it.
on("Chain", function(msg)
  local hops, origin = tonumber(msg.Hops), msg.Origin or msg.From
  if hops == 0 then
    Send({ Target = origin, Action = "Chained", Data = tostring(msg.Timestamp) })
  else
    pay(Peers[1 + hops % #Peers], { Action = "Chain", Hops = tostring(hops - 1), Origin = origin })
  end
end)

on("Fan", function()
  for _, peer in ipairs(Peers) do
    pay(peer, { Action = "Tell", Data = "first" })
    pay(peer, { Action = "Tell", Data = "second" })
  end
end)

on("Tell", function(msg)
  Told[#Told + 1] = msg.From .. " " .. tostring(msg.Data)
  msg.reply({ Action = "Heard", Data = msg.Data })
end)

on("Heard", function()
  Count = Count + 1000
end)

-- The coroutine that waits here lives through a crash only if it is computed again from the log.
on("Ask", function(msg)
  local answer = Send({ Target = Peers[1], Action = "Work" }).receive()
  msg.reply({ Action = "Answer", Data = answer.Data })
end)

-- A child of this code, which hears its first words once it has confirmed itself.
on("Breed", function(msg)
  local child = Spawn({ Data = Source, ["On-Boot"] = "Data" }).receive().Process
  pay(child, { Action = "Chain", Hops = "3", Origin = msg.From })
  pay(child, { Action = "Tell", Data = "welcome" })
end)

ao.addAssignable("stored", { Action = "Stored" })
on("Stored", function()
  Count = Count + 1000000
end)

on("Assign", function(msg)
  Assign({ Processes = { Peers[1], Peers[2] }, Message = msg.Item })
end)

-- To a process and to a wallet, and from there to others by assignment.
on("Copy", function(msg)
  Send({ Target = Peers[1], Action = "Tell", Data = "copied", Assignments = { Peers[2] } })
  Send({ Target = msg.From, Action = "Stored", Assignments = { Peers[1], Peers[2] } })
end)

on("Fail", function()
  Coins, Count = Coins - 100, Count + 1
  pay(Peers[1], { Action = "Tell", Data = "never" })
  error("failed as it was told to")
end)

-- Enough work for a snapshot of the state.
on("Toil", function()
  for i = 1, 1000000 do
    Count = Count ~ i
  end
end)

-- None of this can be delivered, and it must not hold up what can.
on("Astray", function(msg)
  Send({ Target = "nobody", Action = "Tell" })
  Assign({ Processes = { Peers[1] }, Message = string.rep("A", 43) })
  msg.reply({ Action = "Strayed" })
end)

on("Coins", function(msg)
  msg.reply({ Data = tostring(Coins) })
end)
