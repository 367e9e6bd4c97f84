import assert from 'node:assert/strict'
import { createManualClock } from '../../../../kernel/testing/clock.ts'
import { openGateway, startOrigin, until } from '../../../testing/gateway.ts'
import { openPlugins, pluginOf } from './plugin-folder.ts'

/**
 * A gateway with four routes: `/bad` with a plugin that has these hooks, `/lenient` with the same whose
 * failures do not count, `/well` with another plugin of one's own, and `/plain` without any.
 */
export const openWith = async (hooks: string, timeoutMs = 200) => {
  const clock = createManualClock()
  const well = `{ access: ({ answerHeaders }) => answerHeaders.add('X-Well', 'yes') }`
  const own = await openPlugins(
    { bad: pluginOf('bad', hooks), well: pluginOf('well', well) },
    clock,
  )
  const origin = await startOrigin((_request, response) => response.end('from the service'))
  const gateway = await openGateway({
    clock,
    plugins: own.definitions,
    config: `
_format_version: "3.0"
services:
- name: app
  url: http://127.0.0.1:${origin.port}
  routes:
  - { name: bad, paths: [/bad], plugins: [{ name: bad, config: { timeout_ms: ${timeoutMs} } }] }
  - name: lenient
    paths: [/lenient]
    plugins: [{ name: bad, config: { timeout_ms: ${timeoutMs}, on_failure: continue } }]
  - { name: well, paths: [/well], plugins: [{ name: well }] }
  - { name: plain, paths: [/plain] }
`,
  })
  const told = (message: string) => own.logged.filter((one) => one.message === message)
  const othersAreServed = async (): Promise<void> => {
    const [well_, plain] = await Promise.all([gateway.fetch('/well'), gateway.fetch('/plain')])
    assert.deepEqual([well_.status, well_.headers.get('x-well')], [200, 'yes'])
    assert.deepEqual([plain.status, await plain.text()], [200, 'from the service'])
    await well_.text()
  }
  return {
    ...{ clock, own, gateway, told },
    ask: async (path: string): Promise<string> => {
      const answer = await gateway.fetch(path)
      return `${answer.status} ${await answer.text()}`
    },
    /** Everybody else is served, now. */
    othersAreServed,
    /** Why the plugin does not run, as the list of plugins says it. */
    problem: () => own.kinds().find(({ name }) => name === 'bad')?.problem ?? null,
    ended: async (times = 1): Promise<string> => {
      await until(() => told('plugin ended; it is started again').length === times, 'its end')
      return String(told('plugin ended; it is started again').at(-1)?.facts['reason'])
    },
    /** Lets the time pass until it is started again; the other plugin says in between that it is there. */
    restart: async (times = 1): Promise<void> => {
      const last = told('plugin ended; it is started again').at(-1)
      for (let leftMs = Number(last?.facts['againInMs']); leftMs > 0; leftMs -= 1000) {
        clock.advance(Math.min(leftMs, 1000))
        await othersAreServed()
      }
      await until(() => told('plugin runs again').length === times, 'its restart')
    },
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]()
      await origin[Symbol.asyncDispose]()
      await own[Symbol.asyncDispose]()
    },
  }
}

/** What a client gets when a plugin fails that may not. */
export const refused = /^500 .*An unexpected error occurred/s
