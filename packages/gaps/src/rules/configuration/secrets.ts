import { originsOf } from '@keelson/compose'
import type { Place } from '../../place.ts'
import type { ServiceEvidence, System, VariableEvidence } from '../../systems/system.ts'

/** A literal value of a variable that is written in the repository. */
export type Written = Place & {
  name: string
  value: string
  /** What gives it: the variable it is a default of, or comes from; the name itself if none. */
  variable: string
  /** Services that get it. */
  services: readonly string[]
}

/** Does the name say that the value is a secret? `DB_PASSWORD_FILE` and `TOKEN_TTL` are none. */
const isSecretName = (name: string): boolean =>
  /(?:PASSWORD|PASSWD|PASSPHRASE|_PASS$|_PWD$|^PASS$|SECRET|_AUTH$|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|SIGNING_?KEY|ENCRYPTION_?KEY|CREDENTIALS?)/i.test(
    name,
  ) &&
  !/(?:_FILE|_PATH|_DIR|_URLS?|_URI|_HOST|_PORT|_HEADER|_NAME|_ID|_TTL|_EXPIR\w*|_LENGTH|_SIZE|_TYPE|_ALG\w*|_ISSUER|_AUDIENCE|_ENABLED?|_DISABLED?|_POLICY|_LIMIT|_VALIDITY|_LIFETIME|_COOKIE|_FIELD|_ENCRYPTION|_REGION|_PREFIX|_TIMEOUT|_DURATION|_PROVIDER|_MODE|_SCHEME|_ROUNDS|_VERSION|_HASH|_COUNT|_USERS?|_USERNAME|_LOGIN)$|^(?:ALLOW|ENABLE|DISABLE|USE|REQUIRE|NO|SKIP|MAX|MIN)_|(?:MAX|MIN)_TOKENS|TOKENS$|PUBLIC|^(?:MINIO|S3)_ACCESS_KEY$/i.test(
    name,
  )

