// Answers at once, and ends as a well-behaved server does: it finishes what it has begun.
import http from 'node:http'

const server = http.createServer((_, response) => response.end(`${process.env.VERSION}\n`))
server.listen(Number(process.env.PORT), '127.0.0.1')
process.on('SIGTERM', () => server.close(() => process.exit(0)))
