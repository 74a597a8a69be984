---@meta

---AES, in five modes. The hex digits of its results are upper-case.
---@class crypto.cipher.aes
local aes = {}

---How blocks depend on each other. Anything else counts as `"CBC"`.
---@alias crypto.cipher.aes.Mode "CBC"|"ECB"|"CFB"|"OFB"|"CTR"

---Encrypts. The data is filled up with zero bytes to whole blocks of 16.
---@param data string
---@param key string As long as `keyLength` says: 16, 24 or 32 bytes.
---@param iv? string 16 bytes, zeros if left out. In mode ECB it is encrypted before the data: give `""` there.
---@param mode? crypto.cipher.aes.Mode `"CBC"` if left out.
---@param keyLength? 128|192|256 In bits; 128 if left out.
---@return crypto.Result
function aes.encrypt(data, key, iv, mode, keyLength) end

---Decrypts. Zero bytes at the end stay: nobody knows whether they were data.
---@param hex string What `encrypt` gave, as hex digits.
---@param key string As long as `keyLength` says: 16, 24 or 32 bytes.
---@param iv? string 16 bytes, zeros if left out. Mode ECB does not use it.
---@param mode? crypto.cipher.aes.Mode `"CBC"` if left out.
---@param keyLength? 128|192|256 In bits; 128 if left out.
---@return crypto.Result
function aes.decrypt(hex, key, iv, mode, keyLength) end

return aes
