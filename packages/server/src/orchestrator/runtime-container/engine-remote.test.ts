import assert from 'node:assert/strict'
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { AppError } from '../../kernel/errors.ts'
import { instanceOf, serviceOf, until } from '../runtime-process/runtime-cases.ts'
import { containerOf, createContainerBench, testImage } from './container-bench.ts'
import { startDocker } from './docker-harness.ts'
import { createEngine } from './engine.ts'
import { boundPorts } from './port-options.ts'

const run = promisify(execFile)
const dir = await mkdtemp(join(tmpdir(), 'keelson-remote-'))
after(() => rm(dir, { recursive: true, force: true }))

const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** An authority, and a certificate of it for the server and for the client; another for a stranger. */
const makeCertificates = async (): Promise<string | null> => {
  const openssl = (...args: string[]) => run('openssl', args, { cwd: dir })
  try {
    const key = ['-newkey', 'rsa:2048', '-nodes', '-days', '2']
    await openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      'ca-key.pem',
      '-out',
      'ca.pem',
      '-subj',
      '/CN=ca',
    )
    for (const name of ['server', 'client']) {
      await writeFile(join(dir, `${name}.ext`), 'subjectAltName=IP:127.0.0.1')
      const made = ['-keyout', `${name}-key.pem`, '-out', `${name}.csr`, '-subj', `/CN=${name}`]
      await openssl('req', ...key.filter((word) => !/days|^2$/.test(word)), ...made)
      const by = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-days', '2']
      const from = ['-in', `${name}.csr`, '-out', `${name}.pem`, '-extfile', `${name}.ext`]
      await openssl('x509', '-req', ...from, ...by)
    }
    await mkdir(join(dir, 'client'))
    const pairs = { 'ca.pem': 'ca.pem', 'client.pem': 'cert.pem', 'client-key.pem': 'key.pem' }
    for (const [from, to] of Object.entries(pairs))
      await run('cp', [from, `client/${to}`], { cwd: dir })
    return null
  } catch (error) {
    return `NO OPENSSL: ${String(error)}`
  }
}

const noCertificates = await makeCertificates()
const tlsPort = await freePort()
const engine = await startDocker(
  noCertificates === null
    ? [
        ...['--host', `tcp://127.0.0.1:${tlsPort}`, '--tlsverify'],
        ...['--tlscacert', join(dir, 'ca.pem'), '--tlscert', join(dir, 'server.pem')],
        ...['--tlskey', join(dir, 'server-key.pem')],
      ]
    : [],
)
const noEngine = 'unavailable' in engine ? `NO DOCKER ENGINE: ${engine.unavailable}` : false
if (!('unavailable' in engine)) {
  await engine.makeImage(testImage)
  await engine.docker.createNetwork({ Name: 'cases_default' })
  after(() => engine.stop())
}

const refused = (message: RegExp) => (error: unknown) =>
  error instanceof AppError && error.code === 'engine_unavailable' && message.test(error.message)

test(
  'an engine is reached with TLS, by who has a certificate',
  { skip: noEngine || noCertificates || false },
  async () => {
    const dockerHost = `tcp://127.0.0.1:${tlsPort}`
    const version = (environment: Record<string, string>) => {
      const connection = createEngine(dockerHost, { environment })
      return connection.apiVersion().finally(() => connection.close())
    }
    const known = { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: join(dir, 'client') }
    assert.equal((await version(known))[0], 1)
    const strange = { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: dir, DOCKER_CONFIG: dir }
    await assert.rejects(version(strange), refused(/No Docker Engine answers at tcp:/))
    await assert.rejects(
      version({ ...strange, DOCKER_CERT_PATH: '/nonexistent' }),
      refused(/No Docker Engine answers at tcp:/),
    )
  },
)

