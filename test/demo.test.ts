import assert from 'node:assert/strict'
import test from 'node:test'
import type { PsEntry, ServicesStatus, TimelineEntry } from '@keelson/contract'
import { setUp, startKeelson, waitFor, type Keelson } from './harness.ts'

// One Keelson with the demo shop for all journeys of this file: each leaves the shop healthy.

const shopServices = ['catalog', 'load', 'orders', 'payments', 'web', 'worker']

type Order = { id: number; state: string; product: string }
type Orders = { orders: Order[]; paymentsTrouble: string | null }

const post = async (url: string, body: unknown): Promise<unknown> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const answer: unknown = await response.json()
  assert.equal(response.status, 200, `${url} answered ${response.status} ${JSON.stringify(answer)}`)
  return answer
}

const orderOf = async (keelson: Keelson, id: number): Promise<Order | undefined> => {
  const response = await fetch(`${keelson.gateway}/shop/api/orders?mine=${id}`)
  const { orders } = (await response.json()) as Orders
  return orders.find((order) => order.id === id)
}

const instancesOf = async (keelson: Keelson, service: string): Promise<PsEntry[]> => {
  const { stdout } = await keelson.run(['ps', '--all', '--json'])
  return (JSON.parse(stdout) as PsEntry[]).filter(
    (entry) => entry.stack === 'shop' && entry.service === service,
  )
}

const timelineOf = async (keelson: Keelson, service: string): Promise<TimelineEntry[]> => {
  const { items } = await keelson.call('getServiceTimeline', {
    params: { name: `shop/${service}` },
    query: { limit: 500 },
  })
  return items
}

const waitForShop = (keelson: Keelson) =>
  waitFor('every service of the shop is healthy', async () => {
    const { items } = await keelson.call('listServices', { query: { stack: 'shop' } })
    return items.length === shopServices.length && items.every(({ state }) => state === 'healthy')
  })

