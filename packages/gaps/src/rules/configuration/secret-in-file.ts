import { factAt } from '../../place.ts'
import type { Rule } from '../rule.ts'
import { judgeValue, listWritten, namesOf, wordsNear } from './secrets.ts'
import { isForDevelopment, isForTests } from '../../systems/purpose.ts'

/** A generated secret, in the clear, in a file of the repository. */
export const secretInFile: Rule = {
  id: 'configuration/secret-in-file',
  title: 'Secret in clear text',
  severity: 'warning',
  why: `Whoever can read the repository, a fork, a backup or a CI log has it, for as long as history is
kept. Keys pushed to public repositories are used within minutes.`,
  joins: ['compose environment', 'env files', '.gitignore'],
  fix: 'Make a new one, and give it by a Compose secret or an env file that `.gitignore` names.',
  *find(system) {
    for (const { name, value, services, ...at } of listWritten(system)) {
      const service = system.services.get(services[0] ?? '')
      const judged = judgeValue(name, value, wordsNear(service))
      if (service === undefined || (judged !== 'secret' && judged !== 'known secret')) continue
      yield {
        service: service.name,
        ...(judged === 'known secret'
          ? { severity: 'error' as const }
          : isForTests(system) || isForDevelopment(system)
            ? { severity: 'info' as const }
            : {}),
        message: `${name} of ${namesOf(services)} is a secret in clear text`,
        evidence: [
          factAt(at, `${name} is written here, ${value.length} characters`),
          factAt(service.at, `${service.name} gets it`),
        ],
        fix: `Replace it by \${${name}:?} or a secret, and make a new one: this one is known`,
        subject: name,
      }
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
  ],
}
