-- Message keys and tag names have one spelling: dashes, and each part with a capital. Process API 2.3.
local gsub, lower, next, rawset, setmetatable, type, upper =
  string.gsub, string.lower, next, rawset, setmetatable, type, string.upper

-- Names come from strangers: what is remembered of them stays small.
local rememberedMax = 512
local rememberedLengthMax = 64

local function spell(name)
  local spelled = gsub(lower(name), "_", "-")
  spelled = gsub(spelled, "^%l", upper)
  return (gsub(spelled, "%-%l", upper))
end

local rememberedCount = 0

-- `spelling[name]` is the normalised name; a value that is no string is its own spelling.
local spelling = setmetatable({}, {
  __index = function(remembered, name)
    if type(name) ~= "string" then
      return name
    end
    local spelled = spell(name)
    if #name <= rememberedLengthMax then
      if rememberedCount >= rememberedMax then
        for known in next, remembered do
          remembered[known] = nil
        end
        rememberedCount = 0
      end
      rememberedCount = rememberedCount + 1
      rawset(remembered, name, spelled)
    end
    return spelled
  end,
})

local function normalize(name)
  return spelling[name]
end

return { spelling = spelling, normalize = normalize }
