import { factAt } from '../../place.ts'
import type { ServiceEvidence } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { guards, keepsIt, openTo } from './doors.ts'
import { judgeValue, listWritten, namesOf, wordsNear } from './secrets.ts'

/** A password that everybody knows: `postgres`, `changeme`, the name of the user. */
export const defaultPassword: Rule = {
  id: 'configuration/default-password',
  title: 'Default password',
  severity: 'warning',
  isMilderInDevelopment: true,
  why: `Scanners try \`admin\`, \`postgres\` and \`changeme\` within minutes of a port being reachable, and a
password in the repository is the one that production gets by oversight. Open databases with such
passwords have been wiped for ransom by the thousand.`,
  joins: ['compose environment', 'env files'],
  fix: 'Take it from a variable without a default (`${DB_PASSWORD:?}`), a secret, or an env file that is not committed.',
  *find(system) {
    const known = listWritten(system).flatMap((written) => {
      const own = written.services
        .map((name) => system.services.get(name))
        .filter((one) => one !== undefined)
      const isOpenTo = (one: ServiceEvidence) =>
        guards(one, written.name) && openTo(system, one) !== undefined
      const service = own.find(keepsIt) ?? own.find(isOpenTo) ?? own[0]
      const isKnown =
        service !== undefined &&
        judgeValue(written.name, written.value, wordsNear(service)) === 'default'
      return isKnown ? [{ ...written, service, own }] : []
    })
    const kept = new Set(known.filter(({ service }) => keepsIt(service)).map(({ value }) => value))
    for (const { name, value, variable, services, service, own, ...at } of known) {
      // Whoever logs in with it writes it too: the one that asks for it is told.
      if (kept.has(value) && !keepsIt(service)) continue
      // Given by a file to many, it is nobody's in particular: the same in every reading.
      const isShared = services.length > 1 && at.file !== service.at.file
      const open = own.flatMap((one) => (guards(one, name) ? (openTo(system, one) ?? []) : []))[0]
      yield {
        ...(isShared ? {} : { service: service.name }),
        ...(open === undefined ? { severity: 'info' as const } : {}),
        message: `${name} of ${namesOf([service.name, ...services.filter((one) => one !== service.name)])} has a value that everybody knows`,
        evidence: [
          factAt(
            { file: at.file, line: at.line, column: at.column },
            `${name} is written here with a default value`,
          ),
          open ?? factAt(service.at, `${service.name} gets it`),
        ],
        fix: `Write ${name}: \${${variable}:?} and give it in an env file that is not committed`,
        subject: name,
      }
    }
  },
  examples: [
    {
      title: 'the password of the image’s manual',
      files: {
        'compose.yaml':
          'services:\n  db:\n    image: postgres:17\n    environment:\n      POSTGRES_PASSWORD: postgres\n',
      },
      finds: [
        {
          service: 'db',
          says: 'POSTGRES_PASSWORD of db has a value that everybody knows',
          severity: 'info',
        },
      ],
    },
    {
      title:
        'reachable by its own port, and by that of a gateway; what logs in elsewhere is no way in',
      files: {
        'compose.yaml': `services:
  db:
    image: postgres:17
    ports: ["5432:5432"]
    environment: { POSTGRES_PASSWORD: postgres }
  grafana:
    image: grafana/grafana:12.0.2
    environment: { GF_SECURITY_ADMIN_PASSWORD: admin }
  web:
    image: example/web:1
    ports: ["8080:8080"]
    environment: { SMTP_PASSWORD: changeme }
  proxy:
    image: caddy:2.10
    ports: ["80:80"]
    volumes: ["./Caddyfile:/etc/caddy/Caddyfile"]
`,
        Caddyfile: ':80 {\n  reverse_proxy grafana:3000\n}\n',
      },
      finds: [
        { service: 'db', says: 'POSTGRES_PASSWORD', severity: 'warning' },
        { service: 'grafana', says: 'GF_SECURITY_ADMIN_PASSWORD', severity: 'warning' },
        { service: 'web', says: 'SMTP_PASSWORD', severity: 'info' },
      ],
    },
    {
      title: 'a default of the compose file',
      files: {
        'compose.yaml':
          'services:\n  db:\n    image: postgres:17\n    environment:\n      POSTGRES_PASSWORD: ${DB_PASSWORD:-changeme}\n',
      },
      finds: [{ service: 'db', says: 'POSTGRES_PASSWORD' }],
    },
    {
      title: 'whoever starts it gives one',
      files: {
        'compose.yaml':
          'services:\n  db:\n    image: postgres:17\n    environment:\n      POSTGRES_PASSWORD: ${DB_PASSWORD:?}\n      PASSWORD_RESET_ENABLED: "true"\n      POSTGRES_PASSWORD_FILE: /run/secrets/password\n',
      },
      finds: [],
    },
    {
      title: 'an env file that git does not take',
      files: {
        'compose.yaml': 'services:\n  db:\n    image: postgres:17\n    env_file: db.env\n',
        'db.env': 'POSTGRES_PASSWORD=postgres\n',
        '.gitignore': '*.env\n',
      },
      finds: [],
    },
  ],
}
