-- `require(".eval")`: runs Lua code that a message carries. Process API 10.
local G, load, tostring, type = _G, load, tostring, type

local import = ...
local append = import(".print-log").append
local development = import(".development")
local format = import(".stringify").format

-- What an error in the code of a message calls it.
local function labelOf(message)
  return message.Nonce == nil and "the code" or "the Eval with nonce " .. tostring(message.Nonce)
end

-- Takes the `ao` table whose outbox gets the errors; gives the handle.
return function(ao)
  return function(message)
    local code = message.Data
    local chunk = load("return " .. code, "aos", "t", G)
    if not chunk then
      local problem
      chunk, problem = load(code, "aos", "t", G)
      if not chunk then
        ao.outbox.Error = development.isOn and problem .. development.explainSyntax(problem, code) or problem
        return
      end
    end
    if development.isOn then
      development.noteChunk(chunk, "aos", labelOf(message), code)
    end
    local value, problem = chunk()
    if value == nil and type(problem) == "string" then
      ao.outbox.Error = problem
    elseif type(value) == "table" then
      append(format(value))
    elseif value then
      append(tostring(value))
    end
  end
end
