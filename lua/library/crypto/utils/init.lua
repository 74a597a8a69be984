-- `require(".crypto").utils`. Process API 14.7.
local import = ...

return {
  array = import(".crypto.utils.array"),
  stream = import(".crypto.utils.stream"),
  hex = import(".crypto.utils.hex"),
  queue = import(".crypto.utils.queue"),
  bit = import(".crypto.utils.bit"),
}
