import { messageOf } from '../../../kernel/errors.ts'
import type { PluginExchange, PluginHost, PluginInstance, PluginResponse } from '../plugin.ts'
import { changeRequest, changeResponse } from './changes.ts'
import type { Changes, HookName } from './messages.ts'
import type { Supervisor } from './supervisor.ts'
import { ownRecordOf, viewOf } from './view.ts'

/** What whoever configures a plugin decides, beside the plugin's own fields. */
export type OwnPolicy = { timeout_ms: number; on_failure: 'refuse' | 'continue' }

/** A plugin's hooks, each of which asks its process. */
export const createOwnInstance = (
  supervisor: Supervisor,
  config: Readonly<Record<string, unknown>>,
  policy: OwnPolicy,
  host: PluginHost,
): PluginInstance => {
  const { name, bodyBytes } = supervisor.loaded
  const { timeout_ms, on_failure } = policy
  /** The plugin's notes on an exchange. */
  const noted = Symbol(name)
  const notesOf = ({ notes }: PluginExchange): Buffer | null => {
    const found = notes.get(noted)
    return Buffer.isBuffer(found) ? found : null
  }
  let toldMs = -Infinity

  /** At most one line a second, as for all plugins. */
  const tell = (hook: string, error: unknown, requestId: string): void => {
    const nowMs = host.clock.monotonicMs()
    if (nowMs - toldMs < 1000) return
    toldMs = nowMs
    const facts = { plugin: name, hook, requestId, reason: messageOf(error) }
    host.log.warn(facts, 'plugin failed; the request goes on')
  }

  const keep = ({ notes }: PluginExchange, changes: Changes): void =>
    void (changes.notes === null ? notes.delete(noted) : notes.set(noted, changes.notes))

  const access = async (exchange: PluginExchange): Promise<void> => {
    const { request } = exchange
    const wantsBody = bodyBytes > 0 && request.bodyLength !== 0
    const body = wantsBody ? await request.readBody(bodyBytes) : null
    const seen = viewOf(exchange, notesOf(exchange))
    try {
      const changes = await instance.call({ type: 'access', seen, body }, timeout_ms)
      if (changes === null) return
      keep(exchange, changes)
      changeRequest(exchange, changes)
    } catch (error) {
      if (on_failure === 'refuse') throw error
      tell('access', error, exchange.requestId)
    }
  }

  const response = async (exchange: PluginExchange, answer: PluginResponse): Promise<void> => {
    const seen = viewOf(exchange, notesOf(exchange))
    const { status, source, headers } = answer
    const view = { status, source, headers: headers.raw }
    try {
      const changes = await instance.call({ type: 'response', seen, response: view }, timeout_ms)
      if (changes === null) return
      keep(exchange, changes)
      changeResponse(answer, changes)
    } catch (error) {
      if (on_failure === 'continue') return tell('response', error, exchange.requestId)
      answer.replace(failureAnswer(exchange.requestId))
      throw error
    }
  }

  const hooks: Required<Pick<PluginInstance, HookName>> = {
    access,
    // The head of a WebSocket's answer waits for nobody.
    response: (exchange, answer) =>
      answer.status === 101 ? undefined : response(exchange, answer),
    log: (exchange, record) => {
      const seen = viewOf(exchange, notesOf(exchange))
      instance.tell({ type: 'log', seen, record: ownRecordOf(record) })
    },
  }
  const shown: PluginInstance = { ...hooks, close: () => instance.drop() }
  // Until its process has said which hooks it has, it may have all of them.
  const instance = supervisor.open(host.entity.id, config, (names) => {
    for (const hook of hookNames) delete shown[hook]
    for (const hook of names) Object.assign(shown, { [hook]: hooks[hook] })
  })
  return shown
}

const hookNames = ['access', 'response', 'log'] as const

/** Kong's words for what went wrong inside. */
const failureAnswer = (requestId: string) => ({
  status: 500,
  headers: ['Content-Type', 'application/json; charset=utf-8'],
  body: JSON.stringify({ message: 'An unexpected error occurred', request_id: requestId }),
})
