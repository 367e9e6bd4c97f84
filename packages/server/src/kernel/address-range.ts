import { isIP } from 'node:net'

/** What is wrong with an address or a CIDR range, as the end of a sentence; null when nothing is. */
export const addressRangeProblem = (text: string): string | null => {
  const [address = '', length, ...rest] = text.split('/')
  const version = address.includes('%') ? 0 : isIP(address)
  if (version === 0 || rest.length > 0) return 'is not an IP address or CIDR range'
  if (length === undefined) return null
  const isLength =
    /^(?:0|[1-9]\d{0,2})$/.test(length) && Number(length) <= (version === 4 ? 32 : 128)
  return isLength ? null : 'has a prefix length that does not fit'
}
