import { isRecord } from './schema/shape.ts'

/** Shown in the place of what nobody is to see. */
export const masked = '***'

const secretName =
  /(?:^|[_.-])(?:passw(?:or)?d|secret|secrets|token|private_key|api_?key|client_secret|credentials?|auth)$|^(?:authorization|proxy-authorization|cookie)$|(?:^|-)api-?key$/i
/** Header lines in lists of `name:value`. */
const secretLine =
  /^((?:proxy-)?authorization|cookie|(?:[\w-]*-)?(?:api-?key|token|secret|password))\s*:/i
const userInfo = /^([a-z][a-z\d+.-]*:\/\/)[^/?#@]+@/i

/** Whether a field of a plugin's configuration holds a secret, by its name. */
export const isSecretName = (name: string): boolean => secretName.test(name)

/** Changes each secret of a value: in fields by their name, header lines, and addresses. */
export const replaceSecrets = (
  value: unknown,
  replace: (secret: string, path: readonly (string | number)[]) => string,
  path: readonly (string | number)[] = [],
  isSecret = false,
): unknown => {
  if (typeof value === 'string') return replaceText(value, replace, path, isSecret)
  if (Array.isArray(value)) {
    return value.map((item: unknown, at) => replaceSecrets(item, replace, [...path, at], isSecret))
  }
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      replaceSecrets(item, replace, [...path, key], isSecretName(key)),
    ]),
  )
}

const replaceText = (
  text: string,
  replace: (secret: string, path: readonly (string | number)[]) => string,
  path: readonly (string | number)[],
  isSecret: boolean,
): string => (isSecret || secretLine.test(text) || userInfo.test(text) ? replace(text, path) : text)
