---@meta

---Base64, the encoding of bytes as text. Also `require(".base64")`.
---@class base64
base64 = {}

---An alphabet for `base64.encode`: codes of characters by value, 0 to 63, and of the padding at 64.
---@alias base64.Encoder table<integer, integer>

---An alphabet for `base64.decode`: values by codes of characters.
---@alias base64.Decoder table<integer, integer>

---Encodes bytes, with padding: `base64.encode("hello")` is `aGVsbG8=`.
---@param bytes string
---@param encoder? base64.Encoder The alphabet; `+`, `/` and `=` if left out.
---@return string text
function base64.encode(bytes, encoder) end

---Decodes text with or without padding. Characters that are not in the alphabet are skipped.
---@param text string
---@param decoder? base64.Decoder The alphabet; `+`, `/` and `=` if left out.
---@return string bytes
function base64.decode(text, decoder) end

---Makes an alphabet for `base64.encode`.
---
---```lua
---local urlSafe = base64.makeencoder("-", "_")
---```
---@param c62? string Character of the value 62; `+` if left out.
---@param c63? string Character of the value 63; `/` if left out.
---@param pad? string Character that fills up the end; `=` if left out.
---@return base64.Encoder
function base64.makeencoder(c62, c63, pad) end

---Makes an alphabet for `base64.decode`.
---@param c62? string Character of the value 62; `+` if left out.
---@param c63? string Character of the value 63; `/` if left out.
---@param pad? string Character that fills up the end; `=` if left out.
---@return base64.Decoder
function base64.makedecoder(c62, c63, pad) end

return base64
