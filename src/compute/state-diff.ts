import { isMark, isRawNumber, parseStateValue, type StateValue } from '../vm/state-value.ts'

/**
 * What is different between two values of a state, both as the JSON of docs/time-travel.md.
 *
 * Values are compared and given as JSON text, because a number that is parsed no longer says whether it was 5 or 5.0.
 *
 * @module
 */

/** What became of a value. `before` and `after` are JSON text. */
export type StateChange =
  | { readonly kind: 'added'; readonly after: string }
  | { readonly kind: 'removed'; readonly before: string }
  | { readonly kind: 'changed'; readonly before: string; readonly after: string }
  /** A table before and after. Entries that are the same are left out; keys are those of JSON objects, `[1]` in lists. */
  | { readonly kind: 'inside'; readonly entries: ReadonlyMap<string, StateChange> }

/** @returns what happened on the way from one to the other; undefined when nothing did. `null` is nothing at all. */
export function diffStates(before: string, after: string): StateChange | undefined {
  if (before === after) return undefined
  return compare(parseStateValue(before), parseStateValue(after))
}

function compare(before: StateValue | undefined, after: StateValue | undefined): StateChange | undefined {
  const [left, right] = [entriesOf(before), entriesOf(after)]
  if (left !== undefined && right !== undefined) return compareTables(left, right)
  const [beforeText, afterText] = [JSON.stringify(before ?? null), JSON.stringify(after ?? null)]
  if (beforeText === afterText) return undefined
  if (beforeText === 'null') return { kind: 'added', after: afterText }
  if (afterText === 'null') return { kind: 'removed', before: beforeText }
  return { kind: 'changed', before: beforeText, after: afterText }
}

type Entries = ReadonlyMap<string, StateValue>

function compareTables(before: Entries, after: Entries): StateChange | undefined {
  const changes = new Map<string, StateChange>()
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const change = compare(before.get(key), after.get(key))
    if (change !== undefined) changes.set(key, change)
  }
  return changes.size === 0 ? undefined : { kind: 'inside', entries: changes }
}

/** Of a table, list or not; undefined for what is none. */
function entriesOf(value: StateValue | undefined): Entries | undefined {
  if (Array.isArray(value)) return new Map(value.map((member: StateValue, index) => [`[${index + 1}]`, member]))
  if (value === undefined || value === null || typeof value !== 'object') return undefined
  return isRawNumber(value) || isMark(value) ? undefined : new Map(Object.entries(value))
}
