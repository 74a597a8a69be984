---@meta

---Digests, ciphers, codes of authentication and derived keys.
---
---```lua
---local crypto = require(".crypto")
---local hex = crypto.digest.sha2_256(crypto.utils.stream.fromString("hello")).asHex()
---```
---@class crypto
---@field _version string Version of this interface.
---@field digest crypto.digest Hashes.
---@field utils crypto.utils Streams, arrays and hex digits.
---@field cipher crypto.cipher Encryption.
---@field random fun(min?: number, max?: number, seed?: string|number): number A number that a seed decides.
---@field mac crypto.mac Codes of authentication.
---@field kdf crypto.kdf Keys from passwords.
local crypto = {}

---Gives the next byte, 0 to 255, or nil at the end. Each byte comes once.
---@alias crypto.Stream fun(): integer?

---Bytes to read: what digests and ciphers give.
---@class crypto.Result
local Result = {}

---Gives the bytes as a string.
---@return string bytes
function Result.asString() end

---Gives the bytes as hex digits.
---@return string hex
function Result.asHex() end

---Gives the bytes as an array; `digest.sha2_512` gives eight integers of 64 bits instead.
---@return integer[] bytes
function Result.asBytes() end

return crypto
