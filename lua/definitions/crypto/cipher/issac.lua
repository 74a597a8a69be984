---@meta

---The generator ISAAC, and a cipher that shifts each letter by what the generator gives. The cipher is a toy.
---@class crypto.cipher.issac
---@field random fun(min?: number, max?: number, seed?: string|number): number The same as `crypto.random`.
local issac = {}

---Starts the generator.
---@param seed string
---@param mixed? boolean False leaves the seed out.
function issac.seedIsaac(seed, mixed) end

---Gives the generator's next number. It has to be started first.
---@return integer number 0 to 2^32 - 1.
function issac.getRandom() end

---Gives the code of a printable character from the generator. It has to be started first.
---@return integer code 32 to 126.
function issac.getRandomChar() end

---Shifts each character by the key's.
---@param message string Printable ASCII.
---@param key string
---@return crypto.Result result Printable ASCII.
function issac.encrypt(message, key) end

---Shifts each character back.
---@param text string What `encrypt` gave, as a string.
---@param key string
---@return string message
function issac.decrypt(text, key) end

return issac
