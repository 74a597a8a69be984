/**
 * Patterns and specs of the model. Process API 6.3 and 7.
 *
 * @module
 */
import { LuaError, UnspecifiedError } from './model-errors.ts'
import { type ModelMessage, normalize, read, readTag, type Value } from './model-message.ts'
import type { Pattern, ValuePattern, Verdict } from './pipeline-case.ts'

/** A tag never stands in for these. */
const matchedAtRootOnly = new Set('From Owner Target Id Data'.split(' '))

/** What a pattern's result means for the walk. Process API 6.3. */
export function meaningOf(verdict: Verdict): 'break' | 'continue' | 'skip' {
  if (verdict === true || verdict === 'break' || (typeof verdict === 'number' && verdict < 0)) return 'break'
  if (verdict === 'continue' || (typeof verdict === 'number' && verdict > 0)) return 'continue'
  if (verdict === undefined || typeof verdict === 'object') {
    throw new LuaError('Pattern result is not valid, it MUST be string, number, or boolean')
  }
  return 'skip'
}

/** What counts as true in Lua. */
export function isTrue(verdict: Verdict): boolean {
  return verdict !== undefined && verdict !== false
}

/** Whether a message meets a pattern that has no effects of its own. */
export function matches(pattern: Exclude<Pattern, { is: 'function' | 'continue' }>, message: ModelMessage): boolean {
  switch (pattern.is) {
    case 'action':
      return read(message, 'Action') === pattern.action
    case 'hasMatchingTag':
      return readTag(message, pattern.name) === pattern.value
    case 'hasMatchingData':
      return read(message, 'Data') === pattern.value
    case 'table':
      return all(Object.entries(pattern.keys), ([key, value]) => {
        const present = specValues(message, key)
        return present.some((candidate) => matchesValue(value, candidate, message))
      })
  }
}

/** Whether a check holds for all, in no known order: what an error would do beside a false is open. */
export function all<T>(list: readonly T[], check: (element: T) => boolean): boolean {
  const errors: unknown[] = []
  let held = true
  for (const element of list) {
    try {
      held = check(element) && held
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 1 || (errors.length === 1 && !held)) throw new UnspecifiedError('an error beside another answer')
  if (errors.length === 1) throw errors[0]
  return held
}

/** What a key of a spec is compared with. */
function specValues({ root, tags }: ModelMessage, key: string): Value[] {
  const hasKey = root.has(key) || tags.has(key)
  const name = !hasKey && /[^-][A-Z]/.test(key) ? normalize(key) : key
  const values = matchedAtRootOnly.has(name) ? [root.get(name)] : [root.get(name), tags.get(name)]
  return values.filter((value) => value !== undefined && value !== false)
}

function matchesValue(pattern: ValuePattern, value: Value, message: ModelMessage): boolean {
  switch (pattern.is) {
    case 'constant':
      return false
    case 'any':
      return !all(pattern.of, (element) => !matchesValue(element, value, message))
    case 'function':
      return (
        (pattern.compares === 'value' ? value : message.root.get('Data')) === pattern.with && isTrue(pattern.verdict)
      )
    case 'error':
      throw new LuaError(pattern.text, true)
    case 'text': {
      if (pattern.text === '_') return true
      if (typeof value !== 'string' && typeof value !== 'number') return false
      const text = String(value).toLowerCase()
      if (!/[\^$()%.[\]*+?]/.test(pattern.text)) return text === pattern.text.toLowerCase()
      return new RegExp(pattern.regex ?? '', 's').test(text)
    }
  }
}
