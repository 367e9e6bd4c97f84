const topicsMax = 2000

/** Does a message meet a condition? Without a field every message does. */
const meets = ({ field, is, above, below }, body) => {
  if (field === undefined) return true
  const value = body?.[field]
  if (above !== undefined) return value > above
  if (below !== undefined) return value < below
  return value === is
}

/**
 * Runs a routine when its condition comes true, not for as long as it is.
 * @param {() => readonly object[]} routines
 * @param {(routine: any) => void} run
 */
export const createTriggers = (routines, run) => {
  const last = new Map()
  return {
    see: (topic, body, isRetained) => {
      const before = last.get(topic)
      if (before === undefined && last.size >= topicsMax) return
      last.set(topic, body)
      // What was so before we came is no news.
      if (isRetained) return
      for (const routine of routines()) {
        const { when, unless } = routine
        if (when.topic !== topic || !meets(when, body)) continue
        if (when.field !== undefined && before !== undefined && meets(when, before)) continue
        if (unless !== undefined && meets(unless, last.get(unless.topic))) continue
        run(routine)
      }
    },
  }
}
