import { errorCode } from '../../protocol/loom-error.ts'
import { createRsaSigner } from '../../protocol/signers.ts'
import type { Signer } from '../../protocol/types.ts'
import { firstDevelopmentWallet, readWallet } from '../development-wallets.ts'
import { CliError } from '../errors.ts'
import type { WalletOptions } from './options.ts'

/**
 * The signer of a command: the wallet that was named, or the first development wallet.
 *
 * @throws {CliError} `CLI_WALLET_MISSING`, `CLI_WALLET_UNREADABLE`
 */
export function openSigner({ wallet, dataDir }: WalletOptions): Signer {
  const path = wallet ?? firstDevelopmentWallet(dataDir)
  if (path === undefined) throw new CliError({ code: 'CLI_WALLET_MISSING', dataDirectory: dataDir })
  const jwk = readWallet(path)
  try {
    return createRsaSigner(jwk)
  } catch (cause) {
    const reason = errorCode(cause) === 'PROTOCOL_KEY_INVALID' ? (cause as Error).message : 'it is not a wallet'
    throw new CliError({ code: 'CLI_WALLET_UNREADABLE', path, reason }, { cause })
  }
}
