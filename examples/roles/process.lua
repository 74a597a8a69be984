-- Role-based access: who may do what, decided in one place, and changed by messages.
--
-- The roles are a ladder: an admin may do all that an editor may. The owner of the process is above all of them and
-- stands in no table, so there is no entry that someone could revoke to lock the owner out.

Roles = Roles or {} -- address → "editor" or "admin"
Notice = Notice or "" -- what the roles protect

local ranks = { editor = 1, admin = 2 }
local ownerRank = 3

local function rankOf(address)
  if address == Owner then
    return ownerRank
  end
  return ranks[Roles[address]] or 0
end

local function refuse(msg, reason)
  msg.reply({ Action = msg.Action .. "-Error", Error = reason })
end

-- Adds a handler that only runs for those who hold the role. The check stands here once, so no handler can forget it.
local function addProtected(action, role, handle)
  Handlers.add(action, action, function(msg)
    if rankOf(msg.From) < ranks[role] then
      return refuse(msg, "Access denied: " .. action .. " needs the role " .. role .. ".")
    end
    handle(msg)
  end)
end

local function parseMember(msg)
  local member = msg.Tags.Member
  if type(member) == "string" and #member == 43 then
    return member
  end
  refuse(msg, "Member must be an address of 43 characters.")
  return nil
end

addProtected("Grant", "admin", function(msg)
  local member, role = parseMember(msg), msg.Tags.Role
  if not member then
    return
  end
  if not ranks[role] then
    return refuse(msg, "Role must be editor or admin.")
  end
  if member == Owner then
    return refuse(msg, "The owner has every role already.")
  end
  -- Granting "editor" to an admin would take a role away under the name of giving one.
  if rankOf(member) > ranks[role] then
    return refuse(msg, "That member is " .. Roles[member] .. ". Revoke first to lower the role.")
  end
  Roles[member] = role
  msg.reply({ Action = "Granted", Member = member, Role = role })
  ao.send({ Target = member, Action = "Role-Granted", Role = role, By = msg.From })
end)

addProtected("Revoke", "admin", function(msg)
  local member = parseMember(msg)
  if not member then
    return
  end
  if member == Owner then
    return refuse(msg, "The owner cannot be locked out.")
  end
  if not Roles[member] then
    return refuse(msg, "That member has no role.")
  end
  -- Admins cannot turn on each other; giving one's own role back is allowed.
  if Roles[member] == "admin" and msg.From ~= Owner and msg.From ~= member then
    return refuse(msg, "Only the owner may revoke an admin.")
  end
  Roles[member] = nil
  msg.reply({ Action = "Revoked", Member = member })
  ao.send({ Target = member, Action = "Role-Revoked", By = msg.From })
end)

addProtected("Set-Notice", "editor", function(msg)
  -- Empty data arrives as one space.
  if type(msg.Data) ~= "string" or not msg.Data:find("%S") then
    return refuse(msg, "Data must be the text of the notice.")
  end
  Notice = msg.Data
  msg.reply({ Action = "Notice-Set" })
end)

addProtected("Clear-Notice", "admin", function(msg)
  Notice = ""
  msg.reply({ Action = "Notice-Cleared" })
end)

-- Reading needs no role.
Handlers.add("Get-Notice", "Get-Notice", function(msg)
  msg.reply({ Action = "Notice", Data = Notice })
end)

Handlers.add("Get-Role", "Get-Role", function(msg)
  local member = msg.Tags.Member or msg.From
  msg.reply({ Action = "Role", Member = member, Role = member == Owner and "owner" or Roles[member] or "none" })
end)
