/** Repositories as teams have them, made up: the same on every machine. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const write = (root: string, file: string, text: string): void => {
  const path = join(root, file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

const compose = (count: number): string => {
  const services = Array.from({ length: count }, (_, at) => {
    const before =
      at === 0 ? '' : `    depends_on: { s${at - 1}: { condition: service_healthy } }\n`
    return `  s${at}:
    build: services/s${at}
    environment: { PORT: "${3000 + at}", DATABASE_URL: "postgres://app@db:5432/s${at}" }
    ports: ["${3000 + at}:${3000 + at}"]
    healthcheck: { test: [CMD, curl, -f, "http://localhost:${3000 + at}/health"] }
${before}`
  })
  return `services:\n  db:\n    image: postgres:17\n${services.join('')}`
}

const source = (at: number): string => `import { createServer } from 'node:http'
const port = Number(process.env.PORT ?? ${3000 + at})
const url = process.env.DATABASE_URL
export const handle = (request, response) => {
  if (request.url === '/health') return response.end('ok')
  return fetch(\`http://s${at + 1}:${3001 + at}/items\`).then((found) => response.end(found.body))
}
createServer(handle).listen(port)
`

const dockerfile = `FROM node:24-slim
RUN apt-get update && apt-get install -y curl
WORKDIR /app
COPY . .
EXPOSE 3000
CMD ["node", "main.js"]
`

/** A stack of 60 services, each with a Dockerfile, five sources and a manifest; all documented. */
export const writeStack = (root: string, services = 60): void => {
  write(root, 'compose.yaml', compose(services))
  const rows = Array.from({ length: services }, (_, at) => `| s${at} | ${3000 + at} | part ${at} |`)
  write(
    root,
    'README.md',
    `# System\n\n${services} services.\n\n| service | port | what |\n|---|---|---|\n${rows.join('\n')}\n`,
  )
  const jobs = Array.from(
    { length: services },
    (_, at) => `  - job_name: s${at}\n    static_configs: [{ targets: ["s${at}:${3000 + at}"] }]\n`,
  )
  write(root, 'prometheus.yml', `scrape_configs:\n${jobs.join('')}`)
  for (let at = 0; at < services; at += 1) {
    const folder = `services/s${at}`
    write(root, `${folder}/Dockerfile`, dockerfile)
    write(root, `${folder}/package.json`, `{"name":"s${at}","dependencies":{"pg":"8.0.0"}}\n`)
    for (let file = 0; file < 5; file += 1) {
      write(root, `${folder}/${file === 0 ? 'main' : `part${file}`}.js`, source(at))
    }
  }
}

/** The same with files of all kinds around it, 10,000 in all. */
export const writeLarge = (root: string, files = 10_000): void => {
  writeStack(root)
  const kinds = ['ts', 'py', 'go', 'java', 'md', 'json', 'css', 'svg', 'yaml', 'txt'] as const
  const texts: Record<(typeof kinds)[number], string> = {
    ts: `export const add = (a: number, b: number): number => a + b\n`.repeat(40),
    py: `import os\n\ndef add(a, b):\n    return a + b\n`.repeat(30),
    go: `package parts\n\nfunc Add(a int, b int) int { return a + b }\n`.repeat(1),
    java: `class Part { int add(int a, int b) { return a + b; } }\n`.repeat(20),
    md: `# A page\n\nSome words about a part of the system, and nothing that counts.\n`.repeat(20),
    json: `{"a": [1, 2, 3]}\n`,
    css: `.a { color: red }\n`.repeat(40),
    svg: `<svg xmlns="http://www.w3.org/2000/svg"/>\n`,
    yaml: `a: 1\nb: [1, 2, 3]\n`.repeat(1),
    txt: `words\n`.repeat(40),
  }
  for (let at = 0; at < files - 500; at += 1) {
    const kind = kinds[at % kinds.length] ?? 'txt'
    write(root, `lib/l${at % 97}/m${at % 13}/part${at}.${kind}`, texts[kind])
  }
}
