-- A token: balances, transfers with notices, minting and burning.
--
-- Amounts travel as decimal text ("1500"), never as JSON numbers, which lose digits above 2^53. Inside they are Lua
-- integers. The supply can never exceed the largest integer, so no sum of balances can overflow.

-- The unit that people see: 1 LEARN is 10^12 of the smallest unit.
Denomination = 12
Name = "Learner Token"
Ticker = "LEARN"

-- `or` keeps the state when this file is loaded again, to upgrade a running process.
-- 1,000,000 LEARN. Written out, because `10 ^ 12` is a float in Lua.
TotalSupply = TotalSupply or 1000000 * 1000000000000
Balances = Balances or { [Owner] = TotalSupply }

-- The amount in a tag, or nil. "1e3", "1.5", "-1", " 7", "007" and amounts above the largest integer are all refused:
-- each would mean one thing to the sender and another to us.
local function parseAmount(text)
  if type(text) ~= "string" or not text:match("^[1-9]%d*$") then
    return nil
  end
  local amount = tonumber(text)
  return math.type(amount) == "integer" and amount or nil
end

-- Process ids and wallet addresses look the same: 43 characters. Tokens sent to a misspelled address are gone, so at
-- least the shape is checked.
local function isAddress(text)
  return type(text) == "string" and #text == 43 and text:match("^[%w_-]+$") ~= nil
end

local function amountText(amount)
  return string.format("%d", amount)
end

local function balanceOf(address)
  return Balances[address] or 0
end

local function setBalance(address, amount)
  -- An account without tokens takes no room.
  Balances[address] = amount > 0 and amount or nil
end

-- A refusal is an answer, not a Lua error: an error would undo the message, and the sender would hear nothing.
local function refuse(msg, reason)
  msg.reply({ Action = msg.Action .. "-Error", Error = reason })
end

-- Tags that begin with X- belong to the sender, who may use them to recognise the notices: they are handed on. All but
-- these two: a process takes a message with the X-Reference of its question for the answer, so a stranger who chose it
-- could answer in our name.
local replyTags = { ["X-Reference"] = true, ["X-Origin"] = true }

local function withSenderTags(msg, notice)
  for name, value in pairs(msg.Tags) do
    if name:sub(1, 2) == "X-" and not replyTags[name] then
      notice[name] = value
    end
  end
  return notice
end

Handlers.add("Info", "Info", function(msg)
  msg.reply({
    Action = "Info-Notice",
    Name = Name,
    Ticker = Ticker,
    Denomination = tostring(Denomination),
    ["Total-Supply"] = amountText(TotalSupply),
  })
end)

Handlers.add("Balance", "Balance", function(msg)
  local account = msg.Tags.Recipient or msg.From
  local balance = amountText(balanceOf(account))
  msg.reply({ Action = "Balance-Notice", Account = account, Balance = balance, Ticker = Ticker, Data = balance })
end)

Handlers.add("Balances", "Balances", function(msg)
  local texts = {}
  for address, amount in pairs(Balances) do
    texts[address] = amountText(amount)
  end
  -- A table as Data is sent as JSON.
  msg.reply({ Action = "Balances-Notice", Data = texts })
end)

Handlers.add("Transfer", "Transfer", function(msg)
  local recipient, quantity = msg.Tags.Recipient, parseAmount(msg.Tags.Quantity)
  if not isAddress(recipient) then
    return refuse(msg, "Recipient must be an address of 43 characters.")
  end
  if not quantity then
    return refuse(msg, "Quantity must be a whole number above 0, in the smallest unit, such as 1500.")
  end
  local balance = balanceOf(msg.From)
  if balance < quantity then
    return refuse(msg, "Insufficient balance: you have " .. amountText(balance) .. ".")
  end

  -- Taken first, then given: right even when someone sends to themselves.
  setBalance(msg.From, balance - quantity)
  setBalance(recipient, balanceOf(recipient) + quantity)

  local text = amountText(quantity)
  msg.reply(withSenderTags(msg, { Action = "Debit-Notice", Recipient = recipient, Quantity = text }))
  ao.send(withSenderTags(msg, { Target = recipient, Action = "Credit-Notice", Sender = msg.From, Quantity = text }))
end)

Handlers.add("Mint", "Mint", function(msg)
  if msg.From ~= Owner then
    return refuse(msg, "Only the owner may mint.")
  end
  local quantity = parseAmount(msg.Tags.Quantity)
  if not quantity then
    return refuse(msg, "Quantity must be a whole number above 0, in the smallest unit, such as 1500.")
  end
  if quantity > math.maxinteger - TotalSupply then
    return refuse(msg, "The supply cannot exceed " .. amountText(math.maxinteger) .. ".")
  end
  TotalSupply = TotalSupply + quantity
  setBalance(Owner, balanceOf(Owner) + quantity)
  msg.reply({ Action = "Mint-Notice", Quantity = amountText(quantity), ["Total-Supply"] = amountText(TotalSupply) })
end)

-- Anyone may destroy tokens of their own.
Handlers.add("Burn", "Burn", function(msg)
  local quantity = parseAmount(msg.Tags.Quantity)
  if not quantity then
    return refuse(msg, "Quantity must be a whole number above 0, in the smallest unit, such as 1500.")
  end
  local balance = balanceOf(msg.From)
  if balance < quantity then
    return refuse(msg, "Insufficient balance: you have " .. amountText(balance) .. ".")
  end
  setBalance(msg.From, balance - quantity)
  TotalSupply = TotalSupply - quantity
  msg.reply({ Action = "Burn-Notice", Quantity = amountText(quantity), ["Total-Supply"] = amountText(TotalSupply) })
end)