/** A server of its own with a key of its own; `docker` on it asks the test's engine. */
const startSshd = async (socket: string): Promise<{ port: number } | { skip: string }> => {
  const found = await run('/usr/sbin/sshd', ['-V']).then(
    () => true,
    (error: { code?: unknown }) => error.code !== 'ENOENT',
  )
  if (!found) return { skip: 'NO SSHD (apt install openssh-server)' }
  await mkdir('/run/sshd', { recursive: true })
  for (const name of ['host', 'id']) {
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, name)])
  }
  await run('cp', ['id.pub', 'authorized'], { cwd: dir })
  await chmod(join(dir, 'authorized'), 0o600)
  const port = await freePort()
  const settings = [
    ...[`Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${join(dir, 'host')}`],
    ...[`AuthorizedKeysFile ${join(dir, 'authorized')}`, 'StrictModes no', 'UsePAM no'],
    ...['PermitRootLogin yes', `PidFile ${join(dir, 'sshd.pid')}`],
    `SetEnv DOCKER_HOST=unix://${socket} PATH=${process.env['PATH'] ?? ''}`,
  ]
  await writeFile(join(dir, 'sshd_config'), `${settings.join('\n')}\n`)
  const child: ChildProcess = spawn('/usr/sbin/sshd', ['-D', '-f', join(dir, 'sshd_config')], {
    stdio: 'ignore',
  })
  after(async () => {
    child.kill()
    if (child.exitCode === null) await once(child, 'exit')
  })
  // The user's own ssh finds key and host key through its settings: here through a wrapper.
  const options = `-F none -o IdentityFile=${join(dir, 'id')} -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR`
  await mkdir(join(dir, 'bin'))
  await writeFile(join(dir, 'bin/ssh'), `#!/bin/sh\nexec /usr/bin/ssh ${options} "$@"\n`)
  await chmod(join(dir, 'bin/ssh'), 0o755)
  process.env['PATH'] = `${join(dir, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`
  return { port }
}

test('an engine is reached over ssh, like a local one', { skip: noEngine }, async (t) => {
  assert(!('unavailable' in engine))
  const server = await startSshd(engine.socket)
  if ('skip' in server) return t.skip(server.skip)
  const dockerHost = `ssh://root@127.0.0.1:${server.port}`
  await until(() =>
    createEngine(dockerHost)
      .apiVersion()
      .then(
        () => true,
        () => false,
      ),
  )
  await using bench = await createContainerBench(engine.socket, dockerHost)
  const script = 'httpd -f -h /etc -p 80'
  const spec = {
    ...bench.adapt(serviceOf(['sh', '-c', script])),
    ports: [{ target: 80, protocol: 'tcp' as const }],
    container: containerOf({ stdinOpen: true }),
  }
  const instance = instanceOf(spec)
  const started = await bench.runtime.start(instance)
  const [port] = started.ports
  assert.equal(port?.host, '127.0.0.1')
  const response = await until(() =>
    fetch(`http://${port.host}:${port.port}/passwd`).catch(() => null),
  )
  assert.match(await response.text(), /^root:/)
  const limits = { timeoutMs: 10_000, outputLimitBytes: 100 }
  assert.equal((await bench.runtime.exec(instance, ['echo', 'x'], limits)).output, 'x\n')
  const attached = await bench.runtime.attach(instance, { command: ['cat'], tty: null })
  attached.stdin.end('typed')
  assert.equal(await attached.exitCode, 0)
  await assert.rejects(
    createEngine(`ssh://nobody@127.0.0.1:${server.port}`).apiVersion(),
    refused(/ssh: .*denied/i),
  )
})

test('ports of an engine elsewhere are reached at its host, where they are published', () => {
  const info = {
    Config: { ExposedPorts: { '80/tcp': {}, '81/tcp': {}, '82/tcp': {}, '83/tcp': {} } },
    NetworkSettings: {
      Networks: { x: { IPAddress: '10.0.0.2' } },
      Ports: {
        '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }],
        '81/tcp': [{ HostIp: '127.0.0.1', HostPort: '8081' }],
        '82/tcp': [{ HostIp: '192.0.2.7', HostPort: '8082' }],
      },
    },
  } as unknown as Parameters<typeof boundPorts>[0]
  assert.deepEqual(
    boundPorts(info, { host: 'far' }).map(({ target, host, port }) => `${target} ${host}:${port}`),
    ['80 far:8080', '82 192.0.2.7:8082'],
  )
})
