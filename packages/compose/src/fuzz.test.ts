import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { conformanceDir, missingConformance } from './conformance.ts'
import { EnvFileError, parseEnvFile } from './dotenv.ts'
import { canonicalModel, ComposeError, loadProject, originsOf } from './index.ts'
import { composeFile } from './schema.ts'
import type { Shape } from './shape.ts'
import { substitute, TemplateError } from './template.ts'

const dir = mkdtempSync(join(tmpdir(), 'keelson-fuzz-'))
after(() => rmSync(dir, { recursive: true, force: true }))
const file = join(dir, 'compose.yaml')

/** Loads, or refuses with a positioned error: nothing else may happen. */
async function loadsOrRefuses(text: string): Promise<void> {
  writeFileSync(file, text)
  for (const consistency of ['error', 'warning'] as const) {
    try {
      const options = { profiles: ['*'], projectName: 'fuzz', consistency }
      const project = await loadProject({ cwd: dir, files: [file], env: { A: 'a' }, ...options })
      for (const form of ['json', 'yaml'] as const)
        JSON.stringify(canonicalModel(project, { form }))
      originsOf(project, 'services.a.environment.A')
    } catch (error) {
      assert.ok(error instanceof ComposeError, `${String(error)}\n${(error as Error).stack}`)
      assert.ok(error.diagnostics.length > 0)
      for (const { line, column, file: where } of error.diagnostics) {
        assert.ok(line >= 1 && column >= 1 && where !== '', error.message)
      }
    }
  }
}

const scalar = fc.oneof(
  fc.string(),
  fc.constantFrom('8080:80', '${A}', '${B:-x}', '1m30s', '64m', 'a', 'b', '*', 'true', './x:/y'),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
)

/** Values that often, but not always, have the shape the schema asks for. */
function shaped(shape: Shape, depth: number): fc.Arbitrary<unknown> {
  const wild = fc.oneof(
    scalar,
    fc.array(scalar, { maxLength: 2 }),
    fc.dictionary(fc.string(), scalar, { maxKeys: 2 }),
  )
  if (depth > 7) return wild
  const right = (): fc.Arbitrary<unknown> => {
    switch (shape.is) {
      case 'object': {
        const keys = Object.entries(shape.keys).map(
          ([key, child]) => [key, shaped(child, depth + 1)] as const,
        )
        return fc.record(Object.fromEntries(keys), { requiredKeys: [...(shape.required ?? [])] })
      }
      case 'record':
        return fc.dictionary(fc.constantFrom('a', 'b', 'default'), shaped(shape.of, depth + 1))
      case 'list':
        return fc.array(shaped(shape.of, depth + 1), { maxLength: 3 })
      case 'either': {
        const options = [shape.scalar, shape.list, shape.map].filter((s) => s !== undefined)
        return fc.oneof(...options.map((option) => shaped(option, depth + 1)))
      }
      case 'boolean':
        return fc.boolean()
      case 'number':
        return fc.integer({ min: 0, max: 70000 })
      case 'duration':
        return fc.constantFrom('1s', '1m30s', '0')
      case 'bytes':
        return fc.constantFrom('64m', '1.5g', 1024)
      case 'string':
        return fc.constantFrom(...(shape.oneOf ?? ['a', 'b', '${A}', '/p', 'a:/p', '80:80', 'all']))
      case 'text':
        return fc.constantFrom('A', 'A=1', 80, true, '80:80', 'auto', '1-2')
      case 'anything':
        return scalar
    }
  }
  return fc.oneof({ weight: 30, arbitrary: right() }, { weight: 1, arbitrary: wild })
}

test('documents shaped like compose files load or are refused', async () => {
  await fc.assert(
    fc.asyncProperty(shaped(composeFile, 0), (document) =>
      loadsOrRefuses(JSON.stringify(document) ?? ''),
    ),
    { numRuns: 400 },
  )
})

const fragment = fc.constantFrom(
  ...[
    'services:',
    '\n',
    '  ',
    'a',
    ': ',
    '- ',
    '&x ',
    '*x',
    '<<: ',
    '!!merge ',
    '!reset ',
    '{',
    '}',
  ],
  ...[
    '[',
    ']',
    '"',
    "'",
    '|',
    '>',
    '#',
    '${A',
    '}',
    '$',
    '\t',
    '? ',
    '---\n',
    '...\n',
    '%',
    '!t ',
    '\u0000',
  ],
  ...['image: x\n', 'ports:\n', '0o7', '1e9', '\ufeff', '\r', ',', '=', 'x-keelson: '],
)

test('random YAML-like text loads or is refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fragment, { maxLength: 60 }), (parts) =>
      loadsOrRefuses(parts.join('')),
    ),
    { numRuns: 1500 },
  )
})

const parts = `services:
  base:
    image: x
    build: {context: ., args: [A=1]}
    environment: {A: 1}
    ports: ["80:80"]
    volumes: [./a:/b]
`

