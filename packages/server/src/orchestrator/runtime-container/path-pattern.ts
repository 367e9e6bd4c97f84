/** One step of a pattern: `repeat` may take any number of what it takes, none included. */
type Step = {
  takes: (char: string) => boolean
  repeat: boolean
  leaves?: (char: string) => boolean
}

/**
 * Compiles a pattern of a `.dockerignore` (Go's filepath.Match and `**`): matches a path, and what
 * lies below it. The time is bounded by length of pattern times length of path, whatever the
 * pattern: a regular expression of many stars would take years for some paths.
 */
export const pathPattern = (pattern: string): ((path: string) => boolean) => {
  const tokens = pattern.match(tokenShape) ?? []
  if (tokens.every((token) => token.length === 1 && !special.has(token))) {
    return (path) => path === pattern || path.startsWith(`${pattern}/`)
  }
  const steps = tokens.flatMap(stepsOf)
  // With few stars the engine's own matcher is faster, and at worst quadratic.
  const stars = steps.filter(({ repeat }) => repeat).length
  if (stars > starsMax) return (path) => runs(steps, path)
  const expression = new RegExp(`^${tokens.map(expressionOf).join('')}(/.*)?$`, 's')
  return (path) => expression.test(path)
}

const starsMax = 2
const tokenShape = /\*\*\/|\*\*|\*|\?|\\.|\[\^?[^\]]+\]|[^]/g
const special: ReadonlySet<string> = new Set(['*', '?', '\\', '['])

const expressionOf = (token: string): string =>
  expressions[token] ?? (token.length === 1 ? token.replace(/[.+^${}()|[\]\\/]/, '\\$&') : token)

const expressions: Readonly<Record<string, string | undefined>> = {
  '**/': '(?:.*/)?',
  '**': '.*',
  '*': '[^/]*',
  '?': '[^/]',
}

const isAny = (): boolean => true
const isInName = (char: string): boolean => char !== '/'
const isSlash = (char: string): boolean => char === '/'

const stepsOf = (token: string): Step[] => {
  switch (token) {
    // Whole folders: once it has taken something, it ends with a slash.
    case '**/':
      return [{ takes: isAny, repeat: true, leaves: isSlash }]
    case '**':
      return [{ takes: isAny, repeat: true }]
    case '*':
      return [{ takes: isInName, repeat: true }]
    case '?':
      return [{ takes: isInName, repeat: false }]
  }
  if (token.length === 1) return [{ takes: (char) => char === token, repeat: false }]
  const expression = new RegExp(`^${token}$`, 's')
  return [{ takes: (char) => expression.test(char), repeat: false }]
}

/** All ways through the pattern at once: the set of steps that may come next, after each character. */
const runs = (steps: readonly Step[], path: string): boolean => {
  let open = new Set<number>()
  /** Inside of a `**` + `/`: it has taken something that is no slash yet. */
  let inside = new Set<number>()
  const enter = (into: Set<number>, at: number): void => {
    for (let step = at; ; step += 1) {
      if (into.has(step)) return
      into.add(step)
      if (steps[step]?.repeat !== true) return
    }
  }
  enter(open, 0)
  for (const char of path.split('')) {
    // The path so far is matched, and the rest lies below it.
    if (char === '/' && open.has(steps.length)) return true
    const next = new Set<number>()
    const nextInside = new Set<number>()
    for (const at of open) {
      const step = steps[at]
      if (step?.takes(char) !== true) continue
      if (!step.repeat) enter(next, at + 1)
      else if (step.leaves === undefined) enter(next, at)
      else if (step.leaves(char)) enter(next, at)
      else nextInside.add(at)
    }
    for (const at of inside) {
      if (steps[at]?.leaves?.(char) === true) enter(next, at)
      else nextInside.add(at)
    }
    open = next
    inside = nextInside
    if (open.size + inside.size === 0) return false
  }
  return open.has(steps.length)
}
