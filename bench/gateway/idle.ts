import { connect } from 'node:net'

/**
 * Connections that have had one answer and are silent since. Runs as
 * `node idle.ts <port> <connections>`; prints `ready`, and holds them until its input ends.
 */
const [port = 0, count = 10_000] = process.argv.slice(2).map(Number)
const request = 'GET /products/42?full=1 HTTP/1.1\r\nHost: bench\r\n\r\n'

const open = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => void socket.write(request))
    socket.once('data', () => resolve())
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('a connection was closed')))
  })

for (let opened = 0; opened < count; opened += 100) {
  await Promise.all(Array.from({ length: Math.min(100, count - opened) }, open))
}
console.log('ready')
process.stdin.on('end', () => process.exit(0)).resume()
