import type { Node } from '@vscode/tree-sitter-wasm'
import { evaluate, portOf } from './evaluate.ts'
import { scripts, type Looking, type Probe } from './probe.ts'
import { callOf, isComment, parentsOf, placeOf, stringText, valueOfKey } from './syntax.ts'

const add = ({ file, found }: Looking, node: Node, value: Node | undefined): void => {
  const { text, variable } = evaluate(value)
  const port = portOf(text)
  if (port !== undefined || variable !== undefined) {
    found.listens.push({ ...placeOf(file, node), port, variable })
  }
}

const isObject = (node: Node | undefined): node is Node =>
  node !== undefined && /^(?:object|dictionary)$/.test(node.type)

/** `app.listen(3000)`, `server.listen({ port })`, `Bun.serve({ port })`, `serve({ fetch, port })`. */
const lookAtScript = (word: Node, looking: Looking): void => {
  const call = callOf(word)
  const first = call?.args[0]
  if (call === undefined || first === undefined) return
  if (!isObject(first)) {
    if (call.name === 'listen') add(looking, call.node, first)
    return
  }
  const port = valueOfKey(first, 'port')
  if (port !== undefined) add(looking, call.node, port)
}

/** Flask's own port is 5000, uvicorn's 8000. */
const lookAtPython = (word: Node, looking: Looking): void => {
  const call = callOf(word)
  if (call === undefined) return
  const { name, owner, args, named, callee } = call
  const port = named.get('port')
  if (/^(?:HTTPServer|ThreadingHTTPServer|TCPServer)$/.test(name)) {
    const address = args[0]?.type === 'tuple' ? args[0].namedChild(1) : undefined
    return add(looking, call.node, address ?? undefined)
  }
  if (name === 'add_insecure_port' || name === 'start_http_server') {
    return add(looking, call.node, args[0] ?? port)
  }
  const isServer =
    /^(?:uvicorn\.run|hypercorn\.run|waitress\.serve|serve|web\.run_app|run_app|run_simple)$/.test(
      callee,
    ) ||
    (name === 'run' && /(?:^|\.)(?:app|application|server|mcp|socketio)$/.test(owner))
  if (!isServer) return
  if (port !== undefined) return add(looking, call.node, port)
  const own = callee === 'uvicorn.run' ? 8000 : /\bFlask\(/.test(looking.text) ? 5000 : undefined
  if (own === undefined || call.node.text.includes('**')) return
  looking.found.listens.push({
    ...placeOf(looking.file, call.node),
    port: own,
    variable: undefined,
  })
}

const lookAtJava = (word: Node, looking: Looking): void => {
  const call = callOf(word)
  if (call === undefined) return
  const isOfServer =
    call.name !== 'InetSocketAddress' ||
    [...parentsOf(call.node, 3)].some(({ text }) =>
      /\bHttpServer\.create\(/.test(text.slice(0, 60)),
    )
  if (isOfServer && call.args.length > 0) add(looking, call.node, call.args.at(-1))
}

const lookAtGo = (word: Node, looking: Looking): void => {
  if (word.text === 'Addr') {
    const pair = [...parentsOf(word, 3)].find(({ type }) => type === 'keyed_element')
    const literal = [...parentsOf(word, 5)].find(({ type }) => type === 'composite_literal')
    if (!/\bServer$/.test(literal?.childForFieldName('type')?.text ?? '')) return
    return add(looking, pair ?? word, pair?.namedChild(1) ?? undefined)
  }
  const call = callOf(word)
  if (call === undefined) return
  const { name, owner, args } = call
  if (owner === 'net' && name === 'Listen') return add(looking, call.node, args[1])
  if (/^ListenAndServe(?:TLS)?$/.test(name)) {
    if (owner === 'http' || args.length > 0) add(looking, call.node, args[0])
    return
  }
  // gin, echo and fiber; a command's Run("…") has no colon and digits.
  const { text } = evaluate(args[0])
  if (/^[\w.]{0,60}:\d{1,5}$/.test(text ?? '')) add(looking, call.node, args[0])
}

const lookAtCsharp = (word: Node, looking: Looking): void => {
  const call = callOf(word)
  if (call === undefined) return
  if (/^Listen(?:AnyIP|Localhost)$/.test(call.name)) return add(looking, call.node, call.args[0])
  for (const argument of call.args) {
    for (const url of (stringText(argument) ?? '').split(';')) {
      const port = /^https?:\/\/[^/]{1,100}:(\d{1,5})\/?$/.exec(url)?.[1]
      if (port === undefined) continue
      looking.found.listens.push({
        ...placeOf(looking.file, call.node),
        ...{ port: Number(port), variable: undefined },
      })
    }
  }
}

const notInComment =
  (look: Probe['look']): Probe['look'] =>
  (node, looking, match) => {
    if (!isComment(node)) look(node, looking, match)
  }

export const portProbes: readonly Probe[] = [
  { languages: scripts, word: /(?:\.listen|\bserve)\b(?=\()/g, look: notInComment(lookAtScript) },
  {
    languages: ['python'],
    word: /\b(?:run|serve|run_app|run_simple|HTTPServer|ThreadingHTTPServer|TCPServer|add_insecure_port|start_http_server)\b(?=\()/g,
    look: notInComment(lookAtPython),
  },
  {
    languages: ['java'],
    word: /\b(?:new ServerSocket|new InetSocketAddress|Spark\.port|ServerBuilder\.forPort)\b(?=\()/g,
    look: notInComment(lookAtJava),
  },
  {
    languages: ['go'],
    word: /\b(?:ListenAndServe(?:TLS)?|net\.Listen|\w{1,30}\.(?:Run|Start|Listen)|Addr)\b(?=\(|:)/g,
    look: notInComment(lookAtGo),
  },
  {
    languages: ['csharp'],
    word: /\b(?:UseUrls|ListenAnyIP|ListenLocalhost|Urls\.Add|app\.Run)\b(?=\()/g,
    look: notInComment(lookAtCsharp),
  },
]
