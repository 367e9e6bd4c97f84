import { isKnownFully } from '../../rules/claims/unknown-variable.ts'
import type { Claim } from '../../systems/system.ts'
import { changeLine, changeText, type Healthy } from '../healthy.ts'
import { operator, type Mutant } from '../mutant.ts'

type Kind = Claim['kind']

function* claimed<K extends Kind>(
  { system }: Healthy,
  kind: K,
): Generator<Extract<Claim, { kind: K }>> {
  for (const { claims } of system.documents) {
    for (const claim of claims) if (claim.kind === kind) yield claim as Extract<Claim, { kind: K }>
  }
}

/** Each claim of a kind, with its line rewritten. */
function* rewritten<K extends Kind>(
  healthy: Healthy,
  kind: K,
  rewrite: (line: string, claim: Extract<Claim, { kind: K }>) => string,
): Generator<Mutant> {
  const told = new Set<string>()
  for (const claim of claimed(healthy, kind)) {
    const changes = changeLine(healthy, claim, (line) => rewrite(line, claim))
    const about = `${claim.file}: ${claim.text}`
    if (changes === undefined || told.has(about)) continue
    told.add(about)
    yield { about, changes }
  }
}

const readme = ({ system }: Healthy): string =>
  system.documents.find(({ isReadme }) => isReadme)?.file ?? 'README.md'

/** A paragraph at the end of the README. */
const appended = (healthy: Healthy, text: string): Mutant | undefined => {
  const file = readme(healthy)
  const changes = changeText(healthy, file, (before) => `${before.trimEnd()}\n\n${text}\n`)
  return (
    changes && { about: text.split('\n').find((line) => !line.startsWith('`')) ?? text, changes }
  )
}

export const claimOperators = [
  operator({
    rule: 'claims/service-count',
    breaks: 'the README claims more services',
    *mutants(healthy) {
      const totals = rewritten(healthy, 'count', (line, { count, scope, noun }) =>
        scope === 'total' && /service/i.test(noun)
          ? line.replace(new RegExp(`\\b${count}\\b`), String(count + 17))
          : line,
      )
      yield* totals
    },
  }),
  operator({
    rule: 'claims/unknown-service',
    breaks: 'a list of services has one more row',
    *mutants(healthy) {
      yield* rewritten(healthy, 'service', (line, { name }) => {
        const other = line.replace(name, 'ledger-sync')
        return other === line ? line : `${line}\n${other}`
      })
    },
  }),
  operator({
    rule: 'claims/undocumented-service',
    breaks: 'a document no longer names a service that is on its list',
    *mutants(healthy) {
      for (const claim of claimed(healthy, 'service')) {
        if (healthy.system.services.get(claim.name)?.build === undefined) continue
        // Told elsewhere in the document, it is not missing from it.
        const changes = changeText(healthy, claim.file, (text) =>
          text
            .split('\n')
            .filter((line) => !line.toLowerCase().includes(claim.name.toLowerCase()))
            .join('\n'),
        )
        if (changes !== undefined) yield { about: claim.name, service: claim.name, changes }
      }
    },
  }),
  operator({
    rule: 'claims/wrong-port',
    breaks: 'a documented port is another one',
    also: ['routes/unrouted'],
    *mutants(healthy) {
      yield* rewritten(healthy, 'port', (line, { port }) =>
        line.replace(new RegExp(`\\b${port}\\b`), String(port + 1111)),
      )
    },
  }),
  operator({
    rule: 'claims/wrong-command',
    breaks: 'the README tells a command that cannot work',
    // A document that tells how to start it has its addresses judged as well.
    also: ['claims/wrong-port'],
    *mutants(healthy) {
      const [name] = healthy.system.services.keys()
      for (const command of [
        'docker compose -f compose.staging.yaml up -d',
        `docker compose logs ${name ?? ''}-two`,
        './scripts/seed-all.sh',
      ]) {
        yield appended(healthy, `\`\`\`sh\n${command}\n\`\`\``)
      }
    },
  }),
  operator({
    rule: 'claims/missing-file',
    breaks: 'the README links a file that is not there',
    *mutants(healthy) {
      yield appended(healthy, 'More in [the guide](docs/operations-guide.md).')
      yield* rewritten(healthy, 'path', (line, { path, from }) =>
        from === 'link' ? line.replace(`(${path}`, `(old/${path}`) : line,
      )
    },
  }),
  operator({
    rule: 'claims/unknown-variable',
    breaks: 'the README names a variable that nothing reads',
    *mutants(healthy) {
      // Where code or scripts are not read, a variable may be theirs.
      if (!isKnownFully(healthy.system)) return
      yield* rewritten(healthy, 'variable', (line, { name }) =>
        line.replace(name, `${name}_SECONDS`),
      )
    },
  }),
]
