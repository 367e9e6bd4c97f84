import { randomUUID } from 'node:crypto'

const answerTimeoutMs = 2000
/** Questions that wait for an answer at one time. */
const openMax = 200

/**
 * Questions and answers over the bus: a question names the topic it wants its answer on.
 * @param {{ name: string, instance: string, tell: Function, on: Function }} parts
 */
export const createQuestions = ({ name, instance, tell, on }) => {
  const open = new Map()
  const answers = `alicia/answers/${name}/${instance}`

  on(answers, (_topic, { id, body, error }) => {
    const question = open.get(id)
    if (question === undefined) return
    open.delete(id)
    clearTimeout(question.timer)
    if (error === undefined) question.resolve(body)
    else question.reject(new Error(error))
  })

  return {
    /**
     * Asks a service; rejects with its refusal, or when it does not answer within 2 s.
     * @param {string} service
     * @param {string} verb
     * @param {object} [body]
     */
    ask: (service, verb, body = {}) =>
      new Promise((resolve, reject) => {
        if (open.size >= openMax) throw new Error(`${openMax} questions are open`)
        const id = randomUUID()
        const timer = setTimeout(() => {
          open.delete(id)
          reject(new Error(`${service} did not answer ${verb} within ${answerTimeoutMs} ms`))
        }, answerTimeoutMs)
        open.set(id, { resolve, reject, timer })
        tell(`alicia/questions/${service}/${verb}`, { id, replyTo: answers, body })
      }),

    /**
     * Answers a question of that verb with what `handler` returns.
     * @param {string} verb
     * @param {(body: any) => unknown} handler
     */
    answer: (verb, handler) =>
      on(`alicia/questions/${name}/${verb}`, async (_topic, question) => {
        // Whoever asks without saying where to answer gets none.
        if (typeof question?.replyTo !== 'string') return
        const { id, replyTo, body } = question
        try {
          tell(replyTo, { id, body: await handler(body ?? {}) })
        } catch (error) {
          tell(replyTo, { id, error: error.message })
        }
      }),
  }
}
