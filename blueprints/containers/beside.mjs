// A plain process in a stack of containers: it reaches `outer` at the address Keelson gives it.
import http from 'node:http'

const outer = process.env.OUTER_URL
if (!outer) throw new Error('OUTER_URL is not set')

const answer = async (response) => {
  try {
    const answer = await fetch(outer, { signal: AbortSignal.timeout(1500) })
    const text = (await answer.text()).trim()
    response.writeHead(answer.ok ? 200 : 503, { 'content-type': 'text/plain; charset=utf-8' })
    response.end(`outer says: ${text}\n`)
  } catch (error) {
    response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8' })
    response.end(`outer does not answer: ${error.message}\n`)
  }
}

const server = http.createServer((request, response) => void answer(response))
server.listen(Number(process.env.PORT), '127.0.0.1')
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    server.close(() => process.exit(0))
    server.closeAllConnections()
  })
}
