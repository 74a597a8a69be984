-- A guest book: greets guests and counts their visits.
local greeting = require("lib.greeting")

-- Visits by address. `or` keeps what is there when this file is loaded again: new code, same state.
Visits = Visits or {}

Handlers.add("Visit", "Visit", function(msg)
  local guest = msg.Tags.Guest
  if not guest then
    -- A refusal is an answer. A Lua error would undo the message, and the sender would hear nothing.
    return msg.reply({ Action = "Visit-Error", Error = "Say who you are in the tag Guest." })
  end

  local count = (Visits[msg.From] or 0) + 1
  Visits[msg.From] = count
  msg.reply({ Action = "Visit-Notice", Count = tostring(count), Data = greeting.text(guest, count) })
end)

Handlers.add("Visits", "Visits", function(msg)
  -- A table as Data is sent as JSON.
  msg.reply({ Action = "Visits-Notice", Data = Visits })
end)
