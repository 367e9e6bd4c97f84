/** Programs by the packages that bring them under another name. */
const programsOf: Readonly<Record<string, readonly string[]>> = {
  'netcat-openbsd': ['nc', 'netcat'],
  'netcat-traditional': ['nc', 'netcat'],
  netcat: ['nc', 'netcat'],
  'nmap-ncat': ['nc', 'ncat'],
  ncat: ['nc', 'ncat'],
  'busybox-extras': ['telnet'],
  busybox: ['wget', 'nc'],
  'postgresql-client': ['psql', 'pg_isready'],
  postgresql: ['psql', 'pg_isready'],
  'mysql-client': ['mysql', 'mysqladmin'],
  'default-mysql-client': ['mysql', 'mysqladmin'],
  'mariadb-client': ['mysql', 'mysqladmin', 'mariadb', 'mariadb-admin'],
  redis: ['redis-cli'],
  'redis-tools': ['redis-cli'],
  'iputils-ping': ['ping'],
  iputils: ['ping'],
  procps: ['ps', 'pgrep', 'pkill'],
  'procps-ng': ['ps', 'pgrep', 'pkill'],
  python3: ['python3', 'python'],
  nodejs: ['node'],
  'nodejs-current': ['node'],
  openssl: ['openssl'],
  coreutils: ['timeout', 'test', 'true', 'echo', 'cat'],
}

const managers = new Map([
  ['apt-get', { add: ['install'], remove: ['remove', 'purge', 'autoremove'] }],
  ['apt', { add: ['install'], remove: ['remove', 'purge'] }],
  ['aptitude', { add: ['install'], remove: ['remove', 'purge'] }],
  ['apk', { add: ['add'], remove: ['del'] }],
  ['yum', { add: ['install'], remove: ['remove', 'erase'] }],
  ['dnf', { add: ['install'], remove: ['remove', 'erase'] }],
  ['microdnf', { add: ['install'], remove: ['remove'] }],
  ['tdnf', { add: ['install'], remove: ['remove', 'erase'] }],
  ['zypper', { add: ['install', 'in'], remove: ['remove', 'rm'] }],
])

/** Options whose next word is a value. */
const valued = new Set(['-t', '--virtual', '--repository', '-X', '-o', '-c', '--target-release'])

/** Adds what the lines of a RUN install to `installs`, and takes out what they remove again. */
export const applyInstalls = (run: string, installs: Set<string>): void => {
  const groups = new Map<string, string[]>()
  for (const command of run.replace(/\\\r?\n/g, ' ').split(/&&|\|\||[;|\n&()]/)) {
    const words = command.trim().split(/\s+/).slice(0, 500)
    const at = words.findIndex((word) => managers.has(baseName(word)))
    const manager = managers.get(baseName(words[at] ?? ''))
    if (manager === undefined) continue
    const rest = words.slice(at + 1)
    const verb = rest.findIndex((word) => [...manager.add, ...manager.remove].includes(word))
    if (verb === -1) continue
    const { packages, group } = readPackages([
      ...rest.slice(0, verb).filter((word) => word.startsWith('-')),
      ...rest.slice(verb + 1),
    ])
    if (manager.add.includes(rest[verb] ?? '')) {
      if (group !== undefined) groups.set(group, packages)
      packages.flatMap(programs).forEach((program) => installs.add(program))
    } else {
      packages
        .flatMap((name) => groups.get(name) ?? [name])
        .flatMap(programs)
        .forEach((program) => installs.delete(program))
    }
  }
}

const readPackages = (words: readonly string[]): { packages: string[]; group?: string } => {
  const packages: string[] = []
  let group: string | undefined
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? ''
    if (valued.has(word)) {
      if (word === '-t' || word === '--virtual') group = words[index + 1]
      index += 1
    } else if (word.startsWith('--virtual=')) {
      group = word.slice('--virtual='.length)
    } else if (word !== '' && !word.startsWith('-') && !word.includes('$')) {
      packages.push(word.replace(/^["']|["']$/g, '').replace(/[=:<>~].*$/, ''))
    }
  }
  return group === undefined ? { packages } : { packages, group }
}

const programs = (name: string): readonly string[] =>
  Object.hasOwn(programsOf, name) ? [name, ...(programsOf[name] ?? [])] : [name]

const baseName = (word: string): string => word.slice(word.lastIndexOf('/') + 1)
