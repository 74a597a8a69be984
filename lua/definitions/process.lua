---@meta

---The process as a function of messages. Consoles read its version when they connect.
---@class process
---@field _version string Version that this process is compatible with.
local process = {}

---Takes a message all the way through the process, and gives its result. The process does so itself with each message;
---code that replaces this function handles all later ones.
---@param message table A message whose `Tags` are a list.
---@param env ao.Environment Who the process is; `Tags` are a list.
---@return { Error?: any, Output?: any, Messages?: table[], Spawns?: table[], Assignments?: ao.Assignment[] } result
function process.handle(message, env) end

return process
