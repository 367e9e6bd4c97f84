/**
 * Asks one address over kept-alive connections, from a process of its own; tells the times as JSON.
 *
 *   node client.ts <url> <connections> <seconds> [cookie]
 */
import { Agent, request } from 'node:http'

const [url = '', connections = '1', seconds = '5', cookie] = process.argv.slice(2)
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) })
const headers: Record<string, string> = cookie === undefined ? {} : { cookie }

const ask = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { agent, headers }, (answer) => {
      answer.resume()
      answer.once('end', () => resolve(answer.statusCode ?? 0))
      answer.once('error', reject)
    })
    sent.once('error', reject)
    sent.end()
  })

const run = async (lengthMs: number): Promise<number[]> => {
  const times: number[] = []
  const endMs = performance.now() + lengthMs
  const one = async (): Promise<void> => {
    for (let beganMs = performance.now(); beganMs < endMs; beganMs = performance.now()) {
      const status = await ask()
      if (status !== 200) throw new Error(`${url} was answered with ${status}`)
      times.push(performance.now() - beganMs)
    }
  }
  await Promise.all(Array.from({ length: Number(connections) }, one))
  return times.sort((a, b) => a - b)
}

await run(1000)
const times = await run(Number(seconds) * 1000)
const at = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN
console.log(
  JSON.stringify({
    count: times.length,
    perSecond: times.length / Number(seconds),
    p50: at(0.5),
    p99: at(0.99),
  }),
)
agent.destroy()
