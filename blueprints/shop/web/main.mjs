// The shop's page, and its small JSON interface under /shop/api.
import { readFileSync } from 'node:fs'
import { addressOf, requestJson } from '../shared/http-client.mjs'
import { json, raw, Refusal, runService } from '../shared/http-service.mjs'
import { createLog } from '../shared/log.mjs'

const log = createLog('web')
const catalog = addressOf('catalog')
const orders = addressOf('orders')

let loadWanted = true

const page = (file, type) => {
  const body = readFileSync(new URL(`public/${file}`, import.meta.url), 'utf8')
  const headers = {
    'content-type': `${type}; charset=utf-8`,
    'cache-control': 'no-cache',
    'referrer-policy': 'no-referrer',
    'content-security-policy': `default-src 'self'; img-src 'self' data:; frame-ancestors 'none'`,
  }
  return () => raw(200, headers, body)
}

/** Passes an answer on; a service that is away becomes a 503 that names it. */
const ask = async (name, url, options) => {
  let answer
  try {
    answer = await requestJson(url, options)
  } catch (error) {
    log.warn('no answer', { from: name, reason: error.code ?? error.name })
    throw new Refusal(503, `${name} does not answer`)
  }
  if (answer.status === 200) return answer.body
  if (answer.status < 500) return json(answer.status, answer.body)
  throw new Refusal(503, `${name} answered ${answer.status}`)
}

const order = ({ body }) => {
  const productId = Number(body.productId)
  return ask('orders', `${orders}/orders`, { method: 'POST', body: { productId } })
}

await runService({
  log,
  health: () => {},
  onAnswer: (response) => response.setHeader('x-shop-load', loadWanted ? 'on' : 'off'),
  routes: {
    'GET /': page('index.html', 'text/html'),
    'GET /shop/shop.css': page('shop.css', 'text/css'),
    'GET /shop/shop.js': page('shop.js', 'text/javascript'),
    'GET /shop/icon.svg': page('icon.svg', 'image/svg+xml'),
    'GET /shop/api/products': () => ask('catalog', `${catalog}/products`),
    'GET /shop/api/orders': ({ query }) =>
      ask(
        'orders',
        `${orders}/orders?limit=12&mine=${encodeURIComponent(query.get('mine') ?? '')}`,
      ),
    'GET /shop/api/load': () => ({ on: loadWanted }),
    'POST /shop/api/orders': order,
    'POST /shop/api/break/payments': () =>
      ask('orders', `${orders}/break/payments`, { method: 'POST', body: {} }),
    'POST /shop/api/break/orders': () =>
      ask('orders', `${orders}/break/orders`, { method: 'POST', body: {} }),
    'POST /shop/api/break/catalog': ({ body }) =>
      ask('catalog', `${catalog}/break`, { method: 'POST', body: { slow: body.slow !== false } }),
    'POST /shop/api/load': ({ body }) => {
      loadWanted = body.on !== false
      log.info(loadWanted ? 'asked for visitors' : 'asked for quiet')
      return { on: loadWanted }
    },
  },
})
