const dayMs = 24 * 60 * 60 * 1000
/** Renewal begins 30 days before the end; less than this means that it does not work. */
const warningDays = 21
const gravestDays = 7

export type Expiry = { tone: 'healthy' | 'degraded' | 'unhealthy'; days: number; text: string }

/** How long a certificate is still good, and how grave that is. */
export const expiryOf = (notAfter: string | null, nowMs: number): Expiry => {
  if (notAfter === null) return { tone: 'degraded', days: 0, text: 'none yet' }
  const leftMs = Date.parse(notAfter) - nowMs
  const days = Math.floor(leftMs / dayMs)
  if (leftMs <= 0) {
    const ago = Math.floor(-leftMs / dayMs)
    return { tone: 'unhealthy', days, text: ago === 0 ? 'ended today' : `ended ${inDays(ago)} ago` }
  }
  const text = days === 0 ? 'ends today' : `${inDays(days)} left`
  if (days < gravestDays) return { tone: 'unhealthy', days, text }
  return { tone: days < warningDays ? 'degraded' : 'healthy', days, text }
}

const inDays = (days: number): string =>
  `${days.toLocaleString('en')} ${days === 1 ? 'day' : 'days'}`
