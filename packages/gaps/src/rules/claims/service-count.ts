import { factAt } from '../../place.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { claimsOf, isAboutAll, plainName, type ClaimOf } from './documents.ts'

/** A document states how many services there are, and no way to count them gives that number. */
export const serviceCount: Rule = {
  id: 'claims/service-count',
  title: 'Number of services is not so',
  severity: 'warning',
  why: `A plan that says 25 where the compose file has 16 is believed by whoever sizes the machine, writes the
status report or takes over the system. The number is also the first thing nobody updates.`,
  joins: ['documents', 'compose services'],
  fix: 'Correct the number, or leave it out and let the list speak.',
  *find(system) {
    for (const { document, claim } of claimsOf(system, 'count')) {
      if (!isTotal(claim, system) || !isAboutAll(document, system)) continue
      if (claim.noun === 'databases' || claim.noun === 'applications') continue
      const counts = system.readings().flatMap((reading) => waysToCount(reading, claim))
      const isTrue =
        claim.isAtLeast === true ? Math.max(...counts) >= claim.count : counts.includes(claim.count)
      if (isTrue) continue
      const [file = ''] = system.files
      yield {
        message: `${document.file} says "${claim.text}", and compose has ${system.services.size}`,
        evidence: [
          factAt(claim, `"${claim.text}"`),
          factAt({ ...system.place('services'), file }, `${system.services.size} services`),
        ],
        fix: `Write ${system.services.size} ${claim.noun}, or add what is missing`,
        subject: `${claim.text} ${claim.section ?? ''}`,
      }
    }
  },
  examples: [
    {
      title: 'a README that was right once',
      files: {
        'compose.yaml':
          'services:\n  a:\n    image: a:1\n  b:\n    image: b:1\n  c:\n    image: c:1\n',
        'README.md':
          '# Shop\n\nThe platform consists of 25+ microservices.\n\nIt consists of five services.\n',
      },
      finds: [
        { service: '-', says: 'says "25+ microservices", and compose has 3' },
        { service: '-', says: 'says "five services", and compose has 3' },
      ],
    },
    {
      title: 'a subset, an example, a version, a step, and the total',
      files: {
        'compose.yaml':
          'services:\n  a:\n    image: a:1\n  b:\n    image: b:1\n  c:\n    image: c:1\n',
        'README.md': `# Shop

It consists of two core services and their databases. The stack has 3 services.
For example, a system of 12 microservices can be watched. To use MySQL you have to start 2 services.
Built on .NET 8 Microservices. All four services share this code. The application consists of three services: a, b and c.
`,
      },
      finds: [],
    },
    {
      title: 'of the whole by its name: that of the title, or that of the stack',
      files: {
        'compose.yaml':
          'name: till\nservices:\n  a:\n    image: a:1\n  b:\n    image: b:1\n  c:\n    image: c:1\n',
        'README.md': `# Acme Shop

The shop has 9 services. The till has 7 services.

8 services:

- a
`,
      },
      finds: [
        { service: '-', says: 'says "9 services", and compose has 3' },
        { service: '-', says: 'says "7 services", and compose has 3' },
        { service: '-', says: 'says "8 services", and compose has 3' },
      ],
    },
    {
      title: 'of a part: a team, a section, a service',
      files: {
        'compose.yaml':
          'name: shop\nservices:\n  a:\n    image: a:1\n  b:\n    image: b:1\n  c:\n    image: c:1\n',
        'README.md': `# Acme Shop

The checkout has 2 services. Acme runs the rest. The shop team has 9 services. The shop has 2 core services.

## Behind the gateway

2 services:

- a
- b
`,
      },
      finds: [],
    },
    {
      title: 'infrastructure is not counted by everybody',
      files: {
        'compose.yaml':
          'services:\n  a:\n    build: a\n  b:\n    build: b\n  db:\n    image: postgres:17\n',
        'a/Dockerfile': 'FROM node:22\n',
        'b/Dockerfile': 'FROM node:22\n',
        'README.md': '# Shop\n\nThe system consists of two microservices.\n',
      },
      finds: [],
    },
  ],
}

/** Said of the whole, or of what has the name of the stack. */
const isTotal = ({ scope, subject }: ClaimOf<'count'>, { name }: System): boolean =>
  scope === 'total' ||
  (scope === 'subset' && subject !== undefined && plainName(subject) === plainName(name))

const infrastructure =
  /(?:^|[-_])(?:db|database|postgres|mysql|mongo\w*|redis|rabbitmq|kafka|zookeeper|elasticsearch|opensearch|prometheus|grafana|zipkin|jaeger|loki|nginx|proxy|gateway|registry|config|discovery|eureka|consul|admin|monitoring|mail\w*|init|migrat\w*|seed\w*|setup)(?:[-_]|$)/i

/** All of them, without what is off by default, without infrastructure, only what is built here, and instances. */
const waysToCount = ({ services }: System, { noun }: ClaimOf<'count'>): number[] => {
  const all = [...services.values()]
  const count = (is: (service: ServiceEvidence) => boolean): number => all.filter(is).length
  const isKnown = ({ image, build }: ServiceEvidence) =>
    build === undefined && image?.known !== undefined && image.known.kind !== 'runtime'
  const isOneShot = ({ model }: ServiceEvidence) =>
    model.restart.condition === 'no' ||
    /(?:^|[-_])(?:init|migrat\w*|seed\w*|setup)(?:[-_]|$)/.test(model.containerName ?? '')
  const instances = all.reduce((sum, { model }) => sum + (model.deploy?.replicas ?? 1), 0)
  const whole = [
    all.length,
    count(({ isEnabled }) => isEnabled),
    count((service) => !isOneShot(service)),
    instances,
  ]
  // Who counts containers counts what runs, whatever it is for.
  if (noun === 'containers') return whole
  return [
    ...whole,
    count((service) => !isKnown(service)),
    count((service) => service.isEnabled && !isKnown(service)),
    count(({ build }) => build !== undefined),
    count((service) => !infrastructure.test(service.name)),
    count((service) => !infrastructure.test(service.name) && !isKnown(service)),
  ]
}
