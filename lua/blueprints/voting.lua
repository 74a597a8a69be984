-- Votes weighted by stake. Needs the stakes of the staking blueprint, in the same process. docs/blueprints.md says what
-- each action takes and answers.

local bint = require(".bint")(256)
local json = require("json")

if type(Stakers) ~= "table" then
  error("The voting blueprint counts stakes. Load the token blueprint and the staking blueprint first.", 0)
end

-- target → { yay, nay, deadline = height from which it is over, voters = address → { side, amount } }
-- `or` keeps them when this file is loaded again.
Votes = Votes or {}

-- About a year.
local deadlineBlocksMax = 262800

local function heightOf(msg)
  return tonumber(msg["Block-Height"])
end

local function stakeOf(account)
  return Stakers[account] and Stakers[account].amount or "0"
end

local function add(a, b)
  return tostring(bint(a) + bint(b))
end

local function subtract(a, b)
  return tostring(bint(a) - bint(b))
end

local function parseDeadline(text)
  local blocks = type(text) == "string" and text:match("^%d+$") and tonumber(text)
  local isValid = blocks and blocks >= 1 and blocks <= deadlineBlocksMax
  assert(isValid, "The first vote on a target sets its Deadline: 1 to " .. deadlineBlocksMax .. " blocks from now.")
  return blocks
end

-- The lowest deadline, so that all the messages before it cost one comparison. Made again when this file is loaded.
local nextDeadline = math.huge

local function planCount()
  nextDeadline = math.huge
  for _, vote in pairs(Votes) do
    nextDeadline = math.min(nextDeadline, vote.deadline)
  end
end

function Handlers.vote(msg)
  local target, side, amount = msg.Tags.Target, msg.Tags.Side, stakeOf(msg.From)
  assert(type(target) == "string" and target ~= "", "Target is required!")
  assert(side == "yay" or side == "nay", 'Side must be "yay" or "nay".')
  assert(amount ~= "0", "No staked tokens to vote with")
  local vote = Votes[target]
  if not vote then
    vote = { yay = "0", nay = "0", deadline = heightOf(msg) + parseDeadline(msg.Tags.Deadline), voters = {} }
    Votes[target] = vote
    nextDeadline = math.min(nextDeadline, vote.deadline)
  end
  -- A vote again takes the place of the earlier one.
  local earlier = vote.voters[msg.From]
  if earlier then
    vote[earlier.side] = subtract(vote[earlier.side], earlier.amount)
  end
  vote.voters[msg.From] = { side = side, amount = amount }
  vote[side] = add(vote[side], amount)
  msg.reply({ Data = "Voted " .. side .. " for " .. target .. " with " .. amount })
end

-- What has been unstaked since does not count: it may vote again elsewhere, staked by another.
local function withoutUnstaked(vote)
  for voter, ballot in pairs(vote.voters) do
    local staked = stakeOf(voter)
    if staked ~= ballot.amount and bint(staked) < bint(ballot.amount) then
      vote[ballot.side] = subtract(vote[ballot.side], subtract(ballot.amount, staked))
    end
  end
end

local function count(target, vote)
  Votes[target] = nil
  withoutUnstaked(vote)
  if bint(vote.yay) > bint(vote.nay) then
    print("Handle Vote")
    -- What a passed vote does, if the process defines it.
    if HandleVote then
      local ok, problem = pcall(HandleVote, target, vote)
      if not ok then
        print("HandleVote failed for " .. target .. ": " .. tostring(problem))
      end
    end
  end
end

local function countDue(height)
  -- Looked for first: HandleVote may begin new votes.
  local due = {}
  for target, vote in pairs(Votes) do
    if height >= vote.deadline then
      due[target] = vote
    end
  end
  for target, vote in pairs(due) do
    count(target, vote)
  end
  planCount()
end

-- Runs before all other handlers: an Unstake or Vote of the same message is too late for the vote. An error here would
-- lock the owner out, so none leaves it.
Handlers.prepend("countVotes", function(msg)
  local height = heightOf(msg)
  return height ~= nil and height >= nextDeadline and "continue" or false
end, function(msg)
  local ok, problem = pcall(countDue, heightOf(msg))
  if not ok then
    print("Votes could not be counted: " .. tostring(problem))
  end
end)

Handlers.add("vote", "Vote", Handlers.vote)
Handlers.add("votes", "Votes", function(msg)
  -- An empty table would be the empty list.
  msg.reply({ Data = next(Votes) and json.encode(Votes) or "{}" })
end)

planCount()

return "Voting loaded."
