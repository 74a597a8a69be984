---@meta

---Makes the handle `_eval`: runs the Lua code that a message carries.
---@param ao ao Its outbox gets the errors.
---@return Handlers.Resolver handle
local function createEval(ao) end

return createEval
