import { Type } from 'typebox'

/** An address of a collector. */
export const endpoint = (description: string) =>
  Type.String({ pattern: '^https?://[^\\s/]+', description })

/** Milliseconds, in the bounds of Kong. */
export const milliseconds = (value: number, description: string) =>
  Type.Integer({ default: value, minimum: 0, maximum: 2_147_483_646, description })

export const host = (description: string) =>
  Type.String({ pattern: '^[A-Za-z0-9._:-]+$', description })

export const port = (description: string, options: { default?: number } = {}) =>
  Type.Integer({ minimum: 0, maximum: 65_535, description, ...options })

export const verifyField = Type.Boolean({
  default: true,
  description: 'Verifies the certificate of the server.',
})

/** No line ends, by which one field would become two. */
const headerValue = Type.String({ pattern: '^[\\t\\x20-\\x7e\\x80-\\xff]*$' })

/** Of header names, those of HTTP (RFC 9110 5.1). */
export const headerMap = (description: string) =>
  Type.Record(Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" }), headerValue, {
    additionalProperties: false,
    description,
  })
