import { createNodeClient, type NodeInfo } from '../client/node-client.ts'
import { print } from '../output.ts'
import type { EnvOptions } from './options.ts'

/** Wraps `fetch` of a Node program: see its own comment. */
const redirectModule = new URL('./redirect-public-hosts.mjs', import.meta.url).href

export async function env({ url }: EnvOptions): Promise<void> {
  const info = await createNodeClient(url).info()
  print(...envLines(url, info))
}

/** Lines for a POSIX shell, safe to evaluate whatever the values hold. */
export function envLines(url: string, { address, moduleId }: NodeInfo): readonly string[] {
  return [
    '# Clients started from this shell use the Loom node at this URL:',
    line('LOOM_URL', url),
    '# aoconnect (functions imported by name), aos, and others that read them:',
    line('GATEWAY_URL', url),
    line('GRAPHQL_URL', `${url}/graphql`),
    line('MU_URL', `${url}/mu`),
    line('CU_URL', `${url}/cu`),
    line('SU_URL', `${url}/su`),
    line('AO_URL', url),
    "# The node is scheduler and authority in one; AOS_MODULE is its process library. aoconnect's mainnet mode takes a",
    '# MODULE from here over the one in the code, so that one is left alone.',
    line('SCHEDULER', address),
    line('AUTHORITY', address),
    line('AOS_MODULE', moduleId),
    '# connect() of aoconnect without arguments reads none of these: Node programs get a fetch that asks this node',
    '# instead of arweave.net and mu, cu and su-router.ao-testnet.xyz.',
    `export NODE_OPTIONS="\${NODE_OPTIONS:+$NODE_OPTIONS }"${quote(`--import=${redirectModule}`)}`,
    '# Run it in your shell:  eval "$(loom env)"',
  ]
}

function line(name: string, value: string): string {
  return `export ${name}=${quote(value)}`
}

/** One word of a POSIX shell. */
function quote(value: string): string {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`
}
