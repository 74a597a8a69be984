-- A token: balances, transfers with notices to both sides, minting by the process itself, burning by holders.
-- docs/blueprints.md says what each action takes and answers.
--
-- A request that makes no sense (a missing or malformed tag) fails: its result has the error, and nothing is sent. One
-- that makes sense and is refused is answered.

local bint = require(".bint")(256)
local json = require("json")

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

Variant = "0.0.3"
Denomination = Denomination or 12
Name = Name or "Points Coin"
Ticker = Ticker or "PNTS"
Logo = Logo or "SBCCXwwecBlDqRLUjb8dYABExTJXLieawf7m2aBJ-KY"
-- address → amount. By default 10,000 whole tokens, all of the process itself.
Balances = Balances or { [ao.id] = tostring(bint(TotalSupply or "10000" .. ("0"):rep(Denomination))) }
local isFirstSum = not TotalSupply
TotalSupply = tostring(bint(TotalSupply or 0))
for account, balance in pairs(Balances) do
  -- Numbers would lose digits as JSON.
  if type(balance) ~= "string" then
    Balances[account] = tostring(bint(balance))
  end
  if isFirstSum then
    TotalSupply = add(TotalSupply, balance)
  end
end

-------------------------------------------------------------------------------------------------------------- ledger --

local function balanceOf(account)
  return Balances[account] or "0"
end

-- An account without tokens takes no room.
local function setBalance(account, amount)
  Balances[account] = amount ~= "0" and amount or nil
end

local function tokenInfo()
  return {
    name = Name,
    ticker = Ticker,
    logo = Logo,
    denomination = Denomination and tostring(Denomination),
    supply = TotalSupply,
  }
end

-- Exposes balances to nodes that know the device (Process API 17): those of the accounts given, or all. An emptied
-- account is exposed as "0": leaving it out would keep the old balance there.
local function publish(...)
  local balances = (...) and {} or Balances
  for _, account in ipairs({ ... }) do
    balances[account] = balanceOf(account)
  end
  ao.send({ device = "patch@1.0", balances = next(balances) and balances, ["token-info"] = tokenInfo() })
end

-- Tags that begin with X- are the sender's own, and go with each notice. But not these two: a process takes a message
-- with the X-Reference of its question for the answer, so a stranger who chose it could answer in our name.
local isReplyTag = { ["X-Reference"] = true, ["X-Origin"] = true }

local function senderTags(msg)
  local tags = {}
  for name, value in pairs(msg.Tags) do
    if name:sub(1, 2) == "X-" and not isReplyTag[name] then
      tags[name] = value
    end
  end
  return tags
end

-- `Sender` says whose request it was: a reply goes where its request's Reply-To says, so without it anyone could have
-- the refusal of their own request sent to another, who would take it for an answer.
local function refuse(msg, action, problem)
  msg.reply({ Action = action, ["Message-Id"] = msg.Id, Error = problem, Sender = msg.From, Tags = senderTags(msg) })
end

local function sendCreditNotice(recipient, sender, quantity, tags)
  local gray, blue, green, reset = Colors.gray, Colors.blue, Colors.green, Colors.reset
  ao.send({
    Target = recipient,
    Action = "Credit-Notice",
    Sender = sender,
    Quantity = quantity,
    Data = gray .. "You received " .. blue .. quantity .. gray .. " from " .. green .. sender .. reset,
    Tags = tags,
  })
end

Handlers.add("balance", "Balance", function(msg)
  local account = msg.Tags.Recipient or msg.Tags.Target or msg.From
  local balance = balanceOf(account)
  msg.reply({ Balance = balance, Ticker = Ticker, Account = account, Data = balance })
end)

Handlers.add("balances", "Balances", function(msg)
  -- An empty table would be the empty list.
  msg.reply({ Data = next(Balances) and json.encode(Balances) or "{}" })
end)

Handlers.add("totalSupply", "Total-Supply", function(msg)
  assert(msg.From ~= ao.id, "Cannot call Total-Supply from the same process!")
  msg.reply({ Action = "Total-Supply", Data = TotalSupply, Ticker = Ticker })
end)

Handlers.add("transfer", "Transfer", function(msg)
  local recipient = msg.Tags.Recipient
  assert(type(recipient) == "string" and recipient ~= "", "Recipient is required!")
  local quantity = parseQuantity(msg.Tags.Quantity)
  if isLess(balanceOf(msg.From), quantity) then
    return refuse(msg, "Transfer-Error", "Insufficient Balance!")
  end

  -- Taken first, then given: right even when someone sends to themselves.
  setBalance(msg.From, subtract(balanceOf(msg.From), quantity))
  setBalance(recipient, add(balanceOf(recipient), quantity))

  if not msg.Tags.Cast then
    local gray, blue, green, reset = Colors.gray, Colors.blue, Colors.green, Colors.reset
    msg.reply({
      Action = "Debit-Notice",
      Recipient = recipient,
      Quantity = quantity,
      Data = gray .. "You transferred " .. blue .. quantity .. gray .. " to " .. green .. recipient .. reset,
      Tags = senderTags(msg),
    })
    sendCreditNotice(recipient, msg.From, quantity, senderTags(msg))
  end
  publish(msg.From, recipient)
end)

--------------------------------------------------------------------------------------------------------------- token --

Handlers.add("info", "Info", function(msg)
  local info = tokenInfo()
  -- Newer clients read the lower-case names, most wallets these.
  info.Name, info.Ticker, info.Logo, info.Denomination = info.name, info.ticker, info.logo, info.denomination
  msg.reply(info)
end)

-- For the owner: Send({ Target = ao.id, Action = "Mint", Quantity = "1000" }).
Handlers.add("mint", "Mint", function(msg)
  local quantity = parseQuantity(msg.Tags.Quantity, "Quantity must be greater than zero!")
  if msg.From ~= ao.id then
    return refuse(msg, "Mint-Error", "Only the Process Id can mint new " .. Ticker .. " tokens!")
  elseif isLess(subtract(amountMax, TotalSupply), quantity) then
    return refuse(msg, "Mint-Error", "The total supply cannot exceed " .. amountMax .. ".")
  end
  setBalance(ao.id, add(balanceOf(ao.id), quantity))
  TotalSupply = add(TotalSupply, quantity)
  msg.reply({ Data = Colors.gray .. "Successfully minted " .. Colors.blue .. quantity .. Colors.reset })
  publish(ao.id)
end)

-- Holders destroy tokens of their own.
Handlers.add("burn", "Burn", function(msg)
  local quantity = parseQuantity(msg.Tags.Quantity)
  if isLess(balanceOf(msg.From), quantity) then
    return refuse(msg, "Burn-Error", "Insufficient Balance!")
  end
  setBalance(msg.From, subtract(balanceOf(msg.From), quantity))
  TotalSupply = subtract(TotalSupply, quantity)
  msg.reply({
    Action = "Burn-Notice",
    Quantity = quantity,
    Balance = balanceOf(msg.From),
    ["Total-Supply"] = TotalSupply,
    Data = Colors.gray .. "You burned " .. Colors.blue .. quantity .. Colors.reset,
    Tags = senderTags(msg),
  })
  publish(msg.From)
end)

publish()

return "Token loaded: " .. Name .. " (" .. Ticker .. "), total supply " .. TotalSupply .. "."
