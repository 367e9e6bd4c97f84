/**
 * The known name nearest to a mistyped one, or undefined when none is near: at most a third of the
 * letters may differ, so that `enviroment` finds `environment` and `foo` finds nothing.
 */
function findNearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > 64) return undefined
  const lower = name.toLowerCase().replaceAll('-', '_')
  let best: string | undefined
  let bestDistance = Math.floor(Math.max(name.length, 3) / 3) + 1
  for (const candidate of known) {
    const distance = editDistance(lower, candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** `did you mean X?`, or nothing. */
export function suggest(name: string, known: readonly string[]): string | undefined {
  const nearest = findNearestName(name, known)
  return nearest === undefined ? undefined : `did you mean ${nearest}?`
}

/** Optimal string alignment: insert, delete, replace, swap of neighbours each cost one. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replace = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replace)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}
