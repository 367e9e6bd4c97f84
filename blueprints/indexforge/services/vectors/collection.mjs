// Points with a vector and a payload: in memory for the search, in a log on disk for the next start.
import { createReadStream, existsSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { createInterface } from 'node:readline'

const pointsMax = 200_000

/** @param {string} path of the log, one JSON line for each change */
export const openCollection = async (path) => {
  const points = new Map()
  let lines = 0
  const apply = ({ put, drop }) => {
    if (put !== undefined) points.set(put.id, { ...put, vector: Float32Array.from(put.vector) })
    if (drop !== undefined) points.delete(drop)
    lines += 1
  }
  if (existsSync(path)) {
    for await (const line of createInterface({ input: createReadStream(path) })) {
      // The last line may be half: its change was not acknowledged.
      if (line.endsWith('}')) apply(JSON.parse(line))
    }
  }
  let log = await open(path, 'a', 0o600)
  let turn = Promise.resolve()
  /** One after the other, so that the log has the order of the changes. */
  const inTurn = (work) => {
    const done = turn.then(work)
    turn = done.catch(() => {})
    return done
  }

  const change = (changes) =>
    inTurn(async () => {
      await log.appendFile(changes.map((one) => `${JSON.stringify(one)}\n`).join(''))
      await log.datasync()
      for (const one of changes) apply(one)
      if (lines > 1000 && lines > points.size * 2) await compact()
    })

  const writeAll = async (file) => {
    const target = await open(`${file}.new`, 'w', 0o600)
    try {
      for (const point of points.values()) {
        await target.appendFile(
          `${JSON.stringify({ put: { ...point, vector: [...point.vector] } })}\n`,
        )
      }
      await target.datasync()
    } finally {
      await target.close()
    }
    await rename(`${file}.new`, file)
  }

  const compact = async () => {
    await writeAll(path)
    await log.close()
    log = await open(path, 'a', 0o600)
    lines = points.size
  }

  return {
    size: () => points.size,
    find: (id) => points.get(id),
    put: (list) => {
      if (points.size + list.length > pointsMax) throw new Error(`more than ${pointsMax} points`)
      return change(list.map((put) => ({ put })))
    },
    drop: async (ids) => {
      const known = ids.filter((id) => points.has(id))
      await change(known.map((drop) => ({ drop })))
      return known.length
    },
    olderThan: (time) =>
      [...points.values()].filter(({ payload }) => payload.at < time).map(({ id }) => id),
    /** By cosine, as vectors have length one; `tag` keeps to points that have it. */
    search: (vector, { limit, tag }) =>
      [...points.values()]
        .filter(({ payload }) => tag === undefined || payload.tags?.includes(tag))
        .map((point) => ({ point, score: dot(point.vector, vector) }))
        .filter(({ score }) => score > 0)
        .toSorted((a, b) => b.score - a.score)
        .slice(0, limit)
        .map(({ point: { id, payload }, score }) => ({
          id,
          payload,
          score: Math.round(score * 1e4) / 1e4,
        })),
    snapshot: (file) => inTurn(() => writeAll(file)),
    close: () => inTurn(() => log.close()),
  }
}

const dot = (a, b) => {
  let sum = 0
  for (let index = 0; index < a.length; index += 1) sum += a[index] * b[index]
  return sum
}
