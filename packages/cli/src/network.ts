import { isIP } from 'node:net'
import { usageError } from './failure.ts'

const bitsOf: Record<number, number> = { 4: 32, 6: 128 }

/** An address or a CIDR range, as it is. Throws a usage error for what is none. */
export const networkIn = (text: string): string => {
  const [address = '', bits, ...more] = text.split('/')
  const bitsMax = bitsOf[isIP(address)]
  const isRange = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (bitsMax ?? 0))
  if (bitsMax !== undefined && isRange && more.length === 0) return text
  throw usageError(
    `--network ${text}: this is no address and no range of addresses`,
    'Give an address (10.0.0.7, 2001:db8::7) or a range in CIDR notation (10.0.0.0/8)',
  )
}
