import { factAt } from '../../place.ts'
import type { Rule } from '../rule.ts'
import { checkOf, type Check } from './checks.ts'
import { programOf, readProbe, type ProbeCommand } from './probes.ts'

/** The check says "healthy" whatever happens. */
export const checkCannotFail: Rule = {
  id: 'health/check-cannot-fail',
  title: 'Health check that cannot fail',
  severity: 'warning',
  isMilderInDevelopment: true,
  why: `\`|| true\` at the end of a check, written once to get a deployment through, makes everything that
relies on health blind: dependents start too early, a broken release is rolled out to the end.`,
  joins: ['compose healthcheck', 'Dockerfile HEALTHCHECK'],
  fix: 'Let the check end with the result of the request it makes.',
  *find({ services }) {
    for (const service of services.values()) {
      const check = checkOf(service)
      const reason = check && whyItPasses(check)
      if (check === undefined || reason === undefined) continue
      yield {
        service: service.name,
        message: `the health check of ${service.name} ${reason.says}`,
        evidence: [factAt(check.at, reason.fact)],
        fix: reason.fix,
        subject: 'healthcheck',
      }
    }
  },
  examples: [
    {
      title: 'true at the end',
      files: {
        'compose.yaml': `services:
  api:
    image: example/api:1
    healthcheck: { test: "curl -f http://localhost:8080/health || true" }
`,
      },
      finds: [{ service: 'api', says: 'cannot fail' }],
    },
    {
      title: 'exit 0 in a Dockerfile',
      files: {
        'compose.yaml': 'services:\n  api:\n    build: .\n',
        Dockerfile: 'FROM example/base:1\nHEALTHCHECK CMD ./check.sh; exit 0\n',
      },
      finds: [{ service: 'api', says: 'cannot fail' }],
    },
    {
      title: 'curl without --fail takes an error page for an answer',
      files: {
        'compose.yaml': `services:
  api:
    image: example/api:1
    healthcheck: { test: [CMD, curl, "http://localhost:8080/health"] }
`,
      },
      finds: [{ service: 'api', says: 'error' }],
    },
    {
      title: 'a failure ends with 1, and the answer is looked at',
      files: {
        'compose.yaml': `services:
  api:
    image: example/api:1
    healthcheck: { test: "curl -fsS http://localhost:8080/health || exit 1" }
  db:
    image: example/db:1
    healthcheck: { test: "curl -s http://localhost:9200/_cluster/health | grep -q green" }
  job:
    image: example/job:1
    healthcheck: { test: "test -f /tmp/ready && true" }
  parts:
    image: example/parts:1
    healthcheck: { test: "control status | grep -q 'not running' && exit 1 || exit 0" }
`,
      },
      finds: [],
    },
  ],
}

type Reason = { says: string; fact: string; fix: string }

const whyItPasses = (check: Check): Reason | undefined => {
  const commands = readProbe(check)
  const last = commands.at(-1)
  if (last === undefined) return undefined
  const isOpenEnded = last.joiner === '||' || last.joiner === ';'
  // `… && exit 1 || exit 0`: the first ends it.
  const mayEnd = commands.some(
    (command) => programOf(command) === 'exit' && command.words[1] !== '0',
  )
  if (alwaysPasses(last) && !mayEnd && (isOpenEnded || commands.length === 1)) {
    return {
      says: 'cannot fail',
      fact: `${commands.length === 1 ? 'the test is' : `the test ends with ${last.joiner}`} ${last.words.slice(0, 2).join(' ')}`,
      fix: 'Take that part away, so that the result of the request counts',
    }
  }
  const curl = commands.find((command) => programOf(command) === 'curl')
  const looksAtAnswer = commands.some(({ joiner }) => joiner === '|' || joiner === '&&')
  if (curl === undefined || looksAtAnswer || last.joiner === ';') return undefined
  const isHttp = curl.words.some((word) => /^(?:https?:\/\/|localhost|127\.0\.0\.1)/.test(word))
  const text = check.test.join(' ')
  const isLookedAt = curl.words.some(failsOnErrors) || text.includes('$(') || text.includes('`')
  return !isHttp || isLookedAt
    ? undefined
    : {
        says: 'takes an error page for an answer',
        fact: 'curl without --fail succeeds on HTTP 500',
        fix: 'Add -f to curl',
      }
}

const failsOnErrors = (word: string): boolean =>
  /^-[a-zA-Z]*f[a-zA-Z]*$/.test(word) ||
  word.startsWith('--fail') ||
  /^(?:-w|--write-out|-o)/.test(word)

const alwaysPasses = (command: ProbeCommand): boolean => {
  // `echo > /dev/tcp/localhost/80` opens a connection.
  if (command.words.some((word) => /[<>]/.test(word))) return false
  const program = programOf(command)
  if (program === 'exit') return command.words[1] === '0'
  return program === 'true' || program === ':' || program === 'echo'
}
