-- A ledger below a token: holders move tokens of the parent here, use them here, and take them back.
-- docs/blueprints.md says what each action takes and answers.
--
-- What it promises: its balances and the withdrawals under way add up to its own balance at the parent. So it credits
-- only what the parent says it got, and gives back a withdrawal only if the parent refused that very transfer.
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

ParentToken = ParentToken or ao.env.Process.Tags["Parent-Token"]
if type(ParentToken) ~= "string" or ParentToken == "" then
  local ways = "Spawn the process with the tag Parent-Token, or set the global ParentToken first."
  error("The subledger blueprint needs the process id of the parent token. " .. ways, 0)
elseif Balances and next(Balances) and not Withdrawals then
  error("A subledger begins empty, and this process has balances. Load the blueprint into a process of its own.", 0)
end

-- address → amount
Balances = Balances or {}
TotalSupply = TotalSupply or "0"
-- What the parent was asked to pay out and has not answered: number as text → { holder, quantity, reference }.
Withdrawals = Withdrawals or {}
WithdrawalCount = WithdrawalCount or 0

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

----------------------------------------------------------------------------------------------------------- subledger --

Handlers.add("info", "Info", function(msg)
  local info = tokenInfo()
  info["parent-token"] = ParentToken
  -- Newer clients read the lower-case names, most wallets these.
  info.Name, info.Ticker, info.Logo, info.Denomination = info.name, info.ticker, info.logo, info.denomination
  msg.reply(info)
end)

-- The unit is the parent's, and comes with its answer to Info.
Handlers.add("parentInfo", function(msg)
  return msg.From == ParentToken and msg.Tags.Ticker ~= nil and msg.Tags.Denomination ~= nil
end, function(msg)
  Ticker = Ticker or msg.Tags.Ticker
  Logo = Logo or msg.Tags.Logo
  Denomination = Denomination or tonumber(msg.Tags.Denomination)
  publish()
end)

local function mint(account, quantity)
  setBalance(account, add(balanceOf(account), quantity))
  TotalSupply = add(TotalSupply, quantity)
  publish(account)
end

-- From anyone but the parent, Credit-Notice is a message like any other.
Handlers.add("deposit", function(msg)
  return msg.From == ParentToken and msg.Action == "Credit-Notice"
end, function(msg)
  local sender, quantity, tags = msg.Tags.Sender, parseQuantity(msg.Tags.Quantity), senderTags(msg)
  local recipient = tags["X-Recipient"]
  if not recipient or recipient == "" then
    recipient = sender
  end
  mint(recipient, quantity)
  -- It has been followed: a recipient that is a subledger too would take it for the account to credit there.
  tags["X-Recipient"] = nil
  sendCreditNotice(recipient, sender, quantity, tags)
end)

Handlers.add("withdraw", "Withdraw", function(msg)
  local holder, quantity = msg.From, parseQuantity(msg.Tags.Quantity)
  if isLess(balanceOf(holder), quantity) then
    return refuse(msg, "Withdraw-Error", "Insufficient Balance!")
  end
  setBalance(holder, subtract(balanceOf(holder), quantity))
  TotalSupply = subtract(TotalSupply, quantity)
  WithdrawalCount = WithdrawalCount + 1
  local number = tostring(WithdrawalCount)
  Withdrawals[number] = { holder = holder, quantity = quantity, reference = msg["X-Reference"] or msg.Reference }

  local tags = senderTags(msg)
  tags["X-Withdrawal"] = number
  ao.send({ Target = ParentToken, Action = "Transfer", Recipient = holder, Quantity = quantity, Tags = tags })
  publish(holder)
end)

-- Ends a withdrawal with the answer for which its holder may wait.
local function settle(number, answer)
  local withdrawal = Withdrawals[number]
  Withdrawals[number] = nil
  answer.Target = withdrawal.holder
  answer.Quantity = withdrawal.quantity
  answer["X-Reference"] = withdrawal.reference
  ao.send(answer)
end

-- Undoes a withdrawal that the parent did not carry out. For the owner, for a parent that gave no answer, and after a
-- look at what it did: what was paid out would otherwise be there twice. Handlers.giveBack("1")
function Handlers.giveBack(number, problem)
  local withdrawal = Withdrawals[number]
  assert(withdrawal, "No such withdrawal is under way: " .. tostring(number) .. ". The global Withdrawals has all.")
  mint(withdrawal.holder, withdrawal.quantity)
  settle(number, { Action = "Withdraw-Error", Error = problem or "The parent token gave no answer." })
end

-- Anyone can have an answer of the parent sent here, with the X- tags they like: they make a request of their own, with
-- this process as its Reply-To. So a Debit-Notice counts if it paid what was asked for, whoever paid it, and a
-- Transfer-Error counts if this process is who was refused. All others go to the Inbox, for the owner to judge.

local function withdrawalOf(msg)
  return msg.From == ParentToken and Withdrawals[msg.Tags["X-Withdrawal"]] or nil
end

Handlers.add("withdrawn", function(msg)
  local withdrawal = msg.Action == "Debit-Notice" and withdrawalOf(msg)
  return withdrawal and msg.Tags.Recipient == withdrawal.holder and msg.Tags.Quantity == withdrawal.quantity or false
end, function(msg)
  settle(msg.Tags["X-Withdrawal"], { Action = "Withdraw-Notice" })
end)

Handlers.add("refused", function(msg)
  return msg.Action == "Transfer-Error" and msg.Tags.Sender == ao.id and withdrawalOf(msg) ~= nil
end, function(msg)
  Handlers.giveBack(msg.Tags["X-Withdrawal"], msg.Tags.Error)
end)

publish()
if not Denomination then
  ao.send({ Target = ParentToken, Action = "Info" })
end

return "Subledger loaded: total supply " .. TotalSupply .. ", parent token " .. ParentToken .. "."
