import { createSocket } from 'node:dgram'
import { once } from 'node:events'

/** A small DNS server for tests: answers over UDP from a table that may change at any time. */

export type DnsRecord =
  | { type: 'A'; address: string; ttl: number }
  | { type: 'AAAA'; address: string; ttl: number }
  | { type: 'SRV'; name: string; port: number; priority: number; weight: number; ttl: number }

const numbers = { A: 1, AAAA: 28, SRV: 33 } as const
const rcodes = { ok: 0, failed: 2, unknown: 3 } as const

export const startDnsServer = async () => {
  const records = new Map<string, readonly DnsRecord[]>()
  const questions: string[] = []
  let failing = false
  let isClosed = false
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => {
    const { name, type, end } = questionOf(query)
    questions.push(`${typeName(type)} ${name}`)
    const known = records.get(name)
    const found = (known ?? []).filter((record) => numbers[record.type] === type)
    const rcode = failing ? rcodes.failed : known === undefined ? rcodes.unknown : rcodes.ok
    const answers = failing ? [] : found
    socket.send(answerOf(query, end, rcode, answers), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    /** What was asked, as `A name`. */
    questions,
    set: (name: string, ...all: DnsRecord[]): void => void records.set(name, all),
    remove: (name: string): void => void records.delete(name),
    /** SERVFAIL to everything. */
    fail: (on: boolean): void => void (failing = on),
    [Symbol.asyncDispose]: async () => {
      if (isClosed) return
      isClosed = true
      const closed = once(socket, 'close')
      socket.close()
      await closed
    },
  }
}

const typeName = (type: number): string =>
  Object.entries(numbers).find(([, number]) => number === type)?.[0] ?? String(type)

/** The one question of a query (RFC 1035 4.1.2), and where it ends. */
const questionOf = (query: Buffer): { name: string; type: number; end: number } => {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

const answerOf = (
  query: Buffer,
  questionEnd: number,
  rcode: number,
  answers: readonly DnsRecord[],
): Buffer => {
  const head = Buffer.from(query.subarray(0, questionEnd))
  head.writeUInt16BE(0x8180 | rcode, 2)
  head.writeUInt16BE(answers.length, 6)
  head.writeUInt32BE(0, 8)
  return Buffer.concat([head, ...answers.map(recordOf)])
}

const recordOf = (record: DnsRecord): Buffer => {
  const data = dataOf(record)
  const head = Buffer.alloc(12)
  // The name of the question, which stands at byte 12 (RFC 1035 4.1.4).
  head.writeUInt16BE(0xc00c, 0)
  head.writeUInt16BE(numbers[record.type], 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(record.ttl, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

const dataOf = (record: DnsRecord): Buffer => {
  if (record.type === 'A') return Buffer.from(record.address.split('.').map(Number))
  if (record.type === 'AAAA') return sixOf(record.address)
  const head = Buffer.alloc(6)
  head.writeUInt16BE(record.priority, 0)
  head.writeUInt16BE(record.weight, 2)
  head.writeUInt16BE(record.port, 4)
  const labels = record.name
    .split('.')
    .flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')])
  return Buffer.concat([head, ...labels, Buffer.from([0])])
}

const sixOf = (address: string): Buffer => {
  const [front = '', back = ''] = address.split('::')
  const groups = (text: string) => text.split(':').filter((group) => group !== '')
  const [first, last] = [groups(front), groups(back)]
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0')
  const bytes = Buffer.alloc(16)
  for (const [at, group] of [...first, ...zeros, ...last].entries()) {
    bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * at)
  }
  return bytes
}
