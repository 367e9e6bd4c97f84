import { createHash } from 'node:crypto'
import type Docker from 'dockerode'
import type { NetworkSpec, StackSpec } from '@keelson/contract'
import { AppError, messageOf } from '../../kernel/errors.ts'
import type { RuntimeLog } from '../runtime.ts'
import { label, ownedBy, type ContainerInfo } from './container-labels.ts'
import { answeredWith, type Engine } from './engine.ts'
import { membersOf, type Member } from './network-members.ts'

/** A network on its way to another definition, with all that has to be in it at the end. */
type Exchange = {
  stack: string
  key: string
  spec: NetworkSpec
  /** Of the network that goes. */
  formerId: string
  members: readonly Member[]
}

type ExchangeDeps = {
  engine: Engine
  owner: string
  log: RuntimeLog
  find: (name: string) => Promise<Docker.NetworkInspectInfo | null>
  make: (stack: string, key: string, spec: NetworkSpec) => Promise<void>
}

/**
 * Makes a network anew under the containers that use it: the engine cannot change one, nor remove
 * one that is in use. Whoever dies in the middle leaves containers without a network, so what is
 * about to be done is written down first, in the engine as everything about containers: in the
 * labels of an empty volume, which is there for exactly as long as the exchange is under way.
 */
export const createNetworkExchange = ({ engine, owner, log, find, make }: ExchangeDeps) => {
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work, work)
    turn = mine.catch(() => undefined)
    return mine
  }

  const writeDown = (exchange: Exchange): Promise<unknown> => {
    const Labels = {
      [label.owner]: owner,
      [label.project]: exchange.stack,
      [exchangeLabel]: JSON.stringify(exchange),
    }
    const options = { Name: recordNameOf(owner, exchange.spec.name), Labels }
    return engine.call('write down the exchange of a network', (docker) =>
      docker.createVolume(options),
    )
  }

  const strike = ({ spec }: Exchange): Promise<unknown> =>
    engine.find('remove a volume', (docker) =>
      docker.getVolume(recordNameOf(owner, spec.name)).remove(),
    )

  const underWay = async (): Promise<Exchange[]> => {
    const query = { filters: { label: [exchangeLabel, ownedBy(owner)] } }
    const { Volumes } = await engine.call('list volumes', (docker) => docker.listVolumes(query))
    return (Volumes ?? []).flatMap(({ Name, Labels }) => {
      const exchange = readRecord(Labels[exchangeLabel] ?? '')
      // A label is anybody's to write; the name is made of what the record says it is about.
      if (exchange !== null && Name === recordNameOf(owner, exchange.spec.name)) return [exchange]
      log.warn({ volume: Name }, 'not a record of a network exchange, left alone')
      return []
    })
  }

  const inspect = (id: string): Promise<ContainerInfo | null> =>
    engine.find('inspect a container', (docker) => docker.getContainer(id).inspect())

  const connect = (name: string, { container, endpoint }: Member): Promise<unknown> => {
    const options = { Container: container, EndpointConfig: endpoint }
    return engine.find(`join network ${name}`, (docker) => docker.getNetwork(name).connect(options))
  }

  /** An address of the former definition may mean nothing in this one: then without it. */
  const join = async (name: string, member: Member): Promise<void> => {
    try {
      await connect(name, member)
    } catch (error) {
      if (!isRefusal(error) || isThere(error)) {
        if (isThere(error)) return
        throw error
      }
      const { IPAMConfig, MacAddress: _mac, ...endpoint } = member.endpoint
      if (IPAMConfig === undefined) throw error
      log.warn({ network: name, reason: messageOf(error) }, 'joined with another address')
      await connect(name, { ...member, endpoint })
    }
  }

  /** Fixed addresses before the engine gives out others. Throws what one was refused, at the end. */
  const putBack = async ({ spec, members }: Exchange): Promise<void> => {
    const network = await find(spec.name)
    const isFixed = ({ endpoint }: Member): boolean => endpoint.IPAMConfig !== undefined
    const failures: unknown[] = []
    for (const member of members.toSorted((a, b) => Number(isFixed(b)) - Number(isFixed(a)))) {
      const info = await inspect(member.container)
      if (info === null) continue // Replaced meanwhile: its successor joins by itself.
      const joined = info.NetworkSettings.Networks[spec.name]?.NetworkID
      if (joined !== undefined && joined === network?.Id) continue
      await join(spec.name, member).catch((error: unknown) => {
        if (!isRefusal(error)) throw error
        failures.push(error)
      })
    }
    if (failures.length > 0) throw failures[0]
  }

  const takeAway = async (exchange: Exchange): Promise<void> => {
    const { spec, formerId, members } = exchange
    const former: Docker.NetworkInspectInfo | null = await engine.find(
      'inspect a network',
      (docker) => docker.getNetwork(formerId).inspect(),
    )
    if (former === null) return
    if (!isOurs(former, owner, exchange.stack)) {
      log.warn({ network: former.Name }, 'not ours to exchange, left alone')
      return
    }
    const joined = new Set(Object.keys(former.Containers ?? {}))
    for (const { container } of members.filter((member) => joined.has(member.container))) {
      const leave = { Container: container, Force: true }
      await engine.find(`leave network ${spec.name}`, (docker) =>
        docker.getNetwork(formerId).disconnect(leave),
      )
    }
    try {
      await engine.find(`remove network ${spec.name}`, (docker) =>
        docker.getNetwork(formerId).remove(),
      )
    } catch (error) {
      if (!isRefusal(error)) throw error
      // Somebody else has joined meanwhile: all stays as it was.
      await putBack(exchange)
      await strike(exchange)
      throw error
    }
  }

  const carryOut = async (exchange: Exchange): Promise<void> => {
    const { stack, key, spec } = exchange
    await takeAway(exchange)
    if ((await find(spec.name)) === null) await make(stack, key, spec)
    await putBack(exchange)
    await strike(exchange)
  }

  return {
    /** Throws AppError('stack_invalid') when somebody else uses the network; nothing has changed. */
    begin: (stack: StackSpec, key: string, spec: NetworkSpec, formerId: string): Promise<void> =>
      inTurn(async () => {
        const members = await membersOf(engine, owner, { stack, key, spec, formerId })
        const exchange = { stack: stack.name, key, spec, formerId, members }
        await writeDown(exchange)
        await carryOut(exchange)
      }),

    /** Names of networks whose exchange is not finished. */
    unfinished: async (): Promise<ReadonlySet<string>> =>
      new Set((await underWay()).map(({ spec }) => spec.name)),

    /** Takes up what an earlier life has begun, of one network or of all. */
    resume: (network?: string): Promise<void> =>
      inTurn(async () => {
        const failures: unknown[] = []
        for (const exchange of await underWay()) {
          if (network !== undefined && exchange.spec.name !== network) continue
          log.info({ network: exchange.spec.name }, 'taking up the exchange of a network')
          await carryOut(exchange).catch((error: unknown) => failures.push(error))
        }
        if (failures.length > 0) throw failures[0]
      }),

    /** The stack goes: nobody is to be put anywhere any more. */
    callOff: (stack: string): Promise<void> =>
      inTurn(async () => {
        for (const exchange of await underWay()) {
          if (exchange.stack === stack) await strike(exchange)
        }
      }),
  }
}

const exchangeLabel = 'io.keelson.network-exchange'

/** Null for what cannot be one: cut, of a newer version, or somebody's own label. */
const readRecord = (text: string): Exchange | null => {
  try {
    const found = JSON.parse(text) as Partial<Exchange> | null
    const isWhole =
      typeof found?.stack === 'string' &&
      typeof found.key === 'string' &&
      typeof found.formerId === 'string' &&
      typeof found.spec?.name === 'string' &&
      Array.isArray(found.members)
    return isWhole ? (found as Exchange) : null
  } catch {
    return null
  }
}

/** Made by us, or by Docker Compose for the stack that we took over. */
const isOurs = ({ Labels }: Docker.NetworkInspectInfo, owner: string, stack: string): boolean => {
  const by = Labels?.[label.owner]
  return by === undefined ? Labels?.[label.project] === stack : by === owner
}

const recordNameOf = (owner: string, network: string): string =>
  `keelson-exchange-${createHash('sha256').update(`${owner} ${network}`).digest('hex').slice(0, 24)}`

const isRefusal = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'engine_failed'

const isThere = (error: unknown): boolean =>
  answeredWith(error, 403, 409, 500) && /already (exists|attached)/.test(messageOf(error))
