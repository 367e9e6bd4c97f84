const rows = new Map()
const table = document.querySelector('#devices')
const answer = document.querySelector('#answer')

const words = (state) =>
  Object.entries(state ?? {})
    .filter(([key]) => key !== 'at')
    .map(([key, value]) => `${key} ${value}`)
    .join(', ')

const show = ({ id, name, room, state }) => {
  const row = table.insertRow()
  for (const text of [name, room, words(state)]) row.insertCell().textContent = text
  rows.set(id, row)
}

const { devices } = await (await fetch('api/devices')).json()
devices.forEach(show)

new EventSource('api/events').addEventListener('message', ({ data }) => {
  const { topic, body } = JSON.parse(data)
  const row = rows.get(topic.split('/')[2])
  if (row !== undefined) row.cells[2].textContent = words(body)
})

const say = async (text) => {
  const response = await fetch('api/dialogue/say', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text, speaker: 'page' }),
  })
  const said = await response.json()
  answer.textContent = said.answer ?? said.error
}

document.querySelector('#say').addEventListener('submit', (event) => {
  event.preventDefault()
  void say(new FormData(event.target).get('text'))
})
