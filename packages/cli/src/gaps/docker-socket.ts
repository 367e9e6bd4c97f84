import { request, type IncomingMessage } from 'node:http'

/** Why a Docker Engine has not answered, or not as one does. */
export class DockerFault extends Error {
  /** HTTP status of its answer, where it had one. */
  readonly status: number | undefined

  constructor(message: string, status?: number) {
    super(message)
    this.name = 'DockerFault'
    this.status = status
  }
}

export type DockerSocket = {
  path: string
  /** What it answers to a GET of its API, of any version. Throws DockerFault. */
  ask: (path: string) => Promise<unknown>
}

const answerLimitMs = 5000
/** Of all questions together: what answers each one late answers for ever. */
const totalLimitMs = 15_000
const answerBytesMax = 16 * 1024 * 1024

/** A socket on which a Docker Engine is supposed to answer. */
export const createDockerSocket = (path: string): DockerSocket => {
  let spentMs = 0
  let open = 0
  let beganMs = 0
  const leftMs = (): number => totalLimitMs - spentMs - (open > 0 ? performance.now() - beganMs : 0)
  return {
    path,
    async ask(question) {
      const limitMs = Math.floor(Math.min(answerLimitMs, leftMs()))
      if (limitMs <= 0) throw late(totalLimitMs)
      if (open === 0) beganMs = performance.now()
      open += 1
      try {
        return await answerOf(path, question, limitMs)
      } finally {
        open -= 1
        if (open === 0) spentMs += performance.now() - beganMs
      }
    },
  }
}

const late = (limitMs: number): DockerFault =>
  new DockerFault(`no whole answer within ${limitMs === answerLimitMs ? 5 : totalLimitMs / 1000} s`)

const answerOf = (socketPath: string, path: string, limitMs: number): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(limitMs)
    const fail = (error: unknown): void => reject(signal.aborted ? late(limitMs) : error)
    // A connection for each: one that was kept may be closed just then.
    const options = { socketPath, path, headers: { host: 'docker' }, agent: false, signal }
    let isAnswered = false
    const asked = request(options, (answer) => {
      isAnswered = true
      readBody(answer).then(parse).then(resolve, fail)
    })
    // Without anybody who takes it, Node closes the connection and says nothing.
    asked.once('upgrade', ({ statusCode }, socket) => {
      fail(new DockerFault(`it answered ${statusCode}`, statusCode))
      socket.destroy()
    })
    asked.once('error', fail)
    // However else the connection ends: what of an answer is missing is told by its body.
    asked.once('close', () => {
      if (!isAnswered) fail(new DockerFault('it closed the connection'))
    })
    asked.end()
  })

const readBody = async (answer: IncomingMessage): Promise<string> => {
  if (answer.statusCode !== 200) {
    answer.destroy()
    throw new DockerFault(`it answered ${answer.statusCode}`, answer.statusCode)
  }
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > answerBytesMax) break
      chunks.push(chunk)
    }
  } catch {
    throw new DockerFault('it broke off its answer')
  }
  if (bytes > answerBytesMax) throw new DockerFault('its answer is too large')
  return Buffer.concat(chunks).toString('utf8')
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw new DockerFault('its answer is not JSON')
  }
}
