import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '../../kernel/testing/clock.ts'
import type { ContainerInfo } from './container-labels.ts'
import { createEvidence, type Verdict } from './end-evidence.ts'
import type { ContainerEvent } from './engine-events.ts'

const infoOf = (exitCode: number, more: object = {}): ContainerInfo =>
  ({
    State: { Status: 'exited', ExitCode: exitCode, OOMKilled: false, ...more },
    HostConfig: { Memory: 1_000_000 },
  }) as unknown as ContainerInfo

/** `kill:15` is an event with its signal; `ours` is Keelson about to end it. */
const cases: [
  what: string,
  before: string[],
  info: ContainerInfo | null,
  /** Heard while the verdict waits. */
  after: string[],
  verdict: Partial<Verdict>,
][] = [
  ['it ends by itself', ['die'], infoOf(3), [], {}],
  ['Keelson ends it', ['ours', 'kill:15', 'die'], infoOf(143), ['stop'], {}],
  ['docker stop', ['kill:15', 'die'], infoOf(0), ['stop'], { endedOutside: 'stopped' }],
  [
    'docker stop that has to kill',
    ['kill:15', 'kill:9', 'die', 'stop'],
    infoOf(137),
    [],
    { endedOutside: 'stopped' },
  ],
  ['docker kill', ['kill:9', 'die'], infoOf(137), [], { endedOutside: 'killed' }],
  ['docker kill -s USR1', ['kill:10', 'die'], infoOf(138), [], { endedOutside: 'killed' }],
  ['a reload long ago', ['kill:1', 'die'], infoOf(1), [], {}],
  [
    'docker rm -f, seen on its way',
    ['kill:9', 'die'],
    infoOf(137, { Status: 'removing' }),
    [],
    { endedOutside: 'removed' },
  ],
  ['docker rm -f, gone', ['kill:9', 'die', 'destroy'], null, [], { endedOutside: 'removed' }],
  [
    'docker restart',
    ['kill:15', 'die', 'stop'],
    infoOf(0),
    ['start'],
    { endedOutside: 'stopped', startedAgain: true },
  ],
  ['out of memory, told late', ['die'], infoOf(137), ['oom'], { outOfMemory: true }],
  ['out of memory, told first', ['oom', 'die'], infoOf(137), [], { outOfMemory: true }],
  [
    'out of memory, by the flag',
    ['die'],
    infoOf(137, { OOMKilled: true }),
    [],
    { outOfMemory: true },
  ],
  ['a child out of memory, survived', ['oom', 'die'], infoOf(0), [], {}],
  [
    'the event of the end comes late',
    [],
    infoOf(137),
    ['kill:9', 'die'],
    { endedOutside: 'killed' },
  ],
]

const eventOf = (text: string): ContainerEvent => {
  const [action, signal] = text.split(':')
  return {
    id: 'x',
    action: action as ContainerEvent['action'],
    exitCode: null,
    signal: signal === undefined ? null : Number(signal),
  }
}

for (const [what, before, info, after, expected] of cases) {
  test(`who ended a container is heard: ${what}`, async () => {
    const clock = createManualClock()
    const evidence = createEvidence(clock)
    evidence.heard(eventOf('start'))
    const hear = (text: string): void =>
      text === 'ours' ? evidence.expectEnd() : evidence.heard(eventOf(text))
    for (const text of before) hear(text)
    const verdict = evidence.verdict(info, { listening: true, lookAgain: async () => info })
    for (const text of after) {
      hear(text)
      await new Promise((resolve) => setImmediate(resolve))
    }
    for (let step = 0; step < 5; step += 1) {
      await new Promise((resolve) => setImmediate(resolve))
      clock.advance(1000)
    }
    const none = { outOfMemory: false, endedOutside: null, startedAgain: false }
    assert.deepEqual(await verdict, { ...none, ...expected })
  })
}

for (const listening of [true, false]) {
  const heard = listening ? 'no event comes' : 'the events are not followed yet'
  test(`out of memory is seen by a second look: ${heard}`, async () => {
    const clock = createManualClock()
    const evidence = createEvidence(clock)
    for (const text of listening ? ['start', 'die'] : []) evidence.heard(eventOf(text))
    const lookAgain = async () => infoOf(137, { OOMKilled: true })
    const verdict = evidence.verdict(infoOf(137), { listening, lookAgain })
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(1000)
    assert.equal((await verdict).outOfMemory, true)
  })
}