/** A word that is no secret whatever its name: a switch, a path, a reference to another place. */
const isNoSecret = (value: string): boolean =>
  value === '' ||
  /^(?:true|false|yes|no|on|off|none|null|undefined|(?:en|dis)abled|required|optional|-?\d{1,3})$/i.test(
    value,
  ) ||
  /^[/~.]|^(?:https?|file|vault|op|aws|gcp|arn|sops|ref):|\$\{?\w|\{\{|^<.*>$|^\*+$|^x{3,}$/i.test(
    value,
  )

const everybodys =
  /^(?:p(?:ass|wd|assw(?:or)?d|4ssw0rd)\d{0,4}!?|(?:change|replace)[-_ ]?(?:me|this|it|in[-_]?production)?\w{0,20}|admin\w{0,8}|root\w{0,8}|toor|secret\w{0,8}|(?:my|your|super|some|a|the|very)[-_ ]?(?:super|secret|root|db|strong|secure|api|jwt)?[-_ ]?(?:secret|password|pass|pw|key|token)\w{0,12}|default\w{0,8}|example\w{0,8}|test\w{0,8}|guest|user|demo|dev|development|local|foo(?:bar)?|bar|baz|qwerty|letmein|123(?:4(?:5(?:6(?:7(?:8(?:9)?)?)?)?)?)?|abc123|postgres(?:ql)?|mysql|mariadb|mongo(?:db)?|redis|rabbit(?:mq)?|minio(?:admin|secret|123)?|grafana|elastic|clickhouse|neo4j|keycloak|kong|sa|temporal|wordpress|nextcloud|insecure\w{0,20}|dummy\w{0,12}|todo|none|temp|tmp|hello|welcome)$/i

const knownForm =
  /^(?:AKIA[0-9A-Z]{16}|gh[pousr]_\w{30,}|github_pat_\w{20,}|sk_live_\w{16,}|rk_live_\w{16,}|sk-(?:proj-|ant-)?[\w-]{32,}|xox[abprs]-[\w-]{10,}|AIza[\w-]{30,}|SG\.[\w-]{16,}\.[\w-]{16,}|glpat-[\w-]{16,}|-----BEGIN [A-Z ]*PRIVATE KEY|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.)/

/** `password`: somebody thought of it; a `secret` came out of a generator. */
export type Judged = 'default' | 'password' | 'secret' | 'known secret' | undefined

/** Nothing but a password has such a name: what is short and readable is one, too. */
const passwordName = /(?:PASSWORD|PASSWD|PASSPHRASE|_PASS|_PWD|^PASS)\d?$/i

/** What a value that is written in a file gives away. */
export const judgeValue = (name: string, value: string, words: readonly string[]): Judged => {
  if (knownForm.test(value) && !/example/i.test(value)) return 'known secret'
  if (!isSecretName(name) || isNoSecret(value) || value.length > 4000) return undefined
  const plain = value.toLowerCase()
  // `0000…`: there to be replaced.
  if (/^(.)\1{7,}$/.test(value)) return 'default'
  if (
    everybodys.test(value) ||
    words.some((word) => word.length > 2 && plain === word.toLowerCase())
  ) {
    return 'default'
  }
  if (
    /change[-_ ]?(?:me|this)|replace[-_ ]?(?:me|this)|choose|your(?:[-_ ]|own|password|secret|token|key)|example|placeholder|insecure|dummy/i.test(
      value,
    )
  )
    return 'default'
  if (
    /(?:password|passwd|secret|admin|root)/i.test(value) &&
    value.length <= 20 &&
    !/\d{3}.*[A-Z]|[A-Z].*\d{3}/.test(value)
  )
    return 'default'
  if (isRandom(value)) return 'secret'
  return passwordName.test(name) && value.length >= 4 && !/\s/.test(value) ? 'password' : undefined
}

/** Eight characters of three kinds: nobody types that to have something there for the moment. */
export const looksReal = (value: string): boolean =>
  value.length >= 8 &&
  [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((one) => one.test(value)).length >= 3 &&
  !throwaway.test(unspelled(value))

const throwaway =
  /pass|secret|admin|root|test|demo|local|change|default|example|welcome|qwerty|1234/

/** `s3cr3t` and `P@ssw0rd` are the words that they stand for. */
const unspelled = (value: string): string =>
  value
    .toLowerCase()
    .replace(/[@4]/g, 'a')
    .replace(/3/g, 'e')
    .replace(/0/g, 'o')
    .replace(/[$5]/g, 's')
    .replace(/[1!](?=[a-z])/g, 'i')

/** 3 bits a character and no words: what a generator gives, not what somebody types. */
const isRandom = (value: string): boolean => {
  if (value.length < 12 || /\s/.test(value) || /^(?:0+|1+)$/.test(value)) return false
  const counts = new Map<string, number>()
  for (const char of value) counts.set(char, (counts.get(char) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values())
    bits -= (count / value.length) * Math.log2(count / value.length)
  const classes = [/[a-z]/, /[A-Z]/, /\d/].filter((one) => one.test(value)).length
  return bits >= 3 && classes >= 2 && /\d/.test(value) && !/^[a-z]+[-_.][a-z-_.]+\d*$/i.test(value)
}

/**
 * Literal values of the environment. One that an anchor, an env file or `${VAR}` gives to many
 * services is told once, at its source; so is one value under one name.
 */
export const listWritten = (system: System): Written[] => {
  const { services, envFiles } = system
  const isOpen = (file: string): boolean => {
    const found = envFiles.find((one) => one.file === file)
    return found === undefined || !(found.isExample || found.isIgnored)
  }
  const found = new Map<string, Written & { services: string[] }>()
  for (const service of services.values()) {
    for (const [name, variable] of service.environment) {
      const { value, from } = variable
      if (value === undefined || variable.line === 0) continue
      if (from === 'compose' && service.isUnset('environment', name)) continue
      const given = from === 'compose' ? givenAt(system, service, variable, value) : undefined
      const { file, line, column } = given ?? variable
      if (!isOpen(file)) continue
      const key = given === undefined ? `${name}=${value}` : `${file}:${line}`
      const seen = found.get(key)
      const source = variableOf(system, variable)
      if (seen === undefined)
        found.set(key, {
          ...{ file, line, column, name, value, services: [service.name] },
          variable: source,
        })
      else if (!seen.services.includes(service.name)) seen.services.push(service.name)
    }
  }
  return [...found.values()]
}

/** `KEY: ${OTHER:-value}` is given by OTHER. */
const variableOf = ({ variables }: System, { file, line, name, value }: VariableEvidence): string =>
  variables.find(
    ({ at, given, default: fallback }) =>
      at.file === file && at.line === line && (given?.value ?? fallback) === value,
  )?.name ?? name

/** The line of the env file that the value is from: `PASSWORD: ${PASSWORD}`, or `PASSWORD:` alone. */
const givenAt = (
  { variables, envFiles, project }: System,
  service: ServiceEvidence,
  { file, line, name }: VariableEvidence,
  value: string,
): Place | undefined => {
  const use = variables.find(
    ({ at, given }) => at.file === file && at.line === line && given?.value === value,
  )
  if (use !== undefined) return use.given
  const origins = originsOf(project, `services.${service.name}.environment.${name}`)
  if (!origins.some(({ note }) => note === `env file variable ${name}`)) return undefined
  const entries = envFiles.filter(({ isExample }) => !isExample).flatMap((one) => one.entries)
  return entries.find((entry) => entry.name === name && entry.value === value)
}

/** Words near a value that people reuse as passwords: the user, the database, the service. */
export const wordsNear = (service: ServiceEvidence | undefined): string[] => {
  if (service === undefined) return []
  const names = [...service.environment.values()]
    .filter(
      ({ name, value }) =>
        /(?:_USER|_USERNAME|_DB|_DATABASE|_LOGIN)$/.test(name) && value !== undefined,
    )
    .map(({ value }) => value ?? '')
  return [service.name, ...names]
}

export const namesOf = ([first = '', ...others]: readonly string[]): string =>
  others.length === 0
    ? first
    : others.length === 1
      ? `${first} and ${others[0]}`
      : `${first} and ${others.length} more`
