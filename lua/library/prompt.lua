-- The console's prompt, unless user code has a function of its own. Process API 9.2.
local G, tostring, type = _G, tostring, type

local import = ...
local colors = import(".colors")
local version = import(".version")
local blue, gray, green, red, reset = colors.blue, colors.gray, colors.green, colors.red, colors.reset

local lastName, lastCount, text

local function default()
  local name, inbox = G.Name, G.Inbox
  local count = type(inbox) == "table" and #inbox or 0
  if name ~= lastName or count ~= lastCount then
    lastName, lastCount = name, count
    local place = green .. tostring(name) .. gray .. "@" .. blue .. "aos-" .. version
    text = place .. gray .. "[Inbox:" .. red .. count .. gray .. "]" .. reset .. "> "
  end
  return text
end

-- The prompt of a result. A failing `Prompt` of the user fails the message (class E).
local function current()
  local prompt = G.Prompt
  if prompt == nil or prompt == default then
    return default()
  end
  return (prompt())
end

return { default = default, current = current }
