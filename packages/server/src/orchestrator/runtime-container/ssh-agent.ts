import { spawn } from 'node:child_process'
import { Agent } from 'node:http'
import { Duplex } from 'node:stream'
import { AppError } from '../../kernel/errors.ts'

type SshPlace = { host: string; port: string; user: string }

/** Connections that wait for the next call; each is an `ssh` of its own. */
const idleMax = 4
const stderrLimit = 2000

/**
 * Connections to an engine through `ssh <host> docker system dial-stdio`, as Docker's own command
 * makes them: keys, host keys, jump hosts and aliases are those of the user's own ssh.
 */
export const createSshAgent = (place: SshPlace, address: string): Agent => {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: idleMax })
  agent.createConnection = () => dial(place, address)
  return agent
}

const dial = ({ host, port, user }: SshPlace, address: string): Duplex => {
  const args = ['-T', '-o', 'ConnectTimeout=30', '-o', 'BatchMode=yes']
  if (user !== '') args.push('-l', user)
  if (port !== '') args.push('-p', port)
  args.push('--', host, 'docker', 'system', 'dial-stdio')
  const child = spawn('ssh', args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + String(chunk)).slice(-stderrLimit)
  })
  const socket = new Duplex({
    read: () => void child.stdout.resume(),
    write: (chunk: Buffer, encoding, done) => void child.stdin.write(chunk, encoding, done),
    final: (done) => void child.stdin.end(done),
    destroy: (error, done) => {
      child.kill()
      done(error)
    },
  })
  child.stdout.on('data', (chunk: Buffer) => {
    if (!socket.push(chunk)) child.stdout.pause()
  })
  child.stdin.on('error', () => undefined) // Its end tells more.
  const fail = (reason: string): void => {
    const message = `No Docker Engine answers at ${address} (ssh: ${reason})`
    const hint = `Try: ssh ${user === '' ? host : `${user}@${host}`} docker version`
    socket.destroy(new AppError('engine_unavailable', { message }, { hint }))
  }
  child.once('error', (error) => fail(error.message))
  child.once('close', (code) => {
    if (code === 0) socket.push(null)
    else fail(stderr.trim() === '' ? `it ended with ${code}` : stderr.trim())
  })
  // What an agent asks of a socket and a pipe does not have.
  const nothing = (): Duplex => socket
  return Object.assign(socket, {
    setKeepAlive: nothing,
    setNoDelay: nothing,
    setTimeout: nothing,
    ref: nothing,
    unref: nothing,
  })
}
