import {
  addFileOptions,
  collectVariables,
  parseCount,
  parseLines,
  parseSeconds,
  parseSince,
  type Add,
  type Handle,
} from './options.ts'

/** Commands about services of a stack that runs. */
export const addServiceCommands = (add: Add, handle: Handle): void => {
  add('logs', 'what services wrote', '--file <path>')
    .argument('[service...]', 'services; all of the stack without')
    .option('-f, --follow', 'stay and follow')
    .option('-n, --tail <lines>', 'lines to begin with, or all (200)', parseLines)
    .option('--since <time>', 'nothing older: a time, or an age such as 10m', parseSince)
    .option('-t, --timestamps', 'show when each line was written')
    .option('--no-prefix', 'only what was written, not by whom')
    .action(handle(async () => (await import('../commands/logs.ts')).logs))

  add('start', 'start services that were stopped, after what they depend on')
    .argument('[service...]', 'services; all of the stack without')
    .option('--no-wait', 'return at once')
    .option('--wait-timeout <seconds>', 'how long to wait for healthy', parseSeconds, 120)
    .action(handle(async () => (await import('../commands/start.ts')).start))

  add('stop', 'stop services until they are started again; what depends on them first')
    .argument('[service...]', 'services; all of the stack without')
    .option('--only', 'leave running what depends on them')
    .action(handle(async () => (await import('../commands/stop.ts')).stop))

  add('restart', 'restart the instances of services, one after the other')
    .argument('[service...]', 'services; all of the stack without')
    .option('--no-wait', 'return at once')
    .option('--wait-timeout <seconds>', 'how long to wait for healthy', parseSeconds, 120)
    .action(handle(async () => (await import('../commands/restart.ts')).restart))

  add('scale', 'run another number of instances: keelson scale api=3')
    .argument('<service=number...>')
    .option('--no-wait', 'return at once')
    .option('--wait-timeout <seconds>', 'how long to wait for healthy', parseSeconds, 120)
    .action(handle(async () => (await import('../commands/scale.ts')).scale))

  add('why', 'why a service is in its state, since when, caused by what')
    .argument('<service>')
    .action(handle(async () => (await import('../commands/why.ts')).why))

  addExec(add, handle)
  addRun(add, handle)
}

const addExec = (add: Add, handle: Handle): void => {
  add('exec', 'run a command inside a running instance', '--file <path>')
    .argument('<service>')
    .argument('<command...>')
    .option('-i, --interactive', 'pass standard input on (always so)')
    .option('-t, --tty', 'give it a terminal (the default on one)')
    .option('-T, --no-tty', 'give it no terminal')
    .option('-e, --env <name=value>', 'a variable (repeatable)', collectVariables)
    .option('-u, --user <user>', 'run as somebody else')
    .option('-w, --workdir <folder>', 'run in this folder of the instance')
    .option('--index <number>', 'which instance', parseCount)
    .passThroughOptions()
    .action(handle(async () => (await import('../commands/exec.ts')).exec))
}

const addRun = (add: Add, handle: Handle): void => {
  addFileOptions(add('run', 'run a command in a new instance of its own', '--file <path>'))
    .argument('<service>')
    .argument('[command...]', 'the one of the service without')
    .option('--rm', 'remove it when it ends (always so)')
    .option('-i, --interactive', 'pass standard input on (always so)')
    .option('-t, --tty', 'give it a terminal (the default on one)')
    .option('-T, --no-tty', 'give it no terminal')
    .option('-e, --env <name=value>', 'a variable (repeatable)', collectVariables)
    .option('-u, --user <user>', 'run as somebody else')
    .option('-w, --workdir <folder>', 'run in this folder')
    .option('--name <name>', 'name of the instance')
    .option('--no-deps', 'do not start what it depends on')
    .passThroughOptions()
    .action(handle(async () => (await import('../commands/run.ts')).run))
}
