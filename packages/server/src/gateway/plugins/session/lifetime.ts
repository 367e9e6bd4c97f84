/** When a session began, was renewed and was used last; all in seconds since 1970. */
export type SessionTimes = { created: number; rolled: number; used: number }

/** How long it may last; 0 is for ever. */
export type SessionLimits = { idling: number; rolling: number; absolute: number }

/** The cookie of a busy session is not sent anew more often than this. */
const touchEverySeconds = 60

/** What is left of each limit, in seconds; infinite when there is none. */
export const remaining = (times: SessionTimes, limits: SessionLimits, now: number) => {
  const left = (since: number, limit: number): number =>
    limit === 0 ? Number.POSITIVE_INFINITY : since + limit - now
  const idling = left(times.used, limits.idling)
  const rolling = left(times.rolled, limits.rolling)
  const absolute = left(times.created, limits.absolute)
  return { idling, rolling, absolute, all: Math.min(idling, rolling, absolute) }
}

/** The times to write down now, or null when the cookie is good as it is. */
export const renewed = (
  times: SessionTimes,
  limits: SessionLimits,
  now: number,
): SessionTimes | null => {
  // The last quarter leaves a browser time to come back with the new cookie.
  const mustRoll = limits.rolling > 0 && now - times.rolled >= limits.rolling * 0.75
  if (mustRoll) return { ...times, rolled: now, used: now }
  const touchEvery = Math.min(touchEverySeconds, limits.idling / 4)
  const mustTouch = limits.idling > 0 && now - times.used >= touchEvery && now > times.used
  return mustTouch ? { ...times, used: now } : null
}
