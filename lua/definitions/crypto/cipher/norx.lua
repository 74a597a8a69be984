---@meta

---NORX 64-4-1: encryption that notices changes.
---@class crypto.cipher.norx
local norx = {}

---Encrypts. The result is the hidden message and 32 bytes that notice changes.
---@param key string 32 bytes.
---@param nonce string 32 bytes, never the same twice with one key.
---@param message string
---@param header? string What everybody may read and nobody may change; not part of the result.
---@param trailer? string The same, for what comes behind the message.
---@return crypto.Result
function norx.encrypt(key, nonce, message, header, trailer) end

---Decrypts.
---@param key string 32 bytes.
---@param nonce string 32 bytes.
---@param encrypted string What `encrypt` gave, as a string.
---@param header? string The header that `encrypt` was given.
---@param trailer? string The trailer that `encrypt` was given.
---@return string? message Nil if anything is not as it was.
---@return string? problem `"auth failure"` then.
function norx.decrypt(key, nonce, encrypted, header, trailer) end

return norx
