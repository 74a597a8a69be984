import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

// Checks the package as users get it: packed, installed into an empty folder, and used there on plain Node: `npx loom
// start`, then the guide's first flow (spawn, message, result) through the unmodified client, then a project of its own.

const root = fileURLToPath(new URL('..', import.meta.url))
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  devDependencies: Record<string, string>
}
const client = `@permaweb/aoconnect@${devDependencies['@permaweb/aoconnect']}`
const folder = mkdtempSync(join(tmpdir(), 'loom-package-'))
// The Node that runs this script, and none of the checkout's commands.
const env = { ...process.env, PATH: [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter) }

const flow = `
import { readFileSync } from 'node:fs'
import { connect, createDataItemSigner } from '@permaweb/aoconnect'
const signer = createDataItemSigner(JSON.parse(readFileSync(process.argv[2], 'utf8')))
const ao = connect()
const processId = await ao.spawn({ module: 'MODULE_TX_ID', scheduler: 'SCHEDULER_ADDRESS', signer, tags: [{ name: 'App-Name', value: 'MyApp' }] })
const message = await ao.message({ process: processId, signer, tags: [{ name: 'Action', value: 'Eval' }], data: 'return 6 * 7' })
const result = await ao.result({ process: processId, message })
if (result.Output?.data !== '42') throw new Error('Unexpected result: ' + JSON.stringify(result))
console.log('the guide\\'s first flow: 6 * 7 is', result.Output.data)
`

const loaderFlow = `
import { createRequire } from 'node:module'
import AoLoader from 'ao-loom/loader'
if (createRequire(import.meta.url)('ao-loom/loader') !== AoLoader) throw new Error('require gives something else')
const environment = { Process: { Id: 'process', Owner: 'owner', Tags: [] } }
const spawned = { Id: 'process', Target: 'process', From: 'owner', Owner: 'owner', Module: 'module', 'Block-Height': 1, Tags: [] }
const code = { ...spawned, Id: 'message', Tags: [{ name: 'Action', value: 'Eval' }], Data: 'return 6 * 7' }
const handle = await AoLoader()
const { Memory } = await handle(null, spawned, environment)
const { Output } = await handle(Memory, code, environment)
if (Output?.data !== '42') throw new Error('Unexpected output: ' + JSON.stringify(Output))
console.log('ao-loom/loader, imported and required: 6 * 7 is', Output.data)
`

function run(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
}

try {
  console.log('packing …')
  const packed = run('npm', ['pack', '--silent', '--pack-destination', folder], root).trim().split('\n').at(-1) ?? ''
  console.log(`installing ${packed} into an empty folder …`)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  run('npm', ['install', '--silent', '--no-audit', '--no-fund', `./${packed}`, client], folder)
  writeFileSync(join(folder, 'loader.mjs'), loaderFlow)
  console.log(run('node', ['loader.mjs'], folder).trim())
  const node = spawn('npx', ['loom', 'start', '--port', '0', '--data', 'data'], { cwd: folder, env, detached: true })
  try {
    const url = await readUrl(node.stdout)
    console.log(`npx loom start: ready at ${url}`)
    const info = (await (await fetch(`${url}/api/info`)).json()) as { version?: string }
    if (info.version === undefined) throw new Error(`No version in ${JSON.stringify(info)}`)
    writeFileSync(join(folder, 'flow.mjs'), flow)
    const exports = run('npx', ['loom', 'env', '--url', url], folder)
    const script = `${exports}\nexec node flow.mjs data/wallets/wallet-1.json`
    console.log(run('bash', ['-c', script], folder).trim())
    // The new project finds the package in the folder above it.
    run('npx', ['loom', 'init', 'project'], folder)
    run('npm', ['test'], join(folder, 'project'))
    const load = [
      'loom',
      'spawn',
      '--blueprint',
      'token',
      '--load',
      'project/process.lua',
      '--data-dir',
      'data',
      '--url',
      url,
    ]
    run('npx', load, folder)
    console.log('npx loom init: the new project passes its tests, and is loaded beside a blueprint.')
  } finally {
    if (node.pid !== undefined) process.kill(-node.pid, 'SIGTERM')
    await once(node, 'exit')
  }
  console.log('the package works.')
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function readUrl(stdout: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = ''
    stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString('utf8')
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)
      if (url !== null) resolve(url[0])
    })
    stdout.on('end', () => reject(new Error(`The node ended before it was ready: ${printed}`)))
  })
}
