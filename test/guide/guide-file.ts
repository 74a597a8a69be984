/**
 * The guide as it lies beside the checkout: its code blocks, each as printed.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What is shown and tested is the guide's own text, so it is read where it is kept, not copied into this repository. */
export const guidePath = fileURLToPath(new URL('../../../shared/guide/what-are-ao-processes.md', import.meta.url))

export interface FencedBlock {
  /** The word after the opening fence; empty when there is none. */
  readonly language: string
  /** The nearest heading above, without its marks. */
  readonly heading: string
  /** What stands between the fences, without the last line break. Not one character changed. */
  readonly text: string
  /** Line of the opening fence, from 1. */
  readonly line: number
}

/** The guide's text, or undefined where the folder is absent: it is not part of the repository. */
export function readGuide(): string | undefined {
  return existsSync(guidePath) ? readFileSync(guidePath, 'utf8') : undefined
}

/** @throws {Error} when a fence is not closed: the rest of the page would be lost without a word. */
export function fencedBlocks(markdown: string): FencedBlock[] {
  const blocks: FencedBlock[] = []
  let heading = ''
  let open: { language: string; line: number; lines: string[] } | undefined
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^\s*```(.*)$/.exec(line)
    if (open === undefined) {
      heading = /^#{1,6} +(.*)$/.exec(line)?.[1] ?? heading
      if (fence !== null) open = { language: (fence[1] ?? '').trim(), line: index + 1, lines: [] }
    } else if (fence === null) {
      open.lines.push(line)
    } else {
      blocks.push({ language: open.language, heading, text: open.lines.join('\n'), line: open.line })
      open = undefined
    }
  }
  if (open !== undefined) throw new Error(`The fence in line ${open.line} is not closed.`)
  return blocks
}
