import http from 'node:http'

const timeoutMs = 5000
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 })
/** Of this connection only: RFC 9110, section 7.6.1. */
const ofTheHop = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'host']

const handedOn = (headers) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !ofTheHop.includes(name)))

/**
 * Passes a request on and its answer back.
 * @returns {Promise<'passed' | 'unreached' | 'broken'>} `unreached`: it never got there
 */
export const passOn = ({ host, port }, path, { request, response, body }) =>
  new Promise((resolve) => {
    const length = body === undefined ? {} : { 'content-length': body.length }
    const outgoing = http.request({
      ...{ agent, host, port, path, method: request.method, timeout: timeoutMs },
      headers: { ...handedOn(request.headers), ...length },
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer in ${timeoutMs} ms`)))
    outgoing.on('error', (error) => {
      resolve(error.syscall === 'connect' ? 'unreached' : 'broken')
    })
    outgoing.on('response', (incoming) => {
      response.writeHead(incoming.statusCode ?? 502, handedOn(incoming.headers))
      incoming.pipe(response)
      incoming.on('end', () => resolve('passed'))
      incoming.on('error', () => {
        response.destroy()
        resolve('broken')
      })
    })
    outgoing.end(body)
  })
