import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** As the engine takes them. */
export type Credentials = {
  username: string
  password: string
  serveraddress: string
  identitytoken?: string
}

type ConfigFile = {
  auths?: Record<string, StoredAuth>
  credsStore?: string
  credHelpers?: Record<string, string>
}
type StoredAuth = { auth?: string; username?: string; password?: string; identitytoken?: string }

const dockerHub = 'https://index.docker.io/v1/'
/** A helper may have to ask a keychain; it cannot ask a person from here. */
const helperTimeoutMs = 10_000
const outputLimit = 64 * 1024

/**
 * What `docker login` has stored for the registry of an image: in its own file, or in the store or
 * helper that the file names.
 */
export const findCredentials = async (image: string): Promise<Credentials | null> => {
  const config = await readConfig()
  return config === null ? null : credentialsFor(registryOf(image), config)
}

/** All that is stored, for the base images of a build. */
export const allCredentials = async (): Promise<Record<string, Credentials>> => {
  const config = await readConfig()
  if (config === null) return {}
  const names = new Set([
    ...Object.keys(config.auths ?? {}),
    ...Object.keys(config.credHelpers ?? {}),
  ])
  const found: Record<string, Credentials> = {}
  for (const name of names) {
    const credentials = await credentialsFor(name, config)
    if (credentials !== null) found[name] = credentials
  }
  return found
}

/** `DOCKER_CONFIG`, or where `docker login` keeps its file. A file that is no JSON holds nothing. */
const readConfig = async (): Promise<ConfigFile | null> => {
  const folder = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker')
  const text = await readFile(join(folder, 'config.json'), 'utf8').catch(() => null)
  try {
    return text === null ? null : (JSON.parse(text) as ConfigFile)
  } catch {
    return null
  }
}

export const registryOf = (image: string): string => {
  const [first = ''] = image.split('/')
  const isNamed = image.includes('/') && (/[.:]/.test(first) || first === 'localhost')
  return isNamed && first !== 'docker.io' ? first : dockerHub
}

const credentialsFor = async (
  registry: string,
  { auths = {}, credsStore, credHelpers = {} }: ConfigFile,
): Promise<Credentials | null> => {
  const helper = credHelpers[hostOf(registry)] ?? credHelpers[registry] ?? credsStore
  if (helper !== undefined) {
    const found = await askHelper(helper, registry)
    if (found !== null) return found
  }
  const key = Object.keys(auths).find((name) => hostOf(name) === hostOf(registry))
  return key === undefined ? null : decode(registry, auths[key] ?? {})
}

/** Keys of the file are hosts, or addresses with `https://` and a path in front of old ones. */
const hostOf = (registry: string): string =>
  registry.replace(/^https?:\/\//, '').split('/')[0] ?? registry

const decode = (serveraddress: string, stored: StoredAuth): Credentials | null => {
  const text = Buffer.from(stored.auth ?? '', 'base64').toString('utf8')
  const [first = '', ...rest] = text.split(':')
  const username = stored.username ?? first
  const password = stored.password ?? rest.join(':')
  const { identitytoken } = stored
  if (username === '' && identitytoken === undefined) return null
  const token = identitytoken === undefined ? {} : { identitytoken }
  return { username, password, serveraddress, ...token }
}

/** `docker-credential-<name> get`, with the registry on its input. Null when it knows none. */
const askHelper = async (name: string, registry: string): Promise<Credentials | null> => {
  if (!/^[\w.-]+$/.test(name)) return null
  const child = spawn(`docker-credential-${name}`, ['get'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: helperTimeoutMs,
    killSignal: 'SIGKILL',
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    if (output.length < outputLimit) output += String(chunk)
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(`${registry}\n`)
  try {
    const [code] = (await once(child, 'close')) as [number | null]
    if (code !== 0) return null
    const { Username, Secret } = JSON.parse(output) as { Username?: string; Secret?: string }
    if (Username === undefined || Secret === undefined) return null
    return Username === '<token>'
      ? { username: '', password: '', serveraddress: registry, identitytoken: Secret }
      : { username: Username, password: Secret, serveraddress: registry }
  } catch {
    return null // There is no such program, or it does not speak this way.
  }
}
