import { isOddName, isSetByShells } from './command.ts'
import { hostsPath } from './namespace.ts'
import type { Bind } from './files.ts'
import { quote } from './shell.ts'

export type Preparation = {
  /** Folder of the incarnation. */
  folder: string
  /** In the mount namespace of the instance, if it has one. */
  binds: readonly Bind[]
  ownHosts: boolean
  cgroups: readonly { folder: string; needed: boolean }[]
  environment: Readonly<Record<string, string>>
  keepsOddNames: boolean
  env: string
}

/**
 * What the shell does just before it becomes the command: a script that shim.sh or enter.sh reads.
 * The mounts come first, for they fork; the control groups, which may allow one process only, last.
 */
export const prepareScript = (preparation: Preparation): string => {
  const { folder, binds, ownHosts, cgroups, environment, keepsOddNames, env } = preparation
  const lines = [`rm -f ${quote(`${folder}/prepare`)}`]
  const all = ownHosts ? [...binds, { source: `${folder}/hosts`, target: hostsPath }] : binds
  for (const { source, target } of all) {
    lines.push(
      `mount --bind ${quote(source)} ${quote(target)} || ${giveUp(`nothing can be mounted at ${target}`)}`,
    )
  }
  // Secrets stay as they are inside: a bind of its own can be made read-only.
  for (const { target } of binds) {
    lines.push(`mount -o remount,bind,ro ${quote(target)} || ${giveUp(`${target} stays writable`)}`)
  }
  for (const { folder: cgroup, needed } of cgroups) {
    const join = `{ echo 0 >${quote(`${cgroup}/cgroup.procs`)}; } 2>/dev/null`
    lines.push(needed ? `${join} || ${giveUp(`${cgroup} cannot be joined`)}` : join)
  }
  const added = Object.entries(environment).filter(
    ([name]) => isSetByShells(name) || (isOddName(name) && !keepsOddNames),
  )
  if (added.length > 0) {
    const words = added.map(([name, value]) => quote(`${name}=${value}`))
    lines.push(`set -- ${quote(env)} ${words.join(' ')} "$@"`)
  }
  return `${lines.join('\n')}\n`
}

/** In the log of the instance, and as its exit code that of a command that cannot be run. */
const giveUp = (why: string): string => `{ echo ${quote(`Keelson: ${why}`)} >&2; exit 126; }`
