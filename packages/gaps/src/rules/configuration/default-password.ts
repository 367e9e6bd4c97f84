import { factAt, type Fact } from '../../place.ts'
import type { ServiceEvidence } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { judgeValue, listWritten, namesOf, wordsNear } from './secrets.ts'
import { isTestStack } from './test-stack.ts'

/** A password that everybody knows: `postgres`, `changeme`, the name of the user. */
export const defaultPassword: Rule = {
  id: 'configuration/default-password',
  title: 'Default password',
  severity: 'warning',
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
      const service = own.find(keepsIt) ?? own[0]
      const isKnown =
        service !== undefined &&
        judgeValue(written.name, written.value, wordsNear(service)) === 'default'
      return isKnown ? [{ ...written, service }] : []
    })
    const kept = new Set(known.filter(({ service }) => keepsIt(service)).map(({ value }) => value))
    for (const { name, value, services, service, ...at } of known) {
      // Whoever logs in with it writes it too: the one that asks for it is told.
      if (kept.has(value) && !keepsIt(service)) continue
      // Given by a file to many, it is nobody's in particular: the same in every reading.
      const isShared = services.length > 1 && at.file !== service.at.file
      yield {
        ...(isShared ? {} : { service: service.name }),
        ...(isTestStack(system) ? { severity: 'info' as const } : {}),
        message: `${name} of ${namesOf([service.name, ...services.filter((one) => one !== service.name)])} has a value that everybody knows`,
        evidence: [
          factAt(
            { file: at.file, line: at.line, column: at.column },
            `${name} is written here with a default value`,
          ),
          reachable(service),
        ],
        fix: `Write ${name}: \${${name}:?} and give it in an env file that is not committed`,
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
      finds: [{ service: 'db', says: 'POSTGRES_PASSWORD of db has a value that everybody knows' }],
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

/** A database asks for its password; other services log in with it. */
const keepsIt = ({ image }: ServiceEvidence): boolean =>
  /^(?:database|cache|broker|search|object store|dashboard|admin)$/.test(image?.known?.kind ?? '')

const reachable = (service: ServiceEvidence): Fact =>
  service.model.ports.some(({ hostIp }) => !/^(?:127\.|::1|localhost)/.test(hostIp ?? ''))
    ? factAt(service.place('ports'), `${service.name} is reachable from outside`)
    : factAt(service.at, `${service.name} gets it`)
