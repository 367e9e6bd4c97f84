import { factAt } from '../../place.ts'
import type { ImageEvidence, ServiceEvidence } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'

const holdsState = new Set(['database', 'broker', 'search', 'object store'])

/** An image without a tag, or with one that moves: the next pull may bring anything. */
export const floatingImage: Rule = {
  id: 'configuration/floating-image',
  title: 'Image without a fixed version',
  severity: 'info',
  isMilderInDevelopment: true,
  why: `Two machines run two versions under one name, and a rebuild brings a new major version unasked. A
database that is a major version newer does not read the files of the old one.`,
  joins: ['compose image', 'Dockerfile FROM'],
  fix: 'Name a version, best with its digest: `postgres:17.2@sha256:…`.',
  *find({ services }) {
    const seen = new Set<string>()
    for (const service of services.values()) {
      const { image, build } = service
      if (build === undefined) {
        if (image === undefined || !isFloating(image) || service.isUnset('image')) continue
        // Its own image, built elsewhere under the name it is pushed by, is the publisher's matter.
        const isGrave = holdsState.has(image.known?.kind ?? '') && keepsData(service)
        yield floating(service, image, isGrave)
        continue
      }
      for (const { base } of build.dockerfile?.stages ?? []) {
        const key = `${base?.at.file}:${base?.at.line}`
        if (base === undefined || !isFloating(base) || seen.has(key)) continue
        if (build.dockerfile?.stages.some(({ name }) => name === base.reference) === true) continue
        seen.add(key)
        yield floating(service, base, false)
      }
    }
  },
  examples: [
    {
      title: 'no tag, `latest`, and a base image',
      files: {
        'compose.yaml':
          'services:\n  web:\n    image: nginx\n  db:\n    image: postgres:latest\n    volumes: [data:/var/lib/postgresql/data]\n  api:\n    build: .\nvolumes: { data: {} }\n',
        Dockerfile: 'FROM node:latest\nCMD ["node", "x.js"]\n',
      },
      finds: [
        { service: 'web', says: 'nginx has no tag' },
        { service: 'db', says: 'postgres:latest moves' },
        { service: 'api', says: 'node:latest moves' },
      ],
    },
    {
      title: 'a broker that gets settings, and keeps nothing',
      files: {
        'compose.yaml':
          'services:\n  mqtt:\n    image: eclipse-mosquitto\n    volumes: ["./mosquitto.conf:/mosquitto/config/mosquitto.conf"]\n',
      },
      finds: [{ service: 'mqtt', says: 'has no tag', severity: 'info' }],
    },
    {
      title: 'fixed by tag, digest, or by who starts it',
      files: {
        'compose.yaml':
          'services:\n  web:\n    image: nginx:1.27\n  db:\n    image: ${DB_IMAGE}\n  c:\n    image: busybox@sha256:0123456789012345678901234567890123456789012345678901234567890123\n  api:\n    build: .\n',
        Dockerfile: 'FROM node:22 AS build\nRUN true\nFROM build\nCMD ["node", "x.js"]\n',
      },
      finds: [],
    },
  ],
}

/** A volume, or a folder of the host where the image keeps its data; a file of settings is none. */
const keepsData = ({ image, model }: ServiceEvidence): boolean =>
  model.volumes.some(
    ({ type, target }) =>
      type === 'volume' ||
      (image?.known?.data ?? []).some((path) => `${path}/`.startsWith(`${target}/`)),
  )

const isFloating = ({ tag, digest, reference }: ImageEvidence): boolean =>
  digest === undefined &&
  (tag === undefined || tag === 'latest') &&
  /^[\w./:-]+$/.test(reference) &&
  reference !== 'scratch'

const floating = (service: ServiceEvidence, image: ImageEvidence, isGrave: boolean): Found => ({
  service: service.name,
  ...(isGrave ? { severity: 'warning' as const } : {}),
  message: `${image.reference} ${image.tag === undefined ? 'has no tag' : 'moves'}${isGrave ? `, and ${service.name} keeps data` : ''}`,
  evidence: [
    factAt(image.at, `image ${image.reference}`),
    ...(isGrave ? [factAt(service.place('volumes'), 'data outlives the image')] : []),
  ],
  fix: `Name the version that runs now: ${image.reference.replace(/:latest$/, '')}:<version>`,
  subject: image.reference,
})
