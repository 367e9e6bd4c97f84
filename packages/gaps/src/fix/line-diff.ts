/** Lines `from` to `to` of a text (1-based, inclusive; to = from − 1 inserts) become `text`. */
export type LineChange = { from: number; to: number; text: string }

/** Lines that differ, beyond which the middle is told as replaced as a whole. */
const differencesMax = 2000

/** Lines with their ends; the last one may have none. */
export const splitLines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

/** What changes from one text to the other, smallest first (E. Myers, 1986). */
export const lineChanges = (before: string, after: string): LineChange[] => {
  const [a, b] = [splitLines(before), splitLines(after)]
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1
  let tail = 0
  while (tail < Math.min(a.length, b.length) - head && a.at(-1 - tail) === b.at(-1 - tail))
    tail += 1
  const [middleA, middleB] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)]
  if (middleA.length === 0 && middleB.length === 0) return []
  const matches = matchLines(middleA, middleB)
  const changes: LineChange[] = []
  let [atA, atB] = [0, 0]
  for (const [x, y] of [...matches, [middleA.length, middleB.length] as const]) {
    if (x > atA || y > atB) {
      const text = middleB.slice(atB, y).join('')
      changes.push({ from: head + atA + 1, to: head + x, text })
    }
    ;[atA, atB] = [x + 1, y + 1]
  }
  return changes
}

type Match = readonly [a: number, b: number]

/** Pairs of lines that stay, in order; none when the texts have too little in common. */
const matchLines = (a: readonly string[], b: readonly string[]): Match[] => {
  const trace: Map<number, number>[] = []
  let ends = new Map([[1, 0]])
  for (let d = 0; d <= Math.min(a.length + b.length, differencesMax); d += 1) {
    trace.push(new Map(ends))
    for (let k = -d; k <= d; k += 2) {
      const [left, right] = [ends.get(k - 1) ?? -1, ends.get(k + 1) ?? -1]
      let x = k === -d || (k !== d && left < right) ? right : left + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1
      ends.set(k, x)
      if (x >= a.length && x - k >= b.length) return walkBack(trace, a.length, b.length)
    }
    ends = new Map(ends)
  }
  return []
}

const walkBack = (trace: readonly Map<number, number>[], lengthA: number, lengthB: number) => {
  const matches: Match[] = []
  let [x, y] = [lengthA, lengthB]
  for (let d = trace.length - 1; d >= 0; d -= 1) {
    const ends = trace[d] ?? new Map<number, number>()
    const k = x - y
    const [left, right] = [ends.get(k - 1) ?? -1, ends.get(k + 1) ?? -1]
    const before = k === -d || (k !== d && left < right) ? k + 1 : k - 1
    const startX = d === 0 ? 0 : (ends.get(before) ?? 0)
    const startY = d === 0 ? 0 : startX - before
    while (x > startX && y > startY && x > 0 && y > 0) {
      matches.push([x - 1, y - 1])
      x -= 1
      y -= 1
    }
    ;[x, y] = [startX, startY]
  }
  return matches.toReversed()
}
