-- Found by `require("lib.greeting")` in process.lua.
local greeting = {}

-- What to say at a guest's visit number `count`.
function greeting.text(guest, count)
  if count == 1 then
    return "Welcome, " .. guest .. "!"
  end
  return "Welcome back, " .. guest .. "! This is visit " .. count .. "."
end

return greeting
