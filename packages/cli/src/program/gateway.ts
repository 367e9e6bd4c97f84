import { Argument, InvalidArgumentError, type Command } from 'commander'
import type { Add, Handle } from './options.ts'

const gatewayHelp = `
Without a platform, for one file:
  keelson gateway check kong.yml              every mistake, with its line
  keelson gateway serve kong.yml --port 8000  run the gateway alone; SIGHUP reads the file again

  keelson gateway trust > keelson-ca.crt      what browsers have to trust for https://…:8443

Of the running gateway:
  keelson gateway routes                      who routes what, with rates
  keelson gateway explain GET /orders/7 -H 'Accept: application/json'
  keelson gateway upstreams                   targets: health, breaker, in flight
  keelson gateway export > kong.yml           as a Kong file; --for-kong without x-keelson
  keelson gateway apply kong.yml --dry-run    what would change; without --dry-run, change it
  keelson gateway history, keelson gateway rollback 3
  keelson gateway key create mobile-app       shown once
  keelson gateway purge --tag products
  keelson gateway warm shop.localhost /products /prices

kong.yml or kong.yaml beside the compose file needs none of this: keelson up applies it.

Exit codes: 0 fine, 2 the file has mistakes, 7 apply --dry-run found differences.`

const collect = (value: string, before: readonly string[] = []): string[] => [...before, value]

const parseWorkers = (text: string): number => {
  const workers = Number(text)
  if (Number.isInteger(workers) && workers >= 1 && workers <= 64) return workers
  throw new InvalidArgumentError('It must be a number from 1 to 64.')
}

const parsePort = (text: string): number => {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new InvalidArgumentError('It must be a port, or 0 for a free one.')
  }
  return port
}

const collectPort = (value: string, before: readonly number[] = []): number[] => [
  ...before,
  parsePort(value),
]

const parseRevision = (text: string): number => {
  if (!/^\d{1,9}$/.test(text) || text === '0') {
    throw new InvalidArgumentError('It must be a revision of keelson gateway history.')
  }
  return Number(text)
}

/** The gateway: alone from a file, or as it runs. */
export const addGatewayCommands = (add: Add, handle: Handle): void => {
  const gateway = add('gateway', 'routes, upstreams and Kong files').addHelpText(
    'after',
    gatewayHelp,
  )
  addFileVerbs(gateway, add, handle)
  addLooks(gateway, add, handle)
  addChanges(gateway, add, handle)
}

const addFileVerbs = (gateway: Command, add: Add, handle: Handle): void => {
  add('check', 'say what of a Kong file works', undefined, gateway)
    .argument('<path>', 'a Kong file')
    .option('--plugins <dir>', 'folder of plugins of your own')
    .action(handle(async () => (await import('../commands/gateway/check.ts')).check))

  add('serve', 'run the gateway alone from a Kong file', undefined, gateway)
    .argument('<path>', 'a Kong file')
    .option('--port <port>', 'where it listens for HTTP (8000)', parsePort)
    .option('--tls-port <port>', 'where it listens for HTTPS (8443, with certificates)', parsePort)
    .option('--stream-port <port>', 'for tcp and tls routes (repeatable)', collectPort)
    .option('--host <address>', 'address it listens on (127.0.0.1)')
    .option('--status-port <port>', 'for /status and /metrics, on 127.0.0.1', parsePort)
    .option('--trusted-proxies <ranges>', 'whose X-Forwarded-For counts: 10.0.0.0/8,192.0.2.7')
    .option('--proxy-protocol <ranges>', 'who speaks the PROXY protocol: 10.0.0.0/8,192.0.2.7')
    .option('--workers <n>', 'threads that serve (1); about 60 MB for each more', parseWorkers)
    .option('--plugins <dir>', 'folder of plugins of your own')
    .action(handle(async () => (await import('../commands/gateway/serve.ts')).serve))

  add('trust', "print the certificate of this machine's own authority", undefined, gateway).action(
    handle(async () => (await import('../commands/gateway/trust.ts')).trust),
  )
}

