---@meta

---Values that leave in the order in which they came.
---@class crypto.Queue
local Queue = {}

---Puts a value in.
---@param value any
function Queue.push(value) end

---Takes the oldest value out.
---@return any value Nil if there is none.
function Queue.pop() end

---Gives how many values there are.
---@return integer
function Queue.size() end

---Gives the value that came last; it stays.
---@return any value
function Queue.getHead() end

---Gives the value that leaves next; it stays.
---@return any value
function Queue.getTail() end

---Takes all values out.
function Queue.reset() end

---Makes a queue: values leave it in the order in which they came.
---@return crypto.Queue
local function newQueue() end

return newQueue
