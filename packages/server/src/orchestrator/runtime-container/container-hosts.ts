import type { ContainerInfo } from './container-labels.ts'
import { execInContainer } from './container-exec.ts'
import type { Engine } from './engine.ts'

/** Leaves out the lines of the names given, then appends new ones; `printf` is part of the shell. */
const script = `
file=/etc/hosts
kept=$(while IFS= read -r line; do
  for name in $NAMES; do
    case "$line" in *"	$name"|*" $name"|*"	$name "*) continue 2 ;; esac
  done
  printf '%s\\n' "$line"
done <$file)
printf '%s\\n%s\\n' "$kept" "$LINES" >$file`

const limits = { timeoutMs: 10_000, outputLimitBytes: 1000 }

/**
 * Gives names other addresses in a running container, with its own shell: the engine writes the
 * file once and mounts it. False in a container without a shell.
 */
export const writeHosts = async (
  engine: Engine,
  info: ContainerInfo,
  hosts: Readonly<Record<string, string>>,
  marker: string,
): Promise<boolean> => {
  const names = Object.keys(hosts).filter(
    (name) => /^[\w.-]+$/.test(name) && /^[\w.:-]+$/.test(hosts[name] ?? ''),
  )
  if (names.length === 0) return true
  const gateway = Object.values(info.NetworkSettings.Networks).find(({ Gateway }) => Gateway !== '')
  const lines = names.map((name) => {
    const address = hosts[name] === 'host-gateway' ? gateway?.Gateway : hosts[name]
    return `${address ?? ''}\t${name}`
  })
  const variables = { NAMES: names.join(' '), LINES: lines.join('\n') }
  const assignments = Object.entries(variables).map(([name, value]) => `${name}='${value}'`)
  const command = ['/bin/sh', '-c', `${assignments.join('\n')}\n${script}`]
  const how = { ...limits, marker, user: '0' }
  const { exitCode } = await execInContainer(engine, info.Id, command, how)
  return exitCode === 0
}
