import type { Edit } from '../../fix/edit.ts'
import { factAt } from '../../place.ts'
import { stageOf } from '../../systems/stage.ts'
import type { ServiceEvidence } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'

const stateful = new Set(['database', 'search', 'broker', 'object store'])
/** What Docker gives by default. */
const usualGraceMs = 10_000

/** A stop that cuts the service off in the middle of its work. */
export const gracefulStop: Rule = {
  id: 'resilience/graceful-stop',
  title: 'Cut off when it is stopped',
  severity: 'warning',
  isMilderInDevelopment: true,
  why: `A shell that runs as process 1 does not hand SIGTERM on: after ten seconds the service is killed with
its requests open, on every deployment. A database that is killed in its shutdown recovers on the next
start, if it can.`,
  joins: ['stop_grace_period', 'stop_signal', 'CMD and ENTRYPOINT', 'init', 'known images'],
  fix: 'Use the exec form (`CMD ["node", "server.js"]`) or `exec`, and give a database time.',
  fixable: 'always',
  *find({ services }) {
    for (const service of services.values()) {
      const found = killed(service) ?? rushed(service) ?? behindShell(service)
      if (found !== undefined) yield { service: service.name, ...found }
    }
  },
  examples: [
    {
      title: 'killed at once, too little time, a shell in between',
      files: {
        'compose.yaml': `services:
  a: { image: "example/a:1", stop_signal: SIGKILL }
  db: { image: "postgres:17", stop_grace_period: 1s }
  api: { build: . }
`,
        Dockerfile: 'FROM node:22\nCMD node migrate.js && node server.js\n',
      },
      finds: [
        { service: 'a', says: 'SIGKILL' },
        { service: 'db', says: '1 s' },
        { service: 'api', says: 'shell' },
      ],
    },
    {
      title: 'the shell gives its place up, is one command, or has an init before it',
      files: {
        'compose.yaml': `services:
  a: { build: ./a }
  b: { build: ./b }
  c: { build: ./c, init: true }
  db: { image: "postgres:17", stop_grace_period: 1m }
`,
        'a/Dockerfile': 'FROM node:22\nCMD node migrate.js && exec node server.js\n',
        'b/Dockerfile': 'FROM node:22\nCMD node server.js\n',
        'c/Dockerfile': 'FROM node:22\nCMD node migrate.js && node server.js\n',
      },
      finds: [],
    },
  ],
}

type Judged = Omit<Found, 'service'>

const killed = ({ name, model, place }: ServiceEvidence): Judged | undefined =>
  /^(?:SIG)?KILL$|^9$/i.test(model.stopSignal ?? '')
    ? {
        message: `${name} is stopped with SIGKILL, which no program can answer`,
        evidence: [factAt(place('stop_signal'), `stop_signal: ${model.stopSignal ?? ''}`)],
        fix: 'Take stop_signal away, or set the signal the program ends on',
        subject: 'signal',
      }
    : undefined

const rushed = ({ name, model, place, image }: ServiceEvidence): Judged | undefined => {
  const { stopGracePeriodMs: graceMs } = model
  if (graceMs === undefined || graceMs >= usualGraceMs) return undefined
  if (image === undefined || !stateful.has(image.known?.kind ?? '')) return undefined
  return {
    message: `${name} is a ${image.known?.kind ?? ''} and gets ${graceMs / 1000} s to stop`,
    evidence: [
      factAt(place('stop_grace_period'), `${graceMs / 1000} s`),
      factAt(image.at, `${image.name} writes its state when it stops`),
    ],
    fix: 'Set stop_grace_period: 1m',
    subject: 'grace',
    edits: [longerGrace(name, place('stop_grace_period').file)],
  }
}

const longerGrace = (name: string, file: string): Edit => ({
  ...{ kind: 'set', file, keys: ['services', name, 'stop_grace_period'], value: '1m' },
})

const behindShell = ({ name, model, build, at }: ServiceEvidence): Judged | undefined => {
  const stage = build && stageOf(build)
  if (stage === undefined || model.init === true) return undefined
  if (
    model.entrypoint !== undefined ||
    (stage.entrypoint !== undefined && !stage.entrypoint.isShell)
  ) {
    return undefined
  }
  const line = stage.entrypoint ?? (model.command === undefined ? stage.command : undefined)
  if (line === undefined || !line.isShell) return undefined
  const text = line.words.join(' ')
  // Of one command alone the shell makes itself that command.
  if (!/&&|;|\|/.test(text) || /\b(?:exec|tini|dumb-init|wait|trap)\b/.test(text)) return undefined
  return {
    severity: 'info',
    message: `a shell stands between ${name} and its stop signal`,
    evidence: [factAt(line, 'several commands in shell form'), factAt(at, 'init is not set')],
    fix: 'Write exec before the last command, or set init: true',
    subject: 'shell',
  }
}
