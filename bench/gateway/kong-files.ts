/** Kong files of the cases: everything leads to one origin. */

const service = (originPort: number, routes: string): string => `_format_version: "3.0"
services:
  - name: origin
    url: http://127.0.0.1:${originPort}
    routes:
${routes}`

const all = `      - name: all
        paths: ["/"]
        strip_path: false
`

/** Sent with every request where consumers are asked for. */
export const benchKey = 'key-of-consumer-0'

const limits = `  - name: rate-limiting
    config:
      minute: 100000000
      policy: local
`
const authentication = `  - name: key-auth
    config: {}
`

/** Rate limiting, key authentication and, where there is the plugin, metrics. */
export const pluginsFile = (originPort: number, metrics: boolean): string =>
  `${service(originPort, all)}consumers:
${consumer(0)}plugins:
${limits}${authentication}${metrics ? '  - name: prometheus\n    config: { latency_metrics: true, status_code_metrics: true }\n' : ''}`

/** The wanted route is the last one that is looked at by its kind: prefixes of one length. */
export const routesFile = (originPort: number, count: number): string => {
  let routes = ''
  for (let at = 0; at < count - 1; at += 1) {
    const name = `route-${String(at).padStart(6, '0')}`
    routes += `      - name: ${name}\n        paths: ["/${name}"]\n        strip_path: false\n`
  }
  return service(originPort, `${routes}${all}`)
}

export const consumersFile = (originPort: number, count: number): string => {
  const consumers = Array.from({ length: count }, (_, at) => consumer(at)).join('')
  return `${service(originPort, all)}consumers:\n${consumers}plugins:\n${authentication}`
}

const consumer = (at: number): string =>
  `  - username: consumer-${at}\n    keyauth_credentials:\n      - key: key-of-consumer-${at}\n`
