import { relative } from 'node:path'
import type { NetworkInfo } from '../../network/types.ts'
import type { DevelopmentWallet } from '../development-wallets.ts'
import { invocation } from '../invocation.ts'
import { defaultDataDirectory, defaultUrl } from '../option-values.ts'

export interface BannerContent {
  readonly url: string
  readonly info: NetworkInfo
  readonly wallets: readonly DevelopmentWallet[]
  /** Undefined: everything is in memory. */
  readonly dataDirectory: string | undefined
  readonly readyMs: number
}

/** What a newcomer needs to know of a node that has just become ready. */
export function bannerLines({ url, info, wallets, dataDirectory, readyMs }: BannerContent): readonly string[] {
  const options = [
    ...(url === defaultUrl ? [] : [`--url ${url}`]),
    ...(dataDirectory === defaultDataDirectory ? [] : [walletOption(wallets, dataDirectory)]),
  ].join(' ')
  const suffix = options === '' ? '' : ` ${options}`
  const urlSuffix = url === defaultUrl ? '' : ` --url ${url}`
  const loom = invocation()
  return [
    '',
    `  Loom ${info.version} is ready after ${Math.round(readyMs)} ms${info.mode === 'strict' ? ' (strict)' : ''}`,
    '',
    `  Gateway     ${url}`,
    `  Messenger   ${url}/mu`,
    `  Scheduler   ${url}/su`,
    `  Compute     ${url}/cu`,
    `  GraphQL     ${url}/graphql`,
    '',
    `  Node        ${info.address}   scheduler and authority of processes`,
    `  Module      ${info.moduleId}   the process library to spawn with`,
    `  Data        ${dataDirectory ?? 'in memory; gone when the node stops'}`,
    '',
    '  Development wallets, 1,000 AR each, worthless: anyone can compute these keys',
    ...wallets.map(({ address, path }) => `    ${address}   ${shortPath(path)}`),
    '',
    '  Try next',
    `    eval "$(${loom} env${urlSuffix})"      variables: clients of this shell use this node`,
    `    ${loom} spawn --name hello${suffix}`,
    `    ${loom} eval <process> 'return 1 + 1'${suffix}`,
    // Placeholders of tutorials stand for nothing on a strict node.
    ...(info.mode === 'strict'
      ? []
      : ['    The guide "What are AO Processes" works as it is printed, in a shell with these variables.']),
    '    Stop with Ctrl-C.',
    '',
  ]
}

function walletOption(wallets: readonly DevelopmentWallet[], dataDirectory: string | undefined): string {
  return dataDirectory === undefined ? `--wallet ${wallets[0]?.path ?? '<file>'}` : `--data-dir ${dataDirectory}`
}

function shortPath(path: string): string {
  const short = relative(process.cwd(), path)
  return short.startsWith('..') ? path : short
}