const addLooks = (gateway: Command, add: Add, handle: Handle): void => {
  add('routes', 'list routes in the order they are matched', undefined, gateway)
    .argument('[contains]', 'part of a name, host or path')
    .action(handle(async () => (await import('../commands/gateway/routes.ts')).routes))

  add('upstreams', 'list targets with health, breaker and load', undefined, gateway).action(
    handle(async () => (await import('../commands/gateway/upstreams.ts')).upstreams),
  )

  add('explain', 'which route a request would take, and why', undefined, gateway)
    .argument('<method>', 'GET, POST …; tcp or tls for a connection')
    .argument('<url>', 'a URL or a path; name:port of a connection')
    .option('-H, --header <header>', "a header: 'Accept: text/html' (repeatable)", collect)
    .option('--consumer <name>', 'as this consumer')
    .option('--client-ip <address>', 'from this address')
    .action(handle(async () => (await import('../commands/gateway/explain.ts')).explain))

  add('export', 'write the running configuration as a Kong file', undefined, gateway)
    .option('--for-kong', 'without what Kong cannot read')
    .option('--secrets', 'with keys and passwords; needs gateway:secrets')
    .option('-o, --output <path>', 'write to a file')
    .action(handle(async () => (await import('../commands/gateway/export.ts')).exportFile))

  add('caches', 'list caches with hits, size and tags', undefined, gateway).action(
    handle(async () => (await import('../commands/gateway/caches.ts')).caches),
  )

  add('certificates', 'list certificates and when they end', undefined, gateway).action(
    handle(async () => (await import('../commands/gateway/certificates.ts')).certificates),
  )

  add('plugins', 'list plugins that can be configured', undefined, gateway).action(
    handle(async () => (await import('../commands/gateway/plugins.ts')).plugins),
  )

  add('history', 'list revisions of what the API manages', undefined, gateway).action(
    handle(async () => (await import('../commands/gateway/history.ts')).history),
  )
}

const addChanges = (gateway: Command, add: Add, handle: Handle): void => {
  add('apply', 'replace what the API manages by a Kong file', undefined, gateway)
    .argument('<path>', 'a Kong file')
    .option('--dry-run', 'only say what would change')
    .option('--note <text>', 'why, for the history')
    .action(handle(async () => (await import('../commands/gateway/apply.ts')).apply))

  add('rollback', 'apply an earlier revision again', undefined, gateway)
    .argument('<revision>', 'of keelson gateway history', parseRevision)
    .option('--dry-run', 'only say what would change')
    .action(handle(async () => (await import('../commands/gateway/rollback.ts')).rollback))

  add('canary', 'promote a canary, take it back, or begin again', undefined, gateway)
    .argument('<service>', 'that is split; <stack>/<service> when several have the name')
    .addArgument(
      new Argument('<verdict>', 'what to do').choices(['promote', 'rollback', 'restart']),
    )
    .action(handle(async () => (await import('../commands/gateway/canary.ts')).canary))

  add('purge', 'forget stored answers', undefined, gateway)
    .option('--url <url>', 'of this URL: http://shop.localhost:8080/products')
    .option('--prefix <url>', 'of URLs that start so')
    .option('--tag <tag>', 'of this Cache-Tag or Surrogate-Key')
    .option('--all', 'all of them')
    .action(handle(async () => (await import('../commands/gateway/purge.ts')).purge))

  add('warm', 'ask for URLs so that their answers are stored', undefined, gateway)
    .argument('[host]', 'name of the paths, as clients ask: shop.example.com; a URL needs none')
    .argument('[paths...]', '/products /prices, or whole URLs')
    .option('--from <file>', 'a list of them, a line each; - is what is piped in')
    .action(handle(async () => (await import('../commands/gateway/warm.ts')).warm))

  const key = add('key', 'API keys of consumers', undefined, gateway)
  add('create', 'make a key; it is shown once', undefined, key)
    .argument('<consumer>', 'user name; made when there is none')
    .option('--group <name>', 'of a consumer that is made (repeatable)', collect)
    .action(handle(async () => (await import('../commands/gateway/key.ts')).createKey))
  add('revoke', 'revoke a credential', undefined, key)
    .argument('<id>', 'of keelson gateway key list')
    .action(handle(async () => (await import('../commands/gateway/key.ts')).revokeKey))
  add('list', 'list consumers and their credentials', undefined, key).action(
    handle(async () => (await import('../commands/gateway/key.ts')).listKeys),
  )
}
