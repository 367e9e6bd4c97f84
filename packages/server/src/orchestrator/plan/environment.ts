import type { BoundPort, ServiceSpec } from '@keelson/contract'

/** 'order-api' → 'ORDER_API' */
export const variableName = (service: string): string =>
  service.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')

export type Address = { host: string; port: number }

export type InjectionInput = {
  stack: string
  gatewayUrl: string
  /** Where each service it depends on is reached: an edge of the gateway, or the service itself. */
  dependencies: readonly { service: string; protocol: 'http' | 'tcp'; address: Address }[]
  databaseUrl: string | undefined
}

/**
 * What Keelson adds to the environment of a process: where its dependencies are, its database, and
 * who it is. The file wins over all of it, so a service that names its own address keeps it.
 */
export const injectedEnvironment = (
  spec: ServiceSpec,
  input: InjectionInput,
): Record<string, string> => {
  const injected: Record<string, string> = {
    KEELSON_STACK: input.stack,
    KEELSON_SERVICE: spec.name,
    KEELSON_GATEWAY_URL: input.gatewayUrl,
  }
  for (const { service, protocol, address } of input.dependencies) {
    const name = variableName(service)
    injected[`${name}_HOST`] = address.host
    injected[`${name}_PORT`] = String(address.port)
    if (protocol === 'http') injected[`${name}_URL`] = `http://${address.host}:${address.port}`
  }
  if (input.databaseUrl !== undefined) injected['DATABASE_URL'] = input.databaseUrl
  return injected
}

/** By what a service proves to the platform who it is, and where: client_credentials of RFC 6749. */
export const credentialNames = [
  'KEELSON_TOKEN_URL',
  'KEELSON_CLIENT_ID',
  'KEELSON_CLIENT_SECRET',
] as const
export type Credentials = Readonly<Record<(typeof credentialNames)[number], string>>
export type CredentialsOf = (stack: string, service: string) => Credentials

const isCredential = (name: string): boolean =>
  (credentialNames as readonly string[]).includes(name)

/**
 * What of the injected variables makes an instance what it is. Credentials are told at its start and
 * mean nothing to what it does: neither another master key nor another port of ours is a change of it.
 */
export const withoutCredentials = (
  injected: Readonly<Record<string, string>>,
): Record<string, string> =>
  Object.fromEntries(Object.entries(injected).filter(([name]) => !isCredential(name)))

/** The whole environment of one instance: injected, then its port, then the file over both. */
export const instanceEnvironment = (
  spec: ServiceSpec,
  injected: Readonly<Record<string, string>>,
  instance: { name: string; ports: readonly BoundPort[] },
): Record<string, string> => {
  const port = instance.ports.find(({ protocol }) => protocol === 'tcp')
  return {
    ...injected,
    ...(spec.runtime === 'process' && port !== undefined ? { PORT: String(port.port) } : {}),
    KEELSON_INSTANCE: instance.name,
    ...spec.environment,
  }
}

const secretName =
  /((pass(wor[dt]|wd|phrase)?|pwd|secret|token|jwt|api[_-]?key|private[_-]?key|credential|auth)s?|(^|[_-])keys?)($|[_-])/i
/** Credentials inside of a value: in a URL, in a connection string, as a key in PEM. */
const secretInValue =
  /\b[a-z][a-z0-9+.-]*:\/\/([^/@\s]*:[^/@\s]+|[\w-]{16,})@|\b(password|passwd|pwd|token|secret|api[_-]?key)=|\bbearer \S|-----BEGIN [A-Z ]*PRIVATE KEY/i

/** How much of something, or whether: `TOKEN_LIFE=5`, `AUTH_ENABLED=true`. */
const measureName =
  /_(life(time)?|ttl|timeout|expiry|expires(_in)?|interval|age|days|hours|minutes|seconds|secs?|ms|length|size|limit|count|max|min|retries|attempts|rounds|enabled|required)$/i
const measure = /^(-?\d+(\.\d+)?(ms|[smhd])?|true|false|yes|no|on|off)$/i

/** Whether a variable is masked wherever people look. Rather one too many than one too few. */
export const looksSecret = (name: string, value: string): boolean =>
  (secretName.test(name) && !(measureName.test(name) && measure.test(value))) ||
  secretInValue.test(value)

const maskedLengthMin = 4

/** The text with every secret value of an environment masked: what a service says of itself. */
export const withoutSecrets = (
  text: string,
  environment: Readonly<Record<string, string>>,
): string => {
  let masked = text
  for (const [name, value] of Object.entries(environment)) {
    if (value.length < maskedLengthMin || !looksSecret(name, value)) continue
    masked = masked.replaceAll(value, '[secret]')
  }
  return masked
}
