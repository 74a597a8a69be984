-- Staking of a token: holders lock tokens, and get them back some blocks after they ask for it. Needs the balances of
-- the token blueprint, in the same process. docs/blueprints.md says what each action takes and answers.

local bint = require(".bint")(256)
local json = require("json")

if type(Balances) ~= "table" then
  error("The staking blueprint stakes the balances of a token. Load the token blueprint first.", 0)
end

------------------------------------------------------------------------------------------------------------- amounts --
-- Whole numbers of the smallest unit, as decimal text without leading zeros: "0" to 2^255 - 1.

local amountMax = tostring(bint.maxinteger())

-- The amount in a tag. Anything but a whole number above 0 is an error, which fails the message.
local function parseQuantity(text, problemIfNotPositive)
  assert(type(text) == "string" and text ~= "", "Quantity is required!")
  local sign, digits = text:match("^(%-?)0*(%d+)$")
  assert(digits, 'Quantity must be a whole number in decimal digits, such as 1500, but was "' .. text .. '".')
  assert(sign == "" and digits ~= "0", problemIfNotPositive or "Quantity must be greater than 0")
  local fits = #digits < #amountMax or #digits == #amountMax and digits <= amountMax
  assert(fits, "Quantity must be at most " .. amountMax .. ".")
  return digits
end

local function isLess(a, b)
  return bint(a) < bint(b)
end

local function add(a, b)
  local sum = bint(a) + bint(b)
  -- Above the largest amount, 256 bits become a negative number.
  assert(not bint.isneg(sum), "The sum is above the largest amount, " .. amountMax .. ".")
  return tostring(sum)
end

local function subtract(a, b)
  return tostring(bint(a) - bint(b))
end

--------------------------------------------------------------------------------------------------------------- state --
-- `or` keeps what is there when this file is loaded again, and what was set before it is loaded first.

-- address → { amount, unstake_at }. The height is for information: the delay counts from Unstake.
Stakers = Stakers or {}
-- address → { amount, release_at = height from which it is free }
Unstaking = Unstaking or {}
-- Blocks from Unstake to release.
UnstakeDelay = UnstakeDelay or 670

------------------------------------------------------------------------------------------------------------- staking --

local function heightOf(msg)
  return tonumber(msg["Block-Height"])
end

-- An account without tokens takes no room.
local function setBalance(account, amount)
  Balances[account] = amount ~= "0" and amount or nil
end

local function amountOf(entry)
  return entry and entry.amount or "0"
end

-- Exposes what changed to nodes that know the device (Process API 17). "unset" removes what is there.
local function publish(account)
  ao.send({
    device = "patch@1.0",
    balances = { [account] = Balances[account] or "0" },
    stakers = { [account] = Stakers[account] or "unset" },
    unstaking = { [account] = Unstaking[account] or "unset" },
  })
end

local function confirm(msg, text)
  print(text)
  msg.reply({ Data = text })
end

function Handlers.stake(msg)
  local quantity, balance = parseQuantity(msg.Tags.Quantity), Balances[msg.From] or "0"
  assert(not isLess(balance, quantity), "Insufficient balance to stake")
  setBalance(msg.From, subtract(balance, quantity))
  Stakers[msg.From] = {
    amount = add(amountOf(Stakers[msg.From]), quantity),
    unstake_at = heightOf(msg) + UnstakeDelay,
  }
  confirm(msg, "Successfully Staked " .. quantity)
  publish(msg.From)
end

-- The lowest release_at, so that all the messages before it cost one comparison. Made again when this file is loaded.
local nextRelease

local function planRelease()
  nextRelease = math.huge
  for _, entry in pairs(Unstaking) do
    nextRelease = math.min(nextRelease, entry.release_at)
  end
end

function Handlers.unstake(msg)
  local quantity, staked = parseQuantity(msg.Tags.Quantity), Stakers[msg.From]
  assert(not isLess(amountOf(staked), quantity), "Insufficient staked amount")
  staked.amount = subtract(staked.amount, quantity)
  if staked.amount == "0" then
    Stakers[msg.From] = nil
  end
  -- What is under way already waits anew, together with this.
  Unstaking[msg.From] = {
    amount = add(amountOf(Unstaking[msg.From]), quantity),
    release_at = heightOf(msg) + UnstakeDelay,
  }
  nextRelease = math.min(nextRelease, Unstaking[msg.From].release_at)
  confirm(msg, "Successfully unstaked " .. quantity)
  publish(msg.From)
end

local function releaseMatured(height)
  for account, entry in pairs(Unstaking) do
    if height >= entry.release_at then
      setBalance(account, add(Balances[account] or "0", entry.amount))
      Unstaking[account] = nil
      publish(account)
    end
  end
  planRelease()
end

-- Runs before all other handlers. An error here would lock the owner out, so none leaves it.
Handlers.prepend("releaseUnstaked", function(msg)
  local height = heightOf(msg)
  return height ~= nil and height >= nextRelease and "continue" or false
end, function(msg)
  local ok, problem = pcall(releaseMatured, heightOf(msg))
  if not ok then
    print("Unstaked tokens could not be released: " .. tostring(problem))
  end
end)

Handlers.add("stake", "Stake", Handlers.stake)
Handlers.add("unstake", "Unstake", Handlers.unstake)
Handlers.add("stakers", "Stakers", function(msg)
  -- An empty table would be the empty list.
  msg.reply({ Data = next(Stakers) and json.encode(Stakers) or "{}" })
end)

planRelease()

return "Staking loaded: unstaked tokens are free after " .. UnstakeDelay .. " blocks."
