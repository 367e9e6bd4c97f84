import { Option } from 'commander'
import { progressKinds } from '../progress/reporter.ts'
import {
  addFileOptions,
  collectScales,
  parseCount,
  parseSeconds,
  type Add,
  type Handle,
} from './options.ts'

/** Commands about a whole stack. */
export const addStackCommands = (add: Add, handle: Handle): void => {
  addUp(add, handle)

  addFileOptions(add('plan', 'what up would do now, in order, and why; changes nothing'))
    .option('--check', 'exit code 7 when there is something to do')
    .action(handle(async () => (await import('../commands/plan.ts')).plan))

  addConfig(add, handle)

  add('down', 'stop and remove the stack')
    .option('--all', 'every stack, and Keelson itself')
    .option('--volumes', 'remove named volumes too: their data is lost')
    .action(handle(async () => (await import('../commands/down.ts')).down))

  add('ps', 'list instances')
    .option('-a, --all', "every stack, Keelson's own parts too")
    .action(handle(async () => (await import('../commands/ps.ts')).ps))

  add('status', 'the state of all services by category, and what is not as it was applied')
    .option('-w, --watch', 'stay and follow')
    .action(handle(async () => (await import('../commands/status.ts')).status))

  add('top', 'processor and memory of every instance').action(
    handle(async () => (await import('../commands/top.ts')).top),
  )

  add('history', 'what was applied, newest first').action(
    handle(async () => (await import('../commands/history.ts')).history),
  )

  add('rollback', 'go back: a service to before its last update, the stack to an earlier revision')
    .argument('[service]', 'a service; without one, the whole stack')
    .option('--to <revision>', 'revision of the stack (keelson history)', parseCount)
    .option('--dry-run', 'show what would be done and change nothing')
    .action(handle(async () => (await import('../commands/rollback.ts')).rollback))

  addFileOptions(add('watch', 'bring changes of files into what runs (develop.watch)'))
    .argument('[service...]', 'services; all of the stack without')
    .option('--no-up', 'do not apply the stack first')
    .action(handle(async () => (await import('../commands/watch.ts')).watch))
}

const addUp = (add: Add, handle: Handle): void => {
  const command = addFileOptions(add('up', 'start the stack and see it to healthy'))
    .argument('[service...]', 'these and what they need; what runs besides stays')
    .option('-d, --detach', 'return once all is started and leave it running')
    .option('--wait', 'return once all is healthy and leave it running')
    .option('--wait-timeout <seconds>', 'how long to wait for that', parseSeconds, 300)
    .option('--dry-run', 'show what would be done and change nothing (exit code 7)')
    .option('--demo', 'the demo stack that comes with Keelson')
    .option('--build', 'build images again before the start')
    .addOption(
      new Option('--pull <policy>', 'when to pull images').choices(['always', 'missing', 'never']),
    )
    .option('--no-deps', 'without the services they depend on')
    .option('--scale <service=number>', 'so many instances (repeatable)', collectScales)
    .addOption(
      new Option('--progress <kind>', 'how to show progress')
        .choices(progressKinds)
        .default('auto'),
    )
  // Known to whoever comes from Docker Compose: refused with the way that leads there.
  for (const flag of ['--force-recreate', '--no-recreate', '--remove-orphans', '--no-start']) {
    command.addOption(new Option(flag).hideHelp())
  }
  command.action(handle(async () => (await import('../commands/up.ts')).up))
}

const configHelp = `
Values are printed as they are, also those of passwords: as docker compose config does.
With --confined no variable of the shell counts, only those of .env files in that folder.
Paths of --explain: services.api.environment.DB_URL, services.api.image, networks.front.`

const addConfig = (add: Add, handle: Handle): void => {
  addFileOptions(add('config', 'the compose files as one, everything filled in; needs no platform'))
    .addOption(
      new Option('--format <format>', 'how to print it').choices(['yaml', 'json']).default('yaml'),
    )
    .option('--origins', 'say of every value where it comes from')
    .option('--explain <path>', 'how one value came to be')
    .option('--confined [folder]', 'read nothing outside of a folder (this one), links followed')
    .option('--services', 'only the names of the services')
    .option('--images', 'only the images')
    .option('--volumes', 'only the names of the volumes')
    .option('--profiles', 'only the names of the profiles')
    .option('--hash', 'a digest of each service')
    .option('-o, --output <path>', 'write to a file')
    .addOption(new Option('--no-interpolate').hideHelp())
    .addHelpText('after', configHelp)
    .action(handle(async () => (await import('../commands/config.ts')).config))
}
