---@meta

---Arrays of bytes. All functions leave what they are given as it is.
---@class crypto.utils.array
local array = {}

---Gives how many bytes there are.
---@param list integer[]
---@return integer
function array.size(list) end

---Makes an array of a string.
---@param text string
---@return integer[]
function array.fromString(text) end

---Makes a string of an array.
---@param list integer[]
---@return string
function array.toString(list) end

---Makes an array of what a stream still has.
---@param stream crypto.Stream
---@return integer[]
function array.fromStream(stream) end

---Makes a stream of an array.
---@param list integer[]
---@return crypto.Stream
function array.toStream(list) end

---Takes values out of a queue.
---@param queue crypto.Queue
---@param size integer How many; fewer if there are no more.
---@return integer[]
function array.readFromQueue(queue, size) end

---Puts all values into a queue.
---@param queue crypto.Queue
---@param list integer[]
function array.writeToQueue(queue, list) end

---Makes an array of hex digits.
---@param hex string
---@return integer[]
function array.fromHex(hex) end

---Makes upper-case hex digits of an array.
---@param list integer[]
---@return string
function array.toHex(list) end

---Joins two arrays into a new one.
---@param first integer[]
---@param second integer[]
---@return integer[]
function array.concat(first, second) end

---Gives the first values.
---@param list integer[]
---@param size integer How many.
---@return integer[]
function array.truncate(list, size) end

---Gives the bits that one of two arrays has and the other has not, as long as the shorter of them.
---@param first integer[]
---@param second integer[]
---@return integer[]
function array.XOR(first, second) end

---Puts in the place of each value what a table has under it.
---@param list integer[]
---@param box table<integer, integer>
---@return integer[]
function array.substitute(list, box) end

---Puts at each place the value from the place that a table names.
---@param list integer[]
---@param box table<integer, integer>
---@return integer[]
function array.permute(list, box) end

---Makes a copy.
---@param list integer[]
---@return integer[]
function array.copy(list) end

---Gives the values between two places, both included, counted from 1.
---@param list integer[]
---@param start integer
---@param stop integer
---@return integer[]
function array.slice(list, start, stop) end

return array
