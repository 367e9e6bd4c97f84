import { factAt } from '../../place.ts'
import type { Rule } from '../rule.ts'

/** A password travels in plain text to a host that is not of the stack. */
export const plainCredentials: Rule = {
  id: 'security/plain-credentials',
  title: 'Password over plain HTTP',
  severity: 'warning',
  why: `Everybody between the two machines reads along. A key that went over plain HTTP once is to be taken
for known.`,
  joins: ['environment', 'env files', 'services'],
  fix: 'Use https, and change the password.',
  *find({ services }) {
    for (const { name, environment } of services.values()) {
      for (const variable of environment.values()) {
        const host = externalHost(variable.value ?? '')
        if (host === undefined) continue
        yield {
          service: name,
          message: `${name} sends credentials to ${host} over plain HTTP`,
          // Never the value: it is the secret.
          evidence: [factAt(variable, `${variable.name} is an http URL with credentials`)],
          fix: `Use https for ${variable.name}, and change the password`,
          subject: variable.name,
        }
      }
    }
  },
  examples: [
    {
      title: 'a key in a URL',
      files: {
        'compose.yaml': `services:
  api:
    image: example/api:1
    environment:
      FEED: "http://user:pass@feed.acme.io/v1"
`,
      },
      finds: [{ service: 'api', says: 'feed.acme.io' }],
    },
    {
      title: 'encrypted, inside of the stack, on a private network, an example',
      files: {
        'compose.yaml': `services:
  api:
    image: example/api:1
    environment:
      A: "https://user:pass@feed.acme.io/v1"
      B: "http://user:pass@elastic:9200"
      C: "http://user:pass@10.1.2.3:9200"
      D: "http://user:pass@example.com"
      E: "http://user:pass@search.internal"
`,
      },
      finds: [],
    },
  ],
}

const httpUrl = /^http:\/\/([^\s/?#@]+:[^\s/?#@]+@)?([\w-]+(?:\.[\w-]+)+)(?::\d+)?(?:[/?#]|$)/
const keyInQuery = /[?&](?:api[_-]?key|access[_-]?token|token|password|secret)=[^&$\s]{6,}/i
const notOutside =
  /^(?:10\.|127\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.)|(?:^|\.)(?:example\.(?:com|org|net)|localhost|local|internal|lan|home|test|invalid|svc|cluster|docker)(?:\.|$)/i

const externalHost = (value: string): string | undefined => {
  const text = value.slice(0, 2000)
  const match = httpUrl.exec(text)
  const host = match?.[2]
  if (host === undefined || notOutside.test(host)) return undefined
  return match?.[1] !== undefined || keyInQuery.test(text) ? host : undefined
}
