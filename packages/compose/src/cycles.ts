import { at } from './consistency-model.ts'
import type { Model } from './consistency-model.ts'
import type { Report } from './diagnostics.ts'

/** What is shown of a cycle; whoever has a longer one finds the rest from there. */
const shownMax = 50

type Step = { name: string; targets: Iterator<string> }

/**
 * The first cycle through each service, with its path. A list of steps in place of recursion: a chain
 * of 9,000 services is deeper than the stack of calls.
 */
export function checkCycles(model: Model, report: Report): void {
  const done = new Set<string>()
  const trail: Step[] = []
  const places = new Map<string, number>()
  const enter = (name: string): void => {
    const from = places.get(name)
    if (from !== undefined) return tell(trail, from, model, report)
    // Own names only: a service may be looked up as `constructor`.
    if (done.has(name) || !Object.hasOwn(model.services, name)) return
    places.set(name, trail.length)
    const targets = Object.keys(model.services[name]?.dependsOn ?? {})
    trail.push({ name, targets: targets.values() })
  }
  for (const start of Object.keys(model.services)) {
    enter(start)
    for (let step = trail.at(-1); step !== undefined; step = trail.at(-1)) {
      const next = step.targets.next()
      if (next.done !== true) {
        enter(next.value)
        continue
      }
      trail.pop()
      places.delete(step.name)
      done.add(step.name)
    }
  }
}

function tell(trail: readonly Step[], from: number, model: Model, report: Report): void {
  const name = trail[from]?.name ?? ''
  const shown = trail.slice(from, from + shownMax).map((step) => step.name)
  const left = trail.length - from - shown.length
  const cycle = [...shown, ...(left > 0 ? [`… ${left} more`] : []), name].join(' -> ')
  const place = at(model, 'services', trail.at(-1)?.name ?? name, 'depends_on', name)
  const hint = 'remove one of these depends_on'
  report.error('dependency_cycle', place, `dependency cycle detected: ${cycle}`, hint)
}
