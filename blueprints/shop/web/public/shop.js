const everyMs = 1000
const mineMax = 10

const byId = (id) => document.getElementById(id)
const money = new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' })
const price = (cents) => money.format(cents / 100)

/** Builds an element; `text` is always text, never markup. */
const element = (tag, { text, ...attributes } = {}, children = []) => {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  if (text !== undefined) made.textContent = text
  made.append(...children)
  return made
}

const call = async (path, body) => {
  const response = await fetch(`/shop/api/${path}`, {
    ...(body === undefined
      ? {}
      : {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
    signal: AbortSignal.timeout(6000),
  })
  const answer = await response.json().catch(() => ({}))
  if (!response.ok) throw new Error(answer.error ?? `The shop answered ${response.status}`)
  return answer
}

const readMine = () => JSON.parse(sessionStorage.getItem('orders') ?? '[]')
const remember = (id) => {
  sessionStorage.setItem('orders', JSON.stringify([id, ...readMine()].slice(0, mineMax)))
}
const say = (text) => {
  byId('said').textContent = text
}

const drawings = {
  1: 'M12 2a10 10 0 1 0 .01 0M15.5 8.500l-2 5-5 2 2-5z',
  2: 'M9 4h6M12 2v2M8 8h8l1 10H7zM6 21h12M12 11c2 2.2 1.5 4 0 4s-2-1.8 0-4',
  3: 'M12 5a7 7 0 1 0 .01 0M12 9a3 3 0 1 0 .01 0M17 17l4 4M14.5 6v4M8 13h2',
  4: 'M5 22V3M5 4l12 3-12 4M5 13l9 2.5-9 3',
  5: 'M12 4L4 18M12 4l8 14M4 18c5 3 11 3 16 0M12 4v10M8 12h8',
  6: 'M4 6h16v12H4zM8 10h.01M12 10h.01M16 10h.01M8 14h.01M12 14h.01M16 14h.01',
}
const drawing = (id) => {
  const svgSpace = 'http://www.w3.org/2000/svg'
  const svg = document.createElementNS(svgSpace, 'svg')
  const path = document.createElementNS(svgSpace, 'path')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('aria-hidden', 'true')
  path.setAttribute('d', drawings[id] ?? 'M4 4h16v16H4z')
  svg.append(path)
  return svg
}

const buy = async (product) => {
  say(`Ordering ${product.name}…`)
  try {
    const order = await call('orders', { productId: product.id })
    remember(order.id)
    say(order.note ?? `Order ${order.id} is paid: ${product.name} is being packed.`)
  } catch (error) {
    say(`${product.name} was not ordered: ${error.message}.`)
  }
  await refresh()
}

const productCard = (product) => {
  const button = element('button', {
    type: 'button',
    text: 'Buy',
    'aria-label': `Buy ${product.name}`,
  })
  button.addEventListener('click', () => void buy(product))
  const cost = element('span', { class: 'price', text: price(product.priceCents) })
  return element('li', {}, [
    drawing(product.id),
    element('h3', { text: product.name }),
    element('p', { text: product.note }),
    element('div', { class: 'buy' }, [cost, button]),
  ])
}

// Drawn once: redrawing would take the focus away from the button a person is on.
let drawnProducts = ''
const showProducts = ({ products, slow }) => {
  byId('slow').hidden = !slow
  pressed('catalog', slow)
  const signature = JSON.stringify(products)
  if (signature === drawnProducts) return
  drawnProducts = signature
  byId('products').replaceChildren(...products.map(productCard))
  byId('products').setAttribute('aria-busy', 'false')
}

const stateTags = {
  unpaid: { text: '… waiting for payment', class: 'tag warn' },
  paid: { text: '• paid, being packed', class: 'tag plain' },
  shipped: { text: '✓ shipped', class: 'tag good' },
}

const orderRow = (order, mine) => {
  const name = element('td', { text: order.product })
  if (mine) name.append(' ', element('span', { class: 'tag plain', text: 'yours' }))
  return element('tr', {}, [
    element('td', { class: 'number', text: String(order.id) }),
    name,
    element('td', { class: 'number', text: price(order.priceCents) }),
    element('td', {}, [element('span', stateTags[order.state])]),
  ])
}

const showOrders = ({ orders, paymentsTrouble }) => {
  const mine = new Set(readMine())
  byId('orders').replaceChildren(...orders.map((order) => orderRow(order, mine.has(order.id))))
  return paymentsTrouble === null
    ? null
    : {
        title: 'Payments is down',
        text: `It says: ${paymentsTrouble}. Orders are kept, and paid as soon as it is back.`,
      }
}

let shownTrouble = ''
const showTrouble = (trouble) => {
  const signature = JSON.stringify(trouble)
  if (signature === shownTrouble) return
  shownTrouble = signature
  const box = byId('trouble')
  box.hidden = trouble === null
  if (trouble === null) box.replaceChildren()
  else box.replaceChildren(element('strong', { text: trouble.title }), trouble.text)
}

const pressed = (name, on) => {
  document.querySelector(`[data-break="${name}"]`).setAttribute('aria-pressed', String(on))
}

const troubleOf = (title) => (error) => ({
  title,
  text: `${error.message}. This page tries again by itself.`,
})

let refreshing = false
const refresh = async () => {
  if (refreshing) return
  refreshing = true
  const mine = readMine().join(',')
  const [orders, products] = await Promise.all([
    call(`orders?mine=${mine}`).then(showOrders, troubleOf('Orders are not available')),
    call('products').then(showProducts, troubleOf('The catalog is not available')),
    call('load').then(
      ({ on }) => pressed('load', !on),
      () => {},
    ),
  ])
  showTrouble(products ?? orders ?? null)
  refreshing = false
}

const switches = {
  payments: () => call('break/payments', {}).then(() => 'Payments is broken.'),
  orders: () => call('break/orders', {}).then(() => 'One instance of orders has crashed.'),
  catalog: (on) =>
    call('break/catalog', { slow: !on }).then(({ slow }) =>
      slow ? 'The catalog is slow now.' : 'The catalog is fast again.',
    ),
  load: (on) =>
    call('load', { on }).then((load) => (load.on ? 'Visitors come again.' : 'Visitors stay away.')),
}

const flip = async (button) => {
  const on = button.getAttribute('aria-pressed') === 'true'
  try {
    say(await switches[button.dataset.break](on))
  } catch (error) {
    say(`That did not work: ${error.message}.`)
  }
  await refresh()
}
for (const button of document.querySelectorAll('[data-break]')) {
  button.addEventListener('click', () => void flip(button))
}

const loop = async () => {
  if (document.visibilityState === 'visible') await refresh()
  setTimeout(() => void loop(), everyMs)
}
await loop()
