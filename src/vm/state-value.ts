/** A value of a state, parsed from the JSON of docs/time-travel.md. */
export type StateValue =
  | null
  | boolean
  | number
  | string
  | RawNumber
  | readonly StateValue[]
  | { readonly [key: string]: StateValue }

/** A number whose text is not what JavaScript would write, such as 5.0. `JSON.stringify` writes it as it was. */
export interface RawNumber {
  readonly rawJSON: string
}

/** The type library does not know them yet. */
const { rawJSON, isRawJSON } = JSON as unknown as {
  rawJSON(text: string): RawNumber
  isRawJSON(value: unknown): value is RawNumber
}

/** Like `JSON.parse`, but 5.0 stays 5.0. */
export function parseStateValue(json: string): StateValue {
  // To look at the text of every number takes several times as long, and most states have none that needs it.
  if (!unusualNumber.test(json)) return JSON.parse(json) as StateValue
  return JSON.parse(json, keepText as (key: string, value: unknown) => unknown) as StateValue
}

/** A float without a fraction, or with an exponent. Strings may look like it too, which does no harm. */
const unusualNumber = /\d\.0(?!\d)|\d[eE][-+]?\d/

function keepText(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || source === undefined || source === String(value)) return value
  return rawJSON(source)
}

export function isRawNumber(value: StateValue): value is RawNumber {
  return isRawJSON(value)
}

/** What stands for something that JSON has no word for: its first key begins with `$`, which no key of a process does. */
export function isMark(value: StateValue): value is { readonly [key: string]: StateValue } {
  return typeof value === 'object' && value !== null && Object.keys(value)[0]?.startsWith('$') === true
}
