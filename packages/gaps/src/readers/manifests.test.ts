import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manifestReader } from './manifests.ts'

const read = async (file: string, text: string) => {
  assert.ok(manifestReader.wants(file), file)
  const facts = await manifestReader.read(file, text)
  const { kind, name, dependencies } = facts?.manifest ?? {}
  const list = [...(dependencies ?? [])].map(
    ([key, { version, line }]) => `${key}@${version}:${line}`,
  )
  return { kind, name, list, scripts: facts?.manifest?.scripts }
}

test('package.json: dependencies and scripts with their lines', async () => {
  const { list, scripts, name } = await read(
    'web/package.json',
    '{\n  "name": "web",\n  "scripts": {\n    "start": "node ."\n  },\n  "dependencies": {\n    "express": "^4"\n  }\n}\n',
  )
  assert.equal(name, 'web')
  assert.deepEqual(list, ['express@^4:7'])
  assert.deepEqual(scripts?.get('start'), {
    ...{ file: 'web/package.json', line: 4, column: 1, command: 'node .' },
  })
})

test('each kind of manifest', async () => {
  const cases: [file: string, text: string, kind: string, list: string[]][] = [
    ['requirements-dev.txt', '# x\nFlask==2.0\n-r other.txt\n', 'python', ['flask@2.0:2']],
    [
      'pyproject.toml',
      '[project]\nname = "a"\ndependencies = [\n "fastapi>=0.1",\n]\n',
      'python',
      ['fastapi@0.1:4'],
    ],
    ['Pipfile', '[packages]\nflask = "*"\n', 'python', ['flask@*:2']],
    [
      'go.mod',
      'module example.com/a\nrequire (\n\tgithub.com/x/y v1.2.3\n)\n',
      'go',
      ['github.com/x/y@v1.2.3:3'],
    ],
    ['Gemfile', "gem 'rails', '~> 7'\n", 'ruby', ['rails@~> 7:1']],
    [
      'build.gradle.kts',
      'dependencies {\n  implementation("a.b:c:1.0")\n}\n',
      'gradle',
      ['c@1.0:2'],
    ],
    [
      'Cargo.toml',
      '[package]\nname = "x"\n[dependencies]\nserde = { version = "1" }\n',
      'rust',
      ['serde@1:4'],
    ],
    ['composer.json', '{\n"require": {\n"a/b": "1"\n}\n}', 'php', ['a/b@1:3']],
    [
      'Api.csproj',
      '<Project>\n<ItemGroup>\n<PackageReference Include="X" Version="1" />\n</ItemGroup></Project>',
      'dotnet',
      ['X@1:3'],
    ],
  ]
  for (const [file, text, kind, list] of cases) {
    const found = await read(file, text)
    assert.deepEqual({ kind: found.kind, list: found.list }, { kind, list }, file)
  }
})

test('pom.xml: managed versions and exclusions are no dependencies', async () => {
  const dependency = (name: string, more = '') =>
    `<dependency>\n<artifactId>${name}</artifactId>${more}</dependency>\n`
  const { list, name } = await read(
    'pom.xml',
    `<project><artifactId>shop</artifactId>
<dependencyManagement><dependencies>${dependency('managed')}</dependencies></dependencyManagement>
<dependencies>${dependency('actuator', '<exclusions><exclusion><artifactId>no</artifactId></exclusion></exclusions>')}</dependencies>
</project>`,
  )
  assert.equal(name, 'shop')
  assert.deepEqual(list, ['actuator@undefined:5'])
})

test('what cannot be read gives no facts, and hostile texts end', async () => {
  assert.equal(await manifestReader.read('package.json', '{"a":'), undefined)
  assert.equal(await manifestReader.read('Cargo.toml', '= = ='), undefined)
  assert.equal((await read('pom.xml', '<a>'.repeat(100_000))).kind, 'maven')
  assert.equal((await read('requirements.txt', 'a'.repeat(1_000_000))).list.length, 0)
})
