-- `os.date` in UTC, from arithmetic alone: the same on every machine. Process API 1.5.
local error, find, floor, format, gsub, mathType, sub, tonumber, type =
  error, string.find, math.floor, string.format, string.gsub, math.type, string.sub, tonumber, type

-- The moment that `os.date` shows when it is given none.
local fixedSeconds = 10

local daySeconds = 86400

local weekdays = { [0] = "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" }
local months = {
  "January", "February", "March", "April", "May", "June",
  "July", "August", "September", "October", "November", "December",
}

local function isLeap(year)
  return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
end

-- Year, month and day of a number of days since 1970-01-01. Years are counted from March, in cycles of 400.
local function civil(days)
  local shifted = days + 719468
  local cycle = shifted // 146097
  local dayOfCycle = shifted - cycle * 146097
  local yearOfCycle = (dayOfCycle - dayOfCycle // 1460 + dayOfCycle // 36524 - dayOfCycle // 146096) // 365
  local dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle // 4 - yearOfCycle // 100)
  local fromMarch = (5 * dayOfYear + 2) // 153
  local month = fromMarch < 10 and fromMarch + 3 or fromMarch - 9
  local year = yearOfCycle + cycle * 400 + (month <= 2 and 1 or 0)
  return year, month, dayOfYear - (153 * fromMarch + 2) // 5 + 1
end

local daysBefore = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 }

local function breakDown(seconds)
  local days = seconds // daySeconds
  local rest = seconds - days * daySeconds
  local year, month, day = civil(days)
  local yearDay = daysBefore[month] + day + (month > 2 and isLeap(year) and 1 or 0)
  return {
    year = year,
    month = month,
    day = day,
    hour = rest // 3600,
    min = rest % 3600 // 60,
    sec = rest % 60,
    wday = (days + 4) % 7 + 1,
    yday = yearDay,
    isdst = false,
  }
end

-- Year and number of the ISO week.
local function isoWeek(date)
  local weekday = (date.wday + 5) % 7 + 1
  local week = (date.yday - weekday + 10) // 7
  if week < 1 then
    local year = date.year - 1
    local yearDay = date.yday + (isLeap(year) and 366 or 365)
    return year, (yearDay - weekday + 10) // 7
  elseif week == 53 and date.yday - weekday + 4 > (isLeap(date.year) and 366 or 365) then
    return date.year + 1, 1
  end
  return date.year, week
end

local function number(pattern, read)
  return function(date)
    return format(pattern, read(date))
  end
end

local function hour12(date)
  return (date.hour + 11) % 12 + 1
end

-- What each letter of a format stands for.
local fields = {
  a = function(date) return sub(weekdays[date.wday - 1], 1, 3) end,
  A = function(date) return weekdays[date.wday - 1] end,
  b = function(date) return sub(months[date.month], 1, 3) end,
  B = function(date) return months[date.month] end,
  C = number("%02d", function(date) return date.year // 100 end),
  d = number("%02d", function(date) return date.day end),
  e = number("%2d", function(date) return date.day end),
  g = number("%02d", function(date) return (isoWeek(date)) % 100 end),
  G = number("%d", function(date) return (isoWeek(date)) end),
  H = number("%02d", function(date) return date.hour end),
  I = number("%02d", hour12),
  j = number("%03d", function(date) return date.yday end),
  m = number("%02d", function(date) return date.month end),
  M = number("%02d", function(date) return date.min end),
  n = function() return "\n" end,
  p = function(date) return date.hour < 12 and "AM" or "PM" end,
  S = number("%02d", function(date) return date.sec end),
  t = function() return "\t" end,
  u = number("%d", function(date) return (date.wday + 5) % 7 + 1 end),
  U = number("%02d", function(date) return (date.yday + 7 - date.wday) // 7 end),
  V = number("%02d", function(date)
    local _, week = isoWeek(date)
    return week
  end),
  w = number("%d", function(date) return date.wday - 1 end),
  W = number("%02d", function(date) return (date.yday + 6 - (date.wday + 5) % 7) // 7 end),
  y = number("%02d", function(date) return date.year % 100 end),
  Y = number("%d", function(date) return date.year end),
  z = function() return "+0000" end,
  Z = function() return "UTC" end,
  ["%"] = function() return "%" end,
}

local compounds = {
  c = "%a %b %d %H:%M:%S %Y",
  D = "%m/%d/%y",
  F = "%Y-%m-%d",
  r = "%I:%M:%S %p",
  R = "%H:%M",
  T = "%H:%M:%S",
  x = "%m/%d/%y",
  X = "%H:%M:%S",
}
fields.h = fields.b

-- Letters that may follow `%E` and `%O`, where they change nothing.
local modified = { E = "[cCxXyY]", O = "[deHImMSuUVwWy]" }

local function render(text, date)
  return (gsub(text, "%%([EO]?)(.?)", function(modifier, letter)
    if modifier ~= "" and not find(letter, modified[modifier]) then
      error("bad argument #1 to 'date' (invalid conversion specifier '%" .. modifier .. letter .. "')", 0)
    end
    if compounds[letter] then
      return render(compounds[letter], date)
    elseif fields[letter] then
      return fields[letter](date)
    end
    error("bad argument #1 to 'date' (invalid conversion specifier '%" .. letter .. "')", 0)
  end))
end

local function wholeSeconds(given)
  if given == nil then
    return fixedSeconds
  end
  local seconds = tonumber(given)
  if not seconds then
    error("bad argument #2 to 'date' (number expected, got " .. type(given) .. ")", 0)
  elseif mathType(seconds) == "float" then
    if seconds ~= floor(seconds) or seconds >= 2.0 ^ 63 or seconds < -2.0 ^ 63 then
      error("bad argument #2 to 'date' (number has no integer representation)", 0)
    end
    seconds = floor(seconds)
  end
  return seconds
end

return function(text, time)
  text = text == nil and "%c" or text
  local date = breakDown(wholeSeconds(time))
  if sub(text, 1, 1) == "!" then
    text = sub(text, 2)
  end
  if sub(text, 1, 2) == "*t" then
    return date
  end
  return render(text, date)
end
