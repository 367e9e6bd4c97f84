import { Refusal } from '../../../shared/service.mjs'
import { ask } from '../../lib/telemetry.mjs'

const models = process.env.MODELS_URL
const vectors = process.env.VECTORS_URL
const browsers = process.env.BROWSERS_URL
const objects = process.env.OBJECTS_URL
const notifier = process.env.NOTIFIER_URL

const post = (body, timeoutMs = 5000) => ({ method: 'POST', body, timeoutMs })

/** What a step works on: its own `text`, else what the last step said, else the run's input. */
const textOf = (step, { input, results }) =>
  String(step.text ?? results.at(-1)?.text ?? input.text ?? '')

const steps = {
  classify: (step, run) =>
    ask('models', `${models}/complete`, post({ task: 'classify', text: textOf(step, run) })),
  summarize: (step, run) =>
    ask('models', `${models}/complete`, post({ task: 'summarize', text: textOf(step, run) })),
  search: async (step, run) => {
    const query = new URLSearchParams({ q: textOf(step, run), k: String(step.k ?? 3) })
    const { found } = await ask('vectors', `${vectors}/search?${query}`)
    return { found, text: found.map(({ text }) => text).join('\n') }
  },
  fetch: (step, run) =>
    ask('browsers', `${browsers}/pages`, post({ url: step.url ?? run.input.url }, 30_000)),
  store: (step, run) => {
    const body = { text: textOf(step, run) }
    return ask('objects', `${objects}/objects/runs/${run.run}.json`, { method: 'PUT', body })
  },
  notify: (step, run) => {
    const message = { channel: step.channel ?? 'mail', to: step.to, subject: step.subject }
    return ask(
      'notifier',
      `${notifier}/notifications`,
      post({ ...message, text: textOf(step, run) }),
    )
  },
}

/** Carries out one step of a run and returns what it gave; `text` is what the next one works on. */
export const takeStep = (step, run) => {
  const take = steps[step.kind]
  if (take === undefined) throw new Refusal(400, `There is no step ${step.kind}`)
  return take(step, run)
}
