import type { FastifyBaseLogger } from 'fastify'

/** Fastify's own logging is off: each request is one line of ours, with our names. */
export const silent: FastifyBaseLogger = {
  level: 'silent',
  fatal: () => {},
  error: () => {},
  warn: () => {},
  info: () => {},
  debug: () => {},
  trace: () => {},
  silent: () => {},
  child: () => silent,
}
