/**
 * How the model of the message pipeline gives up.
 *
 * @module
 */

/** Thrown where the specification does not say what happens: the comparison ends before that message. */
export class UnspecifiedError extends Error {}

/** An error of Lua. The text has no positions and no names of variables. */
export class LuaError extends Error {
  readonly text: string | undefined
  readonly hasPosition: boolean
  /** Whether it went through a handle, which may make a text of another value. */
  throughHandle = false

  constructor(text: string | undefined, hasPosition = false) {
    super(text)
    this.text = text
    this.hasPosition = hasPosition
  }
}
