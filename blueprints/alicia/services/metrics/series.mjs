const seriesMax = 500
/** An hour at one point a second. */
const pointsMax = 3600

/**
 * Time series in memory; of values that come faster than `everyMs` the last one counts.
 * @param {{ everyMs: () => number }} options
 */
export const createSeries = ({ everyMs }) => {
  const all = new Map()
  return {
    add: (name, value, at) => {
      const points = all.get(name) ?? []
      if (points.length === 0 && all.size >= seriesMax) return
      all.set(name, points)
      const last = points.at(-1)
      if (last !== undefined && at - last.at < everyMs()) last.value = value
      else points.push({ at, value })
      if (points.length > pointsMax) points.shift()
    },
    names: () => [...all.keys()].sort((a, b) => a.localeCompare(b)),
    since: (name, from) => all.get(name)?.filter(({ at }) => at >= from),
  }
}

/**
 * The straight line that fits best, by least squares: how much it changes in an hour, and where it
 * leads in ten minutes. `fit` is 1 when all points are on the line.
 */
export const trendOf = (points) => {
  const count = points.length
  if (count === 0) return { count }
  const values = points.map(({ value }) => value)
  const mean = values.reduce((sum, value) => sum + value, 0) / count
  const told = { count, min: Math.min(...values), max: Math.max(...values), mean }
  const start = points[0].at
  const hours = points.map(({ at }) => (at - start) / 3_600_000)
  const middle = hours.reduce((sum, hour) => sum + hour, 0) / count
  const spread = hours.reduce((sum, hour) => sum + (hour - middle) ** 2, 0)
  if (spread === 0) return { ...told, direction: 'steady', perHour: 0 }
  const together = hours.reduce((sum, hour, i) => sum + (hour - middle) * (values[i] - mean), 0)
  const perHour = together / spread
  const deviation = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const fit = deviation === 0 ? 1 : together ** 2 / (spread * deviation)
  const isSteady = Math.abs(perHour) < Math.max(Math.abs(mean) * 0.02, 0.01)
  const direction = isSteady ? 'steady' : perHour > 0 ? 'rising' : 'falling'
  const inTenMinutes = mean + perHour * (hours.at(-1) - middle + 1 / 6)
  return { ...told, direction, perHour, inTenMinutes, fit }
}
