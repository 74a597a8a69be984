---@meta

---Streams: functions that give the next byte, and nil at the end. Each byte comes once.
---@class crypto.utils.stream
local stream = {}

---Makes a stream of a string.
---@param text string
---@return crypto.Stream
function stream.fromString(text) end

---Gives what a stream still has, as a string.
---@param source crypto.Stream
---@return string
function stream.toString(source) end

---Makes a stream of an array of bytes.
---@param array integer[]
---@return crypto.Stream
function stream.fromArray(array) end

---Gives what a stream still has, as an array of bytes.
---@param source crypto.Stream
---@return integer[]
function stream.toArray(source) end

---Makes a stream of hex digits.
---@param text string
---@return crypto.Stream
function stream.fromHex(text) end

---Gives what a stream still has, as upper-case hex digits.
---@param source crypto.Stream
---@return string
function stream.toHex(source) end

return stream
