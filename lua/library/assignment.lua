-- `require(".assignment")`: which messages for others a process takes in. Process API 5.4 and 12.2.
local error, ipairs, remove, type = error, ipairs, table.remove, type

local import = ...
local matchesSpec = import(".matching").matchesSpec

local assignment = { _version = "0.1.0" }

local function indexOf(assignables, name)
  for index, assignable in ipairs(assignables) do
    if assignable.name == name then
      return index
    end
  end
end

function assignment.init(ao)
  ao.assignables = ao.assignables or {}

  function ao.addAssignable(...)
    local name, pattern = ...
    if pattern == nil then
      ao.assignables[#ao.assignables + 1] = { pattern = name }
      return
    elseif type(name) ~= "string" then
      error("MatchSpec name MUST be a string", 0)
    end
    local index = indexOf(ao.assignables, name)
    if index then
      ao.assignables[index].pattern = pattern
    else
      ao.assignables[#ao.assignables + 1] = { pattern = pattern, name = name }
    end
  end

  function ao.removeAssignable(nameOrIndex)
    local index = nameOrIndex
    if type(nameOrIndex) == "string" then
      index = indexOf(ao.assignables, nameOrIndex)
    elseif type(nameOrIndex) ~= "number" then
      error("index MUST be a number", 0)
    end
    if index and ao.assignables[index] then
      remove(ao.assignables, index)
    end
  end

  function ao.isAssignment(message)
    return message.Target ~= ao.id
  end

  function ao.isAssignable(message)
    for _, assignable in ipairs(ao.assignables) do
      local verdict = matchesSpec(message, assignable.pattern)
      if verdict and verdict ~= 0 and verdict ~= "skip" then
        return true
      end
    end
    return false
  end
end

return assignment
