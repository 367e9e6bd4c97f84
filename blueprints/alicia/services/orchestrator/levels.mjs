/**
 * Levels of services: each needs only those of the levels before it. Those that need each other in
 * a circle are told apart and come last.
 * @param {Map<string, readonly string[]>} needs
 */
export const levelsOf = (needs) => {
  const left = new Map([...needs].sort(([a], [b]) => a.localeCompare(b)))
  const levels = []
  while (left.size > 0) {
    const free = [...left]
      .filter(([, needed]) => needed.every((one) => !left.has(one)))
      .map(([service]) => service)
    if (free.length === 0) break
    levels.push(free)
    for (const service of free) left.delete(service)
  }
  const circle = [...left.keys()]
  return { levels: circle.length === 0 ? levels : [...levels, circle], circle }
}
