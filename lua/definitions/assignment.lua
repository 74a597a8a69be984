---@meta

---Adds the functions about assignments to a table such as `ao`. Code uses them there.
---@class assignment
---@field _version string Version of this interface.
local assignment = {}

---Gives a table `addAssignable`, `removeAssignable`, `isAssignment` and `isAssignable`.
---@param ao table
function assignment.init(ao) end

return assignment
