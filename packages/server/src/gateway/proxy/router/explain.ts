import { fitsDestination, fitsHeader, fitsSource } from './conditions.ts'
import type { NamePattern } from './host.ts'
import { explainPriority } from './priority.ts'
import type { RouteExplanation } from './route-match.ts'
import { fitsHost, fitsMethod, fitsPath, fitsSni, type Asked, type Rule } from './rule.ts'
import { judgeVersion, namedVersion } from './versions.ts'

/** Routes that are told of; the best ones. */
export const explanationLimit = 50

/**
 * What becomes of each route that could be meant: those that match, and those of which path or
 * host matches and something else does not. Looks at every rule: for people, not for requests.
 */
export const explainRoutes = <T>(
  rules: readonly Rule<T>[],
  asked: Asked,
): RouteExplanation<T>[] => {
  const matching = new Map<string, Rule<T>>()
  const missing = new Map<string, { rule: Rule<T>; faults: string[] }>()
  for (const rule of rules) {
    const faults = faultsOf(rule, asked)
    const { id } = rule.entry
    if (faults.length === 0) {
      if (!matching.has(id)) matching.set(id, rule)
    } else if (isNear(rule, asked)) {
      const known = missing.get(id)
      if (known === undefined || known.faults.length > faults.length) {
        missing.set(id, { rule, faults })
      }
    }
  }
  const [winner] = matching.values()
  const told: RouteExplanation<T>[] = [...matching.values()].map((rule) =>
    explainMatch(rule, winner ?? rule, asked),
  )
  const misses = [...missing.values()]
    .filter(({ rule }) => !matching.has(rule.entry.id))
    .toSorted((a, b) => a.faults.length - b.faults.length || a.rule.rank - b.rule.rank)
  for (const { rule, faults } of misses.slice(0, explanationLimit)) {
    told.push({ ...namesOf(rule), outcome: 'does not match', reason: faults.join('; ') })
  }
  return told.slice(0, explanationLimit)
}

const namesOf = <T>({ entry }: Rule<T>) => ({
  id: entry.id,
  name: entry.name,
  value: entry.value,
})

const explainMatch = <T>(rule: Rule<T>, winner: Rule<T>, asked: Asked): RouteExplanation<T> => {
  if (rule === winner) {
    return { ...namesOf(rule), outcome: 'wins', reason: reasonToWin(rule, asked) }
  }
  const other = winner.entry.name ?? winner.entry.id
  const why = explainPriority(winner.priority, rule.priority)
  return {
    ...namesOf(rule),
    outcome: 'matches but loses',
    reason: `matches, but '${other}' ${why}`,
  }
}

const reasonToWin = <T>(rule: Rule<T>, { ask, hostName }: Asked): string => {
  const { entry, path } = rule
  const reasons: string[] = []
  if (entry.hosts.length > 0) reasons.push(`host is ${shown(hostName)}`)
  if (rule.regex !== null) reasons.push(`path fits ${shown(path ?? '')}`)
  else if (path !== null) reasons.push(`path starts with ${shown(path)}`)
  if (entry.methods.length > 0) reasons.push(`method is ${shown(ask.method)}`)
  for (const { name } of rule.headers) {
    reasons.push(`header ${name} is ${shown(ask.headers.joined(name) ?? '')}`)
  }
  if (rule.snis.length > 0 && ask.scheme === 'https') reasons.push(`SNI is ${shown(ask.sni ?? '')}`)
  if (rule.sources !== null) reasons.push(`it comes from ${ask.client?.address ?? ''}`)
  if (rule.destinations !== null) reasons.push(`it came in at ${ask.client?.localAddress ?? ''}`)
  return `${listed(reasons)}${consequences(rule, ask)}`
}

const consequences = <T>({ needsHttps, version }: Rule<T>, ask: Asked['ask']): string => {
  if (needsHttps && ask.scheme === 'http') return '; the route takes https only'
  if (version === null || judgeVersion(version, ask.headers) !== 'refused') return ''
  const { api, known } = version.served
  const asked = namedVersion(version, ask.headers)
  const named = asked === null ? 'no version is named' : `version ${shown(asked)} is not known`
  return `; refused, as ${named}, ${api} has ${known.join(', ')}`
}

/** Why the rule does not fit; nothing when it does. The same conditions as `fits`. */
const faultsOf = <T>(rule: Rule<T>, asked: Asked): string[] => {
  const { entry, path, version } = rule
  const { ask } = asked
  const faults: string[] = []
  if (!fitsMethod(rule, asked)) {
    faults.push(`method is ${shown(ask.method)}, the route takes ${options(entry.methods)}`)
  }
  if (!fitsHost(rule, asked)) {
    faults.push(`host is ${shown(ask.host)}, the route takes ${options(entry.hosts)}`)
  }
  if (path !== null && !takesPath(rule, asked)) {
    const expected = rule.regex === null ? 'start with' : 'fit'
    faults.push(`path ${shown(ask.path)} does not ${expected} ${shown(path)}`)
  }
  for (const condition of rule.headers) {
    if (fitsHeader(condition, ask.headers)) continue
    const { name } = condition
    const given = ask.headers.joined(name)
    const wanted = entry.headers[name] ?? condition.values
    const state = given === undefined ? 'is absent' : `is ${shown(given)}`
    faults.push(`header ${name} ${state}, the route takes ${options(wanted)}`)
  }
  if (!fitsSni(rule, asked)) {
    const state = ask.sni === null ? 'there is no SNI' : `SNI is ${shown(ask.sni)}`
    faults.push(`${state}, the route takes ${options(rule.snis.map(nameOfPattern))}`)
  }
  if (rule.sources !== null && !fitsSource(rule.sources, ask.client)) {
    faults.push(`it comes from ${ask.client?.address ?? 'an unknown address'}`)
  }
  if (rule.destinations !== null && !fitsDestination(rule.destinations, ask.client)) {
    faults.push(`it came in at ${ask.client?.localAddress ?? 'an unknown address'}`)
  }
  if (version !== null && judgeVersion(version, ask.headers) === 'taken by another route') {
    faults.push(`the request means another version than ${shown(version.served.version)}`)
  }
  return faults
}

const takesPath = <T>(rule: Rule<T>, asked: Asked): boolean =>
  asked.ask.path.startsWith(rule.prefix) && fitsPath(rule, asked)

/** Path or host were meant, so somebody may wonder why the route was not taken. */
const isNear = <T>(rule: Rule<T>, asked: Asked): boolean =>
  (rule.path !== null && takesPath(rule, asked)) || (rule.hosts.length > 0 && fitsHost(rule, asked))

const nameOfPattern = ({ kind, text }: NamePattern): string =>
  kind === 'exact' ? text : kind === 'suffix' ? `*${text}` : `${text}*`

const mostShown = 100

const shown = (text: string): string =>
  text.length > mostShown ? `${text.slice(0, mostShown)}…` : text

const listed = (parts: readonly string[]): string =>
  parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1) ?? ''}`

const mostOptions = 5

const options = (values: readonly string[]): string => {
  const first = values.slice(0, mostOptions).map(shown).join(' or ')
  return values.length > mostOptions ? `${first} or ${values.length - mostOptions} more` : first
}
