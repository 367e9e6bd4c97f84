import type { StackSpec } from '@keelson/contract'
import type { Platform } from '../platform.ts'
import { applyAsPlanned } from '../plan/apply.ts'
import type { Reporter } from '../progress/reporter.ts'
import { count } from '../text.ts'
import type { ServiceChange } from './batch.ts'

/** The platform takes so many copies or removals in one request. */
const partMax = 10_000

type CarryOutOptions = {
  platform: Platform
  reporter: Reporter
  /** The files as they are now: a rebuild takes on what else has changed in them. */
  load: () => Promise<StackSpec>
}

/** Brings changes of files into what runs, one service after the other. */
export const createCarryOut = ({ platform, reporter, load }: CarryOutOptions) => {
  const rebuild = async (services: readonly string[]): Promise<void> => {
    const spec = await load()
    const stack = { ...spec, services: spec.services.map((one) => withBuild(one, services)) }
    await applyAsPlanned({ platform, spec: stack, reporter, named: [] })
    // A process has no image: what it is built of is what it runs from.
    const asProcess = spec.services.filter(
      ({ name, container }) => container === null && services.includes(name),
    )
    for (const { name } of asProcess) await restart(platform, spec.name, name)
  }

  const sync = async (stack: string, change: ServiceChange): Promise<void> => {
    const { service, copies, removals, afterwards } = change
    const parts = Math.max(1, Math.ceil(Math.max(copies.length, removals.length) / partMax))
    for (let part = 0; part < parts; part += 1) {
      const [from, to] = [part * partMax, (part + 1) * partMax]
      const body = {
        copies: copies.slice(from, to),
        removals: removals.slice(from, to),
        afterwards: part === parts - 1 ? afterwards : 'nothing',
      } as const
      await platform.call('syncService', { params: { name: service }, query: { stack }, body })
    }
  }

  return async (stack: string, changes: readonly ServiceChange[]): Promise<void> => {
    const rebuilt = changes.filter((change) => change.rebuild)
    if (rebuilt.length > 0) {
      const names = rebuilt.map(({ service }) => service)
      reporter.step(`Rebuilding ${names.join(', ')}: ${describe(rebuilt)}`)
      await rebuild(names)
      reporter.note(`Rebuilt ${names.join(', ')}`)
    }
    for (const change of changes.filter(({ rebuild: isRebuilt }) => !isRebuilt)) {
      const hasFiles = change.copies.length > 0 || change.removals.length > 0
      if (hasFiles) await sync(stack, change)
      else if (change.afterwards === 'restart') await restart(platform, stack, change.service)
      reporter.note(`${change.service}: ${wordsOf(change, hasFiles)} (${describe([change])})`)
    }
  }
}

const restart = (platform: Platform, stack: string, service: string) =>
  platform.call('restartService', { params: { name: service }, query: { stack } })

const withBuild = (
  service: StackSpec['services'][number],
  rebuilt: readonly string[],
): StackSpec['services'][number] => {
  const { container } = service
  if (container?.build === undefined || !rebuilt.includes(service.name)) return service
  return { ...service, container: { ...container, pullPolicy: 'build' } }
}

const wordsOf = ({ afterwards }: ServiceChange, hasFiles: boolean): string => {
  const sync = hasFiles ? ['synced'] : []
  const after = { nothing: [], restart: ['restarted'], exec: ['hook run'] }[afterwards]
  return [...sync, ...after].join(', ')
}

const describe = (changes: readonly ServiceChange[]): string => {
  const paths = [...new Set(changes.flatMap((change) => change.paths))]
  const [first = ''] = paths
  return paths.length === 1 ? first : count(paths.length, 'file')
}
