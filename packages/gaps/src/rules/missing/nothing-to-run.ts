import { factAt } from '../../place.ts'
import type { ServiceEvidence } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'

/** A service that says neither what to run nor how to build it. */
export const nothingToRun: Rule = {
  id: 'missing/nothing-to-run',
  title: 'Service without an image or a build',
  severity: 'error',
  why: `A planned service is written down with its ports and variables before it exists. \`docker compose up\`
refuses the whole file, or, where it is behind a profile, nobody notices that the service is only a plan.`,
  joins: ['image', 'build', 'extends'],
  fix: 'Add `image` or `build`, or take the service out until it exists.',
  *find({ services, project, place, files, isDefault, readings }) {
    for (const { name, model, at } of services.values()) {
      const { image, build, provider, runtime } = model
      if (image !== undefined || build !== undefined || provider !== undefined) continue
      if (runtime === 'process') continue
      if (!isDefault && readings().some((other) => isWhole(other.services.get(name)))) continue
      const others = Object.values(project.services).filter((one) => one.dependsOn[name])
      const [first] = others
      // What the main file has no more, or what a file makes whole that is not in the repository.
      const isLeft = !isDefault && files.length > 1
      yield {
        service: name,
        ...(isLeft ? { severity: 'warning' as const } : {}),
        message: isLeft
          ? `${name} has neither an image nor a build, as only ${at.file} has it`
          : `${name} has neither an image nor a build`,
        evidence: [
          factAt(at, 'no image and no build'),
          ...(first === undefined
            ? []
            : [
                factAt(place('services', first.name, 'depends_on', name), `${first.name} needs it`),
              ]),
        ],
        fix: `Add image or build to ${name}, or take it out`,
        subject: 'image',
      }
    }
  },
  examples: [
    {
      title: 'only planned',
      files: {
        'compose.yaml': `services:
  api: { image: "example/api:1" }
  billing: { environment: { PORT: "8080" } }
`,
      },
      finds: [{ service: 'billing', says: 'neither an image nor a build' }],
    },
    {
      title: 'renamed, and an overlay still has the old name',
      files: {
        'compose.yaml': 'services:\n  web: { image: "example/web:1" }\n',
        'compose.prod.yaml': 'services:\n  frontend: { restart: always }\n',
      },
      finds: [{ service: 'frontend', says: 'only compose.prod.yaml has it', severity: 'warning' }],
    },
    {
      title: 'an overlay of an overlay',
      files: {
        'compose.yaml': 'services:\n  web: { image: "example/web:1" }\n',
        'compose.jobs.yaml': 'services:\n  jobs: { image: "example/jobs:1" }\n',
        'compose.prod.yaml': 'services:\n  jobs: { restart: always }\n',
      },
      finds: [],
    },
    {
      title: 'by extends, by an override, as a process',
      files: {
        'compose.yaml': `services:
  base: { image: "example/api:1" }
  api: { extends: base, environment: { PORT: "8080" } }
  web: { environment: { PORT: "8081" } }
  job: { command: [sleep, "1"], x-keelson: { runtime: process } }
`,
        'compose.override.yaml': 'services:\n  web: { image: "example/web:1" }\n',
      },
      finds: [],
    },
  ],
}

/** Another file that is read with this one says the rest. */
const isWhole = (service: ServiceEvidence | undefined): boolean =>
  service?.model.image !== undefined || service?.model.build !== undefined