test('the demo shop', async (t) => {
  const keelson = await startKeelson(['--demo'])
  let stopped = false
  t.after(() => (stopped ? undefined : keelson.dispose()))

  await t.test('comes up healthy with all its services, and with Keelson itself', async () => {
    const { items } = await keelson.call('listServices')
    const shop = items.filter(({ stack }) => stack === 'shop')
    assert.deepEqual(shop.map(({ name }) => name).toSorted(), shopServices)
    assert.deepEqual(
      shop.filter(({ state }) => state !== 'healthy'),
      [],
    )
    const own = items.filter(({ builtIn }) => builtIn)
    assert.ok(own.length >= 3, `only ${own.map(({ name }) => name).join(', ')}`)
    assert.deepEqual(
      own.filter(({ state }) => state !== 'healthy'),
      [],
    )
    assert.equal((await instancesOf(keelson, 'orders')).length, 2)
  })

  await t.test('prints a link that makes the administrator once', async () => {
    const { stdout } = await keelson.run(['setup-link', '--json'])
    const { url } = JSON.parse(stdout) as { url: string }
    assert.equal(new URL(url).origin, keelson.url)
    const first = await setUp(keelson, url)
    assert.equal(first.status, 200)
    assert.match(first.headers.get('set-cookie') ?? '', /HttpOnly/i)
    const second = await setUp(keelson, url)
    assert.equal(second.status, 401)
    assert.equal(((await second.json()) as { code: string }).code, 'link_invalid')
    const { code, stderr } = await keelson.cli(['setup-link'])
    assert.equal(code, 5)
    assert.match(stderr, /set up already[\s\S]*keelson user reset/)
  })

  await t.test('tells the status of all services by category, at both addresses', async () => {
    const { stdout } = await keelson.run(['status', '--json'])
    const bodies: ServicesStatus[] = [JSON.parse(stdout) as ServicesStatus]
    for (const address of [
      `${keelson.url}/api/v1/services/status`,
      `${keelson.url}/api/services/status`,
    ]) {
      const response = await fetch(address, {
        headers: { authorization: `Bearer ${await keelson.token()}` },
      })
      assert.equal(response.status, 200, address)
      bodies.push((await response.json()) as ServicesStatus)
    }
    for (const body of bodies) {
      const core = body.services['core']?.filter(({ stack }) => stack === 'shop') ?? []
      assert.deepEqual(core.map(({ name }) => name).toSorted(), [
        'catalog',
        'orders',
        'payments',
        'web',
      ])
      const automation = body.services['automation']?.map(({ name }) => name) ?? []
      assert.ok(automation.includes('worker'))
      const all = Object.values(body.services).flat()
      assert.equal(body.total_services, all.length)
      const healthy = all.filter(({ status }) => status === 'healthy').length
      assert.equal(body.healthy_services, healthy)
    }
  })

  await t.test('is served by the gateway, and an order is paid and shipped', async () => {
    const page = await fetch(`${keelson.gateway}/`)
    assert.equal(page.status, 200)
    assert.match(await page.text(), /The Chandlery/)
    const order = (await post(`${keelson.gateway}/shop/api/orders`, { productId: 5 })) as Order
    assert.equal(order.state, 'paid')
    await waitFor('the order is shipped', async () => {
      return (await orderOf(keelson, order.id))?.state === 'shipped'
    })
  })

  await t.test('shows requests on the map', async () => {
    const wanted = ['internet>shop/web', 'shop/web>shop/orders', 'shop/orders>shop/payments']
    await waitFor('traffic flows along the edges', async () => {
      const { edges } = await keelson.call('getMap', { query: { stack: 'shop' } })
      const busy = edges.filter(({ traffic }) => (traffic?.requestsPerSecond ?? 0) > 0)
      const names = busy.map(({ source, target }) => `${source}>${target}`)
      return wanted.every((name) => names.includes(name))
    })
  })

  await t.test('broken payments are noticed, explained and healed', async () => {
    const before = (await keelson.service('shop/payments')).restarts
    await post(`${keelson.gateway}/shop/api/break/payments`, {})
    const kept = (await post(`${keelson.gateway}/shop/api/orders`, { productId: 6 })) as Order

    // A restart is quick: the timeline is asked, which nobody can be too slow for.
    const told = (service: string, what: RegExp) =>
      waitFor(
        `the timeline of ${service} tells ${what.source}`,
        async () => (await timelineOf(keelson, service)).find(({ text }) => what.test(text)),
        { deadlineMs: 15_000 },
      )
    const noticed = await told('payments', /^payments is unhealthy: .*card processor/)
    assert.equal(noticed.severity, 'bad')
    await told('orders', /^orders is degraded: .*payments/)
    await told('payments', /^Stopping shop-payments-1: .*card processor/)

    const healed = await waitFor('payments was restarted', async () => {
      const now = await keelson.service('shop/payments')
      return now.state === 'healthy' && now.restarts > before ? now : undefined
    })
    assert.ok(Date.parse(healed.since) > Date.parse(noticed.at))
    await waitForShop(keelson)
    const why = await keelson.run(['why', 'payments'])
    assert.match(why.stdout, /card processor/)
    await waitFor('the order kept meanwhile is paid and shipped', async () => {
      return (await orderOf(keelson, kept.id))?.state === 'shipped'
    })
  })

  await t.test('a killed instance is replaced, and nobody who asks notices', async () => {
    const [victim, other] = await instancesOf(keelson, 'orders')
    assert.ok(victim?.pid && other?.pid)

    let asking = true
    const failures: string[] = []
    let asked = 0
    const ask = async () => {
      while (asking) {
        const response = await fetch(`${keelson.gateway}/shop/api/orders`)
        await response.arrayBuffer()
        asked += 1
        if (response.status !== 200) failures.push(String(response.status))
      }
    }
    const visitors = [ask(), ask(), ask(), ask()]
    try {
      await waitFor('visitors are there', () => asked > 20)
      process.kill(victim.pid, 'SIGKILL')
      await waitFor('a new process is healthy in its place', async () => {
        const now = await instancesOf(keelson, 'orders')
        const replaced = now.find(({ instance }) => instance === victim.instance)
        return (
          now.length === 2 &&
          replaced?.pid !== victim.pid &&
          now.every(({ health, pid }) => health === 'healthy' && pid !== null)
        )
      })
    } finally {
      asking = false
      await Promise.all(visitors)
    }
    assert.deepEqual(failures, [], `of ${asked} requests`)
    const survivor = (await instancesOf(keelson, 'orders')).find(
      ({ instance }) => instance === other.instance,
    )
    assert.equal(survivor?.pid, other.pid, 'the other instance was left alone')
    const story = (await timelineOf(keelson, 'orders')).find(
      ({ type, instance }) => type === 'instance.exited' && instance === victim.instance,
    )
    assert.match(story?.text ?? '', /SIGKILL|signal 9|killed/i)
  })

  await t.test(
    'an instance that crashes by itself is replaced with its exit code told',
    async () => {
      const { crashing } = (await post(`${keelson.gateway}/shop/api/break/orders`, {})) as {
        crashing: number
      }
      await waitFor('two healthy instances without the crashed one', async () => {
        const now = await instancesOf(keelson, 'orders')
        return (
          now.length === 2 &&
          now.every(({ health, pid }) => health === 'healthy' && pid !== crashing)
        )
      })
      const story = await timelineOf(keelson, 'orders')
      assert.ok(story.some(({ type, text }) => type === 'instance.exited' && /\b1\b/.test(text)))
    },
  )

  await t.test('restarts a service when asked to', async () => {
    const [before] = await instancesOf(keelson, 'worker')
    await keelson.run(['restart', 'worker'])
    await waitFor('another process is healthy', async () => {
      const [now] = await instancesOf(keelson, 'worker')
      return now?.health === 'healthy' && now.pid !== before?.pid
    })
  })

  await t.test('shows what a service says', async () => {
    const { stdout } = await keelson.run(['logs', 'worker'])
    assert.match(stdout, /order shipped/)
  })

  await t.test('changes nothing when it is brought up again', async () => {
    const before = (await instancesOf(keelson, 'orders')).map(({ pid }) => pid)
    await keelson.run(['up', '--demo', '--wait', '--progress', 'plain'])
    assert.deepEqual(
      (await instancesOf(keelson, 'orders')).map(({ pid }) => pid),
      before,
    )
  })

  await t.test('leaves nothing behind when everything is stopped', async () => {
    assert.ok((await keelson.processes()).length > 8)
    await keelson.stop()
    stopped = true
  })
})
