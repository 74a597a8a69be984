const contextLength = 30
const excerptLength = 160

/** The parts of two texts around their first difference, short enough for a line. */
export function excerpts(one: string, other: string): readonly [string, string] {
  let same = 0
  while (same < one.length && one[same] === other[same]) same += 1
  const start = same <= contextLength ? 0 : same - contextLength
  return [cut(one, start), cut(other, start)]
}

function cut(text: string, start: number): string {
  const end = start + excerptLength
  return `${start > 0 ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}`
}
