import type { Command } from 'commander'
import type { Add, Handle } from './options.ts'

/** Commands about Keelson itself and this machine. */
export const addMachineCommands = (program: Command, add: Add, handle: Handle): void => {
  add('open', 'open the page in a browser')
    .option('--no-browser', 'only print the link')
    .action(handle(async () => (await import('../commands/open.ts')).open))

  add('setup-link', 'print a fresh link to the set-up; earlier ones stop working').action(
    handle(async () => (await import('../commands/setup-link.ts')).setupLink),
  )

  add('doctor', 'check what Keelson needs on this machine').action(
    handle(async () => (await import('../commands/doctor.ts')).doctor),
  )

  addKeys(add, handle)
  addBackup(program, add, handle)

  add('version', 'print versions').action(
    handle(async () => (await import('../commands/version.ts')).version),
  )

  add('completion', 'print the completion script of a shell')
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText('after', completionHelp)
    .action(
      handle(async () => {
        const { createCompletion } = await import('../commands/completion.ts')
        return createCompletion(program)
      }),
    )

  program
    .command('__complete', { hidden: true })
    .argument('<what>')
    .action(handle(async () => (await import('../commands/complete.ts')).complete))
}

const completionHelp = `
  bash   keelson completion bash > ~/.local/share/bash-completion/completions/keelson
  zsh    keelson completion zsh > "\${fpath[1]}/_keelson"
  fish   keelson completion fish > ~/.config/fish/completions/keelson.fish`

const addKeys = (add: Add, handle: Handle): void => {
  const keys = add('keys', 'master keys, from which all others come')
  add('status', 'where they are, and what hangs on each of them', undefined, keys).action(
    handle(async () => (await import('../commands/keys.ts')).keysStatus),
  )
  add(
    'rotate',
    'begin to use a new one; older ones stay for what is under them',
    undefined,
    keys,
  ).action(handle(async () => (await import('../commands/keys.ts')).rotateKey))
  add('drop', 'do without one that nothing hangs on', undefined, keys)
    .argument('<number>', 'of keelson keys status')
    .action(handle(async () => (await import('../commands/keys.ts')).dropKey))
  add('new', 'print a new one as a line, for keys that are kept elsewhere', undefined, keys).action(
    handle(async () => (await import('../commands/keys.ts')).newKey),
  )
}

const addBackup = (program: Command, add: Add, handle: Handle) => {
  const backup = program.command('backup').description('save and restore what Keelson keeps')
  const verb = (name: 'create' | 'restore' | 'verify', description: string) => {
    const command = add(name, description, '--file <path>', backup).argument('<file>')
    if (name === 'restore') command.option('--force', 'replace what is there')
    command.action(
      handle(async () => {
        const { createBackup } = await import('../commands/backup.ts')
        return createBackup(name)
      }),
    )
  }
  verb('create', 'write a backup; never over an existing file')
  verb('restore', 'read a backup into an empty database')
  verb('verify', 'read a backup and compare its checksums')
}
