import { serveInProcess } from '../../test/gateway/serve-process.ts'
import { medianOf, pace, type Paced } from './machine.ts'
import { echoes, openTunnel, startEchoes } from './tunnels.ts'

/** What reloads of 10,000 routes do to everybody else: `gateway serve`, told by SIGHUP over and over. */

const routeCount = 10_000
const seconds = 8
const tunnelCount = 50

/** Two ways that stay, and all others of this edition alone. */
const edition = (originPort: number, echoPort: number, number: number): string =>
  JSON.stringify({
    _format_version: '3.0',
    services: [
      {
        name: 'app',
        url: `http://127.0.0.1:${originPort}`,
        routes: [
          { name: 'all', paths: ['/products'], strip_path: false },
          ...Array.from({ length: routeCount - 2 }, (_, at) => ({
            name: `r${at}`,
            paths: [`/r${at}/e${number}`],
          })),
        ],
      },
      {
        name: 'echo',
        url: `http://127.0.0.1:${echoPort}`,
        routes: [{ name: 'tunnels', paths: ['/tunnels'] }],
      },
    ],
  })

export const swap = async (originPort: number, rounds: number): Promise<void> => {
  const echo = await startEchoes()
  const editions = [0, 1].map((number) => edition(originPort, echo.port, number))
  await using gateway = await serveInProcess(editions[0] ?? '', 'taskset -cp 1 $$ >/dev/null;')
  const { port } = gateway
  const tunnels = await Promise.all(
    Array.from({ length: tunnelCount }, () => openTunnel(port, '/tunnels')),
  )
  let swaps = 0
  let stop = false
  const swapping = async (): Promise<void> => {
    while (!stop) {
      swaps += 1
      await gateway.reload(editions[swaps % 2] ?? '')
      await gateway.says(/is read again: 10000 routes/)
    }
  }
  await pace(port, seconds)
  const [calm, swapped]: [Paced[], Paced[]] = [[], []]
  for (let round = 0; round < rounds; round += 1) {
    calm.push(await pace(port, seconds))
    stop = false
    const done = swapping()
    swapped.push(await pace(port, seconds))
    stop = true
    await done
  }
  const kept = (await Promise.all(tunnels.map(echoes))).filter(Boolean).length
  for (const tunnel of tunnels) tunnel.destroy()
  echo.close()
  tell(calm, swapped)
  const failed = swapped.reduce((sum, one) => sum + one.total - one.answered, 0)
  console.log(`| reloads, requests not answered | – | ${swaps}, ${failed} | | 0 |`)
  console.log(`| WebSockets kept of ${tunnelCount} | – | ${kept} | | ${tunnelCount} |`)
}

const tell = (calm: readonly Paced[], swapped: readonly Paced[]): void => {
  console.log('\n| 2,000 requests/s, open loop | without reloads | with | more | at most |')
  console.log('|---|---:|---:|---:|---:|')
  for (const key of ['p50', 'p99', 'longest'] as const) {
    const [without = 0, within = 0] = [calm, swapped].map((all) =>
      medianOf(all.map((one) => one[key])),
    )
    const more = `${((within / without - 1) * 100).toFixed(0)} %`
    const most = key === 'p99' ? '10 %' : '–'
    console.log(
      `| ${key} | ${without.toFixed(2)} ms | ${within.toFixed(2)} ms | ${more} | ${most} |`,
    )
  }
}
