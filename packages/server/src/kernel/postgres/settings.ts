/**
 * How the server is set up for what it carries: Keelson and the 5 to 60 services of a team,
 * beside them on one host. Durability stays at PostgreSQL's defaults (fsync, full_page_writes,
 * synchronous_commit), page checksums are on.
 */
const settings: Readonly<Record<string, string>> = {
  // A slot costs a few kilobytes until it is used; 60 services with a pool of three fit in.
  max_connections: '200',
  // Keelson is the superuser: it gets in even when leaking services hold every other slot.
  superuser_reserved_connections: '10',
  // Small and warm; the rest of the memory is the kernel's page cache, shared with the services.
  shared_buffers: '64MB',
  effective_cache_size: '512MB',
  maintenance_work_mem: '32MB',
  // Bounds the disk, and what a crash has to replay: a few seconds at most.
  max_wal_size: '256MB',
  min_wal_size: '32MB',
  // PostgreSQL 18 would start three I/O workers, for nothing with a local disk and small tables.
  io_method: 'sync',
  // Parallel queries share memory in /dev/shm, which containers limit to 64 MB; the queries
  // here are small, and the processors belong to the services.
  max_parallel_workers_per_gather: '0',
  max_parallel_maintenance_workers: '0',
  // Nobody subscribes here; one process less.
  max_logical_replication_workers: '0',
  // The binaries are built without LLVM.
  jit: 'off',
  timezone: "'UTC'",
  log_timezone: "'UTC'",
  password_encryption: "'scram-sha-256'",
  // Statements and the details of errors hold values of services, and passwords in
  // `alter role`: the log keeps the message of an error and nothing else.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_checkpoints: 'off',
  log_line_prefix: "'%m [%p] %q%u@%d '",
  lc_messages: "'C'",
}

export const settingsFile = (): string =>
  [
    '# Written by Keelson at every start: put your own settings into custom.conf beside it.',
    ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
    '',
  ].join('\n')

/** The main file of the cluster. What is in custom.conf, or set by ALTER SYSTEM, wins. */
export const mainFile = [
  '# Keelson includes its own settings, then yours.',
  "include_if_exists = 'keelson.conf'",
  "include_if_exists = 'custom.conf'",
  '',
].join('\n')

/** Made once and never touched again. */
export const customFile = '# Your own settings; they win over those in keelson.conf.\n'

/** Who may connect: with a password, from this host. */
export const accessFile = [
  '# TYPE DATABASE USER ADDRESS METHOD',
  'local all all scram-sha-256',
  'host all all 127.0.0.1/32 scram-sha-256',
  '',
].join('\n')

/**
 * Arguments that no file may loosen: where the server listens. `unix_socket_directories` is a
 * list, in which a path with a comma or a space needs its quotes.
 */
export const serverArguments = (clusterDir: string, socketDir: string, port: number): string[] =>
  [
    ['listen_addresses', '127.0.0.1'],
    ['port', String(port)],
    ['unix_socket_directories', `"${socketDir.replaceAll('"', '""')}"`],
    ['unix_socket_permissions', '0700'],
    // Our supervisor reads the log where it starts the server, and keeps it within bounds.
    ['logging_collector', 'off'],
    ['log_destination', 'stderr'],
  ].reduce<string[]>((args, pair) => [...args, '-c', pair.join('=')], ['-D', clusterDir])