const combined = `include: [parts.yaml, {path: [parts.yaml], project_directory: sub}]
services:
  a:
    extends: {file: parts.yaml, service: base}
    ports: !override ["81:81"]
    environment: !reset {}
    links: [b]
    deploy: {resources: {limits: {memory: 64m}}, update_config: {delay: 1s}}
    gpus: all
    secrets: [s, {source: s, target: t, mode: 0400}]
    develop: {watch: [{path: ./x, action: rebuild}]}
    post_start: [{command: a b}]
  b: {extends: {file: parts.yaml, service: base}, ports: !reset [], network_mode: host, ulimits: {nofile: 1}, models: [m]}
secrets: {s: {environment: A}}
configs: {c: {content: x}}
models: {m: {model: y}}
networks: {n: {ipam: {config: [{subnet: 10.0.0.0/8}]}}}
---
services:
  a: {volumes: [{type: tmpfs, target: /t, tmpfs: {size: 1m}}]}
`

test('mutations of files that include and extend load or are refused', async () => {
  writeFileSync(join(dir, 'parts.yaml'), parts)
  writeFileSync(file, combined)
  await loadProject({ cwd: dir, files: [file], env: {}, projectName: 'fuzz' })
  await fc.assert(fc.asyncProperty(mutated(combined), loadsOrRefuses), { numRuns: 400 })
})

test('mutations of an extended and included file load or are refused', async () => {
  const mutation = mutated(parts)
  await fc.assert(
    fc.asyncProperty(mutation, async (text) => {
      writeFileSync(join(dir, 'parts.yaml'), text)
      await loadsOrRefuses(combined)
    }),
    { numRuns: 300 },
  )
})

const sample = `x-base: &base
  restart: unless-stopped
  environment: &env {A: 1, B: "\${A:-\${C}}"}
services:
  web:
    <<: *base
    image: "web:\${TAG-latest}"
    ports: ["8080:80", {target: 81, published: "81"}]
    depends_on: {db: {condition: service_healthy}}
    volumes: [./a:/b:ro, data:/c]
    x-keelson: {port: auto, probe: {http: /up}, route: /web}
  db:
    image: postgres
    environment: {<<: *env, C: }
    healthcheck: {test: [CMD, pg_isready], interval: 5s}
volumes: {data: }
`

/** Cuts, doubles and swaps pieces of a text that was right. */
function mutated(text: string): fc.Arbitrary<string> {
  const position = fc.nat({ max: text.length })
  const edit = fc.record({
    from: position,
    length: fc.nat({ max: 30 }),
    put: fc.oneof(fragment, fc.string()),
    copy: position,
  })
  return fc.array(edit, { minLength: 1, maxLength: 5 }).map((edits) => {
    let result = text
    for (const { from, length, put, copy } of edits) {
      const inserted = put + text.slice(copy, copy + length)
      result = result.slice(0, from) + inserted + result.slice(from + length)
    }
    return result
  })
}

test('mutations of a right file load or are refused', async () => {
  await fc.assert(fc.asyncProperty(mutated(sample), loadsOrRefuses), { numRuns: 1000 })
})

const large = 'stacks/self-hosted/docker-compose.yml'

test(
  'mutations of a 57-service file load or are refused',
  { skip: missingConformance(large) },
  async () => {
    const text = readFileSync(`${conformanceDir}/${large}`, 'utf8')
    await fc.assert(fc.asyncProperty(mutated(text), loadsOrRefuses), { numRuns: 40 })
  },
)

test('any text is a template or a TemplateError', () => {
  const text = fc.array(fc.constantFrom('$', '{', '}', 'A', ':-', '?', '+', ' ', '$$', '${A:-'))
  fc.assert(
    fc.property(text, (parts) => {
      try {
        substitute(parts.join(''), (name) => (name === 'A' ? 'a' : undefined))
      } catch (error) {
        assert.ok(error instanceof TemplateError)
      }
    }),
  )
})

test('any text is an env file or an EnvFileError', () => {
  const text = fc.array(
    fc.constantFrom(
      'A',
      '=',
      '"',
      "'",
      '\\',
      '\n',
      ' ',
      '#',
      '$',
      '{',
      '}',
      ':',
      'export ',
      '\r',
      'é',
    ),
  )
  fc.assert(
    fc.property(text, (parts) => {
      try {
        parseEnvFile(parts.join(''), () => undefined)
      } catch (error) {
        assert.ok(error instanceof EnvFileError, String(error))
        assert.ok(error.line >= 1)
      }
    }),
    { numRuns: 2000 },
  )
})

test('a plain value written to an env file in single quotes is read back', () => {
  const value = fc.string().filter((text) => !/['\\]/.test(text))
  fc.assert(
    fc.property(value, (text) => {
      const [assignment] = parseEnvFile(`A='${text}'`, () => undefined).assignments
      assert.equal(assignment?.value, text)
    }),
  )
})
