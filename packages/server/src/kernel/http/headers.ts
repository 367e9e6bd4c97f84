import type { FastifyReply, FastifyRequest } from 'fastify'

/** Of every answer but the page, which brings its own policy. */
const always = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  // What may be kept says so itself.
  'cache-control': 'no-store',
} as const

/** Two years, which is what browsers ask for before they ship a name in their list. */
const strictTransport = 'max-age=63072000; includeSubDomains'

/** A browser would ask every port of localhost by https from then on, whoever listens there. */
const isOfThisMachine = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')

export const guardAnswer = (request: FastifyRequest, reply: FastifyReply): void => {
  reply.headers({ ...always, 'x-request-id': request.id })
  if (request.protocol !== 'https' || isOfThisMachine(request.hostname.toLowerCase())) return
  reply.header('strict-transport-security', strictTransport)
}
