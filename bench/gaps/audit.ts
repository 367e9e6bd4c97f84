/** One audit in a process of its own, for bench/gaps/run.ts: prints what it took as JSON. */
import { audit } from '../../packages/gaps/src/index.ts'

const [root = '.'] = process.argv.slice(2)
const { findings, inventory } = await audit({ root })
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
console.log(
  JSON.stringify({
    findings: findings.length,
    services: inventory.declared,
    notRead: inventory.notRead.length,
    processorMs: (userCPUTime + systemCPUTime) / 1000,
    memoryMb: maxRSS / 1024,
  }),
)
