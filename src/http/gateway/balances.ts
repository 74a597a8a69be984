import type { Address } from '../../protocol/ids.ts'
import { HttpError } from '../errors.ts'
import { httpLimits } from '../limits.ts'

/** 1 AR is 10^12 winston. */
const fundedWinston = 1_000n * 10n ** 12n

/** What wallets have, for clients that look before they upload. Nothing costs anything, and no token moves. */
export class Balances {
  readonly #funded: ReadonlySet<string>
  readonly #minted = new Map<Address, bigint>()

  constructor(fundedAddresses: ReadonlySet<string>) {
    this.#funded = fundedAddresses
  }

  /** Winston. */
  of(address: Address): bigint {
    return (this.#minted.get(address) ?? 0n) + (this.#funded.has(address) ? fundedWinston : 0n)
  }

  /** Until the node stops. @returns the balance. @throws {HttpError} `HTTP_GATEWAY_FULL` */
  mint(address: Address, winston: bigint): bigint {
    const max = httpLimits.mintedAddressesMax
    if (!this.#minted.has(address) && this.#minted.size >= max) {
      throw new HttpError({ code: 'HTTP_GATEWAY_FULL', what: 'addresses have minted balances', max })
    }
    this.#minted.set(address, (this.#minted.get(address) ?? 0n) + winston)
    return this.of(address)
  }
}
