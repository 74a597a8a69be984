-- `require(".boot")`: what a process does with its own first message. Process API 11.2.
local error, G, open = error, _G, io.open

local import = ...
local createEval = import(".eval")

-- Takes the `ao` table; gives the handle.
return function(ao)
  local eval = createEval(ao)
  return function(message)
    local inbox = G.Inbox
    if #inbox == 0 then
      inbox[1] = message
    end
    local onBoot = message.Tags["On-Boot"]
    if onBoot == "Data" then
      eval(message)
    elseif onBoot then
      local file, problem = open("/data/" .. onBoot)
      if not file then
        error(problem, 0)
      end
      local code = file:read("a")
      file:close()
      eval({ Data = code })
    end
  end
end
