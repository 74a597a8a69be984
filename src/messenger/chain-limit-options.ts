/** How far what one message from outside sets off may go before it stops. */
export interface ChainLimitOptions {
  /** Levels below the root; `Infinity`: no limit. */
  readonly depthMax: number
  /** Log entries, the root among them; `Infinity`: no limit. */
  readonly entriesMax: number
}

/**
 * Room for a conversation of 500 questions and answers, and for a message to 10,000 processes, the most that one message can
 * send, with an answer from each and an answer to that. A loop of two processes ends after a few seconds, and one that
 * doubles with each level before it has filled the disk.
 */
export const chainLimitDefaults: ChainLimitOptions = { depthMax: 1_000, entriesMax: 50_000 }
