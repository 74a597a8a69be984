/** A call of `require` with a literal name. */
export interface LuaRequire {
  /** The name between the quotes, with escapes left as they are written: no file has a name with a backslash. */
  readonly name: string
  /** Line of the call, from 1. */
  readonly line: number
}

/**
 * Finds `require "x"`, `require 'x'`, `require [[x]]` and the same in parentheses, in order. What stands in comments and
 * strings does not count, nor do fields and methods of that name, nor computed names.
 *
 * It only splits the text into words and signs: text that is no Lua gives some answer, and is for Lua to refuse.
 *
 * @param source - Lua whose lines end in `\n`.
 */
export function findRequires(source: string): LuaRequire[] {
  const tokens = [...source.matchAll(tokenPattern)].filter(([text]) => !text.startsWith('--'))
  return tokens.flatMap((token, index) => {
    const before = tokens[index - 1]?.[0]
    if (token[0] !== 'require' || before === '.' || before === ':') return []
    const name = literalArgument(tokens.slice(index + 1, index + 4))
    return name === undefined ? [] : [{ name, line: source.slice(0, token.index).split('\n').length }]
  })
}

/** The string in `"x"` or `( "x" )`. */
function literalArgument([first, second, third]: readonly RegExpExecArray[]): string | undefined {
  const literal = first?.[0] === '(' && third?.[0] === ')' ? second : first
  return literal?.groups?.long ?? literal?.groups?.double ?? literal?.groups?.single
}

/** The tokens of Lua 5.3 as far as they matter here: what may hide a `require`, and what may stand before one. */
const tokenPattern = new RegExp(
  [
    /--\[(?<comment>=*)\[[\s\S]*?\]\k<comment>\]/,
    /--[^\n]*/,
    /\[(?<level>=*)\[\n?(?<long>[\s\S]*?)\]\k<level>\]/,
    // After a backslash stands any character; `\z` takes all white space after it, line ends too.
    /"(?<double>(?:\\z\s*(?!\s)|\\[^z]|[^"\\\n])*)"/,
    /'(?<single>(?:\\z\s*(?!\s)|\\[^z]|[^'\\\n])*)'/,
    /[A-Za-z_]\w*/,
    /\.{2,3}|::/,
    /\.?\d[\w.]*/,
    /\S/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
)
