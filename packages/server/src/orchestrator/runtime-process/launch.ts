import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { InstanceSpec } from '../runtime.ts'
import { createCgroups, removeCgroup } from './cgroup.ts'
import { environmentOf, resolveCommand, resolveWorkingDir } from './command.ts'
import { checkFiles, filesVariable, placeFiles, removeFiles } from './files.ts'
import type { PlacedFiles } from './files.ts'
import { createFolder, writeRecord } from './incarnation-folder.ts'
import type { InstanceRecord } from './incarnation-folder.ts'
import { cgroupLimitsOf, checkUlimits, processLimitsOf } from './limits.ts'
import { hostsText, namespaceWrapper } from './namespace.ts'
import { prepareScript } from './prepare.ts'
import { bootId } from './process-table.ts'
import { findSystemProgram } from './program.ts'
import { shellFor } from './shell.ts'
import type { Shell } from './shell.ts'
import { loginEnvironment, resolveUser, userWrapper } from './user.ts'
import type { ServiceUser } from './user.ts'

/** Everything that a start needs, checked: nothing on this host has changed yet. */
export type Draft = {
  user: ServiceUser | null
  environment: Record<string, string>
  workingDir: string
  command: [string, ...string[]]
  userWords: string[]
  /** Null: no mount namespace can be made here. */
  namespaceWords: string[] | null
}

/** A start whose intent is on disk. */
export type Launch = {
  record: InstanceRecord
  environment: Record<string, string>
  shell: Shell
  /** Arguments of shim.sh. */
  args: string[]
  /** What was asked for and cannot be had here, as clauses. */
  notes: string[]
}

/** Throws AppError: what would make the start fail and can be known before it. */
export const draftLaunch = async (instance: InstanceSpec, filesRoot: string): Promise<Draft> => {
  const { spec, stackDir, incarnation } = instance
  const user = await resolveUser(spec)
  const told = join(filesRoot, incarnation, 'files')
  const files = spec.files.length === 0 ? {} : { [filesVariable]: told }
  const environment = environmentOf(instance, { ...loginEnvironment(user), ...files })
  const workingDir = await resolveWorkingDir(spec, stackDir)
  const command = await resolveCommand(spec, workingDir, environment['PATH'] ?? '')
  const namespaceWords = await namespaceWrapper()
  await checkFiles(spec, stackDir, namespaceWords !== null)
  checkUlimits(spec)
  const userWords = await userWrapper(spec.name, user)
  return { user, environment, workingDir, command, userWords, namespaceWords }
}

/** Makes all that the shim needs, the record last: without one nothing was ever started. */
export const prepareLaunch = async (
  instance: InstanceSpec,
  draft: Draft,
  { folder, filesRoot }: { folder: string; filesRoot: string },
): Promise<Launch> => {
  const { spec, incarnation } = instance
  const undo: (() => Promise<unknown>)[] = []
  try {
    await createFolder(folder)
    const limits = cgroupLimitsOf(spec)
    const cgroups = await createCgroups(incarnation, limits)
    undo.push(() => Promise.all(cgroups.folders.map(removeCgroup)))
    const processLimits = await processLimitsOf(spec, cgroups.unmet)
    undo.push(() => removeFiles(join(filesRoot, incarnation)))
    const owner = draft.user ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
    const files = await placeFiles(filesRoot, incarnation, {
      spec,
      stackDir: instance.stackDir,
      owner: process.getuid?.() === 0 ? owner : null,
    })
    const ownHosts = draft.namespaceWords !== null && Object.keys(instance.hosts ?? {}).length > 0
    if (ownHosts) await writeFile(join(folder, 'hosts'), await hostsText(instance.hosts ?? {}))
    const shell = await shellFor(draft.environment)
    const cgroup = { needed: Object.keys(limits).length > 0 }
    const script = prepareScript({
      folder,
      binds: files?.binds ?? [],
      ownHosts,
      cgroups: cgroups.folders.map((path) => ({ folder: path, ...cgroup })),
      environment: draft.environment,
      keepsOddNames: shell.keepsOddNames,
      env: (await findSystemProgram('env')) ?? 'env',
    })
    await writeFile(join(folder, 'prepare'), script, { mode: 0o600 })
    const record = recordOf(instance, draft, { cgroups: cgroups.folders, files, ownHosts })
    await writeRecord(folder, record)
    const args = await shimArgs(folder, draft, { shell, limits: processLimits.wrapper, record })
    const odd = shell.keepsOddNames ? [] : [oddNote]
    const { environment } = draft
    return { record, environment, shell, args, notes: [...processLimits.unheld, ...odd] }
  } catch (error) {
    for (const step of undo) await step().catch(() => undefined)
    throw error
  }
}

const oddNote =
  'secrecy of variables with a dot or a dash in their names while it starts: there is no bash here'

const recordOf = (
  instance: InstanceSpec,
  { workingDir, user }: Draft,
  made: { cgroups: string[]; files: PlacedFiles | null; ownHosts: boolean },
): InstanceRecord => ({
  stack: instance.stack,
  service: instance.service,
  name: instance.name,
  index: instance.index,
  incarnation: instance.incarnation,
  digest: instance.digest,
  ports: instance.ports,
  workingDir,
  user:
    user === null
      ? null
      : { uid: user.uid, gid: user.gid, groups: user.groups, changes: user.changes },
  cgroups: made.cgroups,
  files: made.files?.folder ?? null,
  ownHosts: made.ownHosts,
  namespace: made.ownHosts || (made.files?.binds ?? []).length > 0,
  oneOff: instance.oneOff === true,
  boot: bootId(),
})

/** Programs that turn themselves into the next: a session of its own, limits, another user. */
const shimArgs = async (
  folder: string,
  draft: Draft,
  { shell, limits, record }: { shell: Shell; limits: string[]; record: InstanceRecord },
): Promise<string[]> => {
  const setsid = await findSystemProgram('setsid')
  const inside =
    record.namespace && draft.namespaceWords !== null
      ? [...draft.namespaceWords, ...shell.words, join(import.meta.dirname, 'enter.sh'), folder]
      : []
  const mode = setsid === undefined ? 'group' : inside.length > 0 ? 'namespace' : 'session'
  const session = setsid === undefined ? [] : [setsid]
  return [folder, mode, ...session, ...inside, ...limits, ...draft.userWords, ...draft.command]
}
