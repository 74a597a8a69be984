/**
 * The calendar calls of the C library, for the guest: UTC, the C locale, no host clock.
 *
 * `struct tm` is eleven 32-bit fields: sec min hour mday mon year wday yday isdst gmtoff zone.
 */

export interface BrokenDownTime {
  readonly seconds: number
  readonly minutes: number
  readonly hours: number
  readonly day: number
  /** 0..11. */
  readonly month: number
  /** Years since 1900. */
  readonly year: number
  /** 0 is Sunday. */
  readonly weekday: number
  /** 0..365. */
  readonly yearday: number
}

const secondsPerDay = 86_400

/** Days since 1970-01-01 of a date in the proleptic Gregorian calendar. Months may be out of range. */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = year + Math.floor(month / 12)
  const m = ((month % 12) + 12) % 12
  const shifted = m >= 2 ? y : y - 1
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (m >= 2 ? m - 2 : m + 10) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** @returns undefined when the year does not fit in 32 bits. */
export function breakDown(timeSeconds: number): BrokenDownTime | undefined {
  const days = Math.floor(timeSeconds / secondsPerDay)
  const rest = timeSeconds - days * secondsPerDay
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = marchMonth < 10 ? marchMonth + 2 : marchMonth - 10
  const year = yearOfEra + era * 400 + (month <= 1 ? 1 : 0)
  if (Math.abs(year) > 2_147_481_747) return undefined
  return {
    seconds: rest % 60,
    minutes: Math.floor(rest / 60) % 60,
    hours: Math.floor(rest / 3_600),
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
    month,
    year: year - 1_900,
    weekday: (((days + 4) % 7) + 7) % 7,
    yearday: days - daysFromCivil(year, 0, 1),
  }
}

/** Seconds since 1970 of fields that may be out of range, as `mktime` takes them. */
export function makeTime(time: BrokenDownTime): number {
  const days = daysFromCivil(time.year + 1_900, time.month, 1) + time.day - 1
  return days * secondsPerDay + time.hours * 3_600 + time.minutes * 60 + time.seconds
}

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
]

/** C89/C99 conversions in the C locale; unknown ones stand as they are (Lua has refused them before). */
export function formatTime(format: string, time: BrokenDownTime): string {
  return format.replace(/%[EO]?(.)/gs, (whole, conversion: string) => formatField(conversion, time) ?? whole)
}

function pad(value: number, width: number, fill = '0'): string {
  return value < 0 ? `-${String(-value).padStart(width - 1, fill)}` : String(value).padStart(width, fill)
}

function formatField(conversion: string, time: BrokenDownTime): string | undefined {
  const year = time.year + 1_900
  const hour12 = time.hours % 12 === 0 ? 12 : time.hours % 12
  switch (conversion) {
    case 'a':
      return (weekdays[time.weekday] ?? '?').slice(0, 3)
    case 'A':
      return weekdays[time.weekday] ?? '?'
    case 'b':
    case 'h':
      return (months[time.month] ?? '?').slice(0, 3)
    case 'B':
      return months[time.month] ?? '?'
    case 'c':
      return formatTime('%a %b %e %H:%M:%S %Y', time)
    case 'C':
      return pad(Math.floor(year / 100), 2)
    case 'd':
      return pad(time.day, 2)
    case 'D':
    case 'x':
      return formatTime('%m/%d/%y', time)
    case 'e':
      return pad(time.day, 2, ' ')
    case 'F':
      return formatTime('%Y-%m-%d', time)
    case 'g':
      return pad(((isoWeek(time).year % 100) + 100) % 100, 2)
    case 'G':
      return String(isoWeek(time).year)
    case 'H':
      return pad(time.hours, 2)
    case 'I':
      return pad(hour12, 2)
    case 'j':
      return pad(time.yearday + 1, 3)
    case 'm':
      return pad(time.month + 1, 2)
    case 'M':
      return pad(time.minutes, 2)
    case 'n':
      return '\n'
    case 'p':
      return time.hours < 12 ? 'AM' : 'PM'
    case 'r':
      return formatTime('%I:%M:%S %p', time)
    case 'R':
      return formatTime('%H:%M', time)
    case 's':
      return String(makeTime(time))
    case 'S':
      return pad(time.seconds, 2)
    case 't':
      return '\t'
    case 'T':
    case 'X':
      return formatTime('%H:%M:%S', time)
    case 'u':
      return String(time.weekday === 0 ? 7 : time.weekday)
    case 'U':
      return pad(Math.floor((time.yearday + 7 - time.weekday) / 7), 2)
    case 'V':
      return pad(isoWeek(time).week, 2)
    case 'w':
      return String(time.weekday)
    case 'W':
      return pad(Math.floor((time.yearday + 7 - ((time.weekday + 6) % 7)) / 7), 2)
    case 'y':
      return pad(((year % 100) + 100) % 100, 2)
    case 'Y':
      return String(year)
    case 'z':
      return '+0000'
    case 'Z':
      return 'GMT'
    case '%':
      return '%'
    default:
      return undefined
  }
}

/** ISO 8601 week and the year it belongs to: that of its Thursday. */
function isoWeek(time: BrokenDownTime): { year: number; week: number } {
  const monday = (time.weekday + 6) % 7
  const thursday = breakDown(makeTime({ ...time, day: time.day - monday + 3 }))
  if (thursday === undefined) return { year: time.year + 1_900, week: 1 }
  return { year: thursday.year + 1_900, week: Math.floor(thursday.yearday / 7) + 1 }
}
