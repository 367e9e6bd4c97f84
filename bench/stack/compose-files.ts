import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Compose files of the measurements, written where they are run. */

const write = async (folder: string, text: string): Promise<string> => {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'compose.yaml'), text)
  return folder
}

/** Chains in which each service waits for the one before; nothing in them does anything. */
export const processChains = (
  folder: string,
  name: string,
  chains: number,
  length: number,
): Promise<string> => {
  const services = Array.from({ length: chains * length }, (_, index) => {
    const chain = Math.floor(index / length)
    const link = index % length
    const before = link === 0 ? '' : `\n    depends_on: [c${chain}-${link - 1}]`
    return `  c${chain}-${link}:
    command: tail -f /dev/null
    stop_signal: SIGKILL
    x-keelson: { runtime: process }${before}`
  })
  return write(folder, `name: ${name}\nservices:\n${services.join('\n')}\n`)
}

/** Containers of one local image, each with a health check, in two levels. */
export const healthyContainers = (
  folder: string,
  image: string,
  count: number,
): Promise<string> => {
  const services = Array.from({ length: count }, (_, index) => {
    const before =
      index < count / 2
        ? ''
        : `\n    depends_on: { s${index - count / 2}: { condition: service_healthy } }`
    return `  s${index}:
    image: ${image}
    command: ["sh", "-c", "touch /tmp/ready; exec tail -f /dev/null"]
    stop_signal: SIGKILL
    healthcheck: { test: ["CMD", "test", "-f", "/tmp/ready"], interval: 1s, timeout: 1s, retries: 5 }${before}`
  })
  return write(folder, `name: ten\nservices:\n${services.join('\n')}\n`)
}

/** Three replicas of an HTTP server that tells which version it is. */
export const replicas = (
  folder: string,
  runtime: { kind: 'process'; server: string } | { kind: 'container'; image: string },
  version: number,
): Promise<string> => {
  const service =
    runtime.kind === 'process'
      ? `    command: ["node", "${runtime.server}"]
    x-keelson: { runtime: process, port: auto, route: /, probe: { http: /health, interval: 500ms } }`
      : `    image: ${runtime.image}
    command: ["sh", "-c", "mkdir -p /www && echo ok > /www/index.html && exec httpd -f -p 8080 -h /www"]
    expose: ["8080"]
    init: true
    x-keelson: { port: 8080, route: /, probe: { http: /index.html, interval: 500ms } }`
  return write(
    folder,
    `name: rolling
services:
  web:
${service}
    environment: { VERSION: "${version}" }
    deploy:
      replicas: 3
      update_config: { parallelism: 1, order: start-first, monitor: 1s }
`,
  )
}
