import { readFileSync } from 'node:fs'
import { describe, test } from 'vitest'

/** A published package in one version, at one place. */
interface Client {
  readonly name: string
  readonly version: string
  /** What it runs in. */
  readonly platform: 'Node' | 'Chromium'
  readonly findings: Finding[]
}

/** What one test says about one function of a client. */
interface Finding {
  readonly functionName: string
  /** `works`: as against the public network. */
  readonly outcome: 'works' | 'differs'
  readonly text: string
}

/**
 * Makes a test and a row of docs/compatibility.md.
 *
 * @param functionName - As its users write it.
 * @param text - What is checked; for a difference, what differs and why. Part of the page, and of the test's title.
 */
type Register = (functionName: string, text: string, run: () => Promise<unknown>) => void

export interface ClientTests {
  readonly works: Register
  /** The test asserts the difference. */
  readonly differs: Register
}

export interface ClientOptions {
  readonly name: string
  /** Its folder in node_modules, where that is not its name. */
  readonly directory?: string
  readonly platform?: Client['platform']
  /** The rows are part of the page, but the tests cannot run here. */
  readonly isSkipped?: boolean
}

const clients: Client[] = []

/** Tests of one client. All of them talk to the node of node.ts. */
export function describeClient(options: ClientOptions, define: (tests: ClientTests) => void): void {
  const { name, directory = name, platform = 'Node', isSkipped = false } = options
  const client: Client = { name, version: installedVersion(directory), platform, findings: [] }
  clients.push(client)
  const register =
    (outcome: Finding['outcome']): Register =>
    (functionName, text, run) => {
      client.findings.push({ functionName, outcome, text })
      test.skipIf(isSkipped)(`${functionName}: ${text}`, async () => {
        await run()
      })
    }
  describe(heading(client), () => define({ works: register('works'), differs: register('differs') }))
}

function installedVersion(directory: string): string {
  const manifest = new URL(`../../node_modules/${directory}/package.json`, import.meta.url)
  return JSON.parse(readFileSync(manifest, 'utf8')).version
}

function heading({ name, version, platform }: Client): string {
  return `${name} ${version}, ${platform}`
}

/** docs/compatibility.md, of everything that was registered. */
export function compatibilityPage(): string {
  // The versions of a package together, in the order of the packages' first tests.
  const place = ({ name }: Client) => clients.findIndex((client) => client.name === name)
  const sorted = clients.toSorted((a, b) => place(a) - place(b))
  return `${foreword}\n${summary(sorted)}\n${sorted.map(section).join('\n')}`
}

const foreword = `# Compatibility

The published clients, unmodified, against a node started with \`loom start\`: what works as it does against the public
network, and what differs and why. Each row stands for tests in \`test/clients/\`, whose titles begin with the function; a
difference is asserted as well. Clients for Node run as under \`loom env\`; Chromium shows a page of another origin, and
has no other network.

This page is made from the tests. After a change of them: \`npx vitest run --update test/clients\`.
`

function summary(sorted: readonly Client[]): string {
  const rows = sorted.map((client) => {
    const functions = rowsOf(client)
    const count = (outcome: Finding['outcome']) => functions.filter((row) => row.outcome === outcome).length
    return `| \`${client.name}\` | ${client.version} | ${client.platform} | ${count('works')} | ${count('differs')} |`
  })
  return `| client | version | runs in | works | differs |\n|---|---|---|---|---|\n${rows.join('\n')}\n`
}

function section(client: Client): string {
  const rows = rowsOf(client).map(
    ({ functionName, outcome, texts }) => `| \`${cell(functionName)}\` | ${outcome} | ${cell(texts.join('; '))} |`,
  )
  return `## ${heading(client)}\n\n| function | | |\n|---|---|---|\n${rows.join('\n')}\n`
}

interface Row {
  readonly functionName: string
  readonly outcome: Finding['outcome']
  readonly texts: string[]
}

/** One row for each function and outcome, in the order of the tests. */
function rowsOf({ findings }: Client): readonly Row[] {
  const rows: Row[] = []
  for (const { functionName, outcome, text } of findings) {
    const row = rows.find((other) => other.functionName === functionName && other.outcome === outcome)
    if (row === undefined) rows.push({ functionName, outcome, texts: [text] })
    else row.texts.push(text)
  }
  return rows
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
