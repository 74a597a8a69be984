/**
 * The index of the suite, docs/conformance.md: which statement of the Process API specification is checked where.
 *
 * It is made from the titles in this folder. After a change of titles write it anew with
 * `npx vitest run --update lua/conformance/statements.test.ts`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

interface Statement {
  /** `5.2.3`: section and place in the order of its text. */
  readonly number: string
  readonly text: string
  readonly file: string
}

const directory = new URL('.', import.meta.url)
const files = readdirSync(directory)
  .filter((name) => /^\d\d-.*\.test\.ts$/.test(name))
  .sort()

/** Section titles by number: the outermost `describe` blocks. */
const sections = new Map<string, string>()
const statements: Statement[] = []

for (const file of files) {
  const source = readFileSync(new URL(file, directory), 'utf8')
  for (const [, number = '', title = ''] of source.matchAll(/^describe\('([\d.]+) ([^']+)'/gm)) {
    sections.set(number, title)
  }
  // A title with several numbers checks several statements. A section's own title has none.
  for (const [, , numbers = '', text = ''] of source.matchAll(
    /(['"`])((?:[1-9]\d?(?:\.\d+)*\.[1-9]\d*(?:, )?)+) ((?:(?!\1).)+)\1/g,
  )) {
    for (const number of numbers.split(', ')) if (sections.get(number) !== text) statements.push({ number, text, file })
  }
}

const sectionOf = (number: string): string => number.replace(/\.\d+$/, '')

test('each statement belongs to a section of the suite', () => {
  const strangers = statements.filter(({ number }) => !sections.has(sectionOf(number)))
  expect(strangers).toEqual([])
})

test.each([...sections.keys()])('the statements of section %s are numbered without gap', (section) => {
  const own = statements.filter(({ number }) => sectionOf(number) === section).map(({ number }) => number)
  const places = [...new Set(own)].map((number) => Number(number.slice(section.length + 1))).sort((a, b) => a - b)
  expect(places).toEqual(places.map((_, index) => index + 1))
  expect(places).not.toHaveLength(0)
})

test('docs/conformance.md lists the statements', async () => {
  await expect(page()).toMatchFileSnapshot('../../docs/conformance.md')
})

function page(): string {
  const count = new Set(statements.map(({ number }) => number)).size
  const parts = [...sections].sort(([a], [b]) => compareNumbers(a, b)).map(([number]) => sectionPart(number))
  const links = files.map((file) => `[${shortName(file)}]: ../lua/conformance/${file}`)
  return `${foreword(count)}\n${parts.join('\n')}\n${links.join('\n')}\n`
}

function foreword(count: number): string {
  return `# Conformance

The ${count} statements of the process API specification that the suite in \`lua/conformance/\` checks, and where. A number is
that of the section and the statement's place in its text: \`5.2.3\` is the third of section 5.2; \`6.0.1\` stands before
section 6.1. Each test's title begins with the number, so a search for it finds both.

Sections 14.2 to 14.7 and 16 describe modules and blueprints function by function: their tests are named after those
(\`lua/*.test.ts\`, \`lua/blueprints/\`), and so are the vectors of section 21 for \`.crypto\`. Section 1.2 is tested in
\`src/loader/\`.

This page is made from the titles. After a change of them: \`npx vitest run --update lua/conformance/statements.test.ts\`.
`
}

function sectionPart(section: string): string {
  const rows = new Map<string, Statement[]>()
  for (const statement of statements) {
    if (sectionOf(statement.number) !== section) continue
    rows.set(statement.number, [...(rows.get(statement.number) ?? []), statement])
  }
  const lines = [...rows]
    .sort(([a], [b]) => compareNumbers(a, b))
    .map(([number, titles]) => `| ${number} | ${texts(titles)} | ${links(titles)} |`)
  return `## ${section} ${sections.get(section)}\n\n| | statement | tests |\n|---|---|---|\n${lines.join('\n')}\n`
}

function texts(titles: readonly Statement[]): string {
  const readable = titles.map(({ text }) => text.replaceAll(/%[sji]/g, '…').replaceAll('|', '\\|'))
  return [...new Set(readable)].join('; ')
}

function shortName(file: string): string {
  return file.replace('.test.ts', '')
}

function links(titles: readonly Statement[]): string {
  return [...new Set(titles.map(({ file }) => `[${shortName(file)}]`))].join(' ')
}

function compareNumbers(a: string, b: string): number {
  const [first, second] = [a, b].map((number) => number.split('.').map(Number))
  for (let index = 0; ; index++) {
    const [x, y] = [first?.[index], second?.[index]]
    if (x === undefined || y === undefined) return (first?.length ?? 0) - (second?.length ?? 0)
    if (x !== y) return x - y
  }
}
