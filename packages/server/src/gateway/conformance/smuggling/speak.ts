import { connect } from 'node:net'

/** One answer as a client reads it; `target` is what the origin says it was asked for. */
export type Answer = { status: number; target: string }

/** In place of an answer: the gateway wanted more bytes. */
const waiting: Answer = { status: 0, target: '' }

/**
 * Sends the bytes in one piece and reads answers until the gateway ends the connection; `waiting` is last when it did not
 * within five seconds: it waits for something, which is what a desynchronised gateway does.
 */
export const speak = async (port: number, bytes: Buffer): Promise<Answer[]> => {
  const { heard, waits } = await talk(port, bytes)
  return [...readAnswers(heard), ...(waits ? [waiting] : [])]
}

const talk = (port: number, bytes: Buffer): Promise<{ heard: string; waits: boolean }> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let heard = ''
    let waits = false
    const timer = setTimeout(() => {
      waits = true
      socket.destroy()
    }, 5_000)
    socket.setEncoding('latin1')
    socket.on('data', (piece: string) => (heard += piece))
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      resolve({ heard, waits })
    })
    socket.write(bytes)
  })

/** Final answers, one behind the other: with a length, or to the end. Throws when there is something else. */
const readAnswers = (text: string): Answer[] => {
  const answers: Answer[] = []
  let at = 0
  while (at < text.length) {
    const headEnd = text.indexOf('\r\n\r\n', at)
    const head = text.slice(at, headEnd)
    const status = /^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
    if (headEnd === -1 || status === undefined) {
      throw new Error(`no answer: ${JSON.stringify(text.slice(at, at + 500))}`)
    }
    const isFinal = !status.startsWith('1')
    // Of HEAD the length says what GET would get; on these connections it is the last request.
    const end = isFinal && length === undefined ? text.length : headEnd + 4 + Number(length ?? 0)
    at = end
    if (!isFinal) continue
    answers.push({ status: Number(status), target: /\r\nx-target: (.*)/i.exec(head)?.[1] ?? '' })
  }
  return answers
}

/** Does the work for each, so many at a time. */
export const each = async <T>(
  all: readonly T[],
  atOnce: number,
  work: (one: T, at: number) => Promise<void>,
): Promise<void> => {
  let next = 0
  const worker = async (): Promise<void> => {
    for (;;) {
      const at = next
      next += 1
      const one = all[at]
      if (one === undefined) return
      await work(one, at)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
