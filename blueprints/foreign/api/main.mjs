// Asks Redis, NATS and Mosquitto how they are, each in its own protocol over a plain socket.
import http from 'node:http'
import net from 'node:net'

const log = (level, message, fields) => {
  const line = { at: new Date().toISOString(), level, service: 'api', message, ...fields }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
process.stdout.on('error', () => {})

const timeoutMs = 1000

/**
 * Connects, sends, and resolves with the first answer that `expected` accepts.
 * @param {{ name: string, greeting: string | Buffer, expected: (answer: Buffer) => boolean }} ping
 */
const ask = ({ name, greeting, expected }) =>
  new Promise((resolve, reject) => {
    const host = process.env[`${name.toUpperCase()}_HOST`] ?? '127.0.0.1'
    const port = Number(process.env[`${name.toUpperCase()}_PORT`])
    const startedAt = performance.now()
    const socket = net.connect({ host, port })
    const fail = (reason) => {
      socket.destroy()
      reject(new Error(`${name} at ${host}:${port}: ${reason}`))
    }
    socket.setTimeout(timeoutMs, () => fail(`no answer within ${timeoutMs} ms`))
    socket.on('error', (error) => fail(error.code ?? error.message))
    socket.on('close', () => fail('closed the connection'))
    socket.on('connect', () => socket.write(greeting))
    let answer = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]).subarray(0, 64 * 1024)
      if (!expected(answer)) return
      socket.destroy()
      resolve({ name, latencyMs: Math.round((performance.now() - startedAt) * 10) / 10 })
    })
  })

// https://redis.io/docs/latest/develop/reference/protocol-spec/
const redis = {
  name: 'redis',
  greeting: '*1\r\n$4\r\nPING\r\n',
  expected: (answer) => answer.includes('+PONG\r\n'),
}
// https://docs.nats.io/reference/reference-protocols/nats-protocol
const nats = {
  name: 'nats',
  greeting: 'CONNECT {"verbose":false,"pedantic":false,"lang":"none","version":"1"}\r\nPING\r\n',
  expected: (answer) => answer.includes('PONG\r\n'),
}
// MQTT 3.1.1 CONNECT without a client id, clean session; the answer is CONNACK (0x20) with code 0.
const mosquitto = {
  name: 'mosquitto',
  greeting: Buffer.from([0x10, 12, 0, 4, ...Buffer.from('MQTT'), 4, 2, 0, 10, 0, 0]),
  expected: (answer) => answer.length >= 4 && answer[0] === 0x20 && answer[3] === 0,
}

const status = async () => {
  const answers = await Promise.allSettled([redis, nats, mosquitto].map(ask))
  const servers = answers.filter(({ status: s }) => s === 'fulfilled').map(({ value }) => value)
  const faults = answers
    .filter(({ status: s }) => s === 'rejected')
    .map(({ reason }) => reason.message)
  return { servers, faults }
}

const server = http.createServer((request, response) => {
  const known = request.method === 'GET' && ['/health', '/status'].includes(request.url ?? '')
  const answer = known ? status() : Promise.resolve({ servers: [], faults: ['unknown path'] })
  void answer.then((body) => {
    const reason = body.faults.join('; ')
    response.writeHead(known ? (reason === '' ? 200 : 503) : 404, {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
    })
    response.end(
      JSON.stringify({ status: reason === '' ? 'healthy' : 'unhealthy', reason, ...body }),
    )
  })
})

server.listen(Number(process.env.PORT), '127.0.0.1', () => {
  log('info', 'listening', { port: Number(process.env.PORT) })
})
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    log('info', 'stopping', { signal })
    server.close(() => process.exit(0))
    server.closeAllConnections()
  })
}
