import { Refusal } from '../../../shared/service.mjs'

const everySecondsMax = 7 * 24 * 3600
const form = 'Send a name and either every: <seconds> or at: "HH:MM" with days: [0–6]'

/**
 * What somebody sent, checked.
 * @returns {{ name: string, every: number } | { name: string, at: string, days?: number[] }}
 */
export const readEntry = ({ name, every, at, days }) => {
  if (typeof name !== 'string' || !/^[\w-]{1,40}$/.test(name)) throw new Refusal(400, form)
  if (at === undefined) {
    if (!Number.isInteger(every) || every < 1 || every > everySecondsMax) {
      throw new Refusal(400, `${form}; every is from 1 to ${everySecondsMax}`)
    }
    return { name, every }
  }
  const areDays =
    days === undefined || (Array.isArray(days) && days.every((day) => /^[0-6]$/.test(day)))
  if (!/^(?:[01]\d|2[0-3]):[0-5]\d$/.test(at) || !areDays || days?.length === 0) {
    throw new Refusal(400, form)
  }
  return { name, at, ...(days === undefined ? {} : { days: days.map(Number) }) }
}

/** When it is due next after `now`, in milliseconds; times of the day are those of the machine. */
export const nextRun = ({ every, at = '', days }, now) => {
  if (every !== undefined) return now + every * 1000
  const [hour = 0, minute = 0] = at.split(':').map(Number)
  const next = new Date(now)
  next.setHours(hour, minute, 0, 0)
  while (next.getTime() <= now || (days !== undefined && !days.includes(next.getDay()))) {
    next.setDate(next.getDate() + 1)
  }
  return next.getTime()
}
