import { factAt, type Fact } from '../../place.ts'
import { stageOf } from '../../systems/stage.ts'
import type { ServiceEvidence } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'

/** An image of one's own whose program runs as root. */
export const rootUser: Rule = {
  id: 'security/root-user',
  title: 'Runs as root',
  severity: 'info',
  why: `A program that runs as root in its container is root for every mount it has, and one kernel hole away
from the host. The language images are root unless the Dockerfile says otherwise.`,
  joins: ['USER', 'user', 'base image'],
  fix: 'Add a USER to the Dockerfile, or `user:` in compose.',
  *find({ services }) {
    for (const service of services.values()) {
      const { name, model, build, at } = service
      const facts = model.user === undefined ? rootFacts(service) : undefined
      if (build === undefined || facts === undefined) continue
      yield {
        service: name,
        message: `${name} runs as root`,
        evidence: [facts, factAt(at, 'no user in compose')],
        fix: 'Add USER with an id above 0 to the last stage of the Dockerfile',
        subject: 'user',
      }
    }
  },
  examples: [
    {
      title: 'nobody says who, and root by name',
      files: {
        'compose.yaml': 'services:\n  a: { build: ./a }\n  b: { build: ./b }\n',
        'a/Dockerfile': 'FROM python:3.13-slim\nCMD ["python", "a.py"]\n',
        'b/Dockerfile': 'FROM example/base:1\nUSER root\n',
      },
      finds: [
        { service: 'a', says: 'runs as root' },
        { service: 'b', says: 'runs as root' },
      ],
    },
    {
      title: 'a user in the Dockerfile, in compose, of the base image, or not known',
      files: {
        'compose.yaml': `services:
  a: { build: ./a }
  b: { build: ./b, user: "1000" }
  c: { build: ./c }
`,
        'a/Dockerfile': 'FROM python:3.13-slim\nUSER app\n',
        'b/Dockerfile': 'FROM python:3.13-slim\n',
        'c/Dockerfile': 'FROM example/base:1\n',
      },
      finds: [],
    },
  ],
}

const rootFacts = ({ build, image }: ServiceEvidence): Fact | undefined => {
  const stage = build && stageOf(build)
  if (stage === undefined) return undefined
  const { user, base } = stage
  if (user !== undefined) {
    const isRoot = /^(?:root|0)(?::|$)/.test(user.user ?? '')
    return isRoot ? factAt(user, `USER ${user.user ?? ''}`) : undefined
  }
  // A start script may give root up: then the image is known not to run as root.
  const drops = stage.runs.some(({ text }) => /\b(?:gosu|su-exec|setpriv)\b/.test(text))
  const isRoot = base?.known?.kind === 'runtime' && base.known.runsAsRoot === true
  return isRoot && !drops && image !== undefined
    ? factAt(stage.at, `${image.name} is root, and no USER follows`)
    : undefined
}
