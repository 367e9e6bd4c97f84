import type { Forwarding } from './decide.ts'
import { cacheName } from './targeted.ts'

/** What the cache did with a request (RFC 9211). */
export type CacheStatus = {
  hit?: boolean
  fwd?: Forwarding
  fwdStatus?: number
  stored?: boolean
  collapsed?: boolean
  /** Seconds it is still fresh for; negative when it is stale. */
  ttl?: number
  detail?: string
}

/** A member of the field `Cache-Status`. */
export const cacheStatus = (status: CacheStatus): string => {
  let text: string = cacheName
  if (status.hit === true) text += '; hit'
  if (status.fwd !== undefined) text += `; fwd=${status.fwd}`
  if (status.fwdStatus !== undefined) text += `; fwd-status=${status.fwdStatus}`
  if (status.ttl !== undefined) text += `; ttl=${status.ttl}`
  if (status.stored === true) text += '; stored'
  if (status.collapsed === true) text += '; collapsed'
  if (status.detail !== undefined) text += `; detail=${status.detail}`
  return text
}
