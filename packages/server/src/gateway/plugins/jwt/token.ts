import type { JwtAlgorithm } from '../../config/model.ts'
import { jwtAlgorithms } from '../../config/model.ts'

/** A token taken apart (RFC 7519), not yet believed. */
export type ParsedToken = {
  header: Readonly<Record<string, unknown>>
  claims: Readonly<Record<string, unknown>>
  algorithm: JwtAlgorithm
  /** What was signed. */
  signed: string
  signature: Buffer
}

const algorithms: ReadonlySet<string> = new Set(jwtAlgorithms)

/** The token, or what is wrong with it in Kong's words. */
export const parseToken = (token: string): ParsedToken | string => {
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  if (first === -1 || second === -1) return 'invalid JSON'
  const header = jsonPart(token.slice(0, first))
  const claims = jsonPart(token.slice(first + 1, second))
  if (header === undefined || claims === undefined) return 'invalid JSON'
  const algorithm = isRecord(header) ? header['alg'] : undefined
  if (!isRecord(header) || !isAlgorithm(algorithm)) return 'invalid alg'
  if (!isRecord(claims)) return 'invalid claims'
  // None of the extensions that it may name is known here (RFC 7515 4.1.11).
  if (Object.hasOwn(header, 'crit')) return 'invalid crit'
  const signature = bytesOf(token.slice(second + 1))
  if (signature === null) return 'invalid signature'
  return { header, claims, algorithm, signed: token.slice(0, second), signature }
}

/** A field of the claims, else of the header; nothing that objects have by themselves. */
export const namedClaim = ({ claims, header }: ParsedToken, name: string): unknown => {
  if (Object.hasOwn(claims, name)) return claims[name]
  return Object.hasOwn(header, name) ? header[name] : undefined
}

const isAlgorithm = (value: unknown): value is JwtAlgorithm =>
  typeof value === 'string' && algorithms.has(value)

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const jsonPart = (part: string): unknown => {
  const bytes = bytesOf(part)
  if (bytes === null) return undefined
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch {
    return undefined
  }
}

/** Null unless it is base64url, with or without padding; Buffer alone would skip what it does not know. */
const bytesOf = (part: string): Buffer | null => {
  let end = part.length
  while (end > 0 && part.length - end < 2 && part[end - 1] === '=') end -= 1
  if (end % 4 === 1) return null
  for (let at = 0; at < end; at += 1) {
    const code = part.charCodeAt(at)
    const letter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)
    const digit = code >= 0x30 && code <= 0x39
    if (!letter && !digit && code !== 0x2d && code !== 0x5f) return null
  }
  return Buffer.from(part, 'base64url')
}
