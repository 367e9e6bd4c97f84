import { posix } from 'node:path'
import { factAt } from '../../place.ts'
import { createOwners, isWithin } from '../../systems/owners.ts'
import { repositoryPath } from '../../systems/places.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'

/** Rule files that Prometheus is told to read and that are not there, and the other way round. */
export const ruleFiles: Rule = {
  id: 'observability/rule-files',
  title: 'Rule files that are not read',
  severity: 'warning',
  why: `Prometheus says nothing when a pattern in \`rule_files\` matches no file: the rules are in the
repository, reviewed and never evaluated. A wrong mount or a renamed file is enough.`,
  joins: ['rule_files of Prometheus', 'mounts of the service', 'rule files of the repository'],
  fix: 'Mount the files where `rule_files` looks for them.',
  *find(system) {
    const owners = createOwners(system.tree.root, system.project, system.services)
    for (const service of system.services.values()) {
      if (!/(?:^|\/)prometheus$/.test(service.image?.name ?? '')) continue
      const files = system.ruleFiles.filter(({ by }) => by === service.name)
      const patterns = files.flatMap(({ pattern, ...at }) => {
        const target = owners(at.file).find((owner) => owner.service === service.name)
        if (target?.target === undefined || target.how !== 'mount') return []
        return [{ pattern, at, path: posix.resolve(posix.dirname(target.target), pattern) }]
      })
      if (patterns.length < files.length) continue
      yield* missing(system, service, patterns)
      if (system.scrapes.some(({ by }) => by === service.name)) {
        yield* unread(system, service, { patterns, owners })
      }
    }
  },
  examples: [
    {
      title: 'the file has another name',
      files: {
        'compose.yaml': `services:
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus:/etc/prometheus"]
`,
        'prometheus/prometheus.yml': `rule_files: [alerts.yml]
scrape_configs:
  - job_name: prometheus
    static_configs: [{ targets: ["localhost:9090"] }]
`,
        'prometheus/alert.yml': `groups:
  - name: app
    rules:
      - { alert: Down, expr: up == 0 }
`,
      },
      finds: [
        { service: 'prometheus', says: 'alerts.yml, and nothing is there' },
        { service: 'prometheus', says: 'prometheus/alert.yml has rules' },
      ],
    },
    {
      title: 'only the configuration is mounted',
      files: {
        'compose.yaml': `services:
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml"]
`,
        'prometheus.yml': `rule_files: [rules/*.yml]
scrape_configs:
  - job_name: prometheus
    static_configs: [{ targets: ["localhost:9090"] }]
`,
      },
      finds: [{ service: 'prometheus', says: 'rules/*.yml, and nothing is there' }],
    },
    {
      title: 'a pattern that matches, and a folder of its own',
      files: {
        'compose.yaml': `services:
  prometheus:
    image: prom/prometheus:v3.4.2
    volumes:
      - ./prometheus.yml:/etc/prometheus/prometheus.yml
      - ./alerts:/etc/prometheus/rules:ro
`,
        'prometheus.yml': `rule_files: ["/etc/prometheus/rules/*.yml"]
scrape_configs:
  - job_name: prometheus
    static_configs: [{ targets: ["localhost:9090"] }]
`,
        'alerts/app.yml': `groups:
  - name: app
    rules:
      - { alert: Down, expr: up == 0 }
`,
      },
      finds: [],
    },
  ],
}

type Pattern = { pattern: string; path: string; at: System['ruleFiles'][number] | Place }
type Place = { file: string; line: number; column: number }

const placeOf = ({ file, line, column }: Place): Place => ({ file, line, column })

function* missing(
  system: System,
  service: ServiceEvidence,
  patterns: readonly Pattern[],
): Generator<Found> {
  for (const { pattern, path, at } of patterns) {
    if (isThere(system, service, path)) continue
    yield {
      service: service.name,
      message: `${service.name} reads rules from ${pattern}, and nothing is there`,
      evidence: [
        factAt(placeOf(at), `rule_files: ${pattern}`),
        factAt(service.place('volumes'), `nothing is mounted as ${path}`),
      ],
      fix: `Mount the rules so that they are at ${path} in the container`,
      subject: pattern,
    }
  }
}

/** Something mounted there matches; what is not in the repository may. */
const isThere = ({ tree }: System, service: ServiceEvidence, path: string): boolean => {
  const { model, build } = service
  if (build !== undefined || model.volumesFrom.length > 0) return true
  const fits = matcher(path)
  for (const { type, source, target } of model.volumes) {
    if (type !== 'bind') {
      if (isWithin(path, target)) return true
      continue
    }
    const from = source === undefined ? undefined : repositoryPath(tree.root, source)
    const fixed = path.split('*')[0] ?? path
    if (from === undefined || from === '') {
      if (isWithin(path, target)) return true
      continue
    }
    if (!isWithin(fixed, target) && !isWithin(target, posix.dirname(fixed))) continue
    if (
      tree.isUnknown(from) ||
      (tree.has(from) && !tree.isFolder(from) && tree.sizeOf(from) === undefined)
    ) {
      return true
    }
    if (tree.sizeOf(from) !== undefined && fits(target)) return true
    if (tree.under(from).some((file) => fits(target + file.slice(from.length)))) return true
    // Of a trimmed copy, files are known only by the exact name.
    if (isWithin(path, target) && tree.has(from + path.slice(target.length))) return true
  }
  return [...model.configs, ...model.secrets].some(
    ({ target }) => target !== undefined && fits(target),
  )
}

/** Of a path with `*` and `?` within its names, as Go's filepath.Match. */
const matcher = (path: string): ((file: string) => boolean) => {
  const names = path.split('/')
  return (file) => {
    const parts = file.split('/')
    return (
      parts.length === names.length &&
      names.every((name, index) => matches(name, parts[index] ?? ''))
    )
  }
}

/** One pass with one step back for the last `*`: no pattern makes it slow. A `[…]` matches all. */
const matches = (pattern: string, name: string): boolean => {
  if (pattern.includes('[')) return true
  let [at, star, retry] = [0, -1, 0]
  for (let index = 0; index < name.length;) {
    if (pattern[at] === '*') {
      star = at
      retry = index
      at += 1
    } else if (pattern[at] === '?' || pattern[at] === name[index]) {
      at += 1
      index += 1
    } else if (star !== -1) {
      retry += 1
      index = retry
      at = star + 1
    } else return false
  }
  while (pattern[at] === '*') at += 1
  return at === pattern.length
}

function* unread(
  system: System,
  service: ServiceEvidence,
  { patterns, owners }: { patterns: readonly Pattern[]; owners: ReturnType<typeof createOwners> },
): Generator<Found> {
  const rules = system.alerting.rules.filter(({ by }) => by === service.name)
  for (const file of new Set(rules.map((rule) => rule.file))) {
    const owner = owners(file).find((one) => one.service === service.name)
    const target = owner?.target
    if (target === undefined || owner?.how !== 'mount') continue
    if (patterns.some(({ path }) => matcher(path)(target))) continue
    const first = rules.find((rule) => rule.file === file)
    if (first === undefined) continue
    yield {
      service: service.name,
      message: `${file} has rules that ${service.name} never reads`,
      evidence: [
        factAt(placeOf(first), `rule ${first.name}, at ${target} in the container`),
        factAt(
          placeOf(patterns[0]?.at ?? service.at),
          patterns.length === 0 ? 'no rule_files' : 'rule_files',
        ),
      ],
      fix: `Add ${posix.basename(file)} to rule_files`,
      subject: file,
    }
  }
}
