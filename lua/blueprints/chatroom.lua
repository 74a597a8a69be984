-- A chat room: members register, and get what anyone broadcasts here. docs/blueprints.md says what each action answers.

-- Addresses in the order they came. `or` keeps them when this file is loaded again.
Members = Members or {}
-- Each broadcast is one message per member, and anyone may register, so the room has a size.
MembersMax = MembersMax or 1000

local function isMember(address)
  for _, member in ipairs(Members) do
    if member == address then
      return true
    end
  end
  return false
end

Handlers.add("Register", "Register", function(msg)
  if isMember(msg.From) then
    msg.reply({ Data = "Already registered." })
  elseif #Members >= MembersMax then
    msg.reply({ Data = "The room is full: " .. MembersMax .. " members." })
  else
    Members[#Members + 1] = msg.From
    msg.reply({ Data = "Registered." })
  end
end)

Handlers.add("Unregister", "Unregister", function(msg)
  if not isMember(msg.From) then
    msg.reply({ Data = "Not registered" })
    return
  end
  -- All of them: a list that other code has filled may have doubles.
  for place = #Members, 1, -1 do
    if Members[place] == msg.From then
      table.remove(Members, place)
    end
  end
  msg.reply({ Data = "Unregistered" })
end)

Handlers.add("Broadcast", "Broadcast", function(msg)
  -- The room itself has read the message already.
  local told = { [ao.id] = true }
  for _, member in ipairs(Members) do
    if not told[member] then
      told[member] = true
      ao.send({ Target = member, Action = "Broadcast-Notice", Broadcaster = msg.From, Data = msg.Data })
    end
  end
  msg.reply({ Data = "Broadcasted." })
end)

return "Chatroom loaded, members: " .. #Members .. "."
