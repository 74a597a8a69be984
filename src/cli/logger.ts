import { destination, type Logger, pino } from 'pino'

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** JSON lines on standard error: time, level, text, values. Keys and signed content never stand in the values. */
export function createLogger(level: LogLevel): Logger {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    // A slip in some record must not put a private key into a log file.
    redact: { paths: ['jwk', 'seed', '*.jwk', '*.seed', '*.d', '*.p', '*.q'], remove: true },
  }
  return pino(options, destination({ fd: 2, sync: true }))
}
