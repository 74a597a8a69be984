---@meta

---Codes of authentication: they prove that who made them knows a key.
---@class crypto.mac
local mac = {}

---Makes a code with HMAC, but over blocks of 32 bytes: the codes are other ones than those of other programs.
---@param stream crypto.Stream The message. The stream is empty afterwards.
---@param key integer[] The key, as an array of bytes.
---@param algorithm? "sha1"|"sha256" `"sha1"` if left out.
---@return crypto.Result
function mac.createHmac(stream, key, algorithm) end

return mac
