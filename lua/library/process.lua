-- `require(".process")`: the process as a function of tables. Process API 1.
local import = ...
local ao = import(".ao")
local development = import(".development")
local study = import(".environment").study
local fromTable = import(".message").fromTable
local answer = import(".pipeline")
local version = import(".version")

local process = { _version = version }

-- Takes a message with `Tags` as an array, and an environment as in 2.2. Gives the result object of 1.3.
function process.handle(message, env)
  local ok, data, prompt, print, test = answer(fromTable(message), study(env.env or env))
  if not ok then
    return { Error = data }
  end
  local hints = #development.hints > 0 and development.hints or nil
  return ao.result({ Output = { data = data, prompt = prompt, print = print or nil, test = test, hints = hints } })
end

return process
