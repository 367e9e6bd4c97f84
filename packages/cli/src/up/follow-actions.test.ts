import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import type { ActionProgress } from '@keelson/contract'
import type { Context } from '../context.ts'
import { createOutput } from '../output.ts'
import type { Platform } from '../platform.ts'
import { createReporter, type Reporter } from '../progress/reporter.ts'
import { createPlatformFixture } from '../testing/platform-fixture.ts'
import { followActions } from './follow-actions.ts'

const entry = (type: string, subject: string, text: string) => ({
  ...{ position: '1', at: '2026-01-01T00:00:00Z', type, subject, severity: 'info', text },
})
const pull = (subject: string, state: ActionProgress['state'], text = ''): ActionProgress => ({
  ...{ stack: 'shop', id: `pull_image:${subject}`, kind: 'pull_image', subject },
  ...{ state, text, share: null },
})

const messages: [topic: string, data: unknown][] = [
  ['actions', pull('redis:7', 'running')],
  ['actions', pull('redis:7', 'failed', 'connection refused')],
  ['actions', pull('nginx:1', 'failed', 'no such tag')],
  ['actions', pull('nginx:1', 'done')],
  ['timeline', entry('service.state_changed', 'shop/web', 'web is healthy')],
  ['timeline', entry('rollout.advanced', 'other/web', 'web: 1 of 9 updated')],
  ['timeline', entry('rollout.advanced', 'shop/web', 'web: 1 of 2 updated')],
  ['timeline', entry('rollout.ended', 'shop/web', 'Update of web completed')],
]

/** What is written by a reporter of this kind while it follows these messages. */
const follow = async (kind: 'plain' | 'json') => {
  await using fixture = await createPlatformFixture(
    () => undefined,
    (response) => {
      for (const [topic, data] of messages)
        response.write(`event: ${topic}\ndata: ${JSON.stringify(data)}\n\n`)
    },
  )
  let said = ''
  const stream = new PassThrough().on('data', (chunk: Buffer) => {
    said += chunk.toString()
  }) as unknown as NodeJS.WriteStream
  const output = createOutput({
    env: {},
    color: false,
    quiet: false,
    stdout: stream,
    stderr: stream,
  })
  const ended = Promise.withResolvers<void>()
  const context: Context = {
    ...{ cwd: '/', env: {}, dataFolder: fixture.folder, output },
    shared: {
      ...{ files: [], envFiles: [], profiles: [], json: false, quiet: false },
      ...{ projectName: undefined, projectFolder: undefined },
    },
  }
  const writer = createReporter(kind, context)
  const reporter: Reporter = {
    ...writer,
    update: (update) => {
      writer.update(update)
      if (update.type === 'rollout.ended') ended.resolve()
    },
  }
  const platform = { url: fixture.url, headers: async () => ({}) } as unknown as Platform
  const actions = followActions(context, platform, 'shop', reporter)
  await ended.promise
  await actions.stop()
  return { said, failed: actions.failed() }
}

test('every step of an update of this stack is a line, also without a terminal', async () => {
  const { said } = await follow('plain')
  assert.match(said, /^↻ web: 1 of 2 updated\n↻ Update of web completed\n$/m)
  assert.doesNotMatch(said, /of 9|healthy/)
})

test('what failed is kept for the end, and told no second time', async () => {
  const { said, failed } = await follow('plain')
  assert.match(said, /^… pull image redis:7\n/)
  assert.doesNotMatch(said, /refused|no such tag/)
  assert.deepEqual(
    failed.map(({ subject, text }) => [subject, text]),
    [['redis:7', 'connection refused']],
  )
})

test('as JSON, updates and failures are lines of their own', async () => {
  const { said } = await follow('json')
  const lines = said
    .trimEnd()
    .split('\n')
    .map((line): { type: string; state?: string; text?: string } => JSON.parse(line))
  assert.deepEqual(
    lines.flatMap(({ type, text }) => (type === 'update' ? [text] : [])),
    ['web: 1 of 2 updated', 'Update of web completed'],
  )
  assert.equal(lines.filter(({ state }) => state === 'failed').length, 2)
})
