import { factAt } from '../../place.ts'
import type { Found, Rule } from '../rule.ts'
import { isForDevelopment, isForTests } from '../../systems/purpose.ts'
import { reach } from '../../systems/reach.ts'
import type { System } from '../../systems/system.ts'
import { listInAddresses, type InAddress } from './address-passwords.ts'
import { guards, keepsIt, openTo } from './doors.ts'
import { judgeValue, listWritten, looksReal, namesOf, wordsNear, type Written } from './secrets.ts'

/** A secret in the clear, in a file of the repository: generated, or thought of by somebody. */
export const secretInFile: Rule = {
  id: 'configuration/secret-in-file',
  title: 'Secret in clear text',
  severity: 'warning',
  why: `Whoever can read the repository, a fork, a backup or a CI log has it, for as long as history is
kept. Keys pushed to public repositories are used within minutes. A password that was only meant for the
moment weighs less while nobody outside reaches what it opens.`,
  joins: ['compose environment', 'env files', 'addresses with a password', 'ports', '.gitignore'],
  fix: 'Make a new one, and give it by a Compose secret or an env file that `.gitignore` names.',
  *find(system) {
    const written = listWritten(system)
    for (const one of written) yield* judge(one, written, system)
    const named = new Set(written.map(({ value }) => value))
    for (const one of listInAddresses(system)) {
      if (!named.has(one.value)) yield* judgeAddress(one, system)
    }
  },
  examples: [
    {
      title: 'a generated key',
      files: {
        'compose.yaml':
          'services:\n  api:\n    image: api:1\n    environment:\n      JWT_SECRET: 9f8A2kd0PqZ7mLx41TrEwbVn\n',
      },
      finds: [{ service: 'api', says: 'JWT_SECRET of api is a secret in clear text' }],
    },
    {
      title: 'a secret that compose hands over',
      files: {
        'compose.yaml': `services:
  api:
    image: api:1
    environment:
      JWT_SECRET_FILE: /run/secrets/jwt
      JWT_SECRET: \${JWT_SECRET}
      SECRET_NAME: prod/api/9f8A2kd0PqZ7mLx41TrEwbVn
    secrets: [jwt]
secrets:
  jwt: { file: ./jwt.txt }
`,
      },
      finds: [],
    },
    {
      title:
        'passwords that somebody thought of: open to others, as good as a real one, and neither',
      files: {
        'compose.yaml': `services:
  db:
    image: postgres:17
    ports: ["5432:5432"]
    environment: { POSTGRES_PASSWORD: hunter2 }
  store:
    image: mysql:8.4
    environment: { MYSQL_ROOT_PASSWORD: Vt7zKq29 }
  api:
    image: example/api:1
    environment: { SMTP_PASSWORD: correcthorsebattery, DB_PASSWORD: hunter2 }
`,
      },
      finds: [
        { service: 'db', says: 'POSTGRES_PASSWORD of db is a password', severity: 'warning' },
        { service: 'store', says: 'MYSQL_ROOT_PASSWORD', severity: 'warning' },
        { service: 'api', says: 'SMTP_PASSWORD', severity: 'info' },
      ],
    },
    {
      title: 'in an address: of a service, and of somebody else',
      files: {
        'compose.yaml': `services:
  pg: { image: "postgres:17" }
  app:
    image: example/app:1
    environment:
      DATABASE_URL: postgres://app:Vt7zKq29xLmP@pg/app
      QUEUE_URL: amqp://app:hunter2@mq.acme.io/
      CACHE_URL: redis://app:hunter2@cache/0
  cache: { image: "redis:8" }
`,
      },
      finds: [
        { service: 'app', says: 'DATABASE_URL of app holds a password', severity: 'warning' },
        { service: 'app', says: 'QUEUE_URL', severity: 'warning' },
        { service: 'app', says: 'CACHE_URL', severity: 'info' },
      ],
    },
    {
      title: 'a stack for development',
      files: {
        'compose.dev.yaml':
          'services:\n  db:\n    image: postgres:17\n    ports: ["5432:5432"]\n    environment: { POSTGRES_PASSWORD: Vt7zKq29 }\n',
      },
      finds: [{ service: 'db', says: 'POSTGRES_PASSWORD', severity: 'info' }],
    },
    {
      title: 'no password in an address, one by a variable, and the one everybody knows',
      files: {
        'compose.yaml': `services:
  pg: { image: "postgres:17" }
  app:
    image: example/app:1
    environment:
      DATABASE_URL: postgres://app@pg/app
      OTHER_URL: postgres://app:\${DB_PASSWORD:?}@pg/app
      THIRD_URL: postgres://postgres:postgres@pg/app
      PASSWORD_POLICY: strict
      ADMIN_PASSWORD: /run/secrets/admin
`,
        '.env': 'DB_PASSWORD=Vt7zKq29xLmP\n',
        '.gitignore': '.env\n',
      },
      finds: [],
    },
  ],
}

function* judge(one: Written, all: readonly Written[], system: System): Generator<Found> {
  const { name, value, variable, services, ...at } = one
  const own = services.flatMap((each) => system.services.get(each) ?? [])
  const service = own[0]
  const judged = judgeValue(name, value, wordsNear(service))
  if (service === undefined || judged === undefined || judged === 'default') return
  // Whoever logs in with it writes it too: the one that asks for it is told.
  if (judged === 'password' && !own.some(keepsIt) && isKept(value, all, system)) return
  const door = own.flatMap((each) => (guards(each, name) ? (openTo(system, each) ?? []) : []))[0]
  const isReal = judged !== 'password' || looksReal(value)
  yield {
    service: service.name,
    ...(judged === 'known secret'
      ? { severity: 'error' }
      : weigh(system, isReal || door !== undefined)),
    message: `${name} of ${namesOf(services)} is a ${judged === 'password' ? 'password' : 'secret'} in clear text`,
    evidence: [
      factAt(at, `${name} is written here, ${value.length} characters`),
      door ?? factAt(service.at, `${service.name} gets it`),
    ],
    fix: `Replace it by \${${variable}:?} or a secret, and make a new one: this one is known`,
    subject: name,
  }
}

const isKept = (value: string, all: readonly Written[], system: System): boolean =>
  all.some(
    (other) =>
      other.value === value &&
      other.services.some((each) => {
        const service = system.services.get(each)
        return service !== undefined && keepsIt(service)
      }),
  )

/** `postgres://app:word@db/app`: of a service of the stack, or of somebody else's. */
function* judgeAddress(one: InAddress, system: System): Generator<Found> {
  const { name, value, services, host, ...at } = one
  const service = system.services.get(services[0] ?? '')
  const judged = judgeValue('PASSWORD', value, [...wordsNear(service), host, one.user])
  if (service === undefined || judged === undefined || judged === 'default') return
  const isElsewhere = reach(system, service, host).kind === 'elsewhere'
  yield {
    service: service.name,
    ...weigh(system, judged !== 'password' || looksReal(value) || isElsewhere),
    message: `${name} of ${namesOf(services)} holds a password in clear text`,
    evidence: [
      factAt(at, `${name} has a password of ${value.length} characters for ${host}`),
      factAt(service.at, `${service.name} gets it`),
    ],
    fix: 'Write a variable without a default where the password stands, and make a new one: this one is known',
    subject: `${name} password`,
  }
}

/** What runs for an afternoon, and what opens nothing to anybody, is worth knowing. */
const weigh = (system: System, isGrave: boolean): { severity?: 'info' } =>
  isGrave && !isForTests(system) && !isForDevelopment(system) ? {} : { severity: 'info' }
